"""Deblurring in few steps: strengths and weights that were fitted to few of them.

Half-quadratic splitting as in :mod:`.pnp`, with these differences. It starts from the likeliest
image of a power-law spectrum in place of the blurred one, so that the first data step is done::

    x_1 = m + H' (H H' + sigma^2 / S)^-1 (y - H m)       m the mean of y, S(f) = c / (f^2 + f_0^2)

with c from the contrast of pictures. Each further data step starts from z_(k-1) carried on in the
direction of its change, and what the denoiser changes is lengthened (over-relaxation)::

    z_k = x_k + (1 + w_k) (D(x_k, sigma_k) - x_k)

Each step has its own numbers, sigma_k = s_k (sigma / 5)^b_k (e / 30)^d_k with e the error to be
expected of x_1, 0 to 255. They were fitted by gradients through all steps, with the denoisers of
:data:`DENOISERS` and smooth kernels, where the share of x_1 that comes from the data is small:
of what such a blur takes away little can be found, in however many steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..declare.tasks import TASKS
from ..physics.degradation import Degradation
from ..physics.dihedral import DihedralDegradation, turn, turn_back
from ..physics.problem import Problem
from ..physics.spectral import Blur, transfer_function
from ..runtime.network_denoiser import NetworkDenoiser
from ..types import Denoiser
from .annealing import NOISE_FLOOR, Level, at_least, level_of, where_it_is

if TYPE_CHECKING:
    from ..declare.parameters import PnPParameters

FITTED_NOISE = 1 / 255, 30 / 255
"""Between which levels of the noise the numbers were fitted, in working units."""

MOST_SHARE = 0.18
"""Of the data in x_1. Beyond it, as for most kernels of a shaken camera, few steps lose."""

DENOISERS = ('drunet', 1), ('drunet', 3), ('ffdnet', 1)
"""Architectures and channels for which they are as good as eight; FFDNet of colours loses."""


class _Numbers(NamedTuple):
    """Of one step."""

    strength: float
    """s_k, working units."""
    by_noise: float
    by_error: float
    weight: float
    """lambda_k: alpha_k is lambda_k (sigma / sigma_k)^2."""
    momentum: float
    relaxation: float


_NOISE, _ERROR = 5 / 255, 30 / 255
STEPS = (
    _Numbers(0.2586, 0.065, 0.683, 0.182, 0.0, 0.221),
    _Numbers(0.1670, 0.390, -0.034, 0.149, 0.0, 0.220),
    _Numbers(0.0625, 0.475, -0.137, 0.171, 0.397, 0.170),
    _Numbers(0.0383, 0.611, 0.042, 0.162, 0.345, 0.143),
    _Numbers(0.0240, 0.675, 0.122, 0.145, 0.203, 0.0),
)
_SCALE = 0.84
"""By which S is larger in x_1 than in what is expected of it."""
_VARIANCE = 0.05
"""Of S: that of a picture of good contrast. It is the same for all, so that parts of an image that
are restored one by one take the same steps."""
_GRID = 256
"""Side of the grid, in pixels, that stands for all: blocks of a plane take the steps of the whole,
and regions those of what they were cut from."""
_CORNER = 0.02
"""f_0, cycles a pixel."""
_STRONGEST = 75 / 255
"""Denoisers were trained up to about this."""
_LEAST_SPECTRUM = 1e-12
_DATA_STEPS = 14
"""Of conjugate gradients for x_1, where not all of the plane was seen."""
_USUAL = 0.23
"""Lambda, at which the weights are those that were fitted."""


class FirstGuess(NamedTuple):
    """x_1, the root mean square e of its expected error, and the share that the data have in it."""

    x: Tensor
    error: float
    share: float


@dataclass(frozen=True, eq=False)
class FittedSteps:
    """Numbers of all steps for one plane, an :class:`.annealing.Annealing`.

    `noise`: standard deviation of the noise, positive, working units, or a map of it.
    `error`: of the :class:`FirstGuess`.
    `regularization`: lambda.
    `level`: the noise as one number, where that of more than the map is known.
    """

    noise: Level
    error: float
    regularization: float = _USUAL
    level: float | None = None

    @property
    def iterations(self) -> int:
        """Return the number of steps."""
        return len(STEPS)

    def sigma(self, k: int) -> Level:
        """Return the denoiser strength of step `k`, counted from 0."""
        step = STEPS[k]
        of_image = step.strength * (self.error / _ERROR) ** step.by_error
        strength: Level = of_image * (self.noise / _NOISE) ** step.by_noise
        if isinstance(strength, Tensor):
            return strength.clamp(max=_STRONGEST)
        return min(strength, _STRONGEST)

    def alpha(self, k: int) -> Level:
        """Return the weight of the proximity term in step `k`; the first step needs none."""
        fitted = self.regularization / _USUAL * STEPS[k].weight
        weight: Level = fitted * (self.noise / self.sigma(k)) ** 2
        return weight

    def momentum(self, k: int) -> float:
        """Return the momentum of step `k`."""
        return STEPS[k].momentum

    def relaxation(self, k: int) -> float:
        """Return the over-relaxation of step `k`."""
        return STEPS[k].relaxation

    def uniform(self) -> FittedSteps:
        """Return the steps with a map replaced by one number; see :func:`where_it_is`."""
        return replace(self, noise=self.level or where_it_is(self.noise))


def fitted(
    problem: Problem, params: PnPParameters, denoiser: Denoiser
) -> tuple[FittedSteps, Tensor] | None:
    """Return the steps for `problem` and x_1, from which they start; None where they do not suit.

    They were fitted to deblur planes with noise in :data:`FITTED_NOISE` and a share of the data of
    :data:`MOST_SHARE` at most. The plain ones are for those who give
    their number or strengths.
    """
    facts = TASKS[problem.task]
    low, high = FITTED_NOISE
    noise = level_of(problem)
    given = params.iterations, params.sigma_start, params.sigma_end
    if (
        'kernel' not in facts.needs
        or facts.changes_size
        or problem.start is not None
        or any(value is not None for value in given)
        or not isinstance(denoiser, NetworkDenoiser)
        or (denoiser.facts.architecture, denoiser.channels) not in DENOISERS
        or not low <= noise <= high
    ):
        return None
    guess = first_guess(problem.y, problem.degradation, noise, params.regularization)
    if guess.share > MOST_SHARE:
        return None
    sigma = at_least(problem.sigma, NOISE_FLOOR)
    steps = FittedSteps(sigma, guess.error, params.regularization, max(noise, NOISE_FLOOR))
    return steps, guess.x


def first_guess(
    y: Tensor, degradation: Degradation, noise: float, regularization: float = _USUAL
) -> FirstGuess:
    """Return the likeliest image of a power-law spectrum.

    `y`: a plane ``(1, C, H, W)``, blurred on a torus by the kernel of `degradation`.
    `noise`: standard deviation of its noise.
    `regularization`: lambda.
    """
    if isinstance(degradation, DihedralDegradation):
        upright = turn_back(y, degradation.mode)
        guess = first_guess(upright, degradation.original, noise, regularization)
        return guess._replace(x=turn(guess.x, degradation.mode))
    assert isinstance(degradation, Blur)
    kernel, shape = degradation.kernel, y.shape[-2:]
    power = transfer_function(kernel, shape).abs().square().to(y)
    spectrum = _spectrum(shape).to(y)
    mean = y.mean((-1, -2), keepdim=True).expand_as(y).contiguous()
    weight = regularization / _USUAL * noise**2 / (_SCALE * spectrum)
    dual = degradation.dual(y - degradation.forward(mean), power / weight, _DATA_STEPS)
    x = mean + degradation.adjoint(torch.fft.irfft2(torch.fft.rfft2(dual) / weight, s=shape))
    return FirstGuess(x, *_expected(kernel, noise))


def _expected(kernel: Tensor, noise: float) -> tuple[float, float]:
    """Return the error and the share of x_1, of a grid that is the same for all images."""
    grid = (max(_GRID, *kernel.shape),) * 2
    spectrum = _spectrum(grid)
    power = transfer_function(kernel, grid).abs().square().to(spectrum)
    left = 1 / (power / noise**2 + 1 / spectrum)
    share = power / (power + noise**2 / spectrum)
    return math.sqrt(_mean(left, grid)), _mean(share, grid)


def _spectrum(shape: Sequence[int]) -> Tensor:
    """Return S on a grid, the same at a frequency whatever the grid."""
    whole = (_GRID, _GRID)
    law = _VARIANCE / _mean(_law(whole), whole) * _law(shape)
    return law.clamp_min(_LEAST_SPECTRUM)


def _law(shape: Sequence[int]) -> Tensor:
    """Return 1 / (f^2 + f_0^2) on a grid, without the mean of an image."""
    rows, columns = torch.fft.fftfreq(shape[-2]), torch.fft.rfftfreq(shape[-1])
    law: Tensor = 1 / (rows.square()[:, None] + columns.square() + _CORNER**2).double()
    law[0, 0] = 0
    return law


def _mean(half: Tensor, shape: Sequence[int]) -> float:
    """Return the mean over a spectrum of which `half` is the half."""
    twice = half.new_full(half.shape[-1:], 2.0)
    twice[0] = 1
    if shape[-1] % 2 == 0:
        twice[-1] = 1
    return float((half * twice).sum()) / (shape[0] * shape[1])
