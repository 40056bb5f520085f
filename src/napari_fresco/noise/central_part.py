"""The part in the middle of a large plane, which is enough to judge its noise. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .patches import Bools, Reals

_MOST_UNKNOWN = 0.5  # share of the pixels


def central_box(shape: Sequence[int], side: int) -> tuple[slice, slice]:
    """Return the rows and columns of the middle of a plane, at most `side` of each."""
    rows, columns = (max(0, (n - side) // 2) for n in shape[:2])
    return slice(rows, rows + side), slice(columns, columns + side)


def central_part(
    plane: Reals, unknown: Bools | None, side: int, least: int
) -> NDArray[np.float32] | None:
    """Return the middle of a plane less about its level, NaN where nothing is known.

    Without its level the noise of large numbers is not lost in 32 bits. None where there are less
    than `least` rows or columns, or half of it is not known.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    box = central_box(plane.shape, side)
    part = plane[box].astype(np.float64)
    bad = ~np.isfinite(part) if unknown is None else ~np.isfinite(part) | unknown[box]
    if min(part.shape) < least or bad.mean() > _MOST_UNKNOWN:
        return None
    if bad.any():
        part[bad] = np.nan
    level = np.nanmean(part)
    return (part - level).astype(np.float32)
