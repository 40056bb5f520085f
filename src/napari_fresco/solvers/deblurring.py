"""Duties of every deblurring: it keeps the light and does not amplify the noise."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
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
NEARLY = 1.0
"""The same for planes that stand for a stack, others of which may come out noisier than they do."""
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


class Doubling(NamedTuple):
    """Noise of a plane as it is told to a solver, found once for all that is restored alike.

    `times`: how often its level is doubled.
    `still`: whether the result is noisier than the image in spite of it.
    `least`: whether it may be doubled once more: a whole plane of a stack has the last word.
    """

    times: int = 0
    still: bool = False
    least: bool = False


class Noises(NamedTuple):
    """An estimate and its image, as far as their noise is compared.

    `x`, `y`: plane ``(h, w)`` of the estimate and of the image, in working units.
    `told`: the noise that the solver was told.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    told: float

    @classmethod
    def of(cls, x: Tensor, problem: Problem, inside: tuple[slice, ...]) -> Noises:
        """Return them of what lies `inside`, a box of rows and columns."""
        return cls(_plane(x, inside), _plane(problem.y, inside), rms(problem.sigma))


def unamplified(solver: Solver, size: Sequence[int], known: Doubling | None = None) -> Solver:
    """Return `solver` begun again with twice the noise level where its result is too noisy.

    Told too little noise, a deconvolution amplifies it by many decibels; told too much, it loses
    one. A result that is noisier than the image, and than the level that was told, is the sign.

    `solver`: one with a stopping rule of its own runs but once.
    `size`: height and width of what was observed; what lies beyond it is made up.
    `known`: how often it is doubled at least.
    """
    inside = tuple(slice(0, n) for n in size)

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass the steps on, those of further runs counted behind them."""
        done, least = 0, 0 if known is None else known.times
        problem = problem.noisier(2**least)
        for times in range(least, TIMES + 1):
            steps = (_behind(step, done) for step in solver(problem, params, tools))
            last = yield from _but_the_last(steps)
            noisy = not last.final and are_noisier([Noises.of(last.x, problem, inside)])
            if not noisy or times == TIMES:
                yield _noted(last, Doubling(times, noisy))
                return
            yield last
            done, problem = last.total, problem.noisier(2)

    return solve


def doubled(solver: Solver, known: Doubling) -> Solver:
    """Return `solver` told as much more noise as was found for all parts of a plane."""

    def solve(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
        """Pass the steps on."""
        steps = solver(problem.noisier(2**known.times), params, tools)
        last = yield from _but_the_last(steps)
        yield _noted(last, known)

    return solve


def are_noisier(parts: Sequence[Noises], clear: float = CLEAR) -> bool:
    """Say whether estimates of parts of a plane are noisier than the level told, and the image."""
    told = math.sqrt(np.mean([part.told**2 for part in parts]))
    clearly = _noise([part.x for part in parts]) / clear
    return clearly > max(told, LEAST) and clearly > _noise([part.y for part in parts])


def _but_the_last(steps: Iterator[Step]) -> Generator[Step, None, Step]:
    """Yield all steps but the last one, and return that."""
    last = next(steps)
    for step in steps:
        yield last
        last = step
    return last


def _behind(step: Step, done: int) -> Step:
    """Return a step of a run that `done` steps of others went before."""
    return replace(step, index=done + step.index, total=done + step.total)


def _noted(step: Step, known: Doubling) -> Step:
    """Return the last step with what is to be said of the noise that was told."""
    return replace(step, notes=(*step.notes, _said(known))) if known.times else step


def _said(known: Doubling) -> str:
    factor = 2**known.times
    told = f'the result came out noisier than the image, so that {factor} times the noise'
    if known.still:
        return f'{told} was told, and it still is: check the kernel, or give a larger sigma'
    return f'{told} was told; give sigma to choose another'


def _plane(image: Tensor, inside: tuple[slice, ...]) -> NDArray[np.float64]:
    plane: NDArray[np.float64] = image[0].mean(0)[inside].detach().double().cpu().numpy()
    return plane


def _noise(parts: Sequence[NDArray[np.float64]]) -> float:
    """Return the noise of a plane of which these are parts, in fine grain and in coarser one."""
    plane = np.concatenate(parts)
    return max(level_of_plane(plane, None), level_of_means(plane, 2))
