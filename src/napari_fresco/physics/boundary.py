"""Continuation beyond the border, for operators that take the image as periodic.

Deblurring in the Fourier domain joins the left border to the right one and the
top to the bottom. Where a photograph jumps at that seam the solution rings
far into the image, so the image is continued by a strip that leads smoothly
from each border to the opposite one, and the strip is cut off afterwards.

R. Liu, J. Jia, "Reducing Boundary Artifacts in Image Deconvolution", ICIP
2008, doi:10.1109/ICIP.2008.4711802, fill the strip with a harmonic function,
as is done here. They solve three rectangles by sine transforms; one strip without
ends along each axis is enough, for which the solution is explicit in each frequency
along the border. Planes and volumes are continued alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from scipy.fft import next_fast_len
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

SMOOTHING = 8
"""Pixels averaged along the seam, against noise."""
ROUGH = 2.5
"""Times that a jump at the seam may exceed those nearby; blurred seams reach 1.9."""
FLAT = 1e-8
"""Squared jump, in working units, that is nothing."""


def needs_extension(y: Tensor, kernel_shape: Sequence[int]) -> bool:
    """Tell whether a blurred image jumps where it would be joined to itself.

    A circular blur leaves no step across the seam larger than the steps beside
    it, within half the kernel; a camera, which also gathers light from beyond
    the border, does. Both are compared as mean squared differences of lines.

    `y`: observation ``(N, C, *spatial)`` in working units.
    `kernel_shape`: size of the blur kernel along each spatial axis, in pixels of `y`. A blur one
        pixel high does not join the top to the bottom, and likewise elsewhere.
    """
    reaches = enumerate(kernel_shape, start=y.ndim - len(kernel_shape))
    return any(_is_rough(y, axis, reach) for axis, reach in reaches)


def extend(y: Tensor, margin: int | Sequence[int], multiple: int = 1) -> Tensor:
    """Continue an image beyond the end of each axis so that it is smooth as a torus.

    `y`: image ``(N, C, *spatial)``; its size may be one, and less than `margin`.
    `margin`: least number of lines to add along each spatial axis; the size of the kernel is
        enough.
    `multiple`: the new sizes are multiples of this, and quick to transform.
    Returns: larger than `y`, and equal to it at the first corner; see :func:`crop`.
    """
    sizes = y.shape[2:]
    margins = (margin,) * len(sizes) if isinstance(margin, int) else tuple(margin)
    for axis, (size, least) in enumerate(zip(sizes, margins, strict=True), start=2):
        count = fast_size(size + least, multiple) - size
        y = torch.cat([y, _bridge(y, axis, count)], axis)
    return y.contiguous()


def crop(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the part of `x` at the first corner that has the spatial size of `shape`."""
    for axis, size in list(enumerate(shape))[2:]:
        x = x.narrow(axis, 0, size)
    return x


def _is_rough(y: Tensor, axis: int, reach: int) -> bool:
    """Compare the step from the last line along `axis` to the first with those between lines."""
    if reach == 1 or y.shape[axis] < 3:
        return False
    windows = [1 if i == axis else min(SMOOTHING, n) for i, n in enumerate(y.shape)][2:]
    pool = functional.avg_pool3d if len(windows) == 3 else functional.avg_pool2d
    lines = pool(y, windows, stride=[max(window // 2, 1) for window in windows])
    squares = (lines - lines.roll(1, axis)).square()
    steps = squares.mean([i for i in range(y.ndim) if i != axis])
    radius = max(reach // 2, 2)
    beside = torch.cat([steps[1 : 1 + radius], steps[1:][-radius:]]).amax()
    usual = torch.maximum(beside, steps[1:].mean())
    return bool(steps[0] > ROUGH * usual + FLAT)


def _bridge(y: Tensor, axis: int, count: int) -> Tensor:
    """Return `count` lines that lead harmonically from the last along `axis` to the first.

    Along the axes before it the image is periodic already; along those behind it, it is
    mirrored. Laplace's equation on the grid leaves, for each vector of frequencies w along
    the others, ``u(t) = [a sinh(T (n - t)) + b sinh(T t)] / sinh(T n)`` between ``u(0) = a``
    and ``u(n) = b``, with ``sinh(T / 2)^2 = sum sin(w / 2)^2``.
    """
    if count == 0:
        return y.narrow(axis, 0, 0)
    others = [i for i in range(2, y.ndim) if i != axis]
    ends = y.index_select(axis, torch.tensor([y.shape[axis] - 1, 0], device=y.device))
    for other in others:
        ends = torch.cat([ends, ends.flip(other)], other) if other > axis else ends
    periods = [ends.shape[i] for i in others]
    fade_in = _rise(_rates(periods), count).movedim(0, axis - 2).to(y)
    spectra: Tensor = torch.fft.rfftn(ends, dim=others)
    last, first = spectra.narrow(axis, 0, 1), spectra.narrow(axis, 1, 1)
    faded = last * fade_in.flip(axis - 2) + first * fade_in
    bridge: Tensor = torch.fft.irfftn(faded, s=periods, dim=others)
    for other in others:
        bridge = bridge.narrow(other, 0, y.shape[other])
    return bridge


def _rates(periods: Sequence[int]) -> Tensor:
    """Return T for all frequencies of the half spectrum of a torus with these periods."""
    total = torch.zeros((), dtype=torch.float64)
    for place, period in enumerate(periods, start=1):
        last = place == len(periods)
        count = period // 2 + 1 if last else period
        angles = torch.pi * torch.arange(count, dtype=torch.float64) / period
        total = total[..., None] + angles.sin().square()
    return 2 * torch.asinh(total.sqrt())


def _rise(rate: Tensor, count: int) -> Tensor:
    """Return ``sinh(T t) / sinh(T n)`` for t = 1 .. count, n = count + 1, without overflow."""
    end = count + 1
    t = torch.arange(1, end, dtype=rate.dtype).reshape(-1, *[1] * rate.ndim)
    steep = torch.exp(rate * (t - end)) * torch.expm1(-2 * rate * t) / torch.expm1(-2 * rate * end)
    return torch.where(rate > 0, steep, t / end)


def fast_size(least: int, multiple: int) -> int:
    """Return a size of at least `least`, a multiple of `multiple` and quick to transform."""
    return multiple * int(next_fast_len(-(-least // multiple), real=True))
