"""Texture that adds to the noise of patches, where none of them is free of it. numpy only.

Texture that shows at lower frequencies reaches the high ones, whose power is taken for noise:
grass, gravel and foliage would be denoised until they are gone. Among patches of one intensity
both powers grow together by texture alone, since all of these have the same noise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .patches import Floats, Level, Patches

_TEXTURED = 1.15  # power at lower over high frequencies, from which on the smoothest are no noise
_INTENSITIES, _SMOOTHER = 16, 0.25  # steps of intensity, and the share of each with least texture
_FEWEST = 8  # patches of a step that tell a slope
_LEAST_LEAKED, _MOST_LEAKED = 0.05, 0.9  # of the power at lower frequencies; less is no texture
_AT_LEAST = 0.09  # of the variance that is seen

Places = NDArray[np.intp]


def is_textured(patches: Patches, level: Level) -> bool:
    """Say whether the patches that tell a level are not free of texture, or their noise coarse."""
    return float(patches.low[level.used].mean()) > _TEXTURED * level.variance


def variance_beside_texture(patches: Patches, level: Level) -> float:
    """Return the variance of the noise of textured patches, without what texture adds to it.

    `level`: what the patches tell as if they were free of texture.
    """
    leaked = _leaked(patches.mean, patches.low, patches.high.mean(axis=0))
    low = float(patches.low[level.used].mean())
    return level.variance * _share_of_noise(low / level.variance, leaked)


def shares_of_noise(mean: Floats, lower: Floats, high: Floats, step: Places) -> Floats:
    """Return which share of the high power of each block is noise, one for those of a step.

    `mean`, `lower`, `high`: of the blocks, the power at lower and at high frequencies.
    `step`: of intensity, that of each.
    """
    leaked, shares = _leaked(mean, lower, high), np.ones(int(step.max()) + 1)
    for i, smooth in enumerate(_smoother(lower, step)):
        power = float(high[smooth].sum())
        ratio = float(lower[smooth].sum()) / power if power > 0 else 0.0
        if ratio > _TEXTURED:
            shares[i] = _share_of_noise(ratio, leaked)
    return np.asarray(shares[step])


def _share_of_noise(ratio: float, leaked: float) -> float:
    """Solve ``high = noise + leaked * texture`` and ``lower = noise + texture`` for noise / high.

    `ratio`: of the lower power to the high one.
    """
    return min(max((1 - leaked * ratio) / (1 - leaked), _AT_LEAST), 1.0)


def _leaked(mean: Floats, lower: Floats, high: Floats) -> float:
    """Return the power of texture at high frequencies over that at lower ones.

    It is the slope of the one over the other among patches that are alike in their mean, as
    photons bring more noise to bright ones.
    """
    edges = np.quantile(mean, np.linspace(0, 1, _INTENSITIES + 1)[1:-1])
    both = square = 0.0
    for alike in _smoother(lower, np.searchsorted(edges, mean)):
        typical = float(lower[alike].mean()) if len(alike) >= _FEWEST else 0.0
        if typical > 0:
            deviation = lower[alike] / typical - 1
            both += float(deviation @ high[alike]) / typical
            square += float(deviation @ deviation)
    slope = both / square if square > 0 else 0.0
    return min(slope, _MOST_LEAKED) if slope > _LEAST_LEAKED else 0.0


def _smoother(lower: Floats, step: Places) -> list[Places]:
    """Return, of every step of intensity, the patches that are most like those without texture."""
    order = np.argsort(lower, kind='stable')
    of_each = step[order]
    each = [order[of_each == i] for i in range(int(step.max()) + 1)]
    return [alike[: math.ceil(_SMOOTHER * len(alike))] for alike in each]
