"""Blur kernels as the papers draw them for training and fix them for tests.

Kernels are float64 and sum to 1. Angles are in radians, turned from the column
axis towards the row axis, which runs downwards, as the authors have them. No torch:
:mod:`napari_fresco.training.degrading.batch_kernels` draws batches by the same laws.

References
----------
USRNet: K. Zhang et al., CVPR 2020, doi:10.1109/CVPR42600.2020.00328.
VIRNet: Z. Yue et al., IEEE TPAMI 46(11), 2024, arXiv:2008.10796.
MZSR: J. W. Soh et al., CVPR 2020, doi:10.1109/CVPR42600.2020.00357.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy import ndimage, signal

from ..errors import ParameterError
from ..physics.kernels import covariance, from_covariance, normalise
from .planes import Floats, Random

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

_VIRNET_TEST = (
    (0.4, 0.4, 0.0),
    (0.6, 0.6, 0.0),
    (0.8, 0.8, 0.0),
    (0.4, 0.2, 0.0),
    (0.6, 0.3, 0.75),
    (0.8, 0.4, 0.25),
    (0.8, 0.4, 0.5),
)
_USRNET_WIDTHS = (0.7, 1.2, 1.6, 2.0)
_USRNET_ELLIPSES = ((7.0, 2.0, 0.0), (9.0, 1.5, -36.0), (8.0, 1.5, 45.0), (7.0, 5.0, 52.0))


def isotropic(size: int, width: float) -> Floats:
    """Make a round Gaussian of standard deviation `width`, centred at ``(size - 1) / 2``.

    Entries below the rounding error of the largest one are zero, as in MATLAB's ``fspecial``.
    """
    axis = np.arange(size) - (size - 1) / 2
    kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * width**2))
    kernel[kernel < np.finfo(float).eps * kernel.max()] = 0
    return normalise(kernel)


def anisotropic(
    size: int, angle: float, first: float, second: float, centre: float | None = None
) -> Floats:
    """Make an elongated Gaussian.

    Parameters
    ----------
    size : int
        Rows and columns.
    angle : float
        Direction of the first axis, in radians from the columns towards the rows.
    first, second : float
        Variances along that direction and across it, in squared pixels.
    centre : float, optional
        Row and column of the middle, by default ``(size - 1) / 2``.
    """
    rows, cols = np.indices((size, size)) - ((size - 1) / 2 if centre is None else centre)
    along = cols * math.cos(angle) + rows * math.sin(angle)
    across = rows * math.cos(angle) - cols * math.sin(angle)
    exponent = along**2 / first + across**2 / second
    return normalise(np.exp((exponent.min() - exponent) / 2))


def shifted_anisotropic(size: int, scale: int, angle: float, first: float, second: float) -> Floats:
    """Make an elongated Gaussian at ``size // 2 - (scale - 1) / 2``, for upper-left decimation.

    See :func:`anisotropic`; the shift makes coarse and fine pixels concentric.
    """
    return anisotropic(size, angle, first, second, size // 2 - (scale - 1) / 2)


def trajectory(random: Random) -> Floats:
    """Draw a camera shake: :data:`STEPS` positions in three dimensions, ``(3, STEPS)``."""
    # The authors draw a velocity for every step and keep the first.
    velocity = random.normal(0, 1, (3, STEPS))[:, :1]
    twist, push = random.normal(0, 1, (STEPS - 1, 2, 3)).transpose(1, 2, 0)
    return walk(velocity, twist, push)


def walk(velocity: Floats, twist: Floats, push: Floats) -> Floats:
    """Return the positions ``(3, STEPS)`` of a camera shake from the random numbers behind it.

    Velocity and direction take steps that die out as 1/(t + 1).

    Parameters
    ----------
    velocity : ndarray, (3, 1)
        At the beginning.
    twist, push : ndarray, (3, STEPS - 1)
        Standard normal; change direction and velocity.
    """
    fading = np.arange(2, STEPS + 1)
    twist, push, rate = twist / fading, push / fading, 2 * math.pi / STEPS
    turn = signal.lfilter([rate], [1, -(1 + rate)], twist)
    moves = np.einsum('ijt,jt->it', _rotations(turn), velocity + np.cumsum(push, axis=1))
    return np.pad(np.cumsum(moves, axis=1), ((0, 0), (1, 0)))


def from_trajectory(path: Floats, uniform: float) -> Floats:
    """Make the kernel of a path: where it was seen from the front, slightly smoothed.

    Parameters
    ----------
    path : ndarray, (3, N)
        Positions; the first two coordinates are seen, as rows and columns.
    uniform : float
        In (0, 1); decides the size, 5 to 27 pixels with short ones more frequent.
    """
    least, largest = SHAKE_SIDES
    size = round(min(least - math.log(uniform) / SHAKE_RATE, largest))
    size += 1 - size % 2
    histogram = np.zeros((size, size))
    seen = [_bins(axis, size) for axis in path[:2]]
    # The authors' thresholds never fill the last row and column; one path in a hundred lies there
    # altogether, and is kept.
    inside = (seen[0] < size - 1) & (seen[1] < size - 1)
    inside |= not inside.any()
    np.add.at(histogram, (seen[0][inside], seen[1][inside]), 1)
    return normalise(signal.convolve2d(normalise(histogram), isotropic(3, 1.0), 'same'))


def motion(random: np.random.Generator, size: int = USRNET_SIZE) -> Floats:
    """Draw a camera-shake kernel of `size` x `size` pixels, as USRNet trains with.

    One in four is enlarged one- to fivefold; one that is lost by cutting it to
    `size` becomes a Gaussian.
    """
    kernel = from_trajectory(trajectory(random), 1 - random.uniform())
    kernel = fit(kernel, size)
    if random.uniform() < ENLARGED:
        kernel = enlarge(kernel, random.uniform(*ENLARGEMENTS, 2))
    if kernel.sum() < LOST:
        return isotropic(size, random.uniform(*LOST_WIDTHS))
    return normalise(kernel)


def fit(kernel: Floats, size: int) -> Floats:
    """Pad a smaller kernel on all sides; cut a larger one off at the bottom and right."""
    missing = max(size - kernel.shape[0], 0)
    padded = np.pad(kernel, (missing // 2, missing - missing // 2))
    return padded[:size, :size]


def enlarge(kernel: Floats, factors: Floats) -> Floats:
    """Enlarge rows and columns linearly, and cut out the middle, as large as `kernel`."""
    enlarged = np.asarray(ndimage.zoom(kernel, factors, order=1))
    top, left = ((m - n) // 2 for m, n in zip(enlarged.shape, kernel.shape, strict=True))
    return enlarged[top : top + kernel.shape[0], left : left + kernel.shape[1]]


def random_usrnet(random: np.random.Generator) -> Floats:
    """Draw a 25 x 25 kernel as USRNet trains with: camera shake or a shifted Gaussian.

    The Gaussians are shifted for a scale of their own, 1 to 4, and turned, so that
    the network meets every sub-pixel offset.
    """
    if random.uniform() < SHAKEN:
        return motion(random)
    first, second = random.uniform(*USRNET_VARIANCES, 2)
    scale = int(random.integers(*USRNET_SCALES, endpoint=True))
    angle = random.uniform(0, math.pi)
    kernel = shifted_anisotropic(USRNET_SIZE, scale, angle, first, second)
    kernel = np.rot90(kernel, int(random.integers(4)))
    return np.ascontiguousarray(kernel[:, ::-1] if random.integers(2) else kernel)


def virnet(first: float, second: float, angle: float) -> tuple[Floats, Floats]:
    """Make a centred 21 x 21 Gaussian, with VIRNet's parameters of it.

    Parameters
    ----------
    first, second : float
        Standard deviations along `angle` and across it, in pixels.
    angle : float
        Radians from the columns towards the rows.

    Returns
    -------
    tuple of ndarray
        The kernel, and its parameters: variance along columns (x), variance
        along rows (y), correlation.
    """
    # Displayed angles turn the other way round, because rows run downwards.
    parameters = covariance(first**2, second**2, -math.degrees(angle))
    return from_covariance(*parameters, size=VIRNET_SIZE), np.array(parameters)


def random_virnet(random: np.random.Generator, scale: int) -> tuple[Floats, Floats]:
    """Draw a centred 21 x 21 Gaussian as VIRNet trains with.

    Standard deviations are uniform, the larger one up to `scale` pixels; three in
    ten are round.

    Returns
    -------
    tuple of ndarray
        The kernel, and its parameters: variance along columns (x), variance
        along rows (y), correlation.
    """
    first = random.uniform(VIRNET_NARROWEST, scale)
    second = first if random.uniform() < VIRNET_ROUND else random.uniform(first, scale)
    return virnet(first, second, random.uniform(0, math.pi))


def random_mzsr(random: np.random.Generator, scale: int) -> Floats:
    """Draw a centred 15 x 15 Gaussian as MZSR and VDIR train with; its axes are variances."""
    least, most = MZSR_VARIANCES
    first = random.uniform(least, most * scale)
    second = random.uniform(least, first)
    return anisotropic(MZSR_SIZE, random.uniform(0, math.pi), first, second)


def virnet_test(scale: int) -> tuple[tuple[Floats, Floats], ...]:
    """Return VIRNet's seven test kernels for `scale`, each with its three parameters."""
    return tuple(
        virnet(scale * first, scale * second, math.pi * half_turns)
        for first, second, half_turns in _VIRNET_TEST
    )


