"""The noise of a blurred image where the blur passes nothing, so that all there is noise.

The level of the noise that an image shows is that of most of its pixels. Heavy tails, outliers, and
noise that is stronger in some places or shared by lines have more power than that says, and a
residual that must come down to the level fits them, at frequencies that the blur has taken away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..physics.boundary import crop
from ..physics.problem import Problem

_PASSED = 0.02  # of an amplitude, below which a blur passes nothing
_FINE = 0.25  # periods in a pixel: an image may leak into what is coarser
_TAPER = 0.125  # of an axis
_ENOUGH = 400  # coefficients
_LEAST = 1e-12  # variance, in squared working units, that is none


def power_beyond(problems: Sequence[Problem]) -> float:
    """Return the power of the noise over that which problems are told, by all of their pixels.

    At least 1, which stands too for blurs that pass something everywhere.
    """
    counts = [math.prod(each.size or each.y.shape[2:]) for each in problems]
    found = map(_power, problems)
    return sum(n * one for n, one in zip(counts, found, strict=True)) / sum(counts)


def _power(problem: Problem) -> float:
    """Return that of one plane or volume."""
    kernel = problem.degradation.kernel
    sizes = tuple(problem.size or problem.y.shape[2:])
    if kernel is None or any(k > n for k, n in zip(kernel.shape, sizes, strict=True)):
        return 1.0
    shape = (*problem.y.shape[:2], *sizes)
    y = crop(problem.y, shape)
    window = torch.ones((), dtype=y.dtype, device=y.device)
    for n in sizes:
        window = window[..., None] * _tapered(n).to(y)
    told = float((crop(_variance(problem), shape) * window.square()).mean())
    axes = list(range(2, y.ndim))
    waves = torch.fft.rfftn((y - y.mean(axes, keepdim=True)) * window, dim=axes)
    power = waves.abs().square().mean((0, 1)) / math.prod(sizes)
    passed = torch.fft.rfftn(kernel, s=sizes).abs()
    stopped = (passed < _PASSED * kernel.sum().abs()).to(y.device)
    fine = stopped & (_largest_frequency(sizes).to(y.device) > _FINE)
    means = [float(power[some].mean()) for some in (stopped, fine) if int(some.sum()) >= _ENOUGH]
    return max(1.0, min(means, default=0.0) / max(told, _LEAST))


def _tapered(length: int) -> Tensor:
    """Return weights that fall to 0 over a part of the pixels at either end (Tukey's window)."""
    places = (torch.arange(length) + 0.5) / (_TAPER * length)
    rising = (1 - torch.cos(math.pi * places.clamp_max(1))) / 2
    return rising * rising.flip(0)


def _variance(problem: Problem) -> Tensor:
    """Return the variance of the noise that a problem is told, on the grid of y."""
    if problem.counting is not None:
        gain, dark, read_noise, _ = problem.counting
        return gain * (problem.y - dark).clamp_min(0) + read_noise**2
    return torch.as_tensor(problem.sigma).to(problem.y).square().expand_as(problem.y)


def _largest_frequency(sizes: Sequence[int]) -> Tensor:
    """Return the largest of the frequencies of each coefficient of half a spectrum."""
    *others, last = sizes
    each = [torch.fft.fftfreq(n).abs() for n in others] + [torch.fft.rfftfreq(last)]
    return torch.stack(torch.meshgrid(*each, indexing='ij')).amax(0)
