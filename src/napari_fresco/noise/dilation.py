"""Dilation by a few pixels, much faster than by a map of distances."""

from __future__ import annotations

import math

import numpy as np

from .patches import Bools


def within(where: Bools, reach: int, *, square: bool = False) -> Bools:
    """Return what lies within `reach` pixels of any pixel of `where`.

    `where`: ``(H, W)``.
    `square`: whether the steps along rows and along columns count apart, else as the crow flies.
    """
    rows = range(-reach, reach + 1)
    widths = {row: reach if square else math.isqrt(reach**2 - row**2) for row in rows}
    wide, found = where.copy(), np.zeros_like(where)
    for width in range(reach + 1):
        if width:
            wide[:, width:] |= where[:, :-width]
            wide[:, :-width] |= where[:, width:]
        for row in rows:
            if widths[row] == width and abs(row) < len(where):
                below, above = max(row, 0), max(-row, 0)
                found[below : len(found) - above] |= wide[above : len(wide) - below]
    return found
