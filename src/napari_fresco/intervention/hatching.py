"""Lines, dashes and dots: which of them each filled pixel belongs to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from .photograph import Bools

Ints = NDArray[np.intp]
Points = NDArray[np.float64]

_CHUNK = 2_000_000  # points that are painted together
_TRIES = 3  # points for each dot that is looked for, in each round
_ROUNDS = 8


def hatch(
    places: Ints,
    width: float,
    spacing: float,
    length: float,
    angle: float,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Return for each pixel the number of its dash, and that of its line; -1 between lines.

    `places`: rows and columns, ``(n, 2)``.
    `width`, `spacing`, `length`: of lines, from middle to middle, and of dashes along them, pixels.
    `angle`: of the lines from upright, clockwise, in degrees.
    """
    turn = math.radians(angle)
    rows, columns = places.T.astype(float)
    across = columns * math.cos(turn) + rows * math.sin(turn)
    along = rows * math.cos(turn) - columns * math.sin(turn)
    across += rng.uniform(0, spacing) - (across.min() if len(across) else 0)
    line = np.floor(across / spacing).astype(np.intp)
    phase = rng.uniform(0, length, int(line.max(initial=0)) + 1)
    dash = np.floor((along - along.min(initial=0) + phase[line]) / length).astype(np.intp)
    number = line * (int(dash.max(initial=0)) + 1) + dash
    between = across - line * spacing >= width
    return np.unique(number, return_inverse=True)[1].ravel(), np.where(between, -1, line)


def strokes(
    mask: Bools, middles: Points, angles: Points, width: float, length: float
) -> NDArray[np.int32]:
    """Return the number of the stroke that lies uppermost on each pixel, ``(H, W)``.

    The last one lies above all others. Pixels of the mask that none covers belong to the nearest.

    `middles`: rows and columns, ``(n, 2)``; `angles`: from upright, in degrees.
    """
    side = np.arange(0.25, max(width, 0.5), 0.5) - width / 2
    run = np.arange(0.25, max(length, 0.5), 0.5) - length / 2
    across, along = (grid.ravel() for grid in np.meshgrid(side, run))
    return _painted(mask, middles, np.radians(angles), across, along)


def dots(mask: Bools, middles: Points, diameter: float) -> NDArray[np.int32]:
    """Return the number of the dot on each pixel, ``(H, W)``; -1 between dots."""
    owner = np.full(mask.shape, -1, np.int32)
    places = np.argwhere(mask)
    distance, nearest = spatial.cKDTree(middles).query(places) if len(middles) else ([], [])
    inside = np.asarray(distance) <= diameter / 2
    owner[tuple(places[inside].T)] = np.asarray(nearest)[inside]
    return owner


def scattered(mask: Bools, distance: float, rng: np.random.Generator) -> Points:
    """Return points in a mask no nearer to each other than `distance`, as many as find a place.

    Their spectrum is blue: no low frequencies, no direction (R. L. Cook, "Stochastic Sampling in
    Computer Graphics", ACM TOG 5(1), 1986).
    """
    places = np.argwhere(mask)
    if not len(places):
        return np.zeros((0, 2))
    found = np.zeros((0, 2))
    most = max(1, math.ceil(_TRIES * len(places) / distance**2))
    for _ in range(_ROUNDS):
        tried = places[rng.integers(len(places), size=most)] + rng.uniform(-0.5, 0.5, (most, 2))
        if len(found):
            tried = tried[spatial.cKDTree(found).query(tried)[0] >= distance]
        pairs = spatial.cKDTree(tried).query_pairs(distance, output_type='ndarray')
        found = np.concatenate([found, tried[_independent(len(tried), pairs)]])
    return found


def _independent(count: int, pairs: Ints) -> Bools:
    """Return which of the tried points stay: of a pair the one that was tried first."""
    stays = np.ones(count, bool)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        if stays[first]:
            stays[second] = False
    return stays


def _painted(
    mask: Bools, middles: Points, turns: Points, across: Points, along: Points
) -> NDArray[np.int32]:
    owner = np.full(mask.shape, -1, np.int32)
    many = max(1, _CHUNK // max(len(across), 1))
    for start in range(0, len(middles), many):
        part = slice(start, start + many)
        cos, sin = np.cos(turns[part])[:, None], np.sin(turns[part])[:, None]
        rows = middles[part, :1] + along * cos + across * sin
        columns = middles[part, 1:] + across * cos - along * sin
        rows, columns = np.rint(rows).astype(np.intp), np.rint(columns).astype(np.intp)
        inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
        number = np.broadcast_to(np.arange(start, start + len(rows))[:, None], rows.shape)
        # Of points that fall on the same pixel the last, which is that of the uppermost, counts.
        np.maximum.at(owner, (rows[inside], columns[inside]), number[inside].astype(np.int32))
    bare = mask & (owner < 0)
    if bare.any():
        owner[bare] = spatial.cKDTree(middles).query(np.argwhere(bare))[1]
    return np.where(mask, owner, np.int32(-1))
