"""Blur kernels as the papers draw them for training and fix them for tests, in batches.

What describes a kernel is drawn on the processor; random walks are drawn, and all kernels
made, on the device of the pixels. Kernels are ``(N, 1, size, size)`` and sum to 1. Angles are
in radians, turned from the column axis towards the row axis, which runs downwards, as the
authors have them.

References
----------
USRNet: K. Zhang et al., CVPR 2020, doi:10.1109/CVPR42600.2020.00328.
VIRNet: Z. Yue et al., IEEE TPAMI 46(11), 2024, arXiv:2008.10796.
MZSR: J. W. Soh et al., CVPR 2020, doi:10.1109/CVPR42600.2020.00357.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ParameterError
from .declarations import FAMILIES
from .gaussian_kernels import gaussians, round_gaussians
from .random_source import RandomSource

USRNET_SIZE, VIRNET_SIZE, MZSR_SIZE = 25, 21, 15
STEPS = 250
"""Positions of a camera shake."""

# The numbers of the laws.
SHAKEN = 0.5  # share of USRNet's kernels that are camera shake
SHAKE_SIDES, SHAKE_RATE = (5, 27), 0.15  # least and largest; the excess is exponential
ENLARGED, ENLARGEMENTS = 0.25, (1.0, 5.0)  # share of the shakes, and how many times
LOST, LOST_WIDTHS = 0.1, (0.1, 6.1)  # sum below which a shake becomes a round Gaussian
USRNET_VARIANCES, USRNET_SCALES = (0.6, 12.0), (1, 4)
VIRNET_NARROWEST, VIRNET_ROUND = 0.2, 0.3  # standard deviation, and share
MZSR_VARIANCES = (1.0, 2.5)  # the largest grows with the scale factor

# First and second standard deviation over the scale factor, half turns.
_VIRNET_TEST = (
    (0.4, 0.4, 0.0),
    (0.6, 0.6, 0.0),
    (0.8, 0.8, 0.0),
    (0.4, 0.2, 0.0),
    (0.6, 0.3, 0.75),
    (0.8, 0.4, 0.25),
    (0.8, 0.4, 0.5),
)
# Degrees, first and second variance.
_USRNET_TEST = (
    *((0.0, width**2, width**2) for width in (0.7, 1.2, 1.6, 2.0)),
    *((0.0, 7.0, 2.0), (-36.0, 9.0, 1.5), (45.0, 8.0, 1.5), (52.0, 7.0, 5.0)),
)
_MZSR_TEST = ((0.0, 4.0, 4.0), (-0.5, 16.0, 1.0))  # radians, and variances


def draw(family: str, count: int, scale: int, random: RandomSource) -> Tensor:
    """Draw kernels as a network of :data:`FAMILIES` is trained with.

    Raises ParameterError when there is no such family.
    """
    if family == 'usrnet':
        return random_usrnet(count, random)
    if family == 'virnet':
        return random_virnet(count, scale, random)[0]
    if family == 'mzsr':
        return random_mzsr(count, scale, random)
    raise ParameterError(f'family = {family!r}; choose {", ".join(FAMILIES)}')


def random_usrnet(count: int, random: RandomSource) -> Tensor:
    """Draw 25 x 25 kernels as USRNet trains with: camera shake or shifted Gaussians.

    The Gaussians are shifted for a scale of their own, 1 to 4, and turned, so that
    the network meets every sub-pixel offset.
    """
    shaken = random.put_each(random.happens(SHAKEN, count))
    return torch.where(shaken, random_shakes(count, random), _random_elongated(count, random))


def random_virnet(count: int, scale: int, random: RandomSource) -> tuple[Tensor, Tensor]:
    """Draw centred 21 x 21 Gaussians as VIRNet trains with, see :func:`virnet`.

    Standard deviations are uniform, the larger one up to `scale` pixels; three in
    ten are round.
    """
    first = random.uniform(VIRNET_NARROWEST, scale, count)
    longer = first + (scale - first) * random.uniform(0, 1, count)
    second = torch.where(random.happens(VIRNET_ROUND, count), first, longer)
    angle = random.uniform(0, math.pi, count)
    return virnet(*random.put(torch.stack((first, second, angle))))


def random_mzsr(count: int, scale: int, random: RandomSource) -> Tensor:
    """Draw centred 15 x 15 Gaussians as MZSR and VDIR train with; their axes are variances."""
    least, most = MZSR_VARIANCES
    first = random.uniform(least, most * scale, count)
    second = least + (first - least) * random.uniform(0, 1, count)
    drawn = random.put(torch.stack((random.uniform(0, math.pi, count), first, second)))
    return gaussians(MZSR_SIZE, *drawn)


def virnet(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Make centred 21 x 21 Gaussians, with VIRNet's parameters of them.

    `first`, `second`, `angle`: standard deviations along `angle` and across it, and radians, each
        ``(N,)``.
    Returns the kernels, and ``(N, 3)``: variance along columns (x), along rows (y), correlation.
    """
    along, across = first.square(), second.square()
    cos, sin = angle.cos(), angle.sin()
    x = along * cos.square() + across * sin.square()
    y = along * sin.square() + across * cos.square()
    rho = (along - across) * cos * sin / (x * y).sqrt()
    return gaussians(VIRNET_SIZE, angle, along, across), torch.stack((x, y, rho), 1)


