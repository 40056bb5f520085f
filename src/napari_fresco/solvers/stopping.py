"""When to stop a network that first learns the image and then the noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

SAMPLES = 2**17
"""Pixel values that represent an output in the window of the variance rule."""


class StoppingRule(Protocol):
    """Watches one run; `stopped` turns true when the run should end.

    `epoch`: how many outputs were seen.
    `best`: 0-based epoch of the output to return, -1 while there is none.
    `stopped`: whether to end the run.
    """

    epoch: int
    best: int
    stopped: bool

    def update(self, out: Tensor, residual: float) -> float | None:
        """See one output.

        `out`: output of the network, working units.
        `residual`: root mean square of ``(H out - y) / sigma``, 1 at the noise level.
        Returns the score of the output, lower is better; None while there is none.
        """


class _Patience:
    """Least score so far, and how long ago that was."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.epoch = 0
        self.best = -1
        self.stopped = False
        self._least = math.inf

    def _compare(self, score: float) -> None:
        if self.stopped:
            return
        if score < self._least:
            self._least, self.best = score, self.epoch
        else:
            self.stopped = self.epoch - self.best >= self.patience


class WindowedVariance(_Patience):
    """Stop at the least variance of the last outputs (ES-WMV).

    The score is ``mean_i MSE(out_i, mean_j out_j)`` over the last `window`
    outputs. It falls while the network settles on the image and rises when
    it begins to fit the noise.

    `window`: outputs in the window, W.
    `patience`: epochs without a smaller variance after which to stop, P.
    `samples`: values kept of each output. A larger output is represented by this many pixels, drawn
        once at random, which fixes the memory at ``4 * window * samples`` bytes (52 MB by default)
        and moves the variance by less than 1 %, all epochs alike.

    The variance follows from the previous one: when `new` replaces `old` in
    the window, the mean becomes ``m' = m + (new - old) / W`` and the sum of
    squared deviations grows by ``sum (new - old) (new - m' + old - m)``.
    Unlike the difference of two sums of squares this does not cancel, so
    single precision suffices; once per window both are computed anew.

    References
    ----------
    H. Wang et al., "Early Stopping for Deep Image Prior", TMLR 2023.
    """

    def __init__(self, window: int = 100, patience: int = 250, *, samples: int = SAMPLES) -> None:
        super().__init__(patience)
        self.window = window
        self.samples = samples
        self._pick: Callable[[Tensor], Tensor] = torch.flatten
        self._ring: Tensor | None = None
        self._mean = torch.zeros(())
        self._spread = 0.0

    def update(self, out: Tensor, residual: float = 0.0) -> float | None:
        """See one output; see :class:`StoppingRule`."""
        if self._ring is None:
            self._ring = self._start(out)
        new = self._pick(out)
        slot = self.epoch % self.window
        if self.epoch >= self.window:
            old = self._ring[slot]
            change = new - old
            mean = self._mean + change / self.window
            self._spread += float(torch.dot(change, new - mean + old - self._mean))
        else:
            change = new - self._mean
            mean = self._mean + change / (self.epoch + 1)
            self._spread += float(torch.dot(change, new - mean))
        self._mean = mean
        self._ring[slot] = new
        if slot == self.window - 1:
            self._mean = self._ring.mean(0)
            self._spread = float((self._ring - self._mean).square().sum())
        score = self._score() if self.epoch + 1 >= self.window else None
        if score is not None:
            self._compare(score)
        self.epoch += 1
        return score

    def _start(self, out: Tensor) -> Tensor:
        count = out.numel()
        if count > self.samples:
            seeded = torch.Generator().manual_seed(0)
            index = torch.randint(count, (self.samples,), generator=seeded).sort().values
            index = index.to(out.device)
            self._pick = lambda image: image.flatten()[index]
            count = self.samples
        self._mean = out.new_zeros(count)
        return out.new_empty(self.window, count)

    def _score(self) -> float:
        return max(self._spread, 0.0) / (self.window * self._mean.numel())


class MovingVariance(_Patience):
    """Stop at the least exponentially weighted variance of the outputs (ES-EMV).

    ``m <- m + alpha d`` and ``v <- (1 - alpha) (v + alpha ||d||^2)`` with
    ``d = out - m``, starting from the first output; m is clipped to [0, 1].
    It needs the memory of one output, and reacts faster than the window.

    `alpha`: weight of the newest output.
    `patience`: epochs without a smaller variance after which to stop.
    `warmup`: epochs, after the first, whose variance does not count.

    References
    ----------
    H. Wang et al., "Early Stopping for Deep Image Prior", TMLR 2023.
    """

    def __init__(self, alpha: float = 0.1, patience: int = 250, *, warmup: int = 100) -> None:
        super().__init__(patience)
        self.alpha = alpha
        self.warmup = warmup
        self.variance = 0.0
        self.average: Tensor | None = None

    def update(self, out: Tensor, residual: float = 0.0) -> float | None:
        """See one output; the score is the sum of variances, None during the warm-up."""
        if self.average is None:
            self.average = out.clone()
        else:
            change = out - self.average
            square = float(change.square().sum())
            self.variance = (1 - self.alpha) * (self.variance + self.alpha * square)
            self.average = (self.average + self.alpha * change).clamp(0, 1)
        counts = self.epoch > self.warmup
        if counts:
            self._compare(self.variance)
        self.epoch += 1
        return self.variance if counts else None


class Discrepancy:
    """Stop when the residual has fallen to the noise level (Morozov).

    ``mean ((H out - y) / sigma)^2 <= factor``. Clipping at black and white
    lowers the power of the noise, so that the rule tends to stop early.

    `factor`: power of the residual at which to stop, in units of the noise power.
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.epoch = 0
        self.best = -1
        self.stopped = False

    def update(self, out: Tensor, residual: float) -> float | None:
        """See one output; the latest one is the best until the rule stops."""
        if not self.stopped:
            self.best = self.epoch
            self.stopped = residual**2 <= self.factor
        self.epoch += 1
        return None


class Never:
    """Run to the last iteration."""

    def __init__(self) -> None:
        self.epoch = 0
        self.best = -1
        self.stopped = False

    def update(self, out: Tensor, residual: float) -> float | None:
        """See one output; the latest one is the best."""
        self.best = self.epoch
        self.epoch += 1
        return None
