"""Photon statistics of a plane: a dark ground, and how far a blur explains the light."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from torch import Tensor
from torch.nn import functional

from ..physics.boundary import crop
from ..physics.problem import Problem

_LEAST = 1e-12  # variance, in squared working units, that is none
_SIDE = 32  # of regions, in pixels
_READ_NOISE = 4.0  # times its deviation: what is farther below the dark level is no read noise


@dataclass(frozen=True, eq=False)
class Photons:
    """Light in photons, where it was counted, and else in working units.

    `y`: what was seen, read noise included as if it were light. Where it was counted, read noise
        takes some pixels below 0. They stay there: what it leaves above 0 would else be light.
    `background`: what of it is read noise.
    `gain`, `dark`: working units in a photon, and without light.
    """

    y: Tensor
    background: float
    gain: float
    dark: float

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Count the light of a plane; where nothing is known of it, 0 is dark.

        Photon noise of mean b + x and read noise of variance b make a Poisson law of mean x + b
        once b is added to what was seen (shifted Poisson).
        """
        gain, dark, read, _ = problem.counting or (1.0, 0.0, 0.0, 1.0)
        background = (read / gain) ** 2
        y = (problem.y - dark) / gain + background
        return cls(y.clamp_min(-_READ_NOISE * math.sqrt(background)), background, gain, dark)

    def working(self, x: Tensor) -> Tensor:
        """Return light in working units."""
        return x * self.gain + self.dark


def misfit(problem: Problem, predicted: Tensor) -> float:
    """Return the power of the residual in units of that of the noise: 1 where noise explains it.

    Counted light is compared in regions: where next to none is predicted, as beside bright objects
    and where a filter swings below dark, a single photon would outweigh all of the image.

    `predicted`: H x in working units. Without noise nothing is ever explained.
    """
    shape = (*problem.y.shape[:2], *(problem.size or problem.y.shape[2:]))
    square = crop((problem.y - predicted).square(), shape)
    if problem.counting is not None:
        # What neighbours share in excess of it does not show in single pixels.
        gain, dark, read_noise, _ = problem.counting
        variance = gain * crop(predicted - dark, shape).clamp_min(0) + read_noise**2
        return float((_regions(square) / _regions(variance).clamp_min(_LEAST)).mean())
    if isinstance(problem.sigma, Tensor):
        sigma = crop(problem.sigma.expand(-1, -1, *problem.y.shape[2:]), (1, 1, *shape[2:]))
        return float(square.mean() / sigma.square().mean().clamp_min(_LEAST))
    return float(square.mean()) / max(problem.sigma**2, _LEAST)


def _regions(values: Tensor) -> Tensor:
    """Return the means of regions of 32 x 32 pixels of every plane."""
    planes = values.flatten(0, -3)[:, None]
    sides = [min(_SIDE, n) for n in planes.shape[-2:]]
    means: Tensor = functional.avg_pool2d(planes, sides, ceil_mode=True)
    return means


def misfit_of_all(problems: Sequence[Problem], predicted: Sequence[Tensor]) -> float:
    """Return the :func:`misfit` of several planes or volumes, the mean over all their pixels."""
    counts = [math.prod(each.size or each.y.shape[2:]) for each in problems]
    found = map(misfit, problems, predicted)
    return sum(n * one for n, one in zip(counts, found, strict=True)) / sum(counts)