def virnet_test(scale: int) -> tuple[Tensor, Tensor]:
    """Return VIRNet's seven test kernels for `scale`, and their parameters, float64."""
    first, second, half_turns = _columns(_VIRNET_TEST)
    return virnet(scale * first, scale * second, math.pi * half_turns)


def usrnet_test() -> Tensor:
    """Return the eight centred Gaussians among USRNet's twelve test kernels, 25 x 25, float64."""
    degrees, first, second = _columns(_USRNET_TEST)
    return gaussians(USRNET_SIZE, degrees.deg2rad(), first, second)


def mzsr_test() -> Tensor:
    """Return MZSR's two test kernels, float64: round of width 2, and 4 by 1 turned by -1/2.

    The widths are read as standard deviations; the publications do not say.
    """
    return gaussians(MZSR_SIZE, *_columns(_MZSR_TEST))


def random_shakes(count: int, random: RandomSource) -> Tensor:
    """Draw 25 x 25 camera shakes; one in four is enlarged one- to fivefold.

    One that is lost by cutting it to 25 x 25 becomes a Gaussian.
    """
    velocity, twist, push = (random.pixels.normal(count, 3, n) for n in (1, STEPS - 1, STEPS - 1))
    factors = random.uniform(*ENLARGEMENTS, 2, count)
    factors = torch.where(random.happens(ENLARGED, count), factors, 1)
    sides = shake_sides(1 - random.uniform(0, 1, count))
    width = random.uniform(*LOST_WIDTHS, count)
    rows, columns, sides, width = random.put(torch.stack((*factors, sides, width)))
    shakes = from_paths(walks(velocity, twist, push)[:, :2], sides)
    drawn = enlarged(shakes[..., :USRNET_SIZE, :USRNET_SIZE], rows, columns)
    total = drawn.sum((-2, -1), keepdim=True)
    return torch.where(total < LOST, round_gaussians(USRNET_SIZE, width), drawn / total)


def walks(velocity: Tensor, twist: Tensor, push: Tensor) -> Tensor:
    """Return the positions ``(N, 3, STEPS)`` of camera shakes from the numbers behind them.

    Velocity and direction take steps that die out as 1/(t + 1).

    `velocity`: at the beginning, ``(N, 3, 1)``.
    `twist`, `push`: standard normal, ``(N, 3, STEPS - 1)``; change direction and velocity.
    """
    fading = torch.arange(2, STEPS + 1, device=twist.device)
    rate = 2 * math.pi / STEPS
    # turn[t] = rate * twist[t] + (1 + rate) * turn[t - 1]
    growth = (1 + rate) ** torch.arange(len(fading), device=twist.device, dtype=twist.dtype)
    turn = rate * growth * (twist / (fading * growth)).cumsum(-1)
    x, y, z = (velocity + (push / fading).cumsum(-1)).unbind(1)
    cos, sin = turn.cos().unbind(1), turn.sin().unbind(1)
    # About the first axis, the second and the third.
    y, z = cos[0] * y - sin[0] * z, sin[0] * y + cos[0] * z
    x, z = cos[1] * x + sin[1] * z, cos[1] * z - sin[1] * x
    moves = torch.stack((cos[2] * x - sin[2] * y, sin[2] * x + cos[2] * y, z), 1)
    return functional.pad(moves.cumsum(-1), (1, 0))