def usrnet_test() -> tuple[Floats, ...]:
    """Return the eight centred Gaussians among USRNet's twelve test kernels, 25 x 25."""
    round_ = (isotropic(USRNET_SIZE, width) for width in _USRNET_WIDTHS)
    long = (
        anisotropic(USRNET_SIZE, math.radians(angle), first, second)
        for first, second, angle in _USRNET_ELLIPSES
    )
    return (*round_, *long)


def mzsr_test() -> tuple[Floats, ...]:
    """Return MZSR's two test kernels: round of width 2, and 4 by 1 turned by -1/2.

    The widths are read as standard deviations; the publications do not say.
    """
    return isotropic(MZSR_SIZE, 2.0), anisotropic(MZSR_SIZE, -0.5, 16.0, 1.0)


def _any_scale_usrnet(random: np.random.Generator, scale: int) -> Floats:
    del scale  # it draws one of its own
    return random_usrnet(random)


def _plain_virnet(random: np.random.Generator, scale: int) -> Floats:
    return random_virnet(random, scale)[0]


FAMILIES: Mapping[str, Callable[[np.random.Generator, int], Floats]] = MappingProxyType(
    {'usrnet': _any_scale_usrnet, 'virnet': _plain_virnet, 'mzsr': random_mzsr}
)
"""Laws from which kernels are drawn for training, by the network they train."""


def draw(family: str, random: np.random.Generator, scale: int) -> Floats:
    """Draw a kernel of a family in :data:`FAMILIES`.

    Raises
    ------
    ParameterError
        When there is no such family.
    """
    if family not in FAMILIES:
        raise ParameterError(f'family = {family!r}; choose {", ".join(FAMILIES)}')
    return FAMILIES[family](random, scale)


def _rotations(turn: Floats) -> Floats:
    """Return rotations ``(3, 3, T)`` about x, then y, then z, by the angles ``(3, T)``."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(turn), np.sin(turn)
    return np.array(
        [
            [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
            [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
            [-sy, cy * sx, cy * cx],
        ]
    )


def _bins(values: Floats, count: int) -> np.ndarray:
    low, high = values.min(), values.max()
    width = (high - low) / count
    return np.asarray(np.clip(((values - low) / width).astype(int), 0, count - 1))
