"""Guides first: lines through losses are filled before the rest, which agrees with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..physics.guided_bands import continued
from ..physics.operators import Mask
from ..physics.problem import Problem
from ..runtime.tools import Solver, Tools
from ..types import Step
from .wide_losses import known_pixels


def along_guides(solver: Solver) -> Solver:
    """Return `solver`, for which bands along the guides of a problem are known already."""

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass on the steps with the bands in their place."""
        keep = problem.degradation.forward(torch.ones_like(problem.y))[:, :1].clone()
        picture = np.moveaxis(problem.y[0].cpu().numpy(), 0, -1)
        band = continued(picture, known_pixels(keep), problem.guides)
        at = (..., torch.from_numpy(band.rows), torch.from_numpy(band.columns))
        values = torch.from_numpy(band.values.T).to(problem.y)
        y = problem.y.clone()
        y[at], keep[at] = values, 1
        eased = replace(problem, y=y, degradation=Mask(keep), guides=())
        steps = iter([Step(1, 1, y)]) if bool((keep > 0).all()) else solver(eased, params, tools)
        for step in steps:
            filled = step.filled
            if filled is not None:
                filled = filled.clone()
                filled[at] = True
            yield replace(step, x=_with(step.x, at, values), filled=filled)

    return solve


def _with(x: Tensor, at: tuple[Any, ...], values: Tensor) -> Tensor:
    """Return an estimate with values in their place, without a copy where it has them."""
    if torch.equal(x[at], values.expand_as(x[at])):
        return x
    x = x.clone()
    x[at] = values
    return x
