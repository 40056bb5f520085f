"""Noise of sensors and of published degradation models, for batches ``(N, C, H, W)``."""

from __future__ import annotations

import torch
from torch import Tensor

from .jpeg import to_bytes
from .planes import LUMA
from .random_source import RandomSource

# The numbers of BSRGAN's
OWN, SHARED = 0.4, 0.4  # how often channels have noise of their own, and share one
WHITE = (2.0, 4.0)  # photons in white, as powers of ten
COLOURED = 0.5  # how often the noise of photons is that of the colours, else of the luma

_LUMA = torch.tensor(LUMA).view(3, 1, 1)


def gaussian(images: Tensor, sigma: float | Tensor, random: RandomSource) -> Tensor:
    """Add normal noise of standard deviation `sigma`, in the units of the images, not clipped."""
    return images + sigma * random.pixels.noise(images)


def random_gaussian(
    images: Tensor, largest: float, random: RandomSource, power: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Add normal noise of a random level to each image, and return the levels too.

    Levels are ``largest U(0, 1)**power``.
    """
    sigma = random.put_each(random.uniform(0, 1, len(images)) ** power * largest)
    return gaussian(images, sigma, random), sigma


def poisson_gaussian(
    light: Tensor, gain: float | Tensor, read_noise: float | Tensor, random: RandomSource
) -> Tensor:
    r"""Count photons and read them out, :math:`y = g\,\mathrm{Poisson}(x / g) + N(0, r^2)`.

    `light`: not negative.
    `gain`: units of the image per photo-electron.
    `read_noise`: standard deviation in units of the image.
    """
    photons = gain * random.pixels.poisson(light / gain)
    return gaussian(photons, read_noise, random)


def mixed_gaussian(
    images: Tensor, levels: tuple[int, int], random: RandomSource, *, speckle: bool = False
) -> Tensor:
    """Add normal noise of random levels and correlations, and clip to [0, 1].

    As BSRGAN does: levels are whole numbers on the 0-255 scale. In four cases of ten each
    channel has its own noise, in four all channels share one, and in two they are
    correlated by a covariance of the largest level.

    `images`: ``(N, C, H, W)``, C = 1 or 3.
    `levels`: least and largest level, inclusive.
    `speckle`: multiply the noise by the image.
    """
    mixing = random.put(_mixing(len(images), images.shape[1], levels, random).to(images.dtype))
    noise = (mixing @ random.pixels.noise(images).flatten(2)).view_as(images)
    return (images + (images * noise if speckle else noise)).clamp(0, 1)


def mixed_poisson(images: Tensor, random: RandomSource) -> Tensor:
    """Return photon noise as BSRGAN draws it, to be added.

    It is that of the images rounded to bytes, where white is ``10**U(2, 4)`` photons; in one
    case of two, for all images, that of the luma is the same in all channels.
    """
    values = to_bytes(images) / 255
    photons = random.put_each(10 ** random.uniform(*WHITE, len(images)))
    if images.shape[1] == 3 and not random.happens(COLOURED):
        values = to_bytes((values * random.put(_LUMA)).sum(1, keepdim=True)) / 255
    return random.pixels.poisson(values * photons) / photons - values


def roots(covariance: Tensor) -> Tensor:
    """Return matrices ``(N, C, C)`` that give white noise these covariances.

    The signs of negative eigenvalues are dropped, as the singular value decomposition in
    numpy's legacy generator does.
    """
    eigenvalues, vectors = torch.linalg.eigh(covariance)
    root: Tensor = eigenvalues.abs().sqrt()[:, None, :] * vectors
    return root


def _mixing(count: int, channels: int, levels: tuple[int, int], random: RandomSource) -> Tensor:
    """Return by which matrices ``(N, C, C)`` white noise is multiplied."""
    sigma = random.integers(levels[0], levels[1] + 1, count).view(-1, 1, 1) / 255
    own, shared = torch.eye(channels), torch.zeros(channels, channels)
    if channels == 1:
        return sigma * own
    shared[:, 0] = 1
    kind = random.uniform(0, 1, count)
    mixing = sigma * torch.where(kind.view(-1, 1, 1) < OWN, own, shared)
    correlated = kind >= OWN + SHARED
    if bool(correlated.any()):
        mixing[correlated] = roots(_covariances(int(correlated.sum()), levels[1] / 255, random))
    return mixing


def _covariances(count: int, largest: float, random: RandomSource) -> Tensor:
    r"""Draw :math:`|L^2 U^\top D U|` of three channels, element by element.

    U is an orthonormal basis, D diagonal with entries uniform over [0, 1]. The
    absolute value can make an eigenvalue negative; BSRGAN takes it all the same.
    """
    basis, _ = torch.linalg.qr(random.uniform(0, 1, 9 * count).view(-1, 3, 3))
    diagonal = random.uniform(0, 1, 3 * count).view(-1, 3, 1)
    covariance: Tensor = largest**2 * basis.mT @ (diagonal * basis)
    return covariance.abs()
