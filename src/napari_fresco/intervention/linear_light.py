"""Colours in linear light, which mix as light does, and in L*a*b*, which differ as the eye says.

Samples are taken for sRGB; integers fill the range of their type, floats lie in [0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage import color

Floats = NDArray[np.floating[Any]]

_KNEE, _SLOPE, _GAMMA, _SHIFT = 0.0031308, 12.92, 2.4, 0.055  # IEC 61966-2-1


def to_linear(pixels: NDArray[Any]) -> Floats:
    """Return light ``(..., 3)`` of samples ``(...)`` gray, or ``(..., 3 or 4)``.

    What is gray is told by the caller, who gives it a last axis of length 1.
    """
    top = 1.0 if pixels.dtype.kind == 'f' else float(np.iinfo(pixels.dtype).max)
    values = np.clip(pixels[..., :3].astype(np.float64) / top, 0, 1)
    light = np.where(
        values <= _KNEE * _SLOPE, values / _SLOPE, ((values + _SHIFT) / (1 + _SHIFT)) ** _GAMMA
    )
    return np.asarray(np.broadcast_to(light, (*light.shape[:-1], 3)))


def from_linear(light: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the samples of light ``(..., 3)`` in a type."""
    light = np.clip(light, 0, 1)
    curved = (1 + _SHIFT) * light ** (1 / _GAMMA) - _SHIFT
    values = np.where(light <= _KNEE, light * _SLOPE, curved)
    if dtype.kind == 'f':
        return values.astype(dtype)
    samples: NDArray[Any] = np.rint(values * np.iinfo(dtype).max).astype(dtype)
    return samples


def lab_of_light(light: ArrayLike) -> Floats:
    """Return L*, a*, b* of light ``(..., 3)``."""
    return np.asarray(color.rgb2lab(from_linear(np.asarray(light), np.dtype(float))))


def light_of_lab(lab: ArrayLike) -> Floats:
    """Return light ``(..., 3)`` of L*, a*, b*; outside [0, 1] where sRGB has no such colour."""
    xyz = np.asarray(color.lab2xyz(np.asarray(lab, dtype=float)))
    return np.asarray(xyz @ np.linalg.inv(color.rgb2xyz(np.eye(3))))


def gray_of_light(light: Floats) -> Floats:
    """Return the luminance of light ``(..., 3)``, with a last axis of length 1."""
    return np.asarray(color.rgb2xyz(from_linear(light, np.dtype(float)))[..., 1:2])


def difference(one: ArrayLike, other: ArrayLike) -> Floats:
    """Return the colour difference (CIE 1976) of light ``(..., 3)``."""
    return np.asarray(np.linalg.norm(lab_of_light(one) - lab_of_light(other), axis=-1))
