"""One image as two with independent noise, for comparing the results of both.

Counts are thinned: for Poisson counts of mean m, ``Binomial(counts, p)`` and the rest are
independent Poisson counts of means ``p m`` and ``(1 - p) m``. Noise of known standard deviation is
split by adding and taking away the same noise once more.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FrescoWarning, ImageError, ParameterError
from ..image.model import values_of
from ..noise.camera import estimate_camera
from .told_noise import variance_of

_LEAST = 32  # pixels a side of what tells a camera
_LIKE_COUNTS = (0.7, 1.4)  # gain of what may be counts: texture passes for a little noise


def split_counts(counts: Any, p: float = 0.5, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split photon counts into two images with independent Poisson noise.

    Parameters
    ----------
    counts : array-like
        Whole numbers of at least 0: photo-electrons, not camera units.
    p : float
        Share of the first image, between 0 and 1.
    seed : int
        Makes the split repeatable.

    Returns
    -------
    first, second : ndarray of int64
        Their sum is `counts`.

    Raises
    ------
    ImageError
        When `counts` are no counts.
    ParameterError
        When `p` is not between 0 and 1.

    Warns
    -----
    FrescoWarning
        When the noise is that of camera units: then the halves are not independent.

    Examples
    --------
    >>> first, second = split_counts(np.full((2, 2), 10))
    >>> bool((first + second == 10).all())
    True
    """
    array = values_of(counts, 'counts')
    if not 0 < p < 1:
        raise ParameterError(f'p = {p!r}; give a share between 0 and 1')
    whole = np.rint(array).astype(np.int64)
    if (whole < 0).any() or not np.allclose(whole, array):
        raise ImageError(
            'counts are whole numbers of at least 0; turn camera units into photo-electrons first: '
            '(image - offset) / gain, rounded'
        )
    _doubt_counts(whole)
    first = np.random.default_rng(seed).binomial(whole, p)
    return first, whole - first


def _doubt_counts(whole: NDArray[np.int64]) -> None:
    """Warn where whole numbers are those of a camera, whose halves would share noise."""
    if whole.ndim < 2 or min(whole.shape[-2:]) < _LEAST:
        return
    camera = estimate_camera(whole)
    if camera is None:
        return
    middle = float(np.median(whole))
    # The variance of counts is their mean; with an offset it is less.
    excess = float(camera.variance(np.array(middle))) / max(middle, 1.0)
    if not all(_LIKE_COUNTS[0] < each < _LIKE_COUNTS[1] for each in (camera.gain, excess)):
        warnings.warn(
            f'the noise of these numbers is that of a camera (gain {camera.gain:.3g}, offset '
            f'{camera.offset:.4g}), not of photo-electrons, and halves of camera units share '
            'noise: split (image - offset) / gain, rounded',
            FrescoWarning,
            stacklevel=3,
        )


def split_noise(image: Any, sigma: Any, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split an image with Gaussian noise into two whose noise is uncorrelated.

    Parameters
    ----------
    image : array-like
        Of any shape.
    sigma : float or array-like
        Standard deviation of its noise, in its units; where that is wrong the two correlate.
    seed : int
        Makes the split repeatable.

    Returns
    -------
    first, second : ndarray of float64
        Both with noise of ``sqrt(2) sigma``.

    Raises
    ------
    ParameterError
        When `sigma` is not above 0.
    """
    array = np.asarray(values_of(image), np.float64)
    deviation = np.sqrt(variance_of(sigma, array))
    noise = np.random.default_rng(seed).normal(size=array.shape) * deviation
    return array + noise, array - noise
