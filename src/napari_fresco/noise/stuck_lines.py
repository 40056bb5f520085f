"""Stuck rows and columns of a sensor: one value all along, between lines with noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .patches import Bools

_LEAST = 32  # pixels of a line
_WIDE, _MOST = 2, 0.05  # lines side by side, and share of them, beyond which they are a picture
_EQUAL = 0.3  # share of neighbours in the lines beside them that may be equal


def stuck_lines(channel: NDArray[Any], unknown: Bools | None = None) -> Bools | None:
    """Find rows and columns of one value beside which hardly two pixels are equal.

    `channel`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    Returns True at their pixels, or None if there are none.
    """
    rows = _stuck_rows(channel, unknown)
    columns = _stuck_rows(channel.T, None if unknown is None else unknown.T)
    if rows is None and columns is None:
        return None
    found = np.zeros(channel.shape, bool)
    if rows is not None:
        found[rows] = True
    if columns is not None:
        found[:, columns] = True
    return found if unknown is None else found & ~unknown


def _stuck_rows(channel: NDArray[Any], unknown: Bools | None) -> Bools | None:
    """Return which rows hold one value, crossed by no more than a few others."""
    count, length = channel.shape
    if min(count, length) < _LEAST:
        return None
    equal = (channel[:, 1:] == channel[:, :-1]).mean(axis=1)
    stuck = equal > 1 - _MOST
    if not stuck.any() or stuck.mean() > _MOST:
        return None
    if unknown is not None:
        stuck &= ~unknown.any(axis=1)
    for start, stop in _runs(stuck):
        beside = [equal[i] for i in (start - 1, stop) if 0 <= i < count]
        if stop - start > _WIDE or max(beside) > _EQUAL:
            stuck[start:stop] = False
    return stuck if stuck.any() else None


def _runs(marked: Bools) -> list[tuple[int, int]]:
    """Return the beginnings and ends of lines side by side."""
    edges = np.flatnonzero(np.diff(np.r_[False, marked, False]))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
