"""Settings and start of deep image prior and DeepRED for a problem."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from ..declare.tasks import TASKS
from ..networks.hourglass import Skip, SkipConfig
from ..physics.fill import expected_error
from ..physics.operators import Identity, Mask
from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Task
from .first_estimate import first_estimate
from .prior_settings import Settings
from .untrained import Fit, Hourglass, Operator

if TYPE_CHECKING:
    from ..declare.parameters import DeepREDParameters
    from ..networks.hourglass import Preset
    from .prior_settings import Update

INPUT_AMPLITUDE = 0.1
"""The fixed input of the network is uniform between 0 and this."""

BACKTRACK = 5.0
"""Fall of the fit, in decibels, that is taken for an accident of the optimiser."""

LEAST_NOISE_RATIO = 0.1
"""A noise map is not believed to fall below this part of its root mean square."""

LARGE_HOLE = 12.0
"""Radius in pixels from which a hole needs the network without skips."""


HALF_AS_WRONG = 0.5
"""Part of the error of a filled hole that a network may leave at the pixels it is fitted to."""


@dataclass(frozen=True)
class TaskDefaults:
    """Settings of one task, where the user gives none.

    `iterations`: most steps of Adam; the stopping rule usually ends before.
    `learning_rate`, `decay`: step size, and the factor by which it shrinks every 1000 iterations.
    `input_noise`: standard deviation of the noise on the network's input.
    `regularization`, `penalty`: weights lambda and mu; 0 for plain deep image prior.
    `denoise_every`: iterations between two calls of the denoiser.
    `strength`, `least`: strength of the RED denoiser as a multiple of the noise, and the least one
        in working units.
    """

    iterations: int
    learning_rate: float
    input_noise: float
    decay: float = 1.0
    denoise_every: int = 1
    regularization: float = 0.0
    penalty: float = 0.0
    strength: float = 1.0
    least: float = 5 / 255


# Ulyanov et al., notebooks; deblurring is ours.
_PLAIN: dict[Task, TaskDefaults] = {
    'denoise': TaskDefaults(3000, 0.01, 1 / 30),
    'deblur': TaskDefaults(3000, 0.004, 0.01, decay=0.9),
    'super_resolve': TaskDefaults(2000, 0.01, 0.03),
    'inpaint': TaskDefaults(3000, 0.01, 0.03),
}

# Mataev et al. and, for FFDNet as the prior, the mixed-degradation variant. The former's
# denoising (rate 0.008, lambda = mu = 0.5, f at sigma 3) suits NLM: with FFDNet at the noise
# level it smooths too much.
_RED: dict[Task, TaskDefaults] = {
    'denoise': TaskDefaults(3000, 0.001, 0.02, regularization=0.05, penalty=0.06),
    'deblur': TaskDefaults(3000, 0.004, 0.01, decay=0.9, regularization=0.02, penalty=0.04),
    'super_resolve': TaskDefaults(2000, 0.001, 0.02, regularization=0.1, penalty=0.2),
    'inpaint': TaskDefaults(3000, 0.001, 0.02, regularization=0.05, penalty=0.06),
}


def defaults_of(task: Task, params: DeepREDParameters) -> TaskDefaults:
    """Return the settings of `task`, with a RED denoiser or without, in few steps or many."""
    plain = (_PLAIN if params.prior == 'none' else _RED)[task]
    if params.schedule == 'plain':
        return plain
    # Measured on 96 x 96 pixels: RESULTS.md, deep image prior in few steps.
    few = 700 if 'mask' in TASKS[task].needs else 400
    return replace(plain, iterations=few, learning_rate=0.01, denoise_every=10)


@dataclass(frozen=True, eq=False)
class Setup:
    """The settings that the runs on one plane share.

    `fit`: data term, weighted by what is known about mask and noise.
    `noise_loss`, `unit_loss`: data term of a residual at the noise level, and of one that is 1
        everywhere.
    `start`: first x: what the data alone say.
    `enough`: data term below which an estimate is better than the start.
    `denoise`: the RED denoiser.
    `settings`: numbers of the loop.
    `config`: shape of the network.
    """

    fit: Fit
    noise_loss: float
    unit_loss: float
    start: Tensor
    enough: float
    denoise: Operator | None
    settings: Settings
    config: SkipConfig
    tools: Tools

    @classmethod
    def of(cls, problem: Problem, params: DeepREDParameters, tools: Tools) -> Setup:
        """Choose network, weights and strengths for `problem`."""
        known = _known(problem)
        level = _root_mean_square(problem.sigma)
        weight = _weight(problem, level, known)
        power = torch.as_tensor(problem.sigma).to(problem.y).square().expand_as(problem.y)
        chosen = defaults_of(problem.task, params)
        start = first_estimate(problem)
        fit = Fit(problem.degradation.forward, problem.y * known, weight)
        noise_loss, unit_loss = float((power * weight).mean()), float(weight.mean())
        return cls(
            fit=fit,
            noise_loss=noise_loss,
            unit_loss=unit_loss,
            start=start,
            enough=_enough(problem, fit, start, noise_loss=noise_loss, unit_loss=unit_loss),
            denoise=_denoiser(problem, params, tools, chosen),
            settings=_settings(params, chosen, _range(problem.y, known, level)),
            config=SkipConfig.preset(_network(params, known), start.shape[1]),
            tools=tools,
        )

    def residual(self, loss: float) -> float:
        """Return the noise-weighted root mean square of ``H x - y`` over known pixels."""
        return math.sqrt(loss / self.unit_loss)

    def noise_ratio(self, loss: float) -> float:
        """Return the residual in units of the noise."""
        return math.sqrt(loss / self.noise_loss) if self.noise_loss else math.inf

    def hourglass(self) -> Hourglass:
        """Return a new network on a new input."""
        tools, config = self.tools, self.config
        height, width = self.start.shape[-2:]
        least, multiple = config.minimum_size, config.size_multiple
        grid = [-(-max(n, least) // multiple) * multiple for n in (height, width)]
        # Random numbers are fast to draw in memory order only, hence channels at the end.
        last = self.start.new_empty((1, *grid, config.num_input_channels))
        z = last.uniform_(0, INPUT_AMPLITUDE, generator=tools.generator).movedim(-1, 1)
        network = _untrained(config, tools).to(z.device, z.dtype)

        def noise() -> Tensor:
            return torch.empty_like(last).normal_(generator=tools.generator).movedim(-1, 1)

        return Hourglass(
            network.to(memory_format=torch.channels_last),  # type: ignore[call-overload]
            z,
            noise,
            self.settings,
            size=(height, width),
            autocast=tools.autocast,
        )


def _untrained(config: SkipConfig, tools: Tools) -> Skip:
    """Return a network whose weights depend on the seed, but not on the device."""
    seed = torch.randint(2**31, (1,), generator=tools.generator, device=tools.device)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))
        return Skip(config)


def _known(problem: Problem) -> Tensor:
    """Return 1 where y was observed and 0 in holes."""
    degradation = problem.degradation
    if isinstance(degradation, Mask):
        return (degradation.keep > 0).to(problem.y).expand_as(problem.y)
    return torch.ones_like(problem.y)


def _root_mean_square(sigma: float | Tensor) -> float:
    return float(torch.as_tensor(sigma, dtype=torch.float32).square().mean().sqrt())


def _weight(problem: Problem, level: float, known: Tensor) -> Tensor:
    """Return the weight of the squared error: 0 in holes, smaller where there is more noise."""
    if isinstance(problem.sigma, float | int) or level == 0:
        return known
    floor = LEAST_NOISE_RATIO * level
    return known * (level / problem.sigma.to(known).clamp_min(floor)).square()


def _range(y: Tensor, known: Tensor, level: float) -> tuple[float, float]:
    """Return the values between which the image lies, usually 0 and 1.

    The network ends in a sigmoid, which neither reaches beyond its range nor
    resolves a small part of it well.
    """
    values = y[known > 0] if bool((known > 0).any()) else y.flatten()
    low, high = (float(v) for v in torch.aminmax(values))
    low, high = low + 3 * level, high - 3 * level
    inside = low >= -0.02 and high <= 1.02
    if inside and high - low > 0.3:
        return 0.0, 1.0
    margin = 0.1 * max(high - low, 0.01)
    return low - margin, high + margin


def _enough(
    problem: Problem, fit: Fit, start: Tensor, *, noise_loss: float, unit_loss: float
) -> float:
    """Return the data term below which an estimate is taken to be better than the start.

    An image that differs from the noisy y by less than the root of 2 noise levels is nearer to
    the truth than y. A filled hole is worth its error where pixels of known value are filled;
    a network is at best as good there as at the pixels that it is fitted to.
    """
    degradation = problem.degradation
    if isinstance(degradation, Mask):
        image = problem.y[0].mean(0).double().cpu().numpy()
        error = expected_error(image, degradation.keep[0].amin(0).cpu().numpy() > 0)
        # That is the error of a membrane; a fill that is given as a start is better.
        share = HALF_AS_WRONG if problem.start is None else HALF_AS_WRONG**2
        return noise_loss + (share * error) ** 2 * unit_loss
    if isinstance(degradation, Identity):
        return 2 * noise_loss
    return float(fit.loss(start))


def _denoiser(
    problem: Problem, params: DeepREDParameters, tools: Tools, chosen: TaskDefaults
) -> Operator | None:
    if params.prior == 'none':
        return None
    name = 'ffdnet' if params.prior == 'auto' else params.prior
    denoise = tools.denoiser(name, problem.y.shape[1])
    strength = _strength(problem, params, chosen)
    return lambda x: denoise(x, strength)


def _strength(problem: Problem, params: DeepREDParameters, chosen: TaskDefaults) -> float | Tensor:
    """Return the strength of the RED denoiser, as a map where the noise is one."""
    if params.prior_sigma is not None:
        return params.prior_sigma / 255
    if isinstance(problem.sigma, Tensor) and problem.degradation.scale == 1:
        return (chosen.strength * problem.sigma).clamp_min(chosen.least)
    return max(chosen.strength * _root_mean_square(problem.sigma), chosen.least)


def _settings(
    params: DeepREDParameters, chosen: TaskDefaults, bounds: tuple[float, float]
) -> Settings:
    def given(value: float | None, default: float) -> float:
        return default if value is None else value

    return Settings(
        iterations=params.iterations or chosen.iterations,
        learning_rate=given(params.learning_rate, chosen.learning_rate),
        decay=chosen.decay,
        input_noise=given(params.input_noise, chosen.input_noise),
        total_variation=params.total_variation,
        regularization=given(params.regularization, chosen.regularization),
        penalty=given(params.penalty, chosen.penalty),
        update=cast('Update', params.update),
        denoise_every=params.denoise_every or chosen.denoise_every,
        low=bounds[0],
        high=bounds[1],
        backtrack=BACKTRACK,
    )


def _network(params: DeepREDParameters, known: Tensor) -> Preset:
    """Return the shape of the network: without skips if there are holes too wide for skips."""
    if params.network != 'auto':
        return cast('Preset', params.network)
    holes = (known[0, 0] == 0).cpu().numpy()
    if holes.any() and float(np.max(ndimage.distance_transform_edt(holes))) > LARGE_HOLE:
        return 'large-hole'
    if params.schedule == 'plain':
        return 'standard'
    return 'compact-inpainting' if holes.any() else 'compact'
