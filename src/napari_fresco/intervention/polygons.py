"""Masks as polygons along the edges of their pixels: exact areas, holes, rings that never touch
themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .photograph import Bools

Ring = NDArray[np.intp]
"""Corners of pixels, columns and rows ``(n, 2)``; the first one is not repeated."""

# Edges with the marked pixel on the right as one walks, in columns and rows (which count down):
# below it leads left, above it right; on its left it leads up, on its right down.
_STEPS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])


def polygons(mask: Bools) -> list[list[Ring]]:
    """Return the polygons of a mask: each an outer ring and its holes.

    Pixels hold together by their sides; those that touch at a corner alone are two polygons. The
    outer ring has a positive area in columns and rows, holes a negative one.
    """
    pieces, count = ndimage.label(mask)
    found: list[list[Ring]] = [[] for _ in range(count)]
    for ring, piece in _rings(pieces):
        outer = signed_area(ring) > 0
        found[piece - 1].insert(0 if outer else len(found[piece - 1]), ring)
    return found


def signed_area(ring: Ring) -> float:
    """Return the area within a ring in pixels, positive for outer rings."""
    x, y = ring.T.astype(float)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _rings(pieces: NDArray[np.intp]) -> Iterator[tuple[Ring, int]]:
    """Yield the rings around pieces, and the number of each piece."""
    start, way, piece = _edges(pieces)
    if not len(start):
        return
    following = _following(start, way, pieces.shape[1] + 3)
    left = np.ones(len(start), bool)
    columns = pieces.shape[1] + 3
    for first in range(len(start)):
        if not left[first]:
            continue
        walked = []
        edge = first
        while left[edge]:
            left[edge] = False
            walked.append(edge)
            edge = int(following[edge])
        for part in _simple(walked, start):
            turns = [
                b for a, b in zip([part[-1], *part[:-1]], part, strict=True) if way[a] != way[b]
            ]
            corners = start[turns]
            yield (
                np.stack([corners % columns - 1, corners // columns - 1], axis=1),
                int(piece[first]),
            )


def _edges(pieces: NDArray[np.intp]) -> tuple[Ring, Ring, Ring]:
    """Return where edges start (as a number), which way they go, and the piece on their right."""
    padded = np.pad(pieces, 1)
    columns = padded.shape[1] + 1
    starts, ways, owners = [], [], []
    # A pixel at row r and column c of the padded plane has the corners (r, c) to (r + 1, c + 1).
    sides = (((-1, 0), 0, (0, 0)), ((0, 1), 1, (0, 1)), ((1, 0), 2, (1, 1)), ((0, -1), 3, (1, 0)))
    for (down, right), way, (row, column) in sides:
        beside = np.roll(padded, (-down, -right), axis=(0, 1))
        rows, cols = np.nonzero((padded > 0) & (beside == 0))
        starts.append((rows + row) * columns + cols + column)
        ways.append(np.full(len(rows), way))
        owners.append(padded[rows, cols])
    return np.concatenate(starts), np.concatenate(ways), np.concatenate(owners)


def _following(start: Ring, way: Ring, columns: int) -> Ring:
    """Return for each edge the next one around the same piece.

    Where two edges go on from a corner, the right turn stays with the pixel.
    """
    steps = _STEPS[:, 0] + _STEPS[:, 1] * columns
    ends = start + steps[way]
    order = np.argsort(start * 4 + way, kind='stable')
    known = (start * 4 + way)[order]
    following = np.full(len(start), -1, np.intp)
    for turn in (1, 0, 3):  # right, on, left
        wanted = ends * 4 + (way + turn) % 4
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        fits = (known[place] == wanted) & (following < 0)
        following[fits] = order[place[fits]]
    return following


def _simple(walked: list[int], start: Ring) -> Iterator[list[int]]:
    """Split a walk where it comes back to a corner, so that no ring touches itself."""
    open_: list[int] = []
    seen: dict[int, int] = {}
    for edge in walked:
        corner = int(start[edge])
        if corner in seen:
            place = seen[corner]
            yield open_[place:]
            for gone in open_[place:]:
                del seen[int(start[gone])]
            del open_[place:]
        seen[corner] = len(open_)
        open_.append(edge)
    yield open_
