"""Files of masks that were opened as images: black, and one other value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from ...errors import MaskError
from ...image.alignment import strength
from ..images.layer_kinds import is_picture
from ..images.selection import full_resolution

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

_LOOKED_AT = 300  # rows and columns
_ASPECT = 0.02


def holds_mask(layer: napari.layers.Layer) -> bool:
    """Say whether an image layer holds a mask: two values, one of them black."""
    if not is_picture(layer) or layer.ndim != 2:
        return False
    data = full_resolution(layer)
    if data.dtype == bool:
        return True
    steps = tuple(slice(None, None, max(1, n // _LOOKED_AT)) for n in data.shape[:2])
    some = np.asarray(data[steps])
    if layer.rgb:
        return bool((some[..., :3] == some[..., :1]).all()) and _is_two_valued(strength(some))
    return _is_two_valued(some)


def called(layer: napari.layers.Layer) -> str:
    """Return the name of a mask in a list."""
    return f'{layer.name} (a picture)' if isinstance(layer, Image) else str(layer.name)


def as_labels(
    layer: napari.layers.Image, shape: tuple[int, ...], rows: int, columns: int
) -> NDArray[np.uint8]:
    """Return the mask that an image layer holds as labels of a shape: 1 where it is not black.

    `rows`, `columns`: axes of the shape; a mask with other ones is stretched over them.
    Raises MaskError when it has another aspect ratio.
    """
    data = np.asarray(full_resolution(layer))
    marked = (strength(data) if layer.rgb else data) != 0
    size = shape[rows], shape[columns]
    factors = np.array(marked.shape) / size
    if abs(factors[0] / factors[1] - 1) > _ASPECT:
        raise MaskError(
            f'mask {layer.name!r} of {marked.shape[0]} × {marked.shape[1]} pixels has another '
            f'aspect ratio than the picture of {size[0]} × {size[1]}; choose the mask of this one'
        )
    # The centres of pixels meet, as they do where both are drawn over the same area.
    places = [((np.arange(n) + 0.5) * f).astype(int) for n, f in zip(size, factors, strict=True)]
    flat = marked[np.ix_(*places)].astype(np.uint8)
    among = [n if axis in (rows, columns) else 1 for axis, n in enumerate(shape)]
    return np.broadcast_to(flat.reshape(among), shape).copy()


def _is_two_valued(values: NDArray[Any]) -> bool:
    if not values.size or values.min() != 0:
        return False
    return bool(((values == 0) | (values == values.max())).all())
