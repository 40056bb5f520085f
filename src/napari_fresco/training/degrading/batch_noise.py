"""The noise of BSRGAN's degradation models, for batches."""

from __future__ import annotations

import torch
from torch import Tensor

from ...degrade import gaussian_noise as laws
from ...degrade.random_source import RandomSource
from .batch_jpeg import to_bytes

_LUMA = torch.tensor(laws.LUMA).view(3, 1, 1)


def white(images: Tensor, largest: float, random: RandomSource) -> Tensor:
    """Add normal noise of levels up to `largest`, not clipped."""
    sigma = random.uniform(0, largest, len(images))
    return images + random.put_each(sigma) * random.pixels.noise(images)


def mixed_gaussian(
    images: Tensor, levels: tuple[int, int], random: RandomSource, *, speckle: bool = False
) -> Tensor:
    """Add normal noise of random levels and correlations, and clip to [0, 1].

    The law, for each image, of :func:`napari_fresco.degrade.gaussian_noise.mixed_gaussian`:
    levels are whole numbers on the 0-255 scale; each channel has its own noise, or all
    share one, or they are correlated.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, W)``, C = 1 or 3.
    levels : tuple of int
        Least and largest level, inclusive.
    random : RandomSource
    speckle : bool
        Multiply the noise by the image.
    """
    mixing = random.put(_mixing(len(images), images.shape[1], levels, random))
    noise = (mixing @ random.pixels.noise(images).flatten(2)).view_as(images)
    return (images + (images * noise if speckle else noise)).clamp(0, 1)


def mixed_poisson(images: Tensor, random: RandomSource) -> Tensor:
    """Return photon noise, of the colours or of the luma for all channels, to be added.

    It is that of the images rounded to bytes, see
    :func:`napari_fresco.degrade.gaussian_noise.mixed_poisson`; one of the two for all images.
    """
    values = to_bytes(images) / 255
    photons = random.put_each(10 ** random.uniform(*laws.WHITE, len(images)))
    if images.shape[1] == 3 and not random.happens(laws.COLOURED):
        values = to_bytes((values * random.put(_LUMA)).sum(1, keepdim=True)) / 255
    return random.pixels.poisson(values * photons) / photons - values


def roots(covariance: Tensor) -> Tensor:
    """Return matrices ``(N, C, C)`` that give white noise these covariances.

    The signs of negative eigenvalues are dropped.
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
    mixing = sigma * torch.where(kind.view(-1, 1, 1) < laws.OWN, own, shared)
    correlated = kind >= laws.OWN + laws.SHARED
    if bool(correlated.any()):
        mixing[correlated] = roots(_covariances(int(correlated.sum()), levels[1] / 255, random))
    return mixing


def _covariances(count: int, largest: float, random: RandomSource) -> Tensor:
    r"""Draw :math:`|L^2 U^\top D U|` of three channels, element by element."""
    basis, _ = torch.linalg.qr(random.uniform(0, 1, 9 * count).view(-1, 3, 3))
    diagonal = random.uniform(0, 1, 3 * count).view(-1, 3, 1)
    covariance: Tensor = largest**2 * basis.mT @ (diagonal * basis)
    return covariance.abs()
