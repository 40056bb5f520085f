"""The risk of a prediction: its distance from the true light, estimated from the image alone.

For y of mean m and noise of deviation s, and a prediction p that was made from y::

    E |p - m|^2 / s^2  =  E |y - p|^2 / s^2 + 2 tr(dp / dy) - N

An iteration that fits the noise changes the first term by less than the trace. The trace is taken
along one random direction: p is made a second time, from y that is nudged. Where the least of it
lies hardly depends on s, unlike the iteration at which noise explains the residual.

References
----------
C. M. Stein, Annals of Statistics 9(6), 1981. S. Ramani, T. Blu, M. Unser, "Monte-Carlo SURE",
IEEE TIP 17(9), 2008, doi:10.1109/TIP.2008.2001404.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..physics.boundary import crop
from ..physics.problem import Problem

_NUDGE = 0.1  # in deviations of the noise
_LEAST = 1e-6  # deviation, in working units, that is none


def nudged(problem: Problem) -> Problem:
    """Return a problem with a tenth of its noise more, of random sign, everywhere."""
    return replace(problem, y=problem.y + _NUDGE * _noise(problem) * _signs(problem))


def predicted_risk(
    problems: Sequence[Problem], predicted: Sequence[Tensor], nudged: Sequence[Tensor]
) -> float:
    """Return the mean of ``|p - m|^2 / s^2``, but for a constant, over all pixels of problems.

    `predicted`: p in working units.
    `nudged`: p of what :func:`nudged` returns.
    """
    total = count = 0.0
    for problem, p, q in zip(problems, predicted, nudged, strict=True):
        shape = (*problem.y.shape[:2], *(problem.size or problem.y.shape[2:]))
        noise = _noise(problem).clamp_min(_LEAST)
        trace = _signs(problem) * (q - p) / (_NUDGE * noise)
        each = ((problem.y - p) / noise).square() + 2 * trace.masked_fill_(noise <= _LEAST, 0)
        total, count = total + float(crop(each, shape).sum()), count + math.prod(shape)
    return total / count


def _noise(problem: Problem) -> Tensor:
    """Return the deviation of the noise on the grid of the image."""
    return torch.as_tensor(problem.sigma).to(problem.y).expand_as(problem.y)


def _signs(problem: Problem) -> Tensor:
    """Return 1 or -1 for each pixel, the same for the same shape."""
    seeded = torch.Generator().manual_seed(0)
    signs = torch.randint(2, problem.y.shape, generator=seeded, dtype=torch.int8)
    return signs.to(problem.y) * 2 - 1
