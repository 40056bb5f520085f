"""The power of second differences, which hardly anything but noise has in flat areas.

Those along both axes, so that neither a slope nor an upright edge has any.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .dilation import within
from .patches import Bools, Floats, Reals

BLOCK = 8
"""Pixels of a side of the blocks of :func:`power_of_blocks`."""
_RING = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Of white noise they have its deviation."""
_WINDOW = 7  # pixels of a side in which they are averaged
REACH = 1 + _WINDOW // 2
"""Pixels around one that its local power depends on."""
_BESIDE = np.array([1, 2, 1]) / 4  # weights of a cell and of those beside it
_TRACE = 1e-11  # of the greatest power: what it leaves behind in a running sum
_KNOWN = 0.2  # share of the pixels around one that must be known
_LINES = range(2, 6)  # rows of a block that are looked at: two of differences
_THIN = 7  # pixels between those whose mean is taken off


def channel_views(plane: Reals) -> Reals:
    """Return the channels of a plane ``(H, W)`` or ``(H, W, samples)``, one after the other."""
    return np.moveaxis(np.atleast_3d(plane), -1, 0)


def local_power(plane: Reals, unknown: Bools | None) -> tuple[NDArray[np.float32], Bools]:
    """Return the power of second differences around each pixel, and where enough is known."""
    power, good = _power(plane, unknown)
    return _around(power, good, _averaged)


def power_of_cells(
    plane: Reals, unknown: Bools | None, side: int
) -> tuple[NDArray[np.float32], Bools]:
    """Return the same around cells of ``side x side`` pixels, from means of neighbouring cells.

    Pixels at the end that fill no cell are left out.
    """
    shape = tuple(n // side for n in plane.shape[:2])

    def means(values: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = values[: shape[0] * side, : shape[1] * side]
        rows = np.add.reduce(whole.reshape(shape[0], side, -1), axis=1)
        columns = rows.reshape(*shape, side) @ np.ones(side, np.float32)
        return np.asarray(columns / side**2)

    power, good = _power(plane, unknown)
    known = None if good is None else means(good)
    return _around(means(power), known, _over_neighbours)


def _power(
    plane: Reals, unknown: Bools | None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return the squares of second differences, and which hold known pixels; None for all."""
    channels = channel_views(plane)
    power = np.zeros(plane.shape[:2], np.float32)
    for channel in channels:
        values = _centred(channel, _middle(channel))
        differences = ndimage.convolve(values, _RING, mode='reflect')
        power += np.square(differences, out=differences)
    power /= len(channels)
    if unknown is None:
        return power, None
    good = np.asarray(~within(unknown, 1, square=True), np.float32)
    power *= good
    return power, good


def _around(
    power: NDArray[np.float32],
    good: NDArray[np.float32] | None,
    averaged: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> tuple[NDArray[np.float32], Bools]:
    """Return averages of powers over what is known, and where enough is."""
    if good is None:
        rows, columns = (averaged(np.ones(side, np.float32)) for side in power.shape)
        seen = rows[:, None] * columns
    else:
        seen = averaged(good)
    mean = averaged(power)
    mean[mean < _TRACE * power.max()] = 0
    return mean / np.maximum(seen, 1e-6), seen > _KNOWN


def power_of_blocks(plane: Reals, unknown: Bools | None) -> tuple[Floats, Floats, Bools]:
    """Return the power of second differences in blocks, their means, and where enough is known.

    Half of the rows are read, and a sixth of the differences is formed. Pixels at the end that
    fill no block are left out.
    """
    channels = channel_views(plane)
    known = _known_in_blocks(plane.shape[:2], unknown)
    seen = known.mean(axis=(0, -1))
    power, mean = np.zeros(seen.shape), np.zeros(seen.shape)
    for channel in channels:
        middle = _middle(channel)
        lines = [_centred(_line(channel, k), middle) for k in _LINES]
        for three, good in zip(zip(lines, lines[1:], lines[2:], strict=False), known, strict=True):
            of_rows = three[0] - 2 * three[1] + three[2]
            both = of_rows[..., :-2] - 2 * of_rows[..., 1:-1] + of_rows[..., 2:]
            both *= good
            power += np.einsum('...k,...k', both, both)
        mean += middle + sum(line.mean(axis=-1) for line in lines) / len(lines)
    count = len(channels) * known.shape[0] * known.shape[-1] * 36
    return power / (count * np.maximum(seen, 1e-6)), mean / len(channels), seen > _KNOWN


def _known_in_blocks(shape: tuple[int, ...], unknown: Bools | None) -> Bools:
    """Return which of the differences in blocks hold known pixels only."""
    if unknown is None:
        rows, columns = (n // BLOCK for n in shape)
        return np.broadcast_to(np.array(True), (len(_LINES) - 2, rows, columns, BLOCK - 2))
    lines = [_line(unknown, k) for k in _LINES]
    of_rows = np.stack([a | b | c for a, b, c in zip(lines, lines[1:], lines[2:], strict=False)])
    return np.asarray(~(of_rows[..., :-2] | of_rows[..., 1:-1] | of_rows[..., 2:]))


def _line(values: Reals, number: int) -> Reals:
    """Return row `number` of every block ``(rows, columns, pixels)``."""
    rows, columns = (n // BLOCK for n in values.shape)
    line = values[number::BLOCK][:rows, : columns * BLOCK]
    return line.reshape(rows, columns, BLOCK)


def _middle(channel: Reals) -> float:
    some = channel[::_THIN, ::_THIN]
    some = some[np.isfinite(some)]
    return float(some.mean(dtype=np.float64)) if some.size else 0.0


def _centred(values: Reals, middle: float) -> NDArray[np.float32]:
    """Return values less a large level, which single precision would be wasted on."""
    centre = np.float64(middle)
    less = np.subtract(values, centre, out=np.empty(values.shape, np.float32), casting='same_kind')
    return less if np.isfinite(less.sum()) else np.nan_to_num(less, posinf=0, neginf=0)


def _averaged(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(ndimage.uniform_filter(values, _WINDOW, mode='constant'))


def _over_neighbours(values: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in range(values.ndim):
        values = ndimage.convolve1d(values, _BESIDE, axis, mode='constant')
    return values
