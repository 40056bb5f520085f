"""The noise as it is told to a measure: a number, a map, or a camera that knows it by intensity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..image.model import values_of

Floats = NDArray[np.float64]

_ALLOWED = 'give its standard deviation in image units, a map of it, or a Camera'


def variance_of(noise: Any, at: Floats) -> Floats:
    """Return the variance of the noise of each pixel.

    Parameters
    ----------
    noise : float, array-like or Camera
        Standard deviation, a map of it, or what tells the variance at each intensity.
    at : ndarray
        The intensities: without noise of their own, as far as they are known.

    Raises
    ------
    ParameterError
        When the noise is none of these, is not above 0, or has another shape.
    """
    if noise is None:
        raise ParameterError(
            f'noise = None; {_ALLOWED}. Where estimate_camera finds none, the noise does not grow '
            'with the light: estimate_noise(image) tells its standard deviation'
        )
    if isinstance(noise, str):
        raise ParameterError(f'noise = {noise!r}; {_ALLOWED}: estimate_noise(image) finds it')
    if hasattr(noise, 'variance'):
        found = np.asarray(noise.variance(at), np.float64)
    else:
        told = np.asarray(values_of(noise, 'noise', ParameterError), np.float64)
        found = np.where(told > 0, np.square(told), 0.0)  # a negative one is no deviation
    if not (found > 0).all():
        raise ParameterError('noise must be above 0 everywhere; give sigma in image units')
    try:
        return np.broadcast_to(found, at.shape)
    except ValueError:
        raise ParameterError(
            f'noise of shape {found.shape} does not fit an image of {at.shape}; {_ALLOWED}'
        ) from None
