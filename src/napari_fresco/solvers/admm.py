"""Deep image prior, alone or with regularisation by denoising: the loop.

Deep image prior fits an untrained network T to one image, ``min ||H T(z) - y||^2``.
DeepRED adds ``lambda/2 x'(x - f(x))`` with ``x = T(z)`` and splits the two by ADMM
with a scaled dual variable u. One iteration is

1. ``out = T(z + noise)``, one Adam step on ``MSE(H out, y) + mu MSE(out, x - u)``,
2. now and then the denoiser, ``f = f(x)``,
3. ``x = (lambda f + mu (out + u)) / (lambda + mu)``, clipped (or a gradient step),
4. ``u = u + out - x``.

Without a denoiser only the first line remains. At a fixed point ``x = T(z)`` and
``u = lambda/mu (x - f(x))``. Both errors are means over their own elements.

References
----------
G. Mataev, P. Milanfar, M. Elad, "DeepRED: Deep Image Prior Powered by RED", ICCV Workshops 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import DivergedError
from .prior_settings import Settings
from .untrained import Backtrack, Fit, Hourglass, Operator


@dataclass(frozen=True, eq=False)
class ADMMIterate:
    """The state after iteration `index` (1-based).

    `out` and the losses belong to the weights before the step of Adam (`roughness`
    is the weighted total variation); `penalty` and `regularization` are those that
    the iteration used, `learning_rate` the one of the next. Without a denoiser `x` is `out` and
    `u` and `denoised` are zero and None.
    """

    index: int
    out: Tensor
    x: Tensor
    u: Tensor
    denoised: Tensor | None
    data_loss: float
    prior_loss: float
    roughness: float
    penalty: float
    regularization: float
    learning_rate: float

    @property
    def estimate(self) -> Tensor:
        """``x - u``: the output, or with RED the partly denoised ``x - lambda/mu (x - f(x))``."""
        return self.x - self.u


class MovingAverage:
    """Exponential average ``a <- m a + (1 - m) image``.

    `memory`: m; 0 keeps the latest image only.
    `start`: first value; by default the first image.
    `ramp`: begin with a short memory, ``min(m, (1 + k) / (10 + k))`` at the k-th image, so that the
        first images are soon forgotten.
    """

    def __init__(self, memory: float, start: Tensor | None = None, *, ramp: bool = False) -> None:
        self.memory, self.value, self.ramp = memory, start, ramp
        self.count = 0

    def update(self, image: Tensor) -> Tensor:
        """Take `image` in and return the average, a new tensor each time."""
        self.count += 1
        memory = self.memory
        if self.ramp:
            memory = min(memory, (1 + self.count) / (10 + self.count))
        self.value = image if self.value is None else self.value.lerp(image, 1 - memory)
        return self.value


class DenoiserCalls:
    """f(x), called every `every` iterations, at once or one period late.

    Late: the image denoised at iteration k is used from k + every on, the
    first one (of the start) from `every` on, and the start itself before.
    """

    def __init__(self, denoise: Operator, start: Tensor, *, every: int, delayed: bool) -> None:
        self.denoise, self.every, self.delayed = denoise, every, delayed
        self._now = self._source = start

    def __call__(self, index: int, x: Tensor) -> Tensor:
        """Return f for iteration `index`; `x` is the image before its update."""
        if self.delayed and index % self.every == 0:
            self._now, self._source = self.denoise(self._source), x
        elif not self.delayed and (index - 1) % self.every == 0:
            self._now = self.denoise(x)
        return self._now


def update_image(
    x: Tensor, f: Tensor, target: Tensor, regularization: float, penalty: float, step: float | None
) -> Tensor:
    """Return the next x of ``lambda/2 x'(x - f(x)) + mu/2 ||x - target||^2``.

    `x`, `f`: present image and its denoised version.
    `target`: ``T(z) + u``.
    `regularization`, `penalty`: weights lambda and mu.
    `step`: length of a gradient step; None solves for x with f held fixed.
    """
    if step is None:
        return (regularization * f + penalty * target) / (regularization + penalty)
    return x - step * (regularization * (x - f) + penalty * (x - target))


def iterate(
    net: Hourglass,
    fit: Fit,
    denoise: Operator | None,
    start: Tensor,
) -> Iterator[ADMMIterate]:
    """Yield the iterates of DeepRED, or of plain deep image prior without `denoise`.

    `net`: the network with its optimiser and the numbers of the run.
    `fit`: the data term.
    `denoise`: f at the strength of the prior.
    `start`: first x, ``(1, C, H, W)``; not used by plain deep image prior.
    Raises DivergedError when a loss or the denoised image is not finite.
    """
    settings = net.settings
    calls = denoise and DenoiserCalls(
        denoise, start, every=settings.denoise_every, delayed=settings.delayed
    )
    guard = None if settings.backtrack is None else Backtrack(net, settings.backtrack)
    x, u = start, torch.zeros_like(start)
    f: Tensor | None = None
    lam, mu, growth = settings.regularization, settings.penalty, settings.growth
    threshold = growth.threshold if growth else math.inf
    for k in range(1, settings.iterations + 1):
        out, errors = net.step(fit, x - u if calls else None, mu)
        _check_finite('loss', sum(errors), k)
        rate = _rate(settings, k)
        net.set_rate(rate)
        if guard and guard.fell(errors.data):
            continue
        with torch.no_grad():
            if calls:
                f = calls(k, x)
                x = update_image(x, f, out + u, lam, mu, _step(settings, k, lam, mu))
                x = x.clamp(settings.low, settings.high)
                u = u + out - x
                _check_finite('sum of the denoised image', float(x.sum()), k)
            else:
                x = out
        yield ADMMIterate(k, out, x, u, f, *errors, mu, lam, rate)
        if growth and -10 * math.log10(errors.data) > threshold:
            lam, mu = lam + growth.increase, mu + growth.increase
            threshold += growth.rise


def _check_finite(name: str, value: float, index: int) -> None:
    if not math.isfinite(value):
        raise DivergedError(
            f'the {name} is {value} in iteration {index}; try precision="float32" or a smaller '
            'learning_rate'
        )


def _rate(settings: Settings, done: int) -> float:
    """Return the learning rate after `done` iterations."""
    return settings.learning_rate * settings.decay ** (done // settings.decay_every)


def _step(settings: Settings, index: int, lam: float, mu: float) -> float | None:
    """Return the length of the gradient step, None for the fixed point."""
    first_half = index < settings.iterations // 2
    if settings.update == 'fixed-point' or (settings.update == 'mixed' and first_half):
        return None
    return 0.5 / (lam + mu) if settings.step is None else settings.step
