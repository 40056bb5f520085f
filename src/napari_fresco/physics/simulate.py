"""Degradations for samples, tests, training and benchmarks.

Images are ``(H, W)`` or ``(H, W, C)``; masks are bool, True where damaged.
Random functions take a seed or a NumPy generator. Functions whose names start
with ``authors_`` repeat quirks of published code, for comparison only. No torch.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image
from scipy import fft, ndimage

from ..errors import ImageError, KernelError, ParameterError
from .psf import positive, whole

Seed = int | np.random.Generator | np.random.RandomState

GOLDEN = (5**0.5 - 1) / 2
CHANNEL = {'R': 0, 'G': 1, 'B': 2}


def blur(image: Any, kernel: np.ndarray) -> np.ndarray:
    """Convolve every channel with `kernel`, circularly; its origin is ``size // 2``.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    kernel : ndarray, 2-D
        No larger than the image.

    Returns
    -------
    ndarray, float64
        Same shape as `image`.

    Raises
    ------
    ImageError, KernelError
        When the image is not a plane, or the kernel is larger.
    """
    values = _image(image)
    height, width = values.shape[:2]
    rows, cols = kernel.shape
    if rows > height or cols > width:
        raise KernelError(f'the kernel {kernel.shape} is larger than the image {(height, width)}')
    padded = np.zeros((height, width))
    padded[:rows, :cols] = kernel
    transfer = fft.rfft2(np.roll(padded, (-(rows // 2), -(cols // 2)), axis=(0, 1)))
    planes = np.moveaxis(values, -1, 0) if values.ndim == 3 else values
    blurred = fft.irfft2(fft.rfft2(planes) * transfer, s=(height, width))
    return np.moveaxis(blurred, 0, -1) if values.ndim == 3 else blurred


def downsample(image: Any, scale: int) -> np.ndarray:
    """Keep the upper-left pixel of every `scale` x `scale` cell."""
    step = whole('scale', scale)
    return np.asarray(image)[::step, ::step]


def mosaic(image: Any, pattern: str = 'RGGB') -> np.ndarray:
    """Keep one colour per pixel, as the colour filter array of a camera does.

    Parameters
    ----------
    image : array_like, (H, W, 3)
    pattern : str
        Colours of the upper-left 2 x 2 pixels, row by row.

    Returns
    -------
    ndarray, (H, W)

    Raises
    ------
    ImageError, ParameterError
        When the image is not RGB or the pattern is unknown.
    """
    values = np.asarray(image)
    if values.ndim != 3 or values.shape[2] != 3:
        raise ImageError(f'a mosaic is made of an RGB image, but the shape is {values.shape}')
    index = filter_array(values.shape[:2], pattern)
    return np.take_along_axis(values, index[..., None], axis=2)[..., 0]


def filter_array(shape: tuple[int, ...], pattern: str) -> np.ndarray:
    """Return which channel (0 R, 1 G, 2 B) each pixel of a mosaic holds."""
    if pattern not in ('RGGB', 'GRBG', 'GBRG', 'BGGR'):
        raise ParameterError(f'pattern = {pattern!r}; choose RGGB, GRBG, GBRG or BGGR')
    cell = np.array([CHANNEL[colour] for colour in pattern]).reshape(2, 2)
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(cell[rows % 2, cols % 2])


def gaussian_noise(image: Any, sigma: float, seed: Seed = 0) -> np.ndarray:
    """Add normal noise of standard deviation `sigma`, in the units of `image`, unclipped."""
    values = _image(image)
    if not sigma >= 0:
        raise ParameterError(f'sigma = {sigma} must not be negative')
    return values + _generator(seed).normal(0, sigma, values.shape)


def camera_noise(
    image: Any, gain: float, offset: float = 0.0, read_noise: float = 0.0, seed: Seed = 0
) -> np.ndarray:
    r"""Add photon and read noise, :math:`y = g\,\mathrm{Poisson}((x - o)/g) + o + N(0, r^2)`.

    Parameters
    ----------
    image : array_like
        Expected camera counts, at least `offset` everywhere.
    gain : float
        Counts per photo-electron.
    offset, read_noise : float
        Dark level and standard deviation of the read noise, in counts.

    Returns
    -------
    ndarray, float64
        Neither rounded nor clipped.

    Raises
    ------
    ImageError, ParameterError
        When an expected count is below the offset, or a number is out of range.
    """
    values = _image(image)
    if not (gain > 0 and read_noise >= 0):
        raise ParameterError(f'gain = {gain} must be positive and read_noise = {read_noise} >= 0')
    if float(values.min()) < offset:
        raise ImageError(f'the image falls to {values.min():g}, below offset = {offset:g}')
    random = _generator(seed)
    photons = random.poisson((values - offset) / gain)
    return gain * photons + offset + random.normal(0, read_noise, values.shape)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress and decompress a byte image, gray or RGB, at JPEG `quality` 1 to 100."""
    if image.dtype != np.uint8:
        raise ImageError(f'JPEG holds bytes, but the image is {image.dtype}; scale it to uint8')
    if not 1 <= quality <= 100:
        raise ParameterError(f'quality = {quality} must lie between 1 and 100')
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format='JPEG', quality=quality)
    with Image.open(buffer) as picture:
        return np.asarray(picture)


