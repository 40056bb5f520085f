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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ..types import DivergedError

Update = Literal['fixed-point', 'gradient', 'mixed']
Operator = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Growth:
    """Lets lambda and mu grow while the network fits the image.

    After an iteration whose output is closer to y than `threshold` decibels,
    both weights grow by `increase` and the threshold by `rise`.
    """

    threshold: float = 20.0
    rise: float = 0.01
    increase: float = 0.03


@dataclass(frozen=True)
class Settings:
    """Numbers of one run.

    Attributes
    ----------
    iterations : int
        Steps of Adam.
    learning_rate, decay, decay_every : float, float, int
        Step size, and the factor by which it shrinks every so many iterations.
    regularization, penalty : float
        Weights lambda of the RED term and mu of the constraint.
    update : {'fixed-point', 'gradient', 'mixed'}
        How x is updated; 'mixed' changes to the gradient half way.
    step : float or None
        Length c of the gradient step; None means ``0.5 / (lambda + mu)``.
    denoise_every : int
        Iterations between two calls of the denoiser.
    delayed : bool
        Use each denoised image one period late, as DeepRED's authors do, whose
        denoiser runs in a thread beside the network.
    growth : Growth or None
        Whether lambda and mu grow.
    average : float
        Memory a of the moving average ``a average + (1 - a) out``.
    low, high : float
        Range of x.
    backtrack : float or None
        Fall of the fit, in decibels, after which earlier weights are put back.
    """

    iterations: int
    learning_rate: float
    decay: float = 1.0
    decay_every: int = 1000
    regularization: float = 0.0
    penalty: float = 0.0
    update: Update = 'fixed-point'
    step: float | None = None
    denoise_every: int = 1
    delayed: bool = False
    growth: Growth | None = None
    average: float = 0.99
    low: float = 0.0
    high: float = 1.0
    backtrack: float | None = None


@dataclass(frozen=True, eq=False)
class Iterate:
    """The state after iteration `index` (1-based).

    `out` and the losses belong to the weights before the step of Adam;
    `penalty` and `regularization` are those that the iteration used,
    `learning_rate` the one of the next. Without a denoiser `x` is `out` and
    `u` and `denoised` are zero and None.
    """

    index: int
    out: Tensor
    x: Tensor
    u: Tensor
    denoised: Tensor | None
    average: Tensor
    data_loss: float
    prior_loss: float
    penalty: float
    regularization: float
    learning_rate: float


@dataclass(frozen=True, eq=False)
class Fit:
    """The data term ``mean(weight (H x - y)^2)``; no weight means 1 everywhere."""

    forward: Operator
    y: Tensor
    weight: Tensor | None = None

    def loss(self, x: Tensor) -> Tensor:
        """Return the error of `x`, with gradient."""
        square = (self.forward(x) - self.y).square()
        return (square if self.weight is None else square * self.weight).mean()


class Hourglass:
    """``x = T(z)``: an untrained network, its fixed input and its optimiser.

    Parameters
    ----------
    network : Module
        Maps ``(1, D, H, W)`` to ``(1, C, >= H, >= W)`` with values in [0, 1].
    z : Tensor
        The fixed input.
    noise : callable
        Gives standard normal noise like `z`.
    strength : float
        Standard deviation of the noise that is added to `z` each time.
    size : tuple of int
        Height and width to which the output is cropped.
    low, high : float
        Values to which the network's 0 and 1 are mapped.
    autocast : callable
        Gives the context in which the network runs.
    """

    def __init__(
        self,
        network: nn.Module,
        z: Tensor,
        noise: Callable[[], Tensor],
        *,
        strength: float,
        size: tuple[int, int],
        learning_rate: float,
        low: float = 0.0,
        high: float = 1.0,
        autocast: Callable[[], AbstractContextManager[object]] = torch.enable_grad,
    ) -> None:
        self.network = network.train()
        self.z, self.noise, self.strength = z, noise, strength
        self.height, self.width = size
        self.low, self.high = low, high
        self.autocast = autocast
        fused = True if z.device.type in ('cpu', 'cuda') else None
        self.optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, fused=fused)

    def output(self) -> Tensor:
        """Return ``T(z + noise)`` with gradient, in the precision of z."""
        z = self.z
        if self.strength > 0:
            z = torch.add(z, self.noise(), alpha=self.strength)
        with self.autocast():
            raw = self.network(z)
        raw = raw[..., : self.height, : self.width].to(z.dtype)
        return raw if (self.low, self.high) == (0, 1) else self.low + (self.high - self.low) * raw

    def step(self, fit: Fit, target: Tensor | None, penalty: float) -> tuple[Tensor, float, float]:
        """Take one step of Adam; return the output before it and the two errors."""
        self.optimizer.zero_grad(set_to_none=True)
        out = self.output()
        data = fit.loss(out)
        gap = torch.zeros_like(data) if target is None else (out - target).square().mean()
        (data + penalty * gap).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        errors = torch.stack((data.detach(), gap.detach())).tolist()
        return out.detach(), errors[0], errors[1]

    def set_rate(self, learning_rate: float) -> None:
        """Use `learning_rate` from the next step on."""
        for group in self.optimizer.param_groups:
            group['lr'] = learning_rate


