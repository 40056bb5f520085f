"""Blur kernels for batches, by the laws of :mod:`napari_fresco.degrade.random_kernels`.

What describes a kernel is drawn on the processor; random walks are drawn, and all kernels
made, on the device. Kernels are ``(N, 1, size, size)`` and sum to 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ...degrade import random_kernels as laws
from ...degrade.random_source import RandomSource
from ...physics.resample import pixel_shift


def random_usrnet(count: int, random: RandomSource) -> Tensor:
    """Draw 25 x 25 kernels as USRNet trains with: camera shake or shifted Gaussians."""
    shaken = random.put_each(random.happens(laws.SHAKEN, count))
    return torch.where(shaken, random_shakes(count, random), _random_elongated(count, random))


def random_virnet(count: int, scale: int, random: RandomSource) -> tuple[Tensor, Tensor]:
    """Draw centred 21 x 21 Gaussians as VIRNet trains with.

    Returns
    -------
    tuple of Tensor
        The kernels, and ``(N, 3)``: variance along columns (x), along rows (y), correlation.
    """
    first = random.uniform(laws.VIRNET_NARROWEST, scale, count)
    longer = first + (scale - first) * random.uniform(0, 1, count)
    second = torch.where(random.happens(laws.VIRNET_ROUND, count), first, longer)
    angle = random.uniform(0, math.pi, count)
    return virnet(*random.put(torch.stack((first, second, angle))))


def random_mzsr(count: int, scale: int, random: RandomSource) -> Tensor:
    """Draw 15 x 15 Gaussians as VDIR trains with, shifted for upper-left decimation."""
    least, most = laws.MZSR_VARIANCES
    first = random.uniform(least, most * scale, count)
    second = least + (first - least) * random.uniform(0, 1, count)
    drawn = random.put(torch.stack((random.uniform(0, math.pi, count), first, second)))
    return shifted(gaussians(laws.MZSR_SIZE, *drawn), scale)


def virnet(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Make the Gaussians of ``laws.virnet``, with VIRNet's parameters of them."""
    along, across = first.square(), second.square()
    cos, sin = angle.cos(), angle.sin()
    x = along * cos.square() + across * sin.square()
    y = along * sin.square() + across * cos.square()
    rho = (along - across) * cos * sin / (x * y).sqrt()
    return gaussians(laws.VIRNET_SIZE, angle, along, across), torch.stack((x, y, rho), 1)


def random_shakes(count: int, random: RandomSource) -> Tensor:
    """Draw 25 x 25 camera shakes, some of them enlarged."""
    steps = laws.STEPS - 1
    velocity, twist, push = (random.pixels.normal(count, 3, n) for n in (1, steps, steps))
    factors = random.uniform(*laws.ENLARGEMENTS, 2, count)
    factors = torch.where(random.happens(laws.ENLARGED, count), factors, 1)
    sides = shake_sides(1 - random.uniform(0, 1, count))
    width = random.uniform(*laws.LOST_WIDTHS, count)
    rows, columns, sides, width = random.put(torch.stack((*factors, sides, width)))
    drawn = enlarged(from_walks(walks(velocity, twist, push), sides), rows, columns)
    total = drawn.sum((-2, -1), keepdim=True)
    variance = width.square()
    instead = gaussians(laws.USRNET_SIZE, 0 * width, variance, variance)
    return torch.where(total < laws.LOST, instead, drawn / total)


def walks(velocity: Tensor, twist: Tensor, push: Tensor) -> Tensor:
    """Return what is seen of camera shakes, rows and columns ``(N, 2, STEPS)``.

    The first two of the coordinates of ``laws.walk``, from ``(N, 3, 1)`` and twice
    ``(N, 3, STEPS - 1)``.
    """
    fading = torch.arange(2, laws.STEPS + 1, device=twist.device)
    rate = 2 * math.pi / laws.STEPS
    # turn[t] = rate * twist[t] + (1 + rate) * turn[t - 1]
    growth = (1 + rate) ** torch.arange(len(fading), device=twist.device, dtype=twist.dtype)
    turn = rate * growth * (twist / (fading * growth)).cumsum(-1)
    x, y, z = (velocity + (push / fading).cumsum(-1)).unbind(1)
    cos, sin = turn.cos().unbind(1), turn.sin().unbind(1)
    # About the first axis, the second and the third.
    y, z = cos[0] * y - sin[0] * z, sin[0] * y + cos[0] * z
    x = cos[1] * x + sin[1] * z
    moves = torch.stack((cos[2] * x - sin[2] * y, sin[2] * x + cos[2] * y), 1)
    return functional.pad(moves.cumsum(-1), (1, 0))


def shake_sides(uniform: Tensor) -> Tensor:
    """Return the sides of camera shakes, odd, from numbers in (0, 1]."""
    least, largest = laws.SHAKE_SIDES
    side = (least - uniform.log() / laws.SHAKE_RATE).clamp_max(largest).round()
    return side + 1 - side % 2


