"""Files of masks that were opened as images: black, and one other value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from ..image.alignment import any_colour
from .layer_kinds import is_picture
from .selection import full_resolution

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

_LOOKED_AT = 300  # rows and columns


def holds_mask(layer: napari.layers.Layer, image: napari.layers.Image | None = None) -> bool:
    """Say whether an image layer holds a mask: two values, one of them black.

    `image`: what it should have the size of; any size by default.
    """
    if not is_picture(layer) or layer.ndim != 2:
        return False
    data = full_resolution(layer)
    if image is not None and not _of_size(data, image):
        return False
    if data.dtype == bool:
        return True
    steps = tuple(slice(None, None, max(1, n // _LOOKED_AT)) for n in data.shape[:2])
    some = np.asarray(data[steps])
    if layer.rgb:
        grays = some[..., :1]
        return bool((some[..., :3] == grays).all()) and _is_two_valued(some[..., 0])
    return _is_two_valued(some)


def called(layer: napari.layers.Layer) -> str:
    """Return how a mask is called in a list."""
    return f'{layer.name} (opened as image)' if isinstance(layer, Image) else str(layer.name)


def as_labels(layer: napari.layers.Image, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the mask that an image layer holds as labels of a shape: 1 where it is not black."""
    data = np.asarray(full_resolution(layer))
    marked = any_colour(data[..., :3]) if layer.rgb else data != 0
    return np.broadcast_to(marked, shape).astype(np.uint8)


def _is_two_valued(values: NDArray[Any]) -> bool:
    found = np.unique(values)
    return len(found) <= 2 and found[0] == 0


def _of_size(data: Any, image: napari.layers.Image) -> bool:
    own = full_resolution(image).shape
    grid = own[:-1] if image.rgb else own
    return tuple(data.shape[:2]) == tuple(grid[-2:])
