"""Ground that was cut off at black: a background was subtracted, and what fell below 0 is 0."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .central_part import central_box
from .patches import Bools, Reals

_SIDE, _LEAST = 512, 48  # pixels of the middle that are looked at, and of its sides
_AROUND = 5  # pixels of a side of a neighbourhood
_SOME, _NEARLY_ALL = 0.2, 0.85  # share of one that noise around black leaves black
_MOST = 0.8  # of the image is ground
_COUNTS = 0.42  # share of the least light in such ground: where photons are counted it is more
_ENOUGH = 500  # pixels


def cut_off_ground(plane: Reals, unknown: Bools | None = None) -> float:
    """Return the share of black pixels where they lie in noise that was cut off; 0 elsewhere.

    All over such an image, black pixels lie scattered among others of all levels of the noise.
    Counts of few photons are black as often, but the others are mostly those of one photon.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    box = central_box(plane.shape, _SIDE)
    part = plane[box]
    known = np.ones(part.shape, bool) if unknown is None else ~unknown[box]
    if min(part.shape) < _LEAST or not known.any():
        return 0.0
    values = part[known]
    black = part == values.min()
    share = float(black[known].mean())
    if not _SOME < share < _NEARLY_ALL:
        return 0.0
    nearby = ndimage.uniform_filter(black.astype(np.float32), _AROUND)
    scattered = known & (nearby > _SOME) & (nearby < _NEARLY_ALL)
    light = part[scattered & ~black]
    if scattered[known].mean() < _MOST or light.size < _ENOUGH:
        return 0.0
    least = part[known & ~black].min()
    return share if float((light == least).mean()) < _COUNTS else 0.0
