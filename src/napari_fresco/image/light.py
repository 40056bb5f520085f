"""Light that a denoiser moved is put back where noise does not explain that it is gone.

Networks make bright spots dimmer and dark ground brighter, and the loss, far below the noise of a
pixel, shows in the means of regions. Means of the data are unbiased, so the difference is added
from coarse to fine, each time only where it is significant: a good result stays as it is.

The windows of the means are much wider than a pixel, so they are laid over sums of cells of pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .layout import Floats

_WIDTHS = (32, 8)  # of the Gaussian windows, in pixels, after the whole plane
_SIDE = 4  # of a cell; windows that are wider have wider ones
_OF_WIDTH = 2  # cells in the width of a window
_SIGNIFICANT = 4.0  # standard errors of a mean under which nothing is added
_OF_ALL = 1.0  # the same for the whole plane, whose mean is known best


def with_light_of(
    observed: Floats,
    restored: Floats,
    noise: Floats | float,
    known: NDArray[np.bool_] | None = None,
    dark: float | None = None,
) -> Floats:
    """Return `restored` with the local means of `observed`, where they differ significantly.

    Parameters
    ----------
    observed, restored : ndarray
        ``(H, W)`` or ``(H, W, colours)``, without a blur between them.
    noise : ndarray or float
        Standard deviation of `observed`.
    known : ndarray of bool, optional
        ``(H, W)``; other pixels say nothing.
    dark : float, optional
        Intensity without light. What the whole plane lacks is then shared in proportion to the
        light of its pixels, and else evenly.
    """
    if restored.ndim == 3:
        result = np.empty(restored.shape)
        for c in range(restored.shape[-1]):
            level = noise[..., c] if isinstance(noise, np.ndarray) and noise.ndim == 3 else noise
            result[..., c] = with_light_of(observed[..., c], restored[..., c], level, known, dark)
        return result
    x = np.array(restored, np.float64, order='C')
    missing = observed - x
    if known is not None:
        missing[~known] = 0
    cells = _Cells.of(missing, np.square(noise), known)
    cells = _with_total(x, cells, known, dark)
    drift = np.zeros_like(cells.known)
    for width in _WIDTHS:
        if 2 * width < min(x.shape):
            found = _drift(cells, width)
            cells = cells.without(found * cells.known)
            drift += found
    if drift.any():
        x += _enlarged(drift, _SIDE)[: x.shape[0], : x.shape[1]]
        _with_total(x, cells, known, dark)  # what is significant somewhere adds up to more or less
    return x


class _Cells(NamedTuple):
    """Sums over cells: of the missing light, of its variance, and of the known pixels.

    `known` may be less at the end of rows and columns, and where pixels are unknown.
    """

    missing: Floats
    variance: Floats
    known: Floats

    @classmethod
    def of(
        cls, missing: Floats, variance: Floats | float, known: NDArray[np.bool_] | None
    ) -> _Cells:
        """Sum the missing light, 0 where nothing is known, over cells of a plane."""
        if known is None:
            sides = (np.minimum(_SIDE, n - np.arange(0, n, _SIDE)) for n in missing.shape)
            count = np.multiply.outer(*sides).astype(np.float64)
        else:
            count = _sums(known.astype(np.float64), _SIDE)
        if np.ndim(variance) == 0:
            return cls(_sums(missing, _SIDE), variance * count, count)
        each = np.asarray(variance) if known is None else variance * known
        return cls(_sums(missing, _SIDE), _sums(each, _SIDE), count)

    def without(self, found: Floats) -> _Cells:
        """Return the missing light after `found` was added."""
        return self._replace(missing=self.missing - found)

    def joined(self, side: int) -> _Cells:
        """Return the sums over ``side x side`` of the cells."""
        return _Cells(*(_sums(each, side) for each in self))


def _with_total(
    x: Floats, cells: _Cells, known: NDArray[np.bool_] | None, dark: float | None
) -> _Cells:
    """Give x, in place, the total of the plane over what is known; return what is then missing."""
    missing, count = float(cells.missing.sum()), float(cells.known.sum())
    if abs(missing) <= _OF_ALL * float(cells.variance.sum()) ** 0.5 or not count:
        return cells
    if dark is not None:
        light = np.maximum(x - dark, 0)
        seen = _sums(light if known is None else light * known, _SIDE)
        total = float(seen.sum())
        if total > abs(missing):
            x += light * (missing / total)
            return cells.without(seen * (missing / total))
    x += missing / count
    return cells.without(cells.known * (missing / count))


def _drift(cells: _Cells, width: int) -> Floats:
    """Return the local mean of the missing light of each cell, less its noise."""
    wider = width // (_OF_WIDTH * _SIDE)
    several = cells.joined(wider) if wider > 1 else cells
    side = wider * _SIDE
    # Summing over cells and laying a line between them smooths, too.
    share = _averaged(several.known, (width**2 - side**2 / 4) ** 0.5 / side) / side**2
    mean = _averaged(several.missing, (width**2 - side**2 / 4) ** 0.5 / side) / side**2
    mean = mean / np.maximum(share, 1e-3)
    # Squares of a Gaussian window are one that is narrower by the root of two.
    variance = _averaged(several.variance, (width**2 / 2 - side**2 / 12) ** 0.5 / side) / side**2
    error2 = np.maximum(variance / (4 * np.pi * width**2), 1e-30) / np.maximum(share, 1e-3) ** 2
    kept = np.maximum(1 - _SIGNIFICANT**2 * error2 / np.maximum(mean**2, 1e-30), 0.0)
    drift: Floats = kept * mean * (share > 0.05)
    rows, columns = cells.known.shape
    return drift if wider == 1 else _enlarged(drift, wider)[:rows, :columns]


def _averaged(values: Floats, width: float) -> Floats:
    """Return means in Gaussian windows; those of a constant cost nothing."""
    if values.min() == values.max():
        return values
    means: Floats = ndimage.gaussian_filter(values, width)
    return means


def _sums(values: Floats, side: int) -> Floats:
    """Return the sums over ``side x side`` values; beyond the end there are none."""
    short = [-n % side for n in values.shape]
    if any(short):
        values = np.pad(values, [(0, n) for n in short])
    rows, columns = (n // side for n in values.shape)
    of_rows = np.add.reduce(values.reshape(rows, side, -1), axis=1)
    sums: Floats = of_rows.reshape(rows, columns, side) @ np.ones(side)
    return sums


def _enlarged(cells: Floats, side: int) -> Floats:
    """Return a plane ``side`` times as large: linear between the middles of cells."""
    columns = np.ascontiguousarray(_longer(np.ascontiguousarray(cells.T), side).T)
    return _longer(columns, side)


def _longer(values: Floats, side: int) -> Floats:
    """Return `side` times as many rows."""
    around = np.concatenate((values[:1], values, values[-1:]))
    rows = np.empty((len(values), side, *values.shape[1:]))
    for i in range(side):
        place = (i + 0.5) / side + 0.5  # from the middle of the cell above
        first = int(place)
        above, below = (around[k : k + len(values)] for k in (first, first + 1))
        np.multiply(above, 1 - (place - first), out=rows[:, i])
        rows[:, i] += below * (place - first)
    return rows.reshape(-1, *values.shape[1:])
