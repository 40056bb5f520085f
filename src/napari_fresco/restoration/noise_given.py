"""The noise that is given with an image: a level, a map or a camera, of all channels or of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..declare.methods import ESTIMATORS
from ..errors import FrescoError, ParameterError
from ..image.alignment import aligned
from ..image.by_channel import of_each_channel
from ..image.layout import Layout
from ..image.model import Image
from ..noise.camera import Camera

_SIGMA_ADVICE = "give a number in image units, a map, 'auto', or " + ' or '.join(
    map(repr, ESTIMATORS)
)

Level = float | NDArray[np.float64] | None
"""Noise in image units, a number or a map on the planes; None means estimate it."""


def for_each_channel(name: str, value: Any, image: Image) -> tuple[Any, ...]:
    """Return a parameter for each channel."""
    if isinstance(value, Mapping):
        return of_each_channel(value, image, name, ParameterError)
    return (value,) * image.length('C')


def check_camera(sigma: Any, params: Any, image: Image) -> None:
    """Refuse a noise level beside a noise model that tells the level, in any of the channels."""
    given = {name: getattr(params, name) for name in Camera._fields}
    by_channel = any(isinstance(value, Mapping) for value in (sigma, *given.values()))
    if not by_channel:
        _refuse_both(sigma, params.noise, list(given.values()))
        return
    cameras = zip(
        *(for_each_channel(name, value, image) for name, value in given.items()), strict=True
    )
    for level, numbers in zip(for_each_channel('sigma', sigma, image), cameras, strict=True):
        _refuse_both(level, params.noise, list(numbers))


def _refuse_both(sigma: Any, noise: str, numbers: list[float | None]) -> None:
    """Refuse a noise level beside a noise model that tells the level."""
    camera = noise == 'auto' and any(number is not None for number in numbers)
    if isinstance(sigma, str) and sigma == 'auto':
        return
    if noise == 'poisson-gaussian' or camera:
        what = 'gain, offset or read_noise' if camera else "noise='poisson-gaussian'"
        raise ParameterError(
            f'sigma and {what} were both given, but photon and read noise tell the noise level; '
            "leave sigma at 'auto', or choose noise='gaussian'"
        )


def levels_of(sigma: Any, image: Image, layout: Layout) -> tuple[Level, ...]:
    """Return the noise of each channel where it is given by channel, else that of all."""
    if not isinstance(sigma, Mapping):
        return (_level(sigma, image, layout),)
    each = of_each_channel(sigma, image, 'sigma', ParameterError)
    pairs = zip(each, image.each_channel(), strict=True)
    levels = []
    for own, (name, channel) in pairs:
        try:
            levels.append(_level(own, channel, layout))
        except FrescoError as error:
            raise type(error)(f'channel {name}: {error}' if name else str(error)) from None
    return tuple(levels)


def _level(sigma: Any, image: Image, layout: Layout) -> Level:
    """Return the noise of an image, or of one of its channels, on the planes."""
    level = _check_sigma(sigma, image)
    return layout.in_planes(level) if isinstance(level, np.ndarray) else level


def _check_sigma(sigma: Any, image: Image) -> float | NDArray[np.float64] | None:
    if isinstance(sigma, str):
        if sigma == 'auto':
            return None
        raise ParameterError(f'sigma = {sigma!r}; {_SIGMA_ADVICE}')
    if isinstance(sigma, Camera):
        told = ', '.join(f'{name}={value:.4g}' for name, value in sigma._asdict().items())
        raise ParameterError(f'sigma = {sigma!r} is a camera; give its numbers instead: {told}')
    if isinstance(sigma, bool) or str(getattr(sigma, 'dtype', '')).endswith('bool'):
        given = 'a map of yes and no, as masks are' if np.ndim(sigma) else bool(sigma)
        raise ParameterError(f'sigma = {given}; {_SIGMA_ADVICE}')
    try:
        if isinstance(sigma, Image) or np.ndim(sigma):
            sigma = aligned(
                sigma, image, what='sigma map', error=ParameterError, colours=_mean_level
            )
        array = np.asarray(sigma, dtype=np.float64)
    except ParameterError:
        raise
    except (TypeError, ValueError):
        raise ParameterError(f'sigma = {sigma!r}; {_SIGMA_ADVICE}') from None
    if not np.isfinite(array).all() or (array < 0).any() or not (array > 0).any():
        worst = sigma if array.ndim == 0 else f'a map from {array.min()} to {array.max()}'
        raise ParameterError(
            f'sigma = {worst}; the standard deviation of the noise is finite and above 0, in '
            "image units; 'auto' estimates it"
        )
    return array if array.ndim else float(array)


def _mean_level(samples: NDArray[Any]) -> NDArray[Any]:
    """Return the root mean square noise of colours, without that of alpha."""
    colours = samples[..., : 3 if samples.shape[-1] > 2 else 1]
    return np.asarray(np.sqrt(np.square(colours.astype(np.float64)).mean(axis=-1)))
