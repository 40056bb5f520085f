"""Rows of a scan to and fro that are moved against each other. No torch.

A laser scanning microscope that reads every second row on the way back, with a phase that is a
little off, moves these rows by some pixels, or by half of one; so does what moves in an interlaced
frame.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .central_part import central_part
from .patches import Bools, Reals

MOVED = 0.08
"""Part of what is left between rows, by which they differ less once every second is moved."""

_SIDE, _LEAST = 320, 48  # pixels of the middle that are looked at, and of its sides
_FARTHEST = 4  # pixels
_CELLS = 8  # along an axis, which must agree
_SURE = 3.0  # standard errors of their mean
_OTHER_WAY = 1.05  # times as much must be left when rows are moved the other way
_HALF = 0.12  # more than is left of rows moved by half a pixel, when moved the other way


class ScanShift(NamedTuple):
    """The shift of every second row, or column.

    `gain`: how many times as much differs without it, of half a pixel with its opposite, less 1; 0
        where rows fit as they are.
    `pixels`: from a half on, of rows 1, 3, 5, ... towards higher columns.
    `axis`: 0 of rows, 1 of columns.
    """

    gain: float
    pixels: float = 0
    axis: int = 0


def scan_shift(plane: Reals, unknown: Bools | None = None) -> ScanShift:
    """Return by how much every second row fits its neighbours better when it is moved.

    `plane`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    part = central_part(plane, unknown, _SIDE, _LEAST)
    if part is None:
        return ScanShift(0.0)
    both = part, np.ascontiguousarray(part.T)
    whole = max(_of_rows(each, axis) for axis, each in enumerate(both))
    if whole.gain > MOVED:
        return whole
    return max(whole, *(_by_half(each, axis) for axis, each in enumerate(both)))


def _of_rows(part: NDArray[np.float32], axis: int) -> ScanShift:
    """Return the shift of every second row."""
    between = (part[:-2] + part[2:]) / np.float32(2)
    left = {s: _left(part[1:-1], between, s) for s in range(-_FARTHEST, _FARTHEST + 1)}
    total = {s: _mean(errors) for s, errors in left.items()}
    best = min(total, key=total.__getitem__)
    other_way = total[-best] > _OTHER_WAY * total[0]
    if best == 0 or total[best] <= 0 or not other_way or not _agree(left[0] - left[best]):
        return ScanShift(0.0)
    return ScanShift(total[0] / total[best] - 1, best, axis)


def _by_half(part: NDArray[np.float32], axis: int) -> ScanShift:
    """Return the shift of every second row by half a pixel, to either side.

    Means of two neighbours lie there, whose noise is less: only both sides can be compared.
    """
    between = (part[:-2] + part[2:]) / np.float32(2)
    beside = (part[1:-1, 1:] + part[1:-1, :-1]) / np.float32(2)
    left = []
    for first in (0, 1):  # rows whose means lie half a pixel farther; those of others less far
        errors = beside[:, 1:] - between[:, 1:-1]
        errors[1 - first :: 2] = (beside[:, :-1] - between[:, 1:-1])[1 - first :: 2]
        left.append(np.square(errors))
    total = [_mean(errors) for errors in left]
    best = int(total[1] < total[0])
    if total[best] <= 0 or not _agree(left[1 - best] - left[best]):
        return ScanShift(0.0)
    gain = total[1 - best] / total[best] - 1
    return ScanShift(gain, -0.5 if best else 0.5, axis) if gain > _HALF else ScanShift(0.0)


def _left(
    rows: NDArray[np.float32], between: NDArray[np.float32], shift: int
) -> NDArray[np.float32]:
    """Return squared differences of rows to what lies between their neighbours.

    The first of them is moved back by `shift`, the next one, which lies between moved ones, on.
    """
    inside = slice(_FARTHEST, rows.shape[1] - _FARTHEST)
    errors = np.empty((len(rows), rows.shape[1] - 2 * _FARTHEST), np.float32)
    for first, moved in ((0, shift), (1, -shift)):
        own = rows[first::2, inside.start + moved : inside.stop + moved]
        np.subtract(own, between[first::2, inside], out=errors[first::2])
    return np.square(errors, out=errors)


def _mean(errors: NDArray[np.float32]) -> float:
    mean = float(errors.mean())
    return mean if np.isfinite(mean) else float(np.nanmean(errors))


def _agree(won: NDArray[np.float32]) -> bool:
    """Say whether cells agree that something was won."""
    rows, columns = (n // _CELLS for n in won.shape)
    cells = won[: rows * _CELLS, : columns * _CELLS].reshape(_CELLS, rows, _CELLS, columns)
    means = np.nan_to_num(cells).mean(axis=(1, 3), dtype=np.float64)
    return bool(means.mean() > _SURE * means.std() / _CELLS)
