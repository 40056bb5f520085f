"""Metrics of a restored image against the truth: PSNR and SSIM, and the papers' protocols.

Images are ``(H, W)`` or ``(H, W, C)``. Papers differ in what they compare (all
channels or luma, floats or rounded bytes, with or without the border), which
moves PSNR by several dB; every protocol is one function here. No torch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from skimage.color import rgb2ycbcr
from skimage.metrics import structural_similarity

from ..errors import ImageError, ParameterError
from ..image.model import values_of

_BEYOND = 1.0  # how far floats that go from 0 to 1 may go beyond, by noise and overshoot


def psnr(image: Any, truth: Any, data_range: float | None = None, border: int = 0) -> float:
    r"""Return the peak signal-to-noise ratio :math:`10\log_{10}(R^2/\mathrm{MSE})` in dB.

    Parameters
    ----------
    image, truth : array_like
        Same shape; compared as they are, unclipped, over all channels at once.
    data_range : float, optional
        Peak R in image units; by default 1 for floats and the largest value
        of the type for integers. Give it for a 12-bit camera, and for floats in other
        units.
    border : int
        Pixels left out on every side.

    Returns
    -------
    float
        Infinite for equal images.

    Raises
    ------
    ImageError
        When the shapes differ or the border leaves nothing.
    ParameterError
        When `data_range` is not positive, or is left out and the truth goes far beyond 0 to 1.
    """
    peak = _peak(truth, data_range)
    first, second = _pair(image, truth, border)
    error = float(np.mean((first - second) ** 2))
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)


def ssim(image: Any, truth: Any, data_range: float | None = None, border: int = 0) -> float:
    """Return the mean structural similarity, averaged over channels.

    Gaussian window of 11 x 11 pixels and standard deviation 1.5, constants
    0.01 and 0.03, windows inside the image only (Wang et al., IEEE TIP 13(4),
    2004).

    Parameters
    ----------
    image, truth, data_range, border
        As in :func:`psnr`; at least 11 pixels a side must remain.

    Raises
    ------
    ImageError, ParameterError
        As in :func:`psnr`.
    """
    peak = _peak(truth, data_range)
    first, second = _pair(image, truth, border)
    if min(first.shape[:2]) < 11:
        raise ImageError(f'SSIM needs at least 11 x 11 pixels, but {first.shape[:2]} are left')
    similarity = structural_similarity(  # type: ignore[no-untyped-call]
        first,
        second,
        data_range=peak,
        channel_axis=2 if first.ndim == 3 else None,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(similarity)


def psnr_uint8(image: Any, truth: Any, border: int = 0) -> float:
    """Return PSNR after both images were rounded to bytes by :func:`to_uint8`."""
    return psnr(to_uint8(image), to_uint8(truth), border=border)


def psnr_y(image: Any, truth: Any, border: int = 0) -> float:
    """Return PSNR of the rounded luma of two RGB images, rounded to bytes before.

    The reading of super-resolution papers; usually 2 to 5 dB above :func:`psnr`.
    """
    lumas = (np.rint(rgb_to_y(to_uint8(rgb))) for rgb in (image, truth))
    first, second = lumas
    return psnr(first, second, data_range=255, border=border)


def psnr_gray(image: Any, truth: Any, border: int = 0) -> float:
    """Return PSNR of the channel means of two float images in [0, 1], not rounded."""
    first, second = (np.asarray(values_of(rgb), np.float64).mean(axis=-1) for rgb in (image, truth))
    return psnr(first, second, data_range=1, border=border)


def to_uint8(image: Any) -> np.ndarray:
    """Clip a float image to [0, 1] and round it half to even to bytes; bytes pass unchanged."""
    values = values_of(image)
    if values.dtype == np.uint8:
        return values
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), dtype=np.uint8)


def rgb_to_y(image: Any) -> np.ndarray:
    """Return the unrounded luma of an RGB image: the first plane of :func:`rgb_to_ycbcr`.

    It goes from 16 to 235 for bytes, from 16/255 to 235/255 for floats.
    """
    return np.asarray(rgb_to_ycbcr(image)[..., 0])


def rgb_to_ycbcr(image: Any) -> np.ndarray:
    """Convert RGB to MATLAB's studio-range YCbCr (ITU-R BT.601), unrounded.

    Parameters
    ----------
    image : array_like, (H, W, 3)
        Bytes, or floats in [0, 1].

    Returns
    -------
    ndarray, float64, (H, W, 3)
        On the scale of the input: 0 to 255 for bytes, 0 to 1 for floats.

    Raises
    ------
    ImageError
        When the last axis does not hold three channels.
    """
    values = values_of(image)
    if values.ndim < 1 or values.shape[-1] != 3:
        raise ImageError(f'an RGB image ends with an axis of 3, but the shape is {values.shape}')
    scale = 255 if values.dtype == np.uint8 else 1
    return np.asarray(rgb2ycbcr(values / scale) * (scale / 255))


def _peak(truth: Any, data_range: float | None) -> float:
    if data_range is None:
        values = values_of(truth, 'truth')
        if values.dtype.kind in 'ui':
            return float(np.iinfo(values.dtype).max)
        low, high = (float(end(values, initial=0)) for end in (np.nanmin, np.nanmax))
        if low < -_BEYOND or high > 1 + _BEYOND:
            raise ParameterError(
                f'the truth goes from {low:.4g} to {high:.4g}, so that white is not 1, and which '
                'intensity it is nobody has said; give data_range=, such as '
                f'{max(high, high - low):.4g}'
            )
        return 1.0
    if not 0 < data_range < math.inf:
        raise ParameterError(f'data_range = {data_range} must be a positive number')
    return float(data_range)


def _pair(image: Any, truth: Any, border: int) -> tuple[np.ndarray, np.ndarray]:
    given = values_of(image), values_of(truth, 'truth')
    first, second = (np.asarray(each, np.float64) for each in given)
    if first.shape != second.shape:
        raise ImageError(f'the images differ in shape: {first.shape} and {second.shape}')
    if first.ndim not in (2, 3) or border < 0 or min(first.shape[:2]) <= 2 * border:
        raise ImageError(f'shape {first.shape} with border {border} leaves no image to compare')
    inner = (slice(border, first.shape[0] - border), slice(border, first.shape[1] - border))
    return first[inner], second[inner]
