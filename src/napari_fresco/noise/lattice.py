"""Pixels that alternate: raw mosaics of colour cameras, and interlaced frames. No torch.

Every second pixel that is brighter carries the picture to the highest frequency that there is,
where a picture has next to nothing of its own.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from .central_part import central_part
from .patches import Bools, Reals

ALTERNATING = 12.0
"""Power at the highest frequency over that around it, which nothing but a lattice has."""

_SIDE = 256  # pixels of the middle that are looked at
_LEAST = 32  # pixels of a side
_AT, _AROUND = 1 / 40, (1 / 12, 1 / 6)  # cycles per pixel from the highest frequency
_HIGHEST = ((0.5, 0.0), (0.0, 0.5), (0.5, 0.5))


def alternation(plane: Reals, unknown: Bools | None = None) -> float:
    """Return how much stronger the power is at the highest frequency than around it.

    Along rows, columns, or both, whichever is most. About 1 for noise, at most 6 for pictures.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    part = central_part(plane, unknown, _SIDE, _LEAST)
    if part is None:
        return 1.0
    known = np.isfinite(part)
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in part.shape)) * known
    values = np.where(known, part, 0.0).astype(np.float64)
    power = np.abs(fft.fft2(window * (values - (window * values).sum() / window.sum()))) ** 2
    frequencies = [np.abs(fft.fftfreq(n)) for n in part.shape]
    found = []
    for place in _HIGHEST:
        away = [np.abs(f - at) for f, at in zip(frequencies, place, strict=True)]
        distance = np.hypot(away[0][:, None], away[1])
        around = power[(distance > _AROUND[0]) & (distance < _AROUND[1])].mean()
        found.append(power[distance < _AT].mean() / max(around, 1e-30))
    return float(max(found))
