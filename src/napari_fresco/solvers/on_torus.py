"""Solvers on a torus see what was observed in the middle of it.

Networks know no torus: at the border of their input they lack neighbours, and leave bright dots
of a deconvolution there. What continues an image, see :mod:`..physics.boundary`, lies behind its
last rows and columns, so that its first ones would be that border.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor

from ..physics.problem import Problem
from ..physics.spectral import Downsample
from ..runtime.tools import Solver, Tools
from ..types import Step

LEAST = 16
"""Rows and columns that must continue an image for half of them to lie before it."""
_STEP = LEAST // 2  # networks see up to eight pixels as one: parts of a plane must fall alike
_ON_GRID = 'x', 'changed', 'variance', 'spread', 'better', 'filled'


def centred(solver: Solver) -> Solver:
    """Return `solver`, to which half of what continues an image lies before it.

    A blur on a torus is the same from wherever its rows and columns are counted.
    """

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass the steps on, counted from the first row and column of the image."""
        grid = problem.y.shape[2:]
        more = [whole - seen for whole, seen in zip(grid, problem.size, strict=True)]
        before = [n // LEAST * _STEP for n in more]
        there = partial(_rolled, grid=grid, by=before)
        back = partial(_rolled, grid=grid, by=[-n for n in before])
        moved = {name: there(getattr(problem, name)) for name in ('y', 'sigma', 'start')}
        if isinstance(problem.degradation, Downsample):
            moved['degradation'] = problem.degradation.counted_from(before)
        for step in solver(replace(problem, **moved), params, tools):
            yield replace(step, **{name: back(getattr(step, name)) for name in _ON_GRID})

    return solve


def _rolled(values: Any, grid: Sequence[int], by: Sequence[int]) -> Any:
    """Return what has values on a grid, or on one that is finer, moved; all else as it is."""
    if not isinstance(values, Tensor):
        return values
    axes = tuple(range(-len(grid), 0))
    finer = [m // n for m, n in zip(values.shape[-len(grid) :], grid, strict=True)]
    return values.roll([n * k for n, k in zip(by, finer, strict=True)], axes)
