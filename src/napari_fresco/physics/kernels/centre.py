"""The middle of a kernel: what is cut, padded and doubted for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OFF_CENTRE = 0.6
"""Pixels by which the centre of mass may be off the origin: an even size alone gives a half."""


def trimmed(values: NDArray[np.float64], offset: Sequence[float]) -> NDArray[np.float64]:
    """Return the part around ``size // 2`` that holds the origin and all that is not zero."""
    kept = []
    for axis, (n, o) in enumerate(zip(values.shape, offset, strict=True)):
        others = tuple(i for i in range(values.ndim) if i != axis)
        used = np.flatnonzero(values.any(axis=others)) - n // 2
        reach = max(int(np.abs(used).max()), int(np.ceil(abs(o))))
        kept.append(slice(max(n // 2 - reach, 0), n // 2 + reach + 1))
    return values[tuple(kept)]


def doubt_of_centre(centre: Sequence[float]) -> str:
    """Return a sentence where the centre of mass lies too far off the origin, else nothing."""
    if max(map(abs, centre)) <= OFF_CENTRE:
        return ''
    return (
        f'the centre of mass of the kernel lies {centre[-2]:+.1f} rows and {centre[-1]:+.1f} '
        'columns off its middle, and the result is moved by as much: centre it, or give a Kernel '
        'with its origin, unless the blur itself moved the image'
    )


def room(offset: float) -> tuple[tuple[int, int], float]:
    """Return the padding that brings the middle to the pixel at `offset`, and the remainder."""
    nearest = round(offset)
    return (max(-2 * nearest, 0), max(2 * nearest, 0)), offset - nearest