def from_walks(paths: Tensor, sides: Tensor) -> Tensor:
    """Make the kernels of camera shakes: where they were seen, slightly smoothed.

    Agrees with ``laws.from_trajectory``, brought to 25 x 25 by ``laws.fit``.

    Parameters
    ----------
    paths : Tensor
        Rows and columns, ``(N, 2, T)``.
    sides : Tensor
        Odd, ``(N,)``: the pixels that each path spreads over.
    """
    sides = sides.view(-1, 1, 1)
    low, high = (extreme(-1, keepdim=True) for extreme in (paths.amin, paths.amax))
    bins = ((paths - low) / ((high - low) / sides)).floor().minimum(sides - 1)
    seen = (bins < sides - 1).all(1)
    seen |= ~seen.any(1, keepdim=True)
    side, first = laws.SHAKE_SIDES[1], ((laws.USRNET_SIZE - sides) / 2).clamp_min(0)
    rows, columns = (bins + first).long().unbind(1)
    canvas = paths.new_zeros(len(paths), side**2)
    canvas.scatter_add_(1, side * rows + columns, seen.to(paths.dtype))
    smooth = gaussians(3, *paths.new_tensor([[0.0], [1.0], [1.0]]))
    smoothed = functional.conv2d(canvas.view(-1, 1, side, side), smooth, padding=1)
    line = torch.arange(side, device=paths.device)
    inside = (line >= first) & (line < first + sides)
    kernels = smoothed * (inside & inside.mT)[:, None]
    kernels = kernels / kernels.sum((-2, -1), keepdim=True)
    return kernels[..., : laws.USRNET_SIZE, : laws.USRNET_SIZE]


def enlarged(kernels: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Enlarge kernels linearly, and cut out the middle, as ``laws.enlarge`` does.

    Parameters
    ----------
    kernels : Tensor
        ``(N, 1, size, size)``.
    rows, columns : Tensor
        How many times, ``(N,)``.
    """
    size = kernels.shape[-1]
    line = torch.arange(size, device=kernels.device)
    weights = []
    for factor in (rows, columns):
        count = (size * factor).round().view(-1, 1, 1)
        place = (((count - size) / 2).floor() + line[:, None]) * ((size - 1) / (count - 1))
        weights.append((1 - (place - line).abs()).clamp_min(0)[:, None])
    return weights[0] @ kernels @ weights[1].mT


def gaussians(
    size: int,
    angle: Tensor,
    first: Tensor,
    second: Tensor,
    *,
    cut: Tensor | None = None,
    away: Tensor | None = None,
) -> Tensor:
    """Return elongated Gaussians of sum 1.

    Parameters
    ----------
    size : int
        Rows and columns, odd.
    angle, first, second : Tensor
        As in ``laws.anisotropic``, ``(N,)``.
    cut : Tensor, optional
        Odd sizes ``(N,)`` beyond which the kernels are zero.
    away : Tensor, optional
        Rows and columns ``(2, N)`` from the middle to the centre.

    Returns
    -------
    Tensor
        ``(N, 1, size, size)``.
    """
    angle, first, second = (v.view(-1, 1, 1, 1) for v in (angle, first, second))
    line = torch.arange(size, device=angle.device) - size // 2
    rows, columns = line[:, None], line
    if away is not None:
        rows, columns = (
            a - b.view(-1, 1, 1, 1) for a, b in zip((rows, columns), away, strict=True)
        )
    along = columns * angle.cos() + rows * angle.sin()
    across = rows * angle.cos() - columns * angle.sin()
    kernels = torch.exp(-(along.square() / first + across.square() / second) / 2)
    if cut is not None:
        farthest = torch.maximum(line[:, None].abs(), line.abs())
        kernels = kernels * (farthest <= cut.view(-1, 1, 1, 1) // 2)
    return kernels / kernels.sum((-2, -1), keepdim=True)


def shifted(kernels: Tensor, scale: int) -> Tensor:
    """Move kernels by half a coarse pixel, see :func:`napari_fresco.physics.kernels.shift`."""
    moved = pixel_shift(kernels, scale)
    return moved / moved.sum((-2, -1), keepdim=True)


def _random_elongated(count: int, random: RandomSource) -> Tensor:
    """Draw Gaussians moved for a scale factor of their own, turned and flipped.

    Turned or flipped, a Gaussian is one of another direction, moved towards another corner.
    """
    least, most = laws.USRNET_SCALES
    away = (random.integers(least, most + 1, count) - 1) / 2
    corner = 2 * random.integers(0, 2, 2, count) - 1
    variances = random.uniform(*laws.USRNET_VARIANCES, 2, count)
    angle = random.uniform(0, math.pi, count)[None]
    drawn = random.put(torch.cat((angle, variances, away * corner)))
    return gaussians(laws.USRNET_SIZE, *drawn[:3], away=drawn[3:])
