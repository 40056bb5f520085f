"""Classical denoisers at the strength that suits a set of images best: what networks must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from skimage.restoration import (
    denoise_nl_means,
    denoise_tv_chambolle,
    denoise_wavelet,
    estimate_sigma,
)

from napari_fresco import denoisers

Denoise = Callable[[np.ndarray, float, float], np.ndarray]
"""Denoises an image in [0, 1] with noise sigma, at a strength in units of sigma."""


def _nlm(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    h, axis = strength * sigma, _channels(image)
    result: np.ndarray = denoise_nl_means(
        image, patch_size=5, patch_distance=6, h=h, sigma=sigma, channel_axis=axis
    )
    return result


def _tv(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    weight, axis = strength * sigma, _channels(image)
    result: np.ndarray = denoise_tv_chambolle(image, weight=weight, channel_axis=axis)
    return result


def _wavelet(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    level, axis = strength * sigma, _channels(image)
    result: np.ndarray = denoise_wavelet(image, sigma=level, channel_axis=axis, rescale_sigma=True)
    return result


def _bm3d(image: np.ndarray, sigma: float, strength: float) -> np.ndarray:
    planes = np.moveaxis(np.atleast_3d(image), -1, 0)
    result = np.moveaxis(denoisers.bm3d(planes, strength * sigma), 0, -1)
    return result.reshape(image.shape)


# The upper ends are for photographs from a camera, because
# estimate_sigma sees little of a noise that demosaicing has made smooth.
_STRENGTHS: dict[str, tuple[Denoise, tuple[float, ...]]] = {
    'NLM': (_nlm, (0.6, 0.8, 1.2, 1.6, 2.4, 3.6, 5.4, 8)),
    'TV': (_tv, (0.7, 1, 1.5, 2, 3, 4, 6)),
    'wavelet': (_wavelet, (1, 1.4, 2, 3, 4, 6)),
    'BM3D': (_bm3d, (1, 1.4, 2, 3, 4)),
}


def names(bm3d: bool) -> list[str]:
    """Return the classical denoisers, BM3D where it is asked for and installed."""
    return [name for name in _STRENGTHS if name != 'BM3D' or (bm3d and find_spec('bm3d'))]


def best(
    name: str,
    images: Sequence[np.ndarray],
    judge: Callable[[Sequence[np.ndarray]], Any],
    sigmas: Sequence[float] | None = None,
) -> tuple[float, Any]:
    """Return the strength with the best judgement of the denoised `images`, and the judgement.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    images : sequence of ndarray
        ``(H, W)`` or ``(H, W, 3)``, about [0, 1].
    judge : callable
        Maps the denoised images to something that compares, such as (PSNR, SSIM).
    sigmas : sequence of float, optional
        Noise of each image; estimated by ``skimage.restoration.estimate_sigma`` by default.
    """
    denoise, strengths = _STRENGTHS[name]
    levels = [_sigma(image) for image in images] if sigmas is None else sigmas
    pairs = list(zip(images, levels, strict=True))
    judged = [
        (judge([denoise(x, s, strength) for x, s in pairs]), strength) for strength in strengths
    ]
    judgement, strength = max(judged)
    return strength, judgement


def _channels(image: np.ndarray) -> int | None:
    return -1 if image.ndim == 3 else None


def _sigma(image: np.ndarray) -> float:
    return float(estimate_sigma(image, average_sigmas=True, channel_axis=_channels(image)))
