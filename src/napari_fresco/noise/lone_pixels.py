"""Single pixels within the range that stand far out of their neighbours. No torch.

Warm pixels, lost values and what is left of salt and pepper. A blur and the optics spread light
over more than a pixel, so that what is undone or enlarged there was no light.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .central_part import central_box
from .level import level_of_plane
from .patches import Bools, Reals

ALONE = 1e-3
"""Share of the pixels that may stand alone."""

_SIDE, _LEAST = 1024, 32  # pixels of the middle that are looked at, and of its sides
_FAR, _OUT = 8.0, 1.5  # times the noise, and the extent of the neighbours, beyond them all
_AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)


def lone_share(plane: Reals, unknown: Bools | None = None) -> float:
    """Return the share of the pixels that lie far beyond all of their eight neighbours.

    Neighbours of one value are a ground that was cut off, or counts of no photon, and tell nothing.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    box = central_box(plane.shape, _SIDE)
    values = plane[box].astype(np.float64)
    known = np.isfinite(values) if unknown is None else np.isfinite(values) & ~unknown[box]
    if min(values.shape) < _LEAST or not known.any():
        return 0.0
    values[~known] = np.median(values[known])
    noise = level_of_plane(values, None if known.all() else ~known)
    most = ndimage.maximum_filter(values, footprint=_AROUND)
    least = ndimage.minimum_filter(values, footprint=_AROUND)
    beyond, extent = np.maximum(values - most, least - values), most - least
    alone = (beyond > _FAR * noise) & (beyond > _OUT * extent) & (extent > 0)
    known = ndimage.binary_erosion(known, np.ones((3, 3)))  # and not at the border
    return float(alone[known].mean()) if known.any() else 0.0
