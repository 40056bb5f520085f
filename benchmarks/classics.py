"""Classical denoisers at the strength that suits a set of images best: what networks must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec

import numpy as np
from skimage import filters, morphology, restoration

from napari_fresco.runtime import denoisers

Denoise = Callable[[np.ndarray, float, float], np.ndarray]
"""Denoises an image in [0, 1] with noise sigma, at a strength in units of sigma or its own."""

Score = Callable[[Sequence[np.ndarray]], float]
"""Tells how good denoised images are; more is better."""

_LEAST = 1e-3  # of sigma, where a filter divides by it
_REACH = 3.0  # pixels, of the bilateral filter


def _nlm(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    h, axis = strength * sigma, _channels(image)
    result: np.ndarray = restoration.denoise_nl_means(
        image, patch_size=5, patch_distance=6, h=h, sigma=sigma, channel_axis=axis
    )
    return result


def _tv(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    weight, axis = strength * sigma, _channels(image)
    result: np.ndarray = restoration.denoise_tv_chambolle(image, weight=weight, channel_axis=axis)
    return result


def _bregman(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    weight = 1 / (strength * max(sigma, _LEAST))
    result: np.ndarray = restoration.denoise_tv_bregman(
        image, weight=weight, channel_axis=_channels(image)
    )
    return result


def _wavelet(
    image: np.ndarray, sigma: float, strength: float, method: str = 'BayesShrink'
) -> np.ndarray:
    axis = _channels(image)
    result: np.ndarray = restoration.denoise_wavelet(
        image,
        sigma=strength * sigma,
        method=method,
        convert2ycbcr=axis is not None,
        channel_axis=axis,
        rescale_sigma=True,
    )
    return result


def _visushrink(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    return _wavelet(image, sigma, strength, 'VisuShrink')


def _spun(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    result: np.ndarray = restoration.cycle_spin(
        image,
        lambda shifted: _wavelet(shifted, sigma, strength),
        max_shifts=(1, 1, 0)[: image.ndim],
    )
    return result


def _bilateral(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    result: np.ndarray = restoration.denoise_bilateral(
        image,
        win_size=9,
        sigma_color=strength * max(sigma, _LEAST),
        sigma_spatial=_REACH,
        channel_axis=_channels(image),
    )
    return result


def _median(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    del sigma
    disk = morphology.disk(strength)
    result: np.ndarray = filters.median(image, disk.reshape(*disk.shape, *(1,) * (image.ndim - 2)))
    return result


def _gaussian(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    del sigma
    result: np.ndarray = filters.gaussian(image, strength, channel_axis=_channels(image))
    return result


def _wiener(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    """Weaken the fine, with a Laplacian; there is no blur to undo."""
    del sigma
    no_blur = np.zeros((5, 5))
    no_blur[2, 2] = 1
    planes = np.moveaxis(np.atleast_3d(image), -1, 0)
    clean = [restoration.wiener(plane, no_blur, strength, clip=False) for plane in planes]
    return np.stack(clean, axis=-1).reshape(image.shape)


def _bm3d(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    planes = np.moveaxis(np.atleast_3d(image), -1, 0)
    result = np.moveaxis(denoisers.bm3d(planes, strength * sigma), 0, -1)
    return result.reshape(image.shape)


# The lower ends are for noise that not all pixels have. The upper ones are for photographs from
# a camera, because estimate_sigma sees little of a noise that demosaicing has made smooth.
STRENGTHS: Mapping[str, tuple[Denoise, tuple[float, ...]]] = {
    'NLM': (_nlm, (0.4, 0.6, 0.8, 1.2, 1.6, 2.4, 3.6, 5.4, 8)),
    'TV': (_tv, (0.35, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6)),
    'TV, Bregman': (_bregman, (0.35, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 9)),
    'wavelet': (_wavelet, (0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 9)),
    'wavelet, spun': (_spun, (0.5, 0.7, 1, 1.4, 2, 3, 4, 6)),
    'wavelet, VisuShrink': (_visushrink, (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)),
    'bilateral': (_bilateral, (0.35, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 9)),
    'median': (_median, (1, 2, 3, 4, 6)),
    'Gaussian': (_gaussian, (0.35, 0.5, 0.7, 1, 1.4, 2, 2.8)),
    'Wiener': (_wiener, (0.01, 0.03, 0.1, 0.3, 1, 3, 10)),
    'BM3D': (_bm3d, (1, 1.4, 2, 3, 4)),
}

SKIMAGE = tuple(name for name in STRENGTHS if name != 'BM3D')
"""Every denoising filter of scikit-image: of its ``restoration`` and ``filters``."""


def names(bm3d: bool) -> list[str]:
    """Return the usual few, with BM3D where it is asked for and installed."""
    return ['NLM', 'TV', 'wavelet', *['BM3D'] * bool(bm3d and find_spec('bm3d'))]


def best(
    name: str,
    images: Sequence[np.ndarray],
    score: Score,
    sigmas: Sequence[float] | None = None,
) -> tuple[float, list[np.ndarray]]:
    """Return the strength of the best score, and the images denoised with it.

    Parameters
    ----------
    name : str
        'BM3D' or one of :data:`SKIMAGE`.
    images : sequence of ndarray
        ``(H, W)`` or ``(H, W, 3)``, about [0, 1].
    score : callable
        Maps the denoised images to a number that rises with the strength and then falls.
    sigmas : sequence of float, optional
        Noise of each image; :func:`sigma` by default.
    """
    denoise, strengths = STRENGTHS[name]
    levels = [sigma(image) for image in images] if sigmas is None else sigmas
    found: list[tuple[float, float, list[np.ndarray]]] = []
    for strength in strengths:
        clean = [denoise(x, s, strength) for x, s in zip(images, levels, strict=True)]
        found.append((score(clean), strength, clean))
        if max(mark for mark, _, _ in found[-2:]) < max(mark for mark, _, _ in found):
            break
    _, strength, clean = max(found, key=lambda one: one[0])
    return strength, clean


def sigma(image: np.ndarray) -> float:
    """Estimate the noise of an image, as scikit-image does."""
    axis = _channels(image)
    return float(restoration.estimate_sigma(image, average_sigmas=True, channel_axis=axis))


def _channels(image: np.ndarray) -> int | None:
    return -1 if image.ndim == 3 else None
