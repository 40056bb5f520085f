"""Whether an image was a JPEG, by the steps between its blocks. numpy only."""

from __future__ import annotations

import math

import numpy as np

from .patches import Floats, Reals, sums_in

_BLOCK = 8  # pixels of a side of the blocks of a JPEG
_SEEN = 1024  # pixels of a side in the middle, which are enough to see them
_LEAST_BLOCKY, _BLOCKY = 2.0, 8.0  # standard errors: along rows and columns each, and in all


def has_blocks(plane: Reals) -> bool:
    """Say whether steps between blocks of 8 x 8 pixels tell that an image was a JPEG.

    Parameters
    ----------
    plane : ndarray
        ``(H, W)``, wherever it was cut from.
    """
    middle = [
        slice((n - _SEEN) // 2, (n + _SEEN) // 2) if n > _SEEN else slice(n) for n in plane.shape
    ]
    part = plane[middle[0], middle[1]]
    found = (_blockiness(part), _blockiness(part.T))
    return min(found) > _LEAST_BLOCKY and sum(found) > _BLOCKY


def _blockiness(plane: Reals) -> float:
    """Return by how many standard errors steps between rows a block apart stand out most.

    Of each step its share in those around is taken, for what the picture itself has at a few
    places would decide on the few blocks of a small one.
    """
    steps = np.abs(np.subtract(plane[1:], plane[:-1], dtype=sums_in(plane)))
    if len(steps) < 4 * _BLOCK:
        return 0.0
    around = sum(steps[i : len(steps) - 4 + i] for i in range(5))
    shares = np.divide(steps[2:-2], around, out=np.full_like(steps[2:-2], 0.2), where=around > 0)
    rows = shares.mean(axis=1, dtype=np.float64)
    return max(_standing_out(rows, first) for first in range(_BLOCK))


def _standing_out(rows: Floats, first: int) -> float:
    """Return by how many standard errors the mean of every eighth exceeds that of the rest."""
    some, rest = rows[first::_BLOCK], np.delete(rows, np.s_[first::_BLOCK])
    error = max(float(rest.std(ddof=1)) / math.sqrt(len(some)), 1e-12)
    return float(some.mean() - rest.mean()) / error
