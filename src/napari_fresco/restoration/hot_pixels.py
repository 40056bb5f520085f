"""Where the hot and dead pixels of an image lie, as a restoration finds them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..declare.call import Call
from ..noise.patches import Bools
from .request import Request
from .scene import Scene


def hot_pixels_of(
    image: Any,
    *,
    method: str,
    task: str,
    cancel: threading.Event | None = None,
    context: Any = None,
    context_index: tuple[int, ...] | None = None,
    context_origin: tuple[int, ...] | None = None,
    **options: Any,
) -> Bools:
    """Return what :func:`napari_fresco.iterate` would leave out, leading axes first.

    Raises FrescoError when something given does not fit.
    """
    call = Call.of(method, task, None, options)
    request = Request.prepare(
        image,
        call,
        context=context,
        context_index=context_index,
        context_origin=context_origin,
    )
    scene, layout = Scene(request, cancel), request.layout
    found = np.zeros((*layout.leading, *layout.plane_shape), bool)
    for index in layout.planes():
        hot = scene.read(index).hot
        if hot is not None:
            found[index] = hot.any(axis=-1) if hot.ndim > layout.dims else hot
    return found
