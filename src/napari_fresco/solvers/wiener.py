"""Wiener deconvolution: one linear filter, as strong as the noise asks for.

``X = M + conj(B) (Y - M) / (|B|^2 + c)`` for a blur B and the mean M of the image, which is the
data step of half-quadratic splitting drawn towards the mean. The residual grows with c, so that
one c leaves a residual as large as the noise (V. A. Morozov's principle of discrepancy).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .photons import misfit_of_all

if TYPE_CHECKING:
    from ..declare.parameters import WienerParameters

LEAST, MOST = 1e-6, 10.0
"""Between which c is sought."""
HALVINGS = 12
"""Of the range of log c: to 0.4 %."""
LARGER = 1.05
"""Residual over noise that is told as a level: where less is told than there is, c falls off a
cliff, and a level is found to some per cent. What is known of counted light is better known."""


def wiener(problem: Problem, params: WienerParameters, tools: Tools) -> Iterator[Step]:
    """Deconvolve a plane or volume by the filter whose residual is as large as the noise."""
    if params.regularization is None:
        yield from settle([problem], params)
        return
    # No noise that it is told changes it, so that once is enough.
    x = _filtered(problem, params.regularization)
    left = _residual(problem, problem.degradation.forward(x))
    yield Step(1, 1, x, residual=left, final=True)


def settle(
    problems: Iterable[Problem], params: WienerParameters
) -> Generator[Step, None, WienerParameters]:
    """Find the one filter whose residual in parts of an image is as large as the noise.

    Yields the first part as it is filtered; returns parameters that filter each part alone so.
    """
    every = list(problems)
    most = 1.0 if any(problem.counting is not None for problem in every) else LARGER**2
    low, high = math.log(LEAST), math.log(MOST)
    for k in range(HALVINGS):
        middle = (low + high) / 2
        found = [_filtered(problem, math.exp(middle)) for problem in every]
        predicted = [one.degradation.forward(x) for one, x in zip(every, found, strict=True)]
        if misfit_of_all(every, predicted) > most:
            high = middle
        else:
            low = middle
        left, trial = _residual(every[0], predicted[0]), k + 1 < HALVINGS
        yield Step(k + 1, HALVINGS, found[0], residual=left, trial=trial)
    return replace(params, regularization=math.exp(middle))


def _filtered(problem: Problem, weight: float) -> Tensor:
    """Return the filtered image."""
    mean = problem.y.mean(list(range(2, problem.y.ndim)), keepdim=True)
    z = mean.expand(problem.degradation.shape_of(problem.y.shape)).contiguous()
    return problem.degradation.prox(z, problem.y, weight)


def _residual(problem: Problem, predicted: Tensor) -> Tensor:
    return (predicted - problem.y).square().mean().sqrt()
