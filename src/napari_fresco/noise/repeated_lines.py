"""Rows and columns that repeat the one before them, as sensors fill those that they lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .patches import Bools

_LEAST = 32  # pixels of a line
_MOST = 0.1  # share of the lines, of which more are enlarged or drawn
_SAME = 0.98  # share of a line that repeats the one beside it
_RIM = 8  # lines at a border, which may have been added there
_OTHERS = 0.3  # share of neighbours along and beside other lines that may be equal, as in drawings


def repeated_lines(channel: NDArray[Any], unknown: Bools | None = None) -> list[NDArray[np.intp]]:
    """Return which rows, and which columns, repeat the one before them.

    In few lines only, between which hardly two pixels are equal: what noise there is differs from
    line to line.

    `channel`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    """
    return [
        _repeated_rows(channel, unknown),
        _repeated_rows(channel.T, None if unknown is None else unknown.T),
    ]


def _repeated_rows(channel: NDArray[Any], unknown: Bools | None) -> NDArray[np.intp]:
    none = np.zeros(0, np.intp)
    if min(channel.shape) < _LEAST:
        return none
    same = channel[1:] == channel[:-1]
    known = np.ones(same.shape, bool) if unknown is None else ~(unknown[1:] | unknown[:-1])
    counts = known.sum(axis=1)
    share = (same & known).sum(axis=1) / np.maximum(counts, 1)
    repeated = (share > _SAME) & (counts >= _LEAST)
    found = np.flatnonzero(repeated) + 1
    found = found[(found > _RIM) & (found < len(channel) - _RIM)]
    if not len(found) or repeated.mean() > _MOST:
        return none
    along = (channel[found, 1:] == channel[found, :-1]).mean(axis=1)
    found = found[along < _OTHERS]
    others = np.median(share[~repeated & (counts >= _LEAST)])
    return found if others < _OTHERS else none
