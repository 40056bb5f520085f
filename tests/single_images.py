"""The laws of random degradations once more, for one image and in numpy: what batches agree with.

Written before the batches, from the papers and the authors' programs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage, signal, sparse

from napari_fresco.degrade.camera_noise import (
    BLUE,
    BRIGHT,
    EXPOSURE,
    GAMMA,
    MIXED,
    READ,
    RED,
    SHOT,
)
from napari_fresco.degrade.random_kernels import (
    ENLARGED,
    ENLARGEMENTS,
    LOST,
    LOST_WIDTHS,
    MZSR_SIZE,
    MZSR_VARIANCES,
    SHAKE_RATE,
    SHAKE_SIDES,
    SHAKEN,
    STEPS,
    USRNET_SCALES,
    USRNET_SIZE,
    USRNET_VARIANCES,
    VIRNET_NARROWEST,
    VIRNET_ROUND,
    VIRNET_SIZE,
)
from napari_fresco.physics.demosaic import filter_array
from napari_fresco.physics.kernels import covariance, from_covariance, normalise

Floats = np.ndarray
Random = np.random.Generator | np.random.RandomState

_NEIGHBOURS = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])


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


@dataclass(frozen=True, eq=False)
class Camera:
    """One camera, as :meth:`draw` makes it.

    Attributes
    ----------
    colours : ndarray, (3, 3)
        From linear sRGB to the camera's colours; rows sum to 1.
    gains : ndarray, (3,)
        White balance of red, green and blue, times the exposure.
    shot, read : float
        Variance of the noise is ``shot x + read`` for a raw value x in [0, 1].
    """

    colours: Floats
    gains: Floats
    shot: float
    read: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Camera:
        """Draw a camera and its exposure by the published laws."""
        mix = random.uniform(0, 1, (3, 3))
        strength = random.uniform(0, MIXED)
        colours = (1 - strength) * np.eye(3) + strength * mix / mix.sum(axis=1, keepdims=True)
        exposure = 1 / random.normal(*EXPOSURE)
        gains = exposure * np.array([random.uniform(*RED), 1.0, random.uniform(*BLUE)])
        log_shot = random.uniform(math.log(SHOT[0]), math.log(SHOT[1]))
        log_read = READ[0] * log_shot + READ[1] + random.normal(0, READ[2])
        return cls(colours, gains, math.exp(log_shot), math.exp(log_read))

    def unprocess(self, image: Any) -> Floats:
        """Return the raw values, in [0, 1], that would be developed to `image`."""
        linear = _untone(np.clip(image, 0, 1)) ** GAMMA
        if linear.ndim == 2:
            return _ungained(linear, self.gains[1])
        raw = np.clip(linear @ self.colours.T, 0, 1)
        brightness = raw.mean(axis=2, keepdims=True)
        return _ungained(raw, self.gains, brightness)

    def process(self, raw: Floats) -> Floats:
        """Develop raw values: white balance, colours, gamma and tone, in [0, 1]."""
        balanced = np.clip(raw * (self.gains if raw.ndim == 3 else self.gains[1]), 0, 1)
        if raw.ndim == 3:
            balanced = np.clip(balanced @ np.linalg.inv(self.colours).T, 0, 1)
        encoded = balanced ** (1 / GAMMA)
        return np.asarray(3 * encoded**2 - 2 * encoded**3)

    def expose(self, raw: Floats, random: np.random.Generator) -> Floats:
        """Add photon and read noise to raw values of one colour per pixel, demosaicked."""
        sigma = np.sqrt(self.shot * raw + self.read)
        noisy = raw + sigma * random.normal(0, 1, raw.shape)
        return np.clip(demosaicked(noisy) if raw.ndim == 3 else noisy, 0, 1)


def _untone(image: Floats) -> Floats:
    """Invert the tone curve ``3 x^2 - 2 x^3``."""
    return np.asarray(0.5 - np.sin(np.arcsin(1 - 2 * image) / 3))


def _ungained(raw: Floats, gains: Any, brightness: Floats | None = None) -> Floats:
    """Divide by the gains, less and less towards white, so that highlights stay white."""
    brightness = raw if brightness is None else brightness
    bright = (np.clip(brightness - BRIGHT, 0, None) / (1 - BRIGHT)) ** 2
    inverse = 1 / np.asarray(gains)
    return np.clip(raw * np.maximum(bright + (1 - bright) * inverse, inverse), 0, 1)


def demosaicked(raw: Floats) -> Floats:
    """Interpolate bilinearly from one colour per pixel."""
    measured = filter_array(raw.shape[:2], 'RGGB')[..., None] == np.arange(3)
    weights = _NEIGHBOURS[..., None]
    values = ndimage.convolve(np.where(measured, raw, 0), weights, mode='mirror')
    counts = ndimage.convolve(measured.astype(float), weights, mode='mirror')
    # A picture of a single row or column lacks a colour altogether.
    return np.where(measured | (counts == 0), raw, values / np.maximum(counts, 1))


def resize(image: Any, shape: tuple[int, int], mode: str) -> Floats:
    """Resize as OpenCV's ``resize`` does.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    shape : tuple of int
        Rows and columns of the result.
    mode : {'bilinear', 'bicubic', 'area'}
        'area' averages what a pixel of the result covers; the others do not
        widen when shrinking, so that they alias ('bicubic' is Keys' cubic with
        a = -3/4). The border is replicated.

    Returns
    -------
    ndarray, float64
        Unclipped.

    Raises
    ------
    ParameterError
        When the mode is unknown.
    """
    rule = _covered if mode == 'area' else _interpolated
    rows, cols = (max(1, int(n)) for n in shape)
    return _apply(image, lambda n: rule(n, rows, mode), lambda n: rule(n, cols, mode))


def _taps(first: Floats, count: int) -> Floats:
    return first[:, None] + np.arange(count)


def _keys(distance: Floats, a: float = -0.5) -> Floats:
    """Return Keys' cubic convolution kernel, doi:10.1109/TASSP.1981.1163711."""
    t = np.abs(distance)
    near = ((a + 2) * t - (a + 3)) * t**2 + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _interpolated(n: int, count: int, mode: str) -> sparse.csr_array:
    centres = (np.arange(count) + 0.5) * (n / count) - 0.5
    reach = 1 if mode == 'bilinear' else 2
    taps = _taps(np.floor(centres) - reach + 1, 2 * reach)
    distance = centres[:, None] - taps
    weights = np.clip(1 - np.abs(distance), 0, None) if reach == 1 else _keys(distance, -0.75)
    return _matrix(weights, np.clip(taps, 0, n - 1).astype(int), n)


def _covered(n: int, count: int, mode: str) -> sparse.csr_array:
    """Weigh each pixel by the part of it that a pixel of the result covers."""
    del mode
    edges = np.arange(count + 1) * (n / count)
    taps = _taps(np.floor(edges[:-1] + 1e-9), math.ceil(n / count) + 1)
    overlap = np.minimum(taps + 1, edges[1:, None]) - np.maximum(taps, edges[:-1, None])
    return _matrix(np.clip(overlap, 0, None), np.clip(taps, 0, n - 1).astype(int), n)


def _matrix(weights: Floats, index: np.ndarray, n: int) -> sparse.csr_array:
    count, width = weights.shape
    scaled = weights / weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(count), width)
    return sparse.csr_array((scaled.ravel(), (rows, index.ravel())), shape=(count, n))


def _apply(image: Any, rows: Any, cols: Any) -> Floats:
    values = np.asarray(image, dtype=float)
    for axis, rule in enumerate((rows, cols)):
        moved = np.moveaxis(values, axis, 0)
        flat = rule(moved.shape[0]) @ moved.reshape(moved.shape[0], -1)
        values = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
    return np.ascontiguousarray(values)
