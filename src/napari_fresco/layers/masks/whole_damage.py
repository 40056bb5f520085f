"""Damage on the grid of a whole layer, of which a run works on a part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import MaskError
from ...image.alignment import aligned, nonzero
from ...image.label_classes import left_and_kept
from ...intervention.drawn_mask import DrawnMask
from .mask_layers import Marked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...image.model import Image
    from ..images.selection import Selection


def whole_damage(part: Selection, mask: Any) -> NDArray[np.bool_]:
    """Return the damage of the planes of a part, all over them, on the grid of the whole layer.

    What was marked over the whole layer says what is damaged beyond the part, too.

    `mask`: of the part, as in a request; None marks nothing.
    Returns: with the axes of the layer without colours, rows and columns last.
    Raises MaskError when an array does not fit the part.
    """
    whole = np.zeros([part.grid[axis] for axis in (*part.leading, *part.spatial)], bool)
    planes = tuple(part.index[axis] for axis in part.leading)
    if isinstance(mask, Marked):
        whole[planes] |= mask.drawn.damage()
    elif mask is not None:
        box = tuple(part.index[axis] for axis in part.spatial)
        whole[(*planes, *box)] |= _drawn(mask, part.image()).damage()
    return whole


def lying_over(part: Selection, mask: Any) -> Any:
    """Return an array that marks a whole layer as what it marks of a part; others as they are."""
    if mask is None or part.is_whole or _read(mask, part.image()) is not None:
        return mask
    drawn = _read(mask, part.whole_image())
    if drawn is None:
        return mask  # it fits neither, and is refused with the size of the part
    planes = zip((part.index[axis] for axis in part.leading), drawn.labels.shape, strict=False)
    labels = drawn.labels[tuple(slice(None) if n == 1 else own for own, n in planes)]
    rows, columns = part.spatial
    letters = ''.join(part.axes[axis] for axis in (*part.leading, *part.spatial))
    return Marked(replace(drawn, labels=labels), (part.index[rows], part.index[columns]), letters)


def _read(mask: Any, image: Image) -> DrawnMask | None:
    """Return a mask of an image; None where it does not fit."""
    try:
        return _drawn(mask, image)
    except MaskError:
        return None


def _drawn(mask: Any, image: Image) -> DrawnMask:
    planes = aligned(mask, image, what='mask', error=MaskError)
    leave, keep = left_and_kept(mask)
    labels = nonzero(planes) if planes.dtype.kind == 'f' else planes
    return DrawnMask(labels, leave=leave, keep=keep)
