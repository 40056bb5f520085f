"""What lies beyond the border, for operators that take the image as periodic.

Deblurring in the Fourier domain joins the left border to the right one and the
top to the bottom. Where a photograph jumps at that seam the solution rings
far into the image, so the image is continued by a strip that leads smoothly
from each border to the opposite one, and the strip is cut off afterwards.

R. Liu, J. Jia, "Reducing Boundary Artifacts in Image Deconvolution", ICIP
2008, doi:10.1109/ICIP.2008.4711802, fill the strip with a harmonic function,
as is done here. They solve three rectangles by sine transforms; two strips
without ends are enough, for which the solution is explicit in each frequency
along the border.
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

    Parameters
    ----------
    y : Tensor
        Observation ``(N, C, h, w)`` in working units.
    kernel_shape : sequence of int
        Height and width of the blur kernel in pixels of `y`. A blur one pixel
        high does not join the top to the bottom, and likewise sideways.
    """
    rows, columns = kernel_shape
    return _is_rough(y, rows) or _is_rough(y.mT, columns)


def extend(y: Tensor, margin: int | Sequence[int], multiple: int = 1) -> Tensor:
    """Continue an image below and to the right so that it is smooth as a torus.

    Parameters
    ----------
    y : Tensor
        Image ``(N, C, h, w)``; its size may be one, and less than `margin`.
    margin : int or (int, int)
        Least number of rows and columns to add; the size of the kernel is
        enough.
    multiple : int
        The new height and width are multiples of this, and quick to transform.

    Returns
    -------
    Tensor
        ``(N, C, H, W)`` with ``result[..., :h, :w]`` equal to `y`; see
        :func:`crop`.
    """
    down, across = (margin, margin) if isinstance(margin, int) else margin
    height, width = y.shape[-2:]
    mirrored = torch.cat([y, y.flip(-1)], -1)
    below = _bridge(mirrored, _fast_size(height + down, multiple) - height)[..., :width]
    tall = torch.cat([y, below], -2).mT
    beside = _bridge(tall, _fast_size(width + across, multiple) - width)
    return torch.cat([tall, beside], -2).mT.contiguous()


def crop(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the upper-left part of `x` of the height and width that end `shape`."""
    return x[..., : shape[-2], : shape[-1]]


def _is_rough(y: Tensor, reach: int) -> bool:
    """Compare the step from the last row to the first with those between rows."""
    height, width = y.shape[-2:]
    if reach == 1 or height < 3:
        return False
    window = min(SMOOTHING, width)
    lines = functional.avg_pool2d(y, (1, window), stride=(1, max(window // 2, 1)))
    steps = (lines - lines.roll(1, -2)).square().mean((0, 1, 3))
    radius = max(reach // 2, 2)
    beside = torch.cat([steps[1 : 1 + radius], steps[1:][-radius:]]).amax()
    usual = torch.maximum(beside, steps[1:].mean())
    return bool(steps[0] > ROUGH * usual + FLAT)


def _bridge(lines: Tensor, count: int) -> Tensor:
    """Return `count` rows that lead harmonically from the last row to the first.

    The rows are periodic in x. Laplace's equation on the grid leaves, for each
    frequency w along x, ``u(t) = [a sinh(T (n - t)) + b sinh(T t)] / sinh(T n)``
    between ``u(0) = a`` and ``u(n) = b``, with ``sinh(T / 2) = |sin(w / 2)|``.
    """
    if count == 0:
        return lines[..., :0, :]
    period = lines.shape[-1]
    angles = torch.pi * torch.arange(period // 2 + 1, dtype=torch.float64) / period
    rate = 2 * torch.asinh(angles.sin())
    fade_in = _rise(rate, count).to(lines)
    spectra: Tensor = torch.fft.rfft(lines[..., [-1, 0], :])
    leaving, arriving = spectra[..., :1, :], spectra[..., 1:, :]
    bridge: Tensor = torch.fft.irfft(leaving * fade_in.flip(0) + arriving * fade_in, n=period)
    return bridge


def _rise(rate: Tensor, count: int) -> Tensor:
    """Return ``sinh(T t) / sinh(T n)`` for t = 1 .. count, n = count + 1, without overflow."""
    end = count + 1
    t = torch.arange(1, end, dtype=rate.dtype)[:, None]
    steep = torch.exp(rate * (t - end)) * torch.expm1(-2 * rate * t) / torch.expm1(-2 * rate * end)
    return torch.where(rate > 0, steep, t / end)


def _fast_size(least: int, multiple: int) -> int:
    return multiple * int(next_fast_len(-(-least // multiple), real=True))
