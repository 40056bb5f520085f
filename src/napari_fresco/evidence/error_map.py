r"""Resolution-scaled error: does a sharp result, blurred, explain the image it was made of?

.. math:: \min_{\alpha, \beta, s} \| \alpha G_s * \hat x + \beta - y \|

RSE is the root mean square of what remains, RSP the Pearson correlation. Blind to inventions
that are finer than the blur.

Reference: S. Culley et al., "Quantitative mapping and minimization of super-resolution optical
imaging artifacts", Nature Methods 15, 2018, doi:10.1038/nmeth.4605.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import ndimage

from ..brief import Brief
from ..errors import ImageError
from ..image.model import values_of
from .reblurring import blurred, kernel_of

Floats = NDArray[np.float64]

_WIDTHS = (0.05, 3.4)  # pixels, between which the blur is looked for


@dataclass(frozen=True, eq=False, repr=False)
class ErrorMap(Brief):
    """The agreement of a blurred result with its image, and the map of their differences.

    Attributes
    ----------
    sigma : float
        Width of the Gaussian blur in pixels; NaN where a kernel was given.
    alpha, beta : float
        Slope and intercept. A slope off 1 by more than 3 % is a fault of the flux.
    rse : float
        Root mean square error in units of the image: the noise, where all is explained.
    rsp : float
        Pearson correlation.
    map : ndarray
        Absolute error of each pixel.
    """

    sigma: float
    alpha: float
    beta: float
    rse: float
    rsp: float
    map: Floats


def error_map(
    image: Any, result: Any, *, sigma: float | None = None, kernel: Any = None
) -> ErrorMap:
    """Compare a restored image, blurred again, with its input.

    Parameters
    ----------
    image : array-like
        What was observed, ``(H, W)``.
    result : array-like
        What was restored, of the same shape.
    sigma : float, optional
        Width of a Gaussian blur in pixels; found by default.
    kernel : array-like, Image or Kernel, optional
        The blur ``(h, w)``, where it is known; instead of `sigma`.

    Raises
    ------
    ImageError
        When the two are no finite planes of one shape.
    KernelError
        When the kernel is none of a plane.
    """
    y, x = (np.asarray(values_of(each), np.float64) for each in (image, result))
    if y.ndim != 2 or y.shape != x.shape:
        raise ImageError(f'image {y.shape} and result {x.shape}; give two planes of one shape')
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise ImageError('image or result holds NaN or infinite values; crop to what is finite')
    if kernel is not None:
        return explained(y, blurred(x, kernel_of(kernel).values))
    if sigma is None:
        found = scipy.optimize.minimize_scalar(  # loaded at its first use, for it takes long
            lambda s: _fitted(y, ndimage.gaussian_filter(x, s), s).rse,
            bounds=_WIDTHS,
            method='bounded',
            options={'xatol': 1e-4},
        )
        sigma = float(found.x)
    return _fitted(y, ndimage.gaussian_filter(x, sigma), sigma)


def explained(y: Floats, seen: Floats) -> ErrorMap:
    """Compare the plane that a result says was seen with the one that was."""
    return _fitted(y, seen, np.nan)


def _fitted(y: Floats, blurred: Floats, sigma: float) -> ErrorMap:
    centred = blurred - blurred.mean()
    power = float(np.sum(centred**2))
    alpha = float(np.sum(centred * (y - y.mean())) / power) if power else 0.0
    beta = float(y.mean() - alpha * blurred.mean())
    error = alpha * blurred + beta - y
    spread = float(np.std(y)) * float(np.std(blurred))
    rsp = float(np.mean(centred * (y - y.mean())) / spread) if spread else 0.0
    return ErrorMap(sigma, alpha, beta, float(np.sqrt(np.mean(error**2))), rsp, np.abs(error))
