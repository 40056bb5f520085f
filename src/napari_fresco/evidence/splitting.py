"""One image as two with independent noise, for comparing the results of both.

Counts are thinned: for Poisson counts of mean m, ``Binomial(counts, p)`` and the rest are
independent Poisson counts of means ``p m`` and ``(1 - p) m``. Noise of known standard deviation is
split by adding and taking away the same noise once more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, ParameterError
from ..image.model import values_of


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
    first = np.random.default_rng(seed).binomial(whole, p)
    return first, whole - first


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
    """
    array = np.asarray(values_of(image), np.float64)
    noise = np.random.default_rng(seed).normal(size=array.shape) * np.asarray(sigma, np.float64)
    return array + noise, array - noise
