"""Duties of every deblurring: it keeps the light and does not amplify the noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from ..noise.grain import level_of_means
from ..noise.level import level_of_plane
from ..physics.blurred_light import Light
from ..physics.problem import Problem
from ..physics.spectral import Blur
from ..runtime.tools import Solver, Tools
from ..types import Step
from .annealing import rms

TIMES = 2
"""How often the noise level is doubled at most."""
CLEAR = 1.5
"""By which a result is noisier before it counts: amplified noise exceeds it 3 to 15 times."""
LEAST = 2 / 255
"""Noise of a result, in working units, that is hardly seen, or texture."""


def keeping_light(solver: Solver) -> Solver:
    """Return `solver` with estimates, all but trials, that have the local means of the image."""

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass the steps on, with their light."""
        assert isinstance(problem.degradation, Blur)
        light = Light(problem.y, problem.degradation, problem.lowest)
        for step in solver(problem, params, tools):
            yield step if step.trial else replace(step, x=light.given_to(step.x))

    return solve


def unamplified(solver: Solver, size: Sequence[int]) -> Solver:
    """Return `solver` begun again with twice the noise level where its result is too noisy.

    Told too little noise, a deconvolution amplifies it by many decibels; told too much, it loses
    one. A result that is noisier than the image, and than the level that was told, is the sign.

    `solver`: one with a stopping rule of its own runs but once.
    `size`: height and width of what was observed; what lies beyond it is made up.
    """

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass the steps on, those of further runs counted behind them."""
        done = 0
        for doubled in range(TIMES + 1):
            steps = solver(problem, params, tools)
            last = _behind(next(steps), done)
            for step in steps:
                yield last
                last = _behind(step, done)
            noisy = not last.final and _is_noisier(last.x, problem, size)
            if not noisy or doubled == TIMES:
                said = (_said(doubled, noisy),) if doubled else ()
                yield replace(last, notes=(*last.notes, *said))
                return
            yield last
            done, problem = last.total, problem.noisier(2)

    return solve


def _behind(step: Step, done: int) -> Step:
    """Return a step of a run that `done` steps of others went before."""
    return replace(step, index=done + step.index, total=done + step.total)


def _said(doubled: int, noisy: bool) -> str:
    told = f'the result came out noisier than the image, so that {2**doubled} times the noise'
    if noisy:
        return f'{told} was told, and it still is: check the kernel, or give a larger sigma'
    return f'{told} was told; give sigma to choose another'


def _is_noisier(x: Tensor, problem: Problem, size: Sequence[int]) -> bool:
    """Say whether an estimate is noisier than the level that was told, and than the image."""
    clearly = _noise(x, size) / CLEAR
    return clearly > max(rms(problem.sigma), LEAST) and clearly > _noise(problem.y, size)


def _noise(image: Tensor, size: Sequence[int]) -> float:
    """Return the noise of an image, in fine grain and in coarser one."""
    plane = image[0, :, : size[0], : size[1]].mean(0).detach().double().cpu().numpy()
    return max(level_of_plane(plane, None), level_of_means(plane, 2))
