"""Smooth noise of photographs, told by what colours do not share.

An interpolation of colours, or JPEG, takes the finest frequencies of a camera's noise away, by
which other estimators tell it from texture. Texture has one hue mostly, and noise has not. numpy
and scipy only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .patches import Reals

_SIDE = 16  # pixels of a block
_QUIET, _MOST = 25, 2.0  # percent of the blocks; noise has at most so many times their power
_HIDDEN = 3.0  # times the power that pixels show, from which on they do not show all noise


class ColourNoise(NamedTuple):
    """Noise that colours do not share in what a method took away, as standard deviations.

    Noise is everywhere, and texture of several hues in places.

    `mean`: as far as all of it is noise.
    `everywhere`: as far as the quietest parts explain it.
    """

    mean: float
    everywhere: float

    def smooth(self, level: float) -> float:
        """Return the noise that pixels hide, 0 where there is none; `level` is what they show."""
        return self.everywhere if self.everywhere**2 > _HIDDEN * level**2 else 0.0


def noise_of_colours(change: Reals) -> ColourNoise:
    """Return the noise that colours do not share.

    Of noise that `C` colours do not share, ``1 - 1 / C`` of the power is in their differences.

    `change`: ``(H, W, C)``, the image less the result.
    Returns: in units of the image; 0 of a plane without colours, ``(H, W)``.
    """
    if change.ndim == 2 or change.shape[-1] == 1:
        return ColourNoise(0.0, 0.0)
    differences = change - change.mean(axis=-1, keepdims=True)
    power = np.square(differences).sum(axis=-1, dtype=np.float64) / (change.shape[-1] - 1)
    quiet = np.percentile(ndimage.uniform_filter(power, _SIDE)[::_SIDE, ::_SIDE], _QUIET)
    mean = float(power.mean())
    return ColourNoise(math.sqrt(mean), math.sqrt(min(mean, _MOST * float(quiet))))
