"""Deep image prior and DeepRED as a solver: runs, stopping, restarts.

An untrained network is fitted to the one image at hand, so that nothing is learned
from other images; a denoiser may pull the result towards images it knows (RED). In
the end the network would fit the noise too: a rule stops it before that.

References
----------
G. Mataev, P. Milanfar, M. Elad, "DeepRED: Deep Image Prior Powered by RED", ICCV
Workshops 2019. D. Ulyanov, A. Vedaldi, V. Lempitsky, "Deep Image Prior", CVPR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..declare.recommendations import NARROW
from ..errors import DivergedError
from ..image.hole_width import widest
from ..physics.operators import Mask
from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .admm import ADMMIterate, MovingAverage, iterate
from .around_losses import around_losses
from .pnp import dpir
from .prior_setup import Setup, defaults_of
from .stopping import Discrepancy, MovingVariance, Never, StoppingRule, WindowedVariance
from .wide_losses import known_pixels

if TYPE_CHECKING:
    from ..declare.parameters import DeepREDParameters


def deepred(problem: Problem, params: DeepREDParameters, tools: Tools) -> Iterator[Step]:
    """Restore one plane by deep image prior, with RED unless ``params.prior`` is 'none'.

    Each step shows the moving average of ``x - u`` (of the outputs, without RED),
    and the residual of the network's output. The last step is final and holds the
    average at which the stopping rule was best, itself averaged over the restarts.
    A run whose loss is not finite starts again once. While the network has not come
    nearer to the data than the start, each step holds the start as what is better. Wide losses
    start from the fill of DPIR with patches of the same picture, whose steps come first.

    `problem`: denoising, deblurring, super-resolution or inpainting with any degradation; a noise
        map weighs the data term and steers the denoiser.
    `params`: what the user asked for.
    `tools`: lends denoiser, random numbers, device and fast arithmetic.
    Raises DivergedError when the loss is not finite twice, before there was any estimate.
    """
    before = 0
    if _has_wide_losses(problem):
        each = params.iterations or defaults_of(problem.task, params).iterations
        length = params.restarts * each
        for step in _filled(problem, tools):
            before, start = step.total, step.x
            yield replace(step, total=before + length)
        problem = replace(problem, start=start.clone())
    setup = Setup.of(problem, params, tools)
    length = setup.settings.iterations
    finished: list[Tensor] = []
    for number in range(params.restarts):
        best, least = setup.start, math.inf
        for view in _run(setup, params):
            if view.score is None or view.score < least:
                best, least = view.estimate, math.inf if view.score is None else view.score
            last = view.last and number + 1 == params.restarts
            image, share = (best, 1.0) if view.last else (view.estimate, view.index / length)
            # A rule that has judged a whole run is believed; before that, the data are.
            kept = None if view.last and least < math.inf else _better(setup, view, finished)
            yield Step(
                index=before + number * length + view.index,
                total=before + params.restarts * length,
                x=_blend(finished, image, share),
                residual=setup.residual(view.iterate.data_loss),
                score=_score(view.score, number, params),
                final=last,
                better=kept,
                metrics={
                    'data_loss': view.iterate.data_loss,
                    'prior_loss': view.iterate.prior_loss,
                },
            )
        finished.append(best)


def _has_wide_losses(problem: Problem) -> bool:
    planes = problem.y.ndim == 4 and problem.start is None
    if not planes or not isinstance(problem.degradation, Mask):
        return False
    known = known_pixels(problem.degradation.keep)
    return bool(known.any()) and widest(~known) > NARROW


def _filled(problem: Problem, tools: Tools) -> Iterator[Step]:
    """Yield the steps to the best fill that there is without an untrained network."""
    from ..declare.parameters import PnPParameters

    solver = around_losses(dpir) if problem.kept else dpir
    return solver(problem, PnPParameters(), tools)


@dataclass(frozen=True, eq=False)
class _View:
    """An iterate as the stopping rule sees it."""

    iterate: ADMMIterate
    estimate: Tensor
    score: float | None
    last: bool

    @property
    def index(self) -> int:
        return self.iterate.index


def _run(setup: Setup, params: DeepREDParameters) -> Iterator[_View]:
    """Run once; start again, with other random numbers, if the loss is not finite."""
    found = False
    for attempt in range(2):
        try:
            for view in _attempt(setup, params):
                found = True
                yield view
        except DivergedError:
            if attempt == 1 and not found:
                raise
        else:
            return


def _attempt(setup: Setup, params: DeepREDParameters) -> Iterator[_View]:
    rule = _rule(params)
    average = MovingAverage(params.average, ramp=True)
    low, high = setup.settings.low, setup.settings.high
    for state in iterate(setup.hourglass(), setup.fit, setup.denoise, setup.start):
        estimate = state.estimate.clamp(low, high)
        score = rule.update(estimate, setup.noise_ratio(state.data_loss))
        last = rule.stopped or state.index == setup.settings.iterations
        yield _View(state, average.update(estimate), score, last)
        if last:
            return


def _rule(params: DeepREDParameters) -> StoppingRule:
    if params.stopping == 'variance':
        return WindowedVariance(params.window, params.patience)
    if params.stopping == 'moving-variance':
        return MovingVariance(patience=params.patience)
    return Discrepancy() if params.stopping == 'discrepancy' else Never()


@torch.no_grad()
def _better(setup: Setup, view: _View, finished: list[Tensor]) -> Tensor | None:
    """Return the finished restarts or the start, where the data say that they are better."""
    if float(setup.fit.loss(view.estimate)) <= setup.enough:
        return None
    return torch.stack(finished).mean(0) if finished else setup.start


def _blend(finished: list[Tensor], image: Tensor, share: float) -> Tensor:
    """Average finished restarts with the present one, which counts as far as it has come."""
    if not finished:
        return image
    return (torch.stack(finished).sum(0) + share * image) / (len(finished) + share)


def _score(score: float | None, number: int, params: DeepREDParameters) -> float | None:
    """Return the score of the average of `number` restarts and the present one."""
    if score is None:
        # A later restart must not replace a scored one before it has a score itself.
        judged = params.stopping in ('variance', 'moving-variance')
        return math.inf if judged and number else None
    return score / (number + 1)
