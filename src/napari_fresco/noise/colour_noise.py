"""Smooth noise of photographs, told by what colours do not share.

An interpolation of colours, or JPEG, takes the finest frequencies of a camera's noise away, by
which other estimators tell it from texture. Texture has one hue mostly, and noise has not. numpy
and scipy only.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .patches import Floats, Reals

_SIDE = 16  # pixels of a block
_QUIET, _MOST = 25, 2.0  # percent of the blocks; noise has at most so many times their power
_HIDDEN = 3.0  # times the power that pixels show, from which on they do not show all noise


def noise_of_colours(change: Reals) -> float:
    """Return the standard deviation of the noise in what a method took away.

    Of noise that `C` colours do not share, ``1 - 1 / C`` of the power is in their differences.

    `change`: ``(H, W, C)``, the image less the result.
    Returns: in units of the image; 0 of a plane without colours, ``(H, W)``.
    """
    return float(np.sqrt(_unshared(change).mean()))


def smooth_noise(change: Reals, level: float) -> float:
    """Return that noise where pixels hide it and texture of several hues does not explain it.

    Noise is everywhere, and texture in places.

    `change`: ``(H, W, C)`` or ``(H, W)``, the image less the result.
    `level`: standard deviation of the noise that pixels show, in the same units.
    Returns: in these units; 0 where there is none.
    """
    power = _unshared(change)
    blocks = ndimage.uniform_filter(power, _SIDE)[::_SIDE, ::_SIDE]
    everywhere = min(float(power.mean()), _MOST * float(np.percentile(blocks, _QUIET)))
    return float(np.sqrt(everywhere)) if everywhere > _HIDDEN * level**2 else 0.0


def _unshared(change: Reals) -> Floats:
    """Return the power ``(H, W)`` of the noise that colours do not share, 0 without colours."""
    if change.ndim == 2 or change.shape[-1] == 1:
        return np.zeros(change.shape[:2])
    differences = change - change.mean(axis=-1, keepdims=True)
    power: Floats = np.square(differences).sum(axis=-1, dtype=np.float64) / (change.shape[-1] - 1)
    return power
