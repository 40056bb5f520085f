"""Noise that stayed in parts of a result, while it was taken away elsewhere.

Second differences along rows and columns see noise, and hardly anything else of an image. Where
they are those of noise alone, a result that still has most of them was not restored there, be it
the last window of a network, a tile or a colour. numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .plane_measures import Bools, Floats, Singles, sums_of_rows

_SIDE = 8  # of the regions that are judged
_STRIP = 32 * _SIDE  # rows that are looked at together
_MOST = 0.6  # share of the noise that may stay
_NOISE_ALONE = 0.4, 1.7  # times the usual power: less is empty, more has detail of the image
_LEAST = 0.01  # of the noise, that is taken away where anything is


def area_with_noise(
    residual: Floats, explained: Floats, noise: Floats, known: Bools | None
) -> tuple[int, tuple[int, int]]:
    """Return the pixels of the largest connected area in which noise stayed, its height and width.

    `residual`, `explained`: what was taken away and what was left, ``(colours, H, W)``.
    `noise`: expected standard deviation, ``(1 or colours, H, W)`` or one for all.
    `known`: which pixels ``(H, W)`` are judged; None for all.
    """
    if min(residual.shape[1:]) < 2 * _SIDE:
        return 0, (0, 0)
    strips = zip(*_strips(residual, explained, noise, known), strict=True)
    taken, whole, shared, judged = (np.concatenate(each, axis=-2) for each in strips)
    if not judged.any():
        return 0, (0, 0)
    usual = max(float(np.median(each[judged])) for each in taken)
    low, high = _NOISE_ALONE
    stayed = (shared > _MOST * whole) & (whole > low * usual) & (whole < high * usual)
    if usual < _LEAST or not (stayed & judged).any():
        return 0, (0, 0)
    return max(_largest(each & judged) for each in stayed)


def _strips(
    residual: Floats, explained: Floats, noise: Floats, known: Bools | None
) -> Iterator[tuple[Singles, Singles, Singles, Bools]]:
    """Yield what :func:`area_with_noise` compares, of regions, a strip of rows after the other.

    Mean squares of what was taken away and of the image, and their common part with what was left;
    and whether a region is judged.
    """
    height = residual.shape[1]
    tops = range(0, max(height - 2 - _STRIP // 2, 1), _STRIP)
    for top, end in zip(tops, [*tops[1:], height - 2], strict=True):
        rows = np.s_[..., top : end + 2, :]
        level = noise[rows] if noise.ndim else noise
        taken, left = (
            _differences((x[rows] / level).astype(np.float32)) for x in (residual, explained)
        )
        image = taken + left
        judged = np.ones(image.shape[1:], bool) if known is None else _among_known(known[rows])
        sizes = _sums(np.ones(image.shape[1:], np.float32))
        counts = _sums(judged.astype(np.float32))
        power, whole, shared = (
            _sums(np.where(judged, each, np.float32(0))) / np.maximum(counts, 1)
            for each in (taken**2, image**2, left * image)
        )
        yield power, whole, shared, counts > sizes / 2


def _differences(values: NDArray[Any]) -> NDArray[Any]:
    """Return second differences along rows and columns; white noise keeps its power."""
    for _ in range(2):
        values = values[..., 2:] - 2 * values[..., 1:-1] + values[..., :-2]
        values = values.swapaxes(-1, -2)
    return values / 6


def _among_known(known: Bools) -> Bools:
    """Return which pixels have known neighbours alone."""
    return np.asarray(ndimage.binary_erosion(known, np.ones((3, 3), bool))[1:-1, 1:-1])


def _sums(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sums over regions; the last one of a row or column takes the rest."""
    for _ in range(2):
        values = sums_of_rows(values, _SIDE).swapaxes(-1, -2)
    return values


def _largest(regions: Bools) -> tuple[int, tuple[int, int]]:
    """Return the pixels of the largest connected area of regions, its height and width."""
    labels, count = ndimage.label(regions)
    if not count:
        return 0, (0, 0)
    number = 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    rows, columns = ndimage.find_objects(labels)[number - 1]
    size = (rows.stop - rows.start) * _SIDE, (columns.stop - columns.start) * _SIDE
    return int(np.count_nonzero(labels == number)) * _SIDE**2, size
