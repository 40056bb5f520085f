"""Richardson-Lucy deconvolution: the likeliest light under photon noise, stopped early.

For ``y ~ Poisson(H x + b)`` each iteration multiplies the estimate::

    x <- x / w  H' [y / (H x + b)],      w = H' 1

A window w of what the camera saw takes the place of 1, so that light from beyond the border is
estimated, too, and neither darkens nor brightens it.

Read noise, the b that a shifted Poisson law adds, makes steps short wherever it outweighs the
light: from a flat start objects would still be dim, and the ground bright, once noise explains the
residual, and until then the total is not kept. So a counted image starts from its local means, in
which there is little read noise, and each estimate is scaled to the light that was seen.

References
----------
W. H. Richardson, JOSA 62(1), 1972; L. B. Lucy, AJ 79, 1974. M. Bertero, P. Boccacci, A&A 437,
2005 (window). D. S. C. Biggs, M. Andrews, Applied Optics 36(8), 1997 (acceleration). N. Dey et
al., Microscopy Research and Technique 69, 2006 (total variation).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..physics.blurred_light import light_of_means
from ..physics.degradation import Degradation
from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .photons import Photons, misfit_of_all
from .predicted_risk import nudged, predicted_risk
from .stop_band import power_beyond

if TYPE_CHECKING:
    from ..declare.parameters import RichardsonLucyParameters

LEAST_WEIGHT = 0.01
"""Share of its light that must reach the window: of less, nothing can be told."""
_TINY = 1e-12
_ROUNDING = 1e-6  # of transforms in single precision, of the brightest light
_FLAT = 1e-3  # of the mean: a gradient that is none, for the total variation


class Likelier(NamedTuple):
    """An estimate `x`, and what the one that it was made from `predicted`, without background."""

    x: Tensor
    predicted: Tensor


def richardson_lucy(
    problem: Problem, params: RichardsonLucyParameters, tools: Tools
) -> Iterator[Step]:
    """Deconvolve a plane or volume until more iterations would fit its noise."""
    yield from settle([problem], params)


def settle(
    problems: Iterable[Problem], params: RichardsonLucyParameters
) -> Generator[Step, None, RichardsonLucyParameters]:
    """Deconvolve parts of an image side by side until more iterations would fit their noise.

    Yields the estimates of the first part; returns parameters that end each part alone there.
    """
    every, rule = list(problems), params.stopping
    if rule == 'auto':  # of few pixels one random direction tells too little
        rule = 'risk' if every[0].y.ndim == 5 else 'discrepancy'
    twins = [nudged(problem) for problem in every] if rule == 'risk' else []
    lights = [Photons.of(problem) for problem in (*every, *twins)]
    # Each part by itself, and an iteration of all of them before the next.
    estimates = zip(
        *(_estimates(*each, params) for each in zip((*every, *twins), lights, strict=True)),
        strict=True,
    )
    least, level = math.inf, power_beyond(every) if rule == 'discrepancy' else 1.0
    for k, found in zip(range(1, params.iterations + 1), estimates, strict=False):
        predicted = [seen.working(x.predicted) for seen, x in zip(lights, found, strict=True)]
        own, others = predicted[: len(every)], predicted[len(every) :]
        ends = rule == 'discrepancy' and misfit_of_all(every, own) <= level
        if twins:
            risk = predicted_risk(every, own, others)
            ends, least = risk > least, min(risk, least)
        residual = (own[0] - every[0].y).square().mean().sqrt()
        x = lights[0].working(found[0].x)
        yield Step(k, params.iterations, x, residual=residual, final=ends)
        if ends:
            break
    return replace(params, stopping='none', iterations=k)


def _estimates(
    problem: Problem, seen: Photons, params: RichardsonLucyParameters
) -> Iterator[Likelier]:
    smooth = params.total_variation, problem.spacing or (1.0,) * (problem.y.ndim - 2)
    w, start = problem.degradation.adjoint(torch.ones_like(seen.y)), None
    if seen.background:
        start = light_of_means(seen.y, problem.degradation, seen.background, LEAST_WEIGHT)
    steps = likelier(
        seen.y,
        problem.degradation,
        background=seen.background,
        start=start,
        weights=w,
        accelerate=params.accelerate,
        smooth=smooth,
    )
    return _with_the_light(steps, seen, w) if seen.background else steps


def _with_the_light(
    steps: Generator[Likelier, Tensor | None, None], seen: Photons, w: Tensor
) -> Iterator[Likelier]:
    """Yield estimates with as much light in the window as was seen there, and go on from them."""
    axes = list(range(2, w.ndim))
    light = (seen.y - seen.background).sum(axes, keepdim=True).clamp_min(_TINY)
    found = next(steps)
    while True:
        x = found.x * (light / (w * found.x).sum(axes, keepdim=True).clamp_min(_TINY))
        yield found._replace(x=x)
        found = steps.send(x)


def likelier(
    y: Tensor,
    degradation: Degradation,
    *,
    background: float = 0.0,
    start: Tensor | None = None,
    weights: Tensor | None = None,
    least_weight: float = LEAST_WEIGHT,
    accelerate: bool = True,
    smooth: tuple[float, Sequence[float]] = (0.0, ()),
) -> Generator[Likelier, Tensor | None, None]:
    """Yield estimates of growing likelihood, without end; what is sent is gone on with.

    `y`: photons ``(1, C, *spatial)``, `background` among them; read noise may be below 0.
    `degradation`: H.
    `start`: first estimate, at least 0; the mean of `y` by default.
    `weights`: w; ``H' 1`` by default. Where it is at most `least_weight`, estimates are 0.
    `accelerate`: extrapolate from the last two estimates, as Biggs and Andrews do.
    `smooth`: weight of the total variation, and the distances of samples along each axis.
    """
    w = degradation.adjoint(torch.ones_like(y)) if weights is None else weights
    untold = w <= least_weight
    w = w.clamp_min(least_weight)
    if start is None:
        level = (y - background).mean().clamp_min(_TINY)
        start = level.expand(degradation.shape_of(y.shape))
    x = torch.where(untold, 0, start)
    # Of light that is all but 0 transforms leave no more than their rounding.
    least = (_ROUNDING * y.amax()).clamp_min(_TINY)
    before, change = x, None
    reach: Tensor | None = None
    while True:
        # In place where it can be: volumes are large.
        p = x if reach is None else (x - before).mul_(reach).add_(x).clamp_min_(0)
        predicted = degradation.forward(p)
        ratio = y / (predicted + background).clamp_(min=least)
        better = degradation.adjoint(ratio).mul_(p).div_(w).clamp_min_(0)
        better.masked_fill_(untold, 0)
        del ratio
        if smooth[0]:
            better = better / (1 - smooth[0] * _divergence(p, smooth[1]))
        if accelerate:
            change, reach = _extrapolation(better - p, change)
        before, x = x, better
        other = yield Likelier(x, predicted)
        if other is not None:
            before, x = before + (other - x), other


def _extrapolation(change: Tensor, previous: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Return the change of an estimate, and how far to go on along that of the estimates.

    The number stays on the device, which is not waited for.
    """
    if previous is None:
        return change, None
    along = (change * previous).sum() / previous.square().sum().clamp_min(_TINY**2)
    return change, along.clamp(0, 1)


def _divergence(x: Tensor, spacing: Sequence[float]) -> Tensor:
    """Return the divergence of the direction of the gradient, between -2 and 2 per axis."""
    axes = range(2, x.ndim)
    steps = [_forward(x, axis) / d for axis, d in zip(axes, spacing, strict=True)]
    length = torch.stack(steps).square().sum(0)
    length = (length + (_FLAT * x.mean()).square()).clamp_min(_TINY**2).sqrt()
    parts = [_backward(step / length, axis) for axis, step in zip(axes, steps, strict=True)]
    return torch.stack([part / d for part, d in zip(parts, spacing, strict=True)]).sum(0)


def _forward(x: Tensor, axis: int) -> Tensor:
    return x.roll(-1, axis) - x


def _backward(x: Tensor, axis: int) -> Tensor:
    return x - x.roll(1, axis)
