"""Noise that the pixels of a row or column share, in a residual. numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .plane_measures import Bools, Floats, Singles

_LEAST = 16  # lines, and pixels of each, that tell
_ORDER = 3  # of the differences of lines
_PARTS = 8  # of a line
_MEDIAN = 0.4549  # of a squared normal deviate
_GRID = 0.1  # of the noise, by which networks that halve an image set every other line apart


class LineNoise(NamedTuple):
    """The factor by which rows or columns differ more than single pixels explain.

    `excess`: 1 for noise of single pixels.
    `axis`: 0 where rows differ, 1 where columns do.
    """

    excess: float
    axis: int


def line_noise(score: Singles, judged: Bools | None) -> LineNoise:
    """Return the variance of the means of rows or columns over that of as many single values.

    Third differences of lines tell, since an image that is left in is smooth across most of them;
    and what all parts of a line share in half of the lines, since it is left in at edges only.

    `score`: residual in units of its noise, ``(colours, H, W)``.
    `judged`: ``(H, W)``, which pixels count; None for all.
    """
    values = score.mean(axis=0)
    return max(
        LineNoise(_excess_of_rows(values, judged), 0),
        LineNoise(
            _excess_of_rows(np.ascontiguousarray(values.T), None if judged is None else judged.T), 1
        ),
    )


def _excess_of_rows(values: Singles, judged: Bools | None) -> float:
    """Return that of rows ``(H, W)``, 1 where too few pixels are judged to tell.

    If n pixels of a part share a number, and n' of another, the product of their sums is n n'
    times its square, and that of independent noise 0 in the middle.
    """
    if min(values.shape) < _LEAST + _ORDER:
        return 1.0
    width = values.shape[1] // _PARTS
    whole = np.s_[:, : width * _PARTS]
    differences = np.diff(_without_grid(values, judged)[whole], _ORDER, axis=0)
    counts = np.full((len(differences), _PARTS), width, np.float64)
    if judged is not None:
        four = [judged[whole][i : len(differences) + i] for i in range(_ORDER + 1)]
        among = np.logical_and.reduce(four).astype(np.float32)
        differences *= among
        counts = _sums_of_parts(among)
    pixels, pairs = counts.sum(axis=1), _products_of_parts(counts)
    told = (pixels >= _LEAST) & (pairs > 0)
    power = float(np.vdot(differences, differences)) / max(float(pixels.sum()), 1)
    if np.count_nonzero(told) < _LEAST or power == 0:
        return 1.0
    products = _products_of_parts(_sums_of_parts(differences))
    shared = float(np.median(products[told] / pairs[told])) / _MEDIAN
    return max(0.0, 1 + shared * float(pixels[told].mean()) / power)


def _without_grid(values: Singles, judged: Bools | None) -> Singles:
    """Return rows without what sets every other one apart, up to what a network does.

    Third differences triple the power of such a grid beside that of lines, and no eye sees it.
    """
    known = np.ones(values.shape, bool) if judged is None else judged
    even, odd = (
        float(values[i::2].sum(where=known[i::2])) / max(int(np.count_nonzero(known[i::2])), 1)
        for i in (0, 1)
    )
    step = float(np.clip((even - odd) / 2, -_GRID, _GRID))
    signs = np.where(np.arange(len(values)) % 2 == 0, step, -step).astype(values.dtype)
    return values - signs[:, None]


def _sums_of_parts(rows: Singles) -> Floats:
    """Return the sums ``(H, parts)`` of equal parts of rows."""
    return np.asarray(rows.reshape(len(rows), _PARTS, -1).sum(axis=2), np.float64)


def _products_of_parts(sums: Floats) -> Floats:
    """Return the products of all pairs of different parts of each row, added."""
    both: Floats = sums.sum(axis=1) ** 2 - np.square(sums).sum(axis=1)
    return both
