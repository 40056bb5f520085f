"""Values between the nodes of a grid, linear along rows and along columns."""

from __future__ import annotations

import numpy as np

from .patches import Floats

_ROWS = 32  # that are found at once


def interpolated(nodes: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return the value ``(H, W)`` at every pixel of a plane; beyond the nodes it stays.

    `nodes`: ``(h, w)``.
    `rows`, `columns`: ``(H,)`` and ``(W,)``, where the rows and columns of the plane lie in the
    grid, 0 at its first node.
    """
    wide = np.ascontiguousarray(_along(nodes.T, columns).T)
    values = np.empty((len(rows), len(columns)))
    for first in range(0, len(rows), _ROWS):  # what is made on the way stays in the cache
        some = slice(first, first + _ROWS)
        values[some] = _along(wide, rows[some])
    return values


def _along(nodes: Floats, places: Floats) -> Floats:
    """Return values between rows of nodes."""
    last = len(nodes) - 1
    places = np.clip(places, 0, last)
    before = np.minimum(places.astype(np.intp), max(last - 1, 0))
    share = (places - before)[:, None]
    values: Floats = nodes[before] * (1 - share)
    values += nodes[np.minimum(before + 1, last)] * share
    return values
