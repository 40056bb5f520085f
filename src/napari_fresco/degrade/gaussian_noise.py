"""Noise of sensors and of published degradation models.

Images are ``(H, W)`` or ``(H, W, C)``; nothing is clipped unless it is said. No torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ImageError, ParameterError
from .planes import Floats, Random, as_plane

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue, of ITU-R BT.601."""

# The numbers of BSRGAN's laws.
OWN, SHARED = 0.4, 0.4  # how often channels have noise of their own, and share one
WHITE = (2.0, 4.0)  # photons in white, as powers of ten
COLOURED = 0.5  # how often the noise of photons is that of the colours, else of the luma


def gaussian(image: Any, sigma: Any, random: Random) -> Floats:
    """Add normal noise of standard deviation `sigma`, in the units of `image`.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    sigma : float or array_like
        A number, or a map ``(H, W)`` for all channels.
    random : numpy.random.Generator

    Raises
    ------
    ParameterError
        When `sigma` is negative somewhere, or NaN.
    """
    values = as_plane(image)
    level = np.asarray(sigma, dtype=np.float64)
    if not np.all(level >= 0):
        raise ParameterError(f'sigma = {level.min()} must not be negative')
    if level.ndim == 2 and values.ndim == 3:
        level = level[..., None]
    return values + level * random.normal(0, 1, values.shape)


def camera(
    image: Any, gain: float, offset: float, read_noise: float, random: np.random.Generator
) -> Floats:
    r"""Add photon and read noise, :math:`y = g\,\mathrm{Poisson}((x - o)/g) + o + N(0, r^2)`.

    Parameters
    ----------
    image : array_like
        Expected camera counts, at least `offset` everywhere.
    gain : float
        Counts per photo-electron.
    offset, read_noise : float
        Dark level and standard deviation of the read noise, in counts.
    random : numpy.random.Generator

    Returns
    -------
    ndarray, float64
        Not rounded.

    Raises
    ------
    ImageError, ParameterError
        When an expected count is below the offset, or a number is out of range.
    """
    values = as_plane(image)
    if not (gain > 0 and read_noise >= 0):
        raise ParameterError(f'gain = {gain} must be positive and read_noise = {read_noise} >= 0')
    if float(values.min()) < offset:
        raise ImageError(f'the image falls to {values.min():g}, below offset = {offset:g}')
    photons = random.poisson((values - offset) / gain)
    return gain * photons + offset + random.normal(0, read_noise, values.shape)


def salt_pepper(
    image: Any, fraction: float, low: float, high: float, random: np.random.Generator
) -> tuple[Floats, np.ndarray]:
    """Set a fraction of the pixels to black or white, in all channels at once.

    Returns
    -------
    tuple of ndarray
        The image, and which pixels were lost (bool).
    """
    values = as_plane(image).copy()
    lost = random.uniform(0, 1, values.shape[:2]) < fraction
    values[lost] = np.where(random.uniform(0, 1, values.shape[:2]) < 0.5, low, high)[lost].reshape(
        -1, *(1,) * (values.ndim - 2)
    )
    return values, lost


def mixed_gaussian(
    image: Any, levels: tuple[int, int], random: np.random.Generator, *, speckle: bool = False
) -> Floats:
    """Add normal noise of a random level and correlation, as BSRGAN does, and clip to [0, 1].

    The level is a whole number on the 0-255 scale. In four cases of ten each
    channel has its own noise, in four all channels share one, and in two the
    channels are correlated by :func:`colour_covariance` of the largest level.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        In [0, 1]; a gray image gets plain noise.
    levels : tuple of int
        Least and largest level, inclusive.
    random : numpy.random.Generator
    speckle : bool
        Multiply the noise by the image.
    """
    values = as_plane(image)
    sigma = random.integers(levels[0], levels[1] + 1) / 255
    kind = random.uniform()
    if values.ndim == 2 or kind < OWN:
        noise = random.normal(0, sigma, values.shape)
    elif kind < OWN + SHARED:
        noise = random.normal(0, sigma, (*values.shape[:2], 1))
    else:
        covariance = colour_covariance(levels[1] / 255, random)
        noise = correlated(values.shape[:2], covariance, random)
    return np.clip(values + (values * noise if speckle else noise), 0, 1)


def colour_covariance(largest: float, random: np.random.Generator) -> Floats:
    r"""Draw a covariance of three channels, :math:`|L^2 U^\top D U|` element by element.

    U is an orthonormal basis, D diagonal with entries uniform over [0, 1]. The
    absolute value can make an eigenvalue negative; BSRGAN takes it all the same.
    """
    basis, _ = np.linalg.qr(random.uniform(0, 1, (3, 3)))
    return np.asarray(np.abs(largest**2 * basis.T @ np.diag(random.uniform(0, 1, 3)) @ basis))


def correlated(shape: tuple[int, int], covariance: Floats, random: np.random.Generator) -> Floats:
    """Draw normal noise ``(H, W, C)`` with a covariance of the channels.

    The signs of negative eigenvalues are dropped, as the singular value
    decomposition in numpy's legacy generator does.
    """
    eigenvalues, vectors = np.linalg.eigh(covariance)
    root = np.sqrt(np.abs(eigenvalues)) * vectors
    return np.asarray(random.normal(0, 1, (*shape, len(eigenvalues))) @ root.T)


def mixed_poisson(image: Any, random: np.random.Generator) -> Floats:
    """Add photon noise as BSRGAN does, and clip to [0, 1].

    The image is rounded to bytes first. White is ``10**U(2, 4)`` photons; in
    one case of two the noise of the luma is added to all channels.
    """
    values = _levels(image)
    white = 10 ** random.uniform(*WHITE)
    if values.ndim == 2 or random.uniform() < COLOURED:
        return np.clip(random.poisson(values * white) / white, 0, 1)
    luma = _levels(values @ np.array(LUMA))
    noise = random.poisson(luma * white) / white - luma
    return np.clip(values + noise[..., None], 0, 1)


def _levels(image: Any) -> Floats:
    return np.clip(np.rint(as_plane(image) * 255), 0, 255) / 255
