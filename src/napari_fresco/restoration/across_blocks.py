"""Losses across the cuts between blocks: the first block fills them whole, for the later ones.

What was filled counts as known, as it does from window to window in
:mod:`napari_fresco.solvers.around_losses`; no loss is filled twice, and none has a seam.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..image.layout import Array
from ..noise.patches import Bools
from .parts import Part
from .request import Request


def with_earlier_fills(part: Part, own: Request, planes: Array, filled: Bools) -> Request:
    """Return the request for a block in which earlier fills count as known.

    `own`: the request for the block.
    `planes`, `filled`: the result as it grows, stack axes first, and where it was newly painted.
    """
    mask = own.inputs.mask
    if own.core is None or mask is None:
        return own
    done = filled[part.outer]
    left = mask & ~done
    left = left if left[own.core].any() else np.zeros_like(left)
    data = own.image.data
    if done.any():
        data = data.copy()
        own.layout.in_order(data)[done] = planes[part.outer][done]
    return replace(own, image=replace(own.image, data=data), inputs=replace(own.inputs, mask=left))


def put_fills(
    part: Part, own: Request, restored: tuple[Array, Bools], result: tuple[Array, Bools]
) -> None:
    """Put the fills of a part in their places: of a block around losses beyond its core, too.

    `own`: the request for the part.
    `restored`: the part, and where it was newly painted.
    `result`: the result as it grows, stack axes first, and where that was newly painted.
    """
    (image, painted), (planes, filled) = restored, result
    if own.core is None:
        filled[part.place(1)] = part.inside(painted)
        return
    planes[part.outer][painted] = image[painted]
    filled[part.outer] |= painted


def with_fills(part: Part, given: Array, planes: Array, filled: Bools | None) -> Array:
    """Return a part that is given back, with the fills that its neighbours made in it."""
    if part.tile is None or filled is None:
        return given
    done = filled[part.place(1)]
    kept: Array = given.copy()
    kept[done] = planes[part.place(1)][done]
    return kept
