"""Any deterministic method, eight times: the mean over turns and flips, and their spread.

Turning the image and turning the result back changes nothing that the data say, so
whatever the eight results disagree on was decided by the network or the
iteration. Their mean is a little better than each, and their standard
deviation, their spread, tells where. It is no uncertainty: errors that all eight share, such
as those that the noise makes, are not in it.

R. Timofte, R. Rothe, L. Van Gool, "Seven ways to improve example-based single
image super resolution", CVPR 2016, doi:10.1109/CVPR.2016.206.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ..physics.dihedral import MODES, turn_back
from ..physics.problem import Problem
from ..runtime.tools import Solver, Tools
from ..types import Step


def eightfold(solver: Solver) -> Solver:
    """Return a solver that runs `solver` on the eight turned problems.

    Each step holds the mean of the finished results and the best estimate of the present
    turn; from the second turn on, also the standard deviation among them. A turn that
    stops early does so alone.
    """

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        seen = Moments()
        first: Step | None = None
        for mode in range(MODES):
            best: Step | None = None
            with closing(solver(problem.dihedral(mode), params, tools)) as steps:  # type: ignore[type-var]
                for turned in steps:
                    step = _upright(turned, mode)
                    first = first or step
                    best = step if best is None or step.follows(best) else best
                    now = seen.with_estimate(best.x)
                    yield replace(
                        step,
                        index=mode * step.total + step.index,
                        total=MODES * step.total,
                        x=now.mean,
                        score=None,
                        final=step.final and mode == MODES - 1,
                        spread=now.deviation() if mode else None,
                        kernel=first.kernel,
                        latent=first.latent,
                        filled=None if mode else step.filled,  # later turns have all estimates
                    )
                    if step.final:  # the rule of the method ends this turn, not the others
                        break
            seen = now

    return solve


@dataclass(frozen=True, eq=False)
class Moments:
    """Running mean and sum of squared deviations (Welford)."""

    count: int = 0
    mean: Any = 0.0
    squares: Any = 0.0

    def with_estimate(self, x: Tensor) -> Moments:
        """Return the moments with `x` among the estimates."""
        count = self.count + 1
        change = x - self.mean
        mean = self.mean + change / count
        return Moments(count, mean, self.squares + change * (x - mean))

    def deviation(self) -> Tensor:
        """Return the standard deviation."""
        deviation: Tensor = (self.squares / self.count).sqrt()
        return deviation


def _upright(step: Step, mode: int) -> Step:
    variance = None if step.variance is None else turn_back(step.variance, mode)
    return replace(step, x=turn_back(step.x, mode), variance=variance)