def line_mask(shape: tuple[int, int], spacing: int = 16, width: int = 2) -> np.ndarray:
    """Draw horizontal lines: `width` pixels of damage every `spacing` rows."""
    _check_lines(spacing, width)
    rows = (np.arange(shape[0]) + spacing // 2) % spacing < width
    return np.repeat(rows[:, None], shape[1], axis=1)


def grid_mask(shape: tuple[int, int], spacing: int = 16, width: int = 2) -> np.ndarray:
    """Draw horizontal and vertical lines `width` wide, `spacing` apart."""
    across = line_mask(shape[::-1], spacing, width).T
    return np.asarray(line_mask(shape, spacing, width) | across)


def crack_mask(
    shape: tuple[int, int], cracks: int = 12, width: float = 2.0, seed: Seed = 0
) -> np.ndarray:
    """Draw craquelure: wandering cracks, spread over the image, that fork now and then.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    cracks : int
        How many main cracks there are.
    width : float
        Greatest width in pixels; branches are thinner.

    Returns
    -------
    ndarray, bool
    """
    positive('width', width)
    random = _generator(seed)
    half = np.zeros(shape)
    for i in range(cracks):
        row, col = random.uniform(0, 1, 2)
        start = np.array([(i + row) / cracks, (i * GOLDEN + 0.3 * col) % 1]) * shape
        length = random.uniform(0.3, 0.9) * max(shape)
        _crack(half, start, random.uniform(0, 2 * np.pi), length, width / 2, random)
    if not half.any():
        return half > 0
    distance, nearest = ndimage.distance_transform_edt(half == 0, return_indices=True)
    return np.asarray(distance < half[tuple(nearest)])


def authors_truncated_blur(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Blur bytes circularly and cut off the fractions, half a gray level darker on average.

    DPIR's test data are made this way: the authors' convolution keeps the type
    of the image, uint8.
    """
    weights = kernel if image.ndim == 2 else kernel[..., None]
    return np.asarray(ndimage.convolve(image, weights, mode='wrap'))


def authors_poisson_counts(image: Any, level: float, seed: Seed = 0) -> np.ndarray:
    """Add whole Poisson counts of mean `level` to an image in [0, 1], unclipped.

    The 'Poisson noise' of the mixed-degradation paper: independent of the
    signal, most pixels keep their value and some jump to white. Real photon
    noise is :func:`camera_noise`.
    """
    values = _image(image)
    return values + _generator(seed).poisson(level, values.shape)


def authors_soft_mask(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a byte mask bicubically, which leaves gray values along its edges."""
    return np.asarray(Image.fromarray(mask).resize(shape[::-1], Image.Resampling.BICUBIC))


def authors_lanczos(image: np.ndarray, scale: int) -> np.ndarray:
    """Shrink bytes `scale`-fold by Pillow's Lanczos filter, cropped to a multiple of `scale`."""
    rows, cols = (n // scale for n in image.shape[:2])
    picture = Image.fromarray(np.ascontiguousarray(image[: rows * scale, : cols * scale]))
    return np.asarray(picture.resize((cols, rows), Image.Resampling.LANCZOS))


def _image(image: Any) -> np.ndarray:
    values = np.asarray(image, dtype=np.float64)
    if values.ndim not in (2, 3):
        raise ImageError(f'expected an image (H, W) or (H, W, C), but the shape is {values.shape}')
    return values


def _generator(seed: Seed) -> np.random.Generator | np.random.RandomState:
    return np.random.default_rng(seed) if isinstance(seed, int) else seed


def _check_lines(spacing: int, width: int) -> None:
    if not 0 < width < spacing:
        raise ParameterError(f'width = {width} must lie between 0 and spacing = {spacing}')


def _crack(
    half: np.ndarray,
    start: np.ndarray,
    heading: float,
    length: float,
    half_width: float,
    random: np.random.Generator | np.random.RandomState,
) -> None:
    """Write the half width of one crack, and of its forks, along its path into `half`."""
    steps = np.arange(max(int(length), 2))
    turns = random.normal(0, 0.08, steps.size) + random.normal(0, 0.9, steps.size) * (
        random.uniform(0, 1, steps.size) < 0.04
    )
    headings = heading + np.cumsum(turns)
    path = start + np.cumsum(np.stack([np.sin(headings), np.cos(headings)], axis=1), axis=0)
    uneven = ndimage.gaussian_filter1d(random.normal(1, 0.8, steps.size), 3)
    taper = np.sqrt(1 - (steps / steps.size) ** 2) * np.clip(uneven, 0.3, 1)
    inside = np.all((path >= 0) & (path < half.shape), axis=1)
    rows, cols = path[inside].astype(int).T
    np.maximum.at(half, (rows, cols), np.maximum(taper[inside] * half_width, 0.5))
    while length > 24 and random.uniform() < 0.7:
        at = int(random.uniform(0.1, 0.9) * steps.size)
        side = headings[at] + random.normal(np.pi / 2, 0.3) * np.sign(random.uniform(-1, 1))
        length *= random.uniform(0.3, 0.7)
        _crack(half, path[at], side, length, 0.7 * half_width, random)