def shake_sides(uniform: Tensor) -> Tensor:
    """Return the sides of camera shakes, odd, from numbers in (0, 1]; short ones are frequent."""
    least, largest = SHAKE_SIDES
    side = (least - uniform.log() / SHAKE_RATE).clamp_max(largest).round()
    return side + 1 - side % 2


def from_paths(paths: Tensor, sides: Tensor) -> Tensor:
    """Make the kernels of camera shakes: where they were seen from the front, slightly smoothed.

    `paths`: rows and columns, ``(N, 2, T)``.
    `sides`: odd, ``(N,)``: the pixels that each path spreads over.
    Returns ``(N, 1, 27, 27)``: short ones are in the middle of the first 25 rows and columns.
    """
    sides = sides.view(-1, 1, 1)
    low, high = (extreme(-1, keepdim=True) for extreme in (paths.amin, paths.amax))
    bins = ((paths - low) / ((high - low) / sides)).floor().minimum(sides - 1)
    # The authors' thresholds never fill the last row and column; one path in a hundred lies
    # there altogether, and is kept.
    seen = (bins < sides - 1).all(1)
    seen |= ~seen.any(1, keepdim=True)
    side, first = SHAKE_SIDES[1], ((USRNET_SIZE - sides) / 2).clamp_min(0)
    rows, columns = (bins + first).long().unbind(1)
    canvas = paths.new_zeros(len(paths), side**2)
    canvas.scatter_add_(1, side * rows + columns, seen.to(paths.dtype))
    smooth = gaussians(3, *paths.new_tensor([[0.0], [1.0], [1.0]]))
    smoothed = functional.conv2d(canvas.view(-1, 1, side, side), smooth, padding=1)
    line = torch.arange(side, device=paths.device)
    inside = (line >= first) & (line < first + sides)
    kernels = smoothed * (inside & inside.mT)[:, None]
    return kernels / kernels.sum((-2, -1), keepdim=True)


def enlarged(kernels: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Enlarge kernels linearly, and cut out the middle.

    `kernels`: ``(N, 1, size, size)``.
    `rows`, `columns`: how many times, ``(N,)``.
    """
    size = kernels.shape[-1]
    line = torch.arange(size, device=kernels.device)
    weights = []
    for factor in (rows, columns):
        count = (size * factor).round().view(-1, 1, 1)
        place = (((count - size) / 2).floor() + line[:, None]) * ((size - 1) / (count - 1))
        weights.append((1 - (place - line).abs()).clamp_min(0)[:, None])
    return weights[0] @ kernels @ weights[1].mT


def _random_elongated(count: int, random: RandomSource) -> Tensor:
    """Draw Gaussians moved for a scale factor of their own, turned and flipped.

    Turned or flipped, a Gaussian is one of another direction, moved towards another corner.
    """
    least, most = USRNET_SCALES
    away = (random.integers(least, most + 1, count) - 1) / 2
    corner = 2 * random.integers(0, 2, 2, count) - 1
    variances = random.uniform(*USRNET_VARIANCES, 2, count)
    angle = random.uniform(0, math.pi, count)[None]
    drawn = random.put(torch.cat((angle, variances, away * corner)))
    return gaussians(USRNET_SIZE, *drawn[:3], away=drawn[3:])


def _columns(table: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.tensor(table, dtype=torch.float64).T