class Backtrack:
    """Puts earlier weights back when the fit falls apart.

    The weights are copied every `every` iterations. When the error grows by
    more than `decibels` over that of the copy, the copy is put back and the
    moments of Adam are forgotten.
    """

    def __init__(self, net: Hourglass, decibels: float, every: int = 25) -> None:
        self.net, self.factor, self.every = net, 10 ** (decibels / 10), every
        self._copies = [p.detach().clone() for p in net.network.parameters()]
        self._age, self._level = 0, math.inf

    @torch.no_grad()
    def fell(self, error: float) -> bool:
        """See the error before the last step; return whether weights were put back."""
        if error > self.factor * self._level:
            for p, copy in zip(self.net.network.parameters(), self._copies, strict=True):
                p.copy_(copy)
            self.net.optimizer.state.clear()
            return True
        self._age += 1
        if self._age >= self.every:
            for p, copy in zip(self.net.network.parameters(), self._copies, strict=True):
                copy.copy_(p)
            self._age, self._level = 0, error
        return False


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

    Parameters
    ----------
    x, f : Tensor
        Present image and its denoised version.
    target : Tensor
        ``T(z) + u``.
    regularization, penalty : float
        Weights lambda and mu.
    step : float or None
        Length of a gradient step; None solves for x with f held fixed.
    """
    if step is None:
        return (regularization * f + penalty * target) / (regularization + penalty)
    return x - step * (regularization * (x - f) + penalty * (x - target))


def iterate(
    net: Hourglass,
    fit: Fit,
    denoise: Operator | None,
    start: Tensor,
    settings: Settings,
    average: Tensor | None = None,
) -> Iterator[Iterate]:
    """Yield the iterates of DeepRED, or of plain deep image prior without `denoise`.

    Parameters
    ----------
    net : Hourglass
        The network with its optimiser.
    fit : Fit
        The data term.
    denoise : callable or None
        f at the strength of the prior.
    start : Tensor
        First x, ``(1, C, H, W)``; not used by plain deep image prior.
    settings : Settings
        The numbers of the run.
    average : Tensor, optional
        Start of the moving average; by default the first output.

    Raises
    ------
    DivergedError
        When a loss is not finite.
    """
    calls = denoise and DenoiserCalls(
        denoise, start, every=settings.denoise_every, delayed=settings.delayed
    )
    guard = None if settings.backtrack is None else Backtrack(net, settings.backtrack)
    x, u = start, torch.zeros_like(start)
    f: Tensor | None = None
    lam, mu, growth = settings.regularization, settings.penalty, settings.growth
    threshold = growth.threshold if growth else math.inf
    for k in range(1, settings.iterations + 1):
        out, data, gap = net.step(fit, x - u if calls else None, mu)
        if not math.isfinite(data + gap):
            raise DivergedError(f'the loss is {data + gap} in iteration {k}')
        rate = _rate(settings, k)
        net.set_rate(rate)
        if guard and guard.fell(data):
            continue
        with torch.no_grad():
            if calls:
                f = calls(k, x)
                x = update_image(x, f, out + u, lam, mu, _step(settings, k, lam, mu))
                x = x.clamp(settings.low, settings.high)
                u = u + out - x
            else:
                x = out
            average = out if average is None else average.lerp(out, 1 - settings.average)
        yield Iterate(k, out, x, u, f, average, data, gap, mu, lam, rate)
        if growth and -10 * math.log10(data) > threshold:
            lam, mu = lam + growth.increase, mu + growth.increase
            threshold += growth.rise


def _rate(settings: Settings, done: int) -> float:
    """Return the learning rate after `done` iterations."""
    return settings.learning_rate * settings.decay ** (done // settings.decay_every)


def _step(settings: Settings, index: int, lam: float, mu: float) -> float | None:
    """Return the length of the gradient step, None for the fixed point."""
    first_half = index < settings.iterations // 2
    if settings.update == 'fixed-point' or (settings.update == 'mixed' and first_half):
        return None
    return 0.5 / (lam + mu) if settings.step is None else settings.step
