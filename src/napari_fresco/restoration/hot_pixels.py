"""The hot and dead pixels of an image, as a restoration finds them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from ..noise.patches import Bools
from .request import Request
from .scene import Scene


def hot_pixels_of(image: Any, *, cancel: threading.Event | None = None, **asked: Any) -> Bools:
    """Return where :func:`napari_fresco.iterate` would find outliers, leading axes first.

    `asked`: as for :meth:`.request.Request.asked`.
    Raises FrescoError when something given does not fit.
    """
    request = Request.asked(image, **asked)
    scene, layout = Scene(request, cancel), request.layout
    found = np.zeros((*layout.leading, *layout.plane_shape), bool)
    for index in layout.planes():
        hot = scene.read(index).hot
        if hot is not None:
            found[index] = hot.any(axis=-1) if hot.ndim > layout.dims else hot
    return found
