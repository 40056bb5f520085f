"""Half-quadratic splitting with a denoiser as the prior: DPIR and IRCNN.

Minimises ``|H x - y|^2 / (2 sigma^2) + lambda R(x)`` for a prior R that is known
only through a denoiser D. Each step k solves for the data, then for the prior::

    x_k = argmin_x |H x - y|^2 + alpha_k |x - z_(k-1)|^2
    z_k = D(x_k, sigma_k)

with sigma_k falling to the noise level, see :mod:`.annealing`. Volumes: :mod:`.pnp_volumes`.

References
----------
K. Zhang et al., "Plug-and-Play Image Restoration with Deep Denoiser Prior", IEEE
TPAMI 44(10), 2022. K. Zhang, W. Zuo, S. Gu, L. Zhang, "Learning Deep CNN Denoiser
Prior for Image Restoration", CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..declare.tasks import TASKS
from ..physics.degradation import Degradation
from ..physics.dihedral import MODES
from ..physics.problem import Problem
from ..runtime.network_denoiser import NetworkDenoiser
from ..runtime.tools import Tools
from ..types import Denoiser, Step
from .annealing import (
    DEFAULTS,
    FEW,
    NOISE_FLOOR,
    PLAIN,
    Annealing,
    Level,
    Schedule,
    in_few_steps,
    plan,
)
from .feedforward import deblock, one_pass, prior
from .first_estimate import first_estimate
from .fitted_steps import fitted
from .periodic_ensemble import denoise_dihedral
from .pnp_volumes import restore_volume
from .wide_losses import with_texture

if TYPE_CHECKING:
    from ..declare.parameters import PnPParameters


INSTEAD_OF_THE_BANK = (
    'FFDNet was the prior, because the bundled IRCNN bank amplifies the noise of deblurred and '
    "enlarged images; model='ircnn_gray' takes the bank all the same"
)


class HQSIterate(NamedTuple):
    """The iterates of one step of :func:`hqs`: x agrees with the data, z with the prior."""

    x: Tensor
    z: Tensor


_LEAST_PHOTON = 0.5  # noise, in photons, below which a pixel is trusted no more


def dpir(problem: Problem, params: PnPParameters, tools: Tools) -> Iterator[Step]:
    """Restore one plane with DRUNet, or the denoiser that `params` names, as the prior.

    `problem`: any task. Denoising and deblocking take a single pass, the others :func:`hqs`; a
        noise map steers the denoiser pixel by pixel.
    `params`: what the user asked for.
    `tools`: lends the denoiser.
    """
    if TASKS[problem.task].from_jpeg:
        return deblock(problem, params, tools)
    return _restore(problem, params, prior('drunet', problem, params.model, tools), tools)


def ircnn(problem: Problem, params: PnPParameters, tools: Tools) -> Iterator[Step]:
    """Restore one plane with the IRCNN bank; otherwise like :func:`dpir`.

    The schedules are DPIR's, which its authors report as "IRCNN+". Blurs have FFDNet for the
    default prior: the bundled bank amplifies what a deconvolution brings forth, and ends up to
    10 dB below the blurred image, where FFDNet gains 1 to 6 dB.
    """
    if params.model != 'auto' or 'kernel' not in TASKS[problem.task].takes:
        bank = prior('ircnn', problem, params.model, tools)
        return _restore(problem, params, bank, tools, few=PLAIN)
    # The network of colours amplifies what data steps bring forth, by 4 to 10 dB at a noise of 10.
    denoiser = tools.denoiser('ffdnet', 1)
    steps = _restore(problem, params, denoiser, tools)
    return (replace(step, notes=(*step.notes, INSTEAD_OF_THE_BANK)) for step in steps)


def hqs(
    y: Tensor,
    degradation: Degradation,
    denoiser: Denoiser,
    schedule: Annealing,
    start: Tensor,
    *,
    solved: bool = False,
    augment: bool = True,
    clamp: bool = False,
) -> Iterator[HQSIterate]:
    """Yield the steps of half-quadratic splitting.

    `y`: observation ``(1, C, h, w)``.
    `degradation`: h, with a data step.
    `denoiser`: D.
    `schedule`: sigma_k, alpha_k, momentum and relaxation. A noise map sets sigma_k per pixel, and
        alpha_k too unless H mixes pixels; then one number does.
    `start`: z_0 on the grid of x.
    `solved`: whether `start` agrees with the data, so that it is x_1.
    `augment`: denoise the image turned by geometric mode ``k mod 8``.
    `clamp`: limit x_k to [0, 1] before denoising.
    """
    weights = schedule if degradation.pointwise else schedule.uniform()
    z = before = start
    for k in range(schedule.iterations):
        momentum, relaxation = schedule.momentum(k), schedule.relaxation(k)
        carried = z + momentum * (z - before) if momentum else z
        x = carried if solved and k == 0 else degradation.prox(carried, y, weights.alpha(k))
        before = z
        bounded = x.clamp(0, 1) if clamp else x
        z = denoise_dihedral(denoiser, bounded, schedule.sigma(k), k % MODES if augment else 0)
        if relaxation:
            z = z + relaxation * (z - x)
        yield HQSIterate(x, z)


def _restore(
    problem: Problem,
    params: PnPParameters,
    denoiser: Denoiser,
    tools: Tools,
    few: Mapping[str, Any] = FEW,
) -> Iterator[Step]:
    """Restore by the way that a task asks for; `few` are the steps to fill wide losses."""
    if problem.y.ndim == 5:
        return restore_volume(problem, params, denoiser)
    if problem.task not in DEFAULTS:
        return one_pass(problem, denoiser)
    if 'mask' in TASKS[problem.task].takes:
        if problem.kept and isinstance(denoiser, NetworkDenoiser):
            denoiser = denoiser.for_guesses()
        seed = int(torch.randint(2**31, (), generator=tools.generator, device=tools.device))
        return with_texture(problem, params, partial(_iterate, denoiser=denoiser), seed, few)
    if TASKS[problem.task].changes_size:
        params = in_few_steps(params)
    return _iterate(problem, params, denoiser)


def _iterate(problem: Problem, params: PnPParameters, denoiser: Denoiser) -> Iterator[Step]:
    y, degradation = problem.y, problem.degradation
    demosaic = TASKS[problem.task].gains_colour
    few = fitted(problem, params, denoiser)
    schedule, start = few or (_plain(problem, params), first_estimate(problem, params.pattern))
    known = degradation.forward(torch.ones_like(start)).mean()
    iterates = hqs(
        y, degradation, denoiser, schedule, start,
        solved=few is not None, augment=params.augment, clamp=demosaic,
    )  # fmt: skip
    exact = demosaic and _noise_free(problem.sigma)
    for k, (_, z) in enumerate(iterates):
        x = with_measured(z, y, degradation) if exact else z
        if k == schedule.iterations - 1 and 'kernel' in TASKS[problem.task].needs:
            x = nearer_the_photons(x, problem)
        residual = (degradation.misfit(z, y) / known).sqrt()
        yield Step(k + 1, schedule.iterations, x, residual=residual)


def _plain(problem: Problem, params: PnPParameters) -> Schedule:
    """Return the schedule of the papers, or that which `params` ask for."""
    scale = problem.degradation.scale
    return plan(
        problem.task,
        _on_grid(problem.sigma, scale),
        scale=scale,
        iterations=params.iterations,
        sigma_start=_working(params.sigma_start),
        sigma_end=_working(params.sigma_end),
        regularization=params.regularization,
        momentum=params.momentum or 0.0,
        level=None if problem.noise_of_whole is None else problem.noise_of_whole.level,
    )


def nearer_the_photons(x: Tensor, problem: Problem) -> Tensor:
    """Return `x` after a step of Richardson and Lucy, which trusts pixels by their own noise.

    The data steps trust all pixels of a blur alike, by the level where the noise is. Variance
    above that of the ground stands in for the light, so that white noise asks for no step.
    """
    if not isinstance(problem.sigma, Tensor):
        return x
    variance, h, whole = problem.sigma.square(), problem.degradation, problem.noise_of_whole
    ground = variance.amin() if whole is None else whole.least**2
    light = (variance - ground).clamp(min=0)
    if problem.counting is not None:  # around no photon at all it would be none
        variance = variance.clamp(min=(_LEAST_PHOTON * problem.counting.gain) ** 2)
    return x + light * h.adjoint(h.residual(problem.y, x) / variance)


def with_measured(z: Tensor, y: Tensor, degradation: Degradation) -> Tensor:
    """Return `z` with the samples of a mosaic or binary mask as they were measured, bit for bit."""
    return degradation.adjoint(y) + (z - degradation.adjoint(degradation.forward(z)))


def _on_grid(sigma: Level, scale: int) -> Level:
    """Return the noise of y on the grid of x."""
    if scale == 1 or not isinstance(sigma, Tensor):
        return sigma
    return sigma.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


def _working(strength: float | None) -> float | None:
    return None if strength is None else strength / 255


def _noise_free(sigma: Level) -> bool:
    worst = float(sigma.max()) if isinstance(sigma, Tensor) else sigma
    return worst <= NOISE_FLOOR
