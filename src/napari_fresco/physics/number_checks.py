"""Checks of the numbers that kernels, blurs and damages are made from. No torch."""

from __future__ import annotations

import math

import numpy as np

from ..errors import ParameterError

LARGEST = 255


def positive(name: str, value: float) -> None:
    """Raise :class:`ParameterError` unless `value` is a positive, finite number."""
    if not (isinstance(value, int | float | np.number) and 0 < value < math.inf):
        raise ParameterError(f'{name} = {value!r} must be a positive number')


def whole(name: str, value: int) -> int:
    """Return `value`, or raise :class:`ParameterError` unless it is a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(f'{name} = {value!r} must be a whole number of at least 1')
    return int(value)


def odd_size(size: int | None, reach: float, name: str = 'size', one: str = 'pixel') -> int:
    """Return a checked odd `size`, or the one that holds `reach` pixels on either side."""
    if size is None:
        return min(2 * math.ceil(max(reach, 1)) + 1, LARGEST)
    if whole(name, size) % 2 == 0:
        raise ParameterError(f'{name} = {size} must be odd, so that one {one} is the centre')
    return int(size)
