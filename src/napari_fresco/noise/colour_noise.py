"""Noise that colours do not share, however smooth it is.

Texture has one hue, and noise of a camera has not: an interpolation of colours, or JPEG, takes its
finest frequencies away, by which other estimators tell noise from texture. numpy only.
"""

from __future__ import annotations

import numpy as np

from .patches import Reals


def noise_of_colours(change: Reals) -> float:
    """Return the standard deviation of the noise in what a method took away.

    Of noise that `C` colours do not share, ``1 - 1 / C`` of the power is in their differences.

    `change`: ``(H, W, C)``, the image less the result.
    Returns: in units of the image; 0 of a plane without colours, ``(H, W)``.
    """
    if change.ndim == 2 or change.shape[-1] == 1:
        return 0.0
    colours = change.shape[-1]
    differences = change - change.mean(axis=-1, keepdims=True)
    power = float(np.square(differences).mean(dtype=np.float64))
    return float(np.sqrt(power * colours / (colours - 1)))
