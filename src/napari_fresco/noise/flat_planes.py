"""Planes of one value in a volume, as lost frames and overflown counters leave them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .patches import Bools

_ROWS = 64  # in which neighbours are compared
_LIVELY = 0.5  # share of neighbours that differ where there is noise
_SIDE = 0.75  # share of the pixels beside them that lie on one side of such a plane
_SURELY = 0.98  # the same where few photons leave most neighbours alike


def flat_planes(volume: NDArray[Any], unknown: Bools | None = None) -> list[int]:
    """Find planes of one value that no light made.

    The nearest other planes have noise, so that most neighbours in them differ, and most of their
    pixels lie on one side of that value; dark ground lies on both, or has it in most places. Where
    hardly a pixel beside them has that value or one beyond it, they need no noise.

    `volume`: ``(D, H, W)`` or ``(D, H, W, 3)``.
    `unknown`: ``(D, H, W)``, voxels that say nothing; planes with such are taken for no others.
    Returns their numbers.
    """
    whole = [z for z in range(len(volume)) if unknown is None or not unknown[z].any()]
    flat = [z for z in whole if _is_flat(volume[z])]
    others = [z for z in whole if z not in flat]
    found = []
    for z in flat:
        beside = [*[n for n in others if n < z][-1:], *[n for n in others if n > z][:1]]
        value = volume[z].reshape(-1, *volume.shape[3:])[0]
        if beside and all(_stands_off(volume[n], value) for n in beside):
            found.append(z)
    return found


def _is_flat(plane: NDArray[Any]) -> bool:
    """Say whether a plane has one value, or colour."""
    first = plane[0, 0]
    return bool((plane[0] == first).all() and (plane == first).all())


def _stands_off(plane: NDArray[Any], value: NDArray[Any]) -> bool:
    """Say whether a plane is noisy, and lies to one side of a value, in every colour."""
    rows = plane[:: max(1, len(plane) // _ROWS)]
    lively = (np.diff(rows.astype(np.float64), axis=1) != 0).mean(axis=(0, 1))
    sides = np.maximum((rows > value).mean(axis=(0, 1)), (rows < value).mean(axis=(0, 1)))
    return bool(np.all((sides > _SURELY) | ((lively > _LIVELY) & (sides > _SIDE))))
