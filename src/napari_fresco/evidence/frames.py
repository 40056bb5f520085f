"""The planes or volumes that a resolution is measured in: how far apart, how independent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ImageError, ParameterError
from ..image.model import Image, values_of
from ..image.spacings import Spacing, checked_spacing, parse_spacing
from ..image.units import converted

Distances = float | Sequence[float]
Given = Distances | Spacing | str
"""Distances along all axes, or as an image has them, such as ``{'Y': (0.1, 'um'), ...}``."""


def check_independent(a: Any, b: Any) -> None:
    """Refuse two frames that can tell no resolution: the same one twice, or a constant one."""
    first, second = values_of(a), values_of(b)
    if first.shape == second.shape and np.array_equal(first, second):
        raise ImageError(
            'both images are the same, so that they agree at every frequency; give two exposures, '
            'or the halves of split_counts'
        )
    if any(each.size and np.ptp(each) == 0 for each in (first, second)):
        raise ImageError('an image is constant, so that there is nothing to correlate')


def spacing_of(given: Given | None, *images: Any) -> Distances:
    """Return the distances of samples that are given, else those of the images, else 1.

    Raises ParameterError when images have others each, or units that cannot be compared.
    """
    if isinstance(given, Mapping | str):
        axes = _axes(images[0])
        sizes = {axis: pair for axis, pair in parse_spacing(given).items() if axis in axes}
        return _named(checked_spacing(sizes, axes), axes, f'spacing = {given!r} was given')
    if given is not None:
        return given
    told = [_own(each) for each in images if isinstance(each, Image) and each.pixel_sizes]
    if not told:
        return 1.0
    if any(not np.allclose(each, told[0]) for each in told[1:]):
        raise ParameterError(f'the images have spacings of {told[0]} and {told[1]}; give spacing=')
    return told[0]


def one_spacing(given: Given | None, image: Any) -> float:
    """Return the distance of pixels that are square.

    Raises ParameterError when it is not above 0, or not the same along Y and X.
    """
    found = np.atleast_1d(spacing_of(given, image))
    if not np.allclose(found, found[0]):
        raise ParameterError(f'spacing = {list(found)}; give one distance, that of square pixels')
    if not found[0] > 0:
        raise ParameterError(f'spacing = {given!r}; give a distance above 0')
    return float(found[0])


def _axes(image: Any) -> str:
    """Return the axes of an image; an array has the last ones of Z, Y, X."""
    if isinstance(image, Image):
        return image.axes
    return 'ZYX'[-np.ndim(image) :]


def _own(image: Image) -> list[float]:
    """Return the distances along the axes of an image, in the unit of X."""
    sizes = image.pixel_sizes
    return _named(sizes, image.axes, f'the image has spacing {dict(sizes)}')


def _named(sizes: Spacing, axes: str, said: str) -> list[float]:
    """Return the distances along axes, in the unit of the last one."""
    lacking = [axis for axis in axes if axis not in sizes]
    unit = sizes[axes[-1]][1] if axes[-1] in sizes else ''
    found = [] if lacking else [converted(*sizes[axis], unit) for axis in axes]
    if lacking or None in found:
        raise ParameterError(
            f'{said} along axes {axes}; give spacing=, a distance for each axis in one unit'
        )
    return [float(each) for each in found if each is not None]
