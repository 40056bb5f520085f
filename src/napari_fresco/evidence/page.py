"""Pages that need nothing but themselves: one look, pictures inside, filled in by jinja."""

from __future__ import annotations

import base64
import io
from importlib.resources import files as resources
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

_SIDE = 800  # pixels of a picture


def page(package: str, template: str, **content: Any) -> str:
    """Return a page of HTML.

    `package`: the package that holds the template; what that extends may lie in this one.
    `template`: its file name.
    `content`: what it shows; text is escaped.
    """

    def load(name: str) -> str | None:
        for home in (package, __package__):
            file = resources(home).joinpath(name)
            if file.is_file():
                return file.read_text(encoding='utf-8')
        return None

    environment = jinja2.Environment(autoescape=True, loader=jinja2.FunctionLoader(load))
    return environment.get_template(template).render(**content)


def picture(name: str, caption: str, pixels: NDArray[Any]) -> dict[str, str]:
    """Return a picture to be shown on a page, no larger than need be.

    `pixels`: ``(H, W)`` or ``(H, W, 3 or 4)``, uint8, or from 0 to 1.
    """
    if pixels.dtype != np.uint8:
        pixels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    small = Pillow.fromarray(pixels)
    small.thumbnail((_SIDE, _SIDE), Pillow.Resampling.BOX)
    stream = io.BytesIO()
    small.save(stream, 'PNG')
    code = base64.b64encode(stream.getvalue()).decode()
    return {'name': name, 'caption': caption, 'uri': f'data:image/png;base64,{code}'}
