"""Moderation of denoisers: how much of what they take away is believed, by the noise of the plane.

Networks err by about as much as the least noise that they know, however little there is, and those
that find the noise by themselves may take texture for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..noise.colour_noise import noise_of_colours

# Had all noise been taken away, all of it would be best; of little noise networks leave more.
_OF_DENOISER = 0.2
# Noise, of a range of 1, under which more than this times its power is what a blind method errs.
_LITTLE, _MORE = 6 / 255, 1.2


def moderated(
    plane: Tensor,
    estimate: Tensor,
    noise: Tensor,
    least: float,
    shown: Callable[[float], float] | None = None,
) -> Tensor:
    """Return the estimate with as much of the plane in it as little noise asks for.

    Parameters
    ----------
    plane, estimate : Tensor
        ``(1, C, H, W)`` in working units, before and after.
    noise : Tensor
        Its standard deviation in `plane`, of the same shape or one that expands to it.
    least : float
        The least noise that the method takes away well, in working units.
    shown : callable, optional
        Of a method that finds the noise by itself: the noise that the plane shows, in its pixels or
        in means of them, from the root mean square of `noise`.
    """
    change = estimate - plane
    power = noise.square().expand_as(plane)
    weight = torch.ones_like(plane)
    if shown is not None:
        level = math.sqrt(float(power.mean()))
        coloured = noise_of_colours(change[0].movedim(0, -1).cpu().numpy())
        weight *= _believed(level, change, coloured.smooth(level), shown)
        power = power.clamp_min(coloured.mean**2)
    little = (power > 0) & (power < least**2)
    if little.any():
        taken = change[little].square().mean().clamp_min(1e-30)
        agreeing = (power[little].mean() / taken).clamp_max(1)
        weight[little] = _OF_DENOISER * agreeing**2
    elif float(weight.amin()) == 1:
        return estimate
    return plane + weight * change


def _believed(
    level: float, change: Tensor, smooth: float, shown: Callable[[float], float]
) -> float:
    """Return how much of the change is kept of a method that finds the noise by itself.

    So much that no more is taken away than noise is there, as far as at most little is: what pixels
    of a noise of `level` and means of them show, or the `smooth` noise in the change.
    """
    if not 0 < level < _LITTLE:
        return 1.0
    taken = max(float(change.square().mean()), 1e-30)
    return min(_MORE * max(shown(level), smooth) ** 2 / taken, 1.0) ** 2
