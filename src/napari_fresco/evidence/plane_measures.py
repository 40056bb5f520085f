"""Measures of planes that checks use: light of regions, noise of neighbours, small windows.

Planes have their colours first, ``(colours, H, W)``. numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..noise.central_part import central_box

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]

REGION_SIDE = 32  # of the regions whose light is compared
_PART = 1024  # side of the middle that residuals of large planes are judged by
_MOST = 1e30  # that single precision holds, and sums of it
_STRIP = 64  # rows that are smoothed together
_REACH = 4.0  # standard deviations at which a Gaussian window ends


def middle_of(shape: Sequence[int]) -> tuple[slice, slice]:
    """Return the part of a large plane ``(H, W)`` whose residual is judged."""
    return central_box(shape, _PART)


def planar(values: NDArray[Any]) -> NDArray[Any]:
    """Return ``(H, W)`` or ``(H, W, colours)`` with its colours first, each in one piece."""
    return np.ascontiguousarray(np.moveaxis(np.atleast_3d(values), -1, 0))


def to_gray(values: Floats) -> Floats:
    """Return the mean of the colours of ``(H, W)`` or ``(H, W, colours)``."""
    gray: Floats = values if values.ndim == 2 else values.mean(axis=-1)
    return gray


def sums_of_regions(planes: Floats) -> Floats:
    """Return the sums over regions, of the mean of the colours; NaN counts as 0."""
    gray = planes[0] if len(planes) == 1 else planes.sum(axis=0) / len(planes)
    of_rows = sums_of_rows(gray, REGION_SIDE)
    if not np.isfinite(of_rows).all():
        of_rows = sums_of_rows(np.nan_to_num(gray), REGION_SIDE)
    return np.asarray(np.add.reduceat(of_rows, _starts(gray.shape[1]), 1), np.float64)


def sums_of_rows(values: NDArray[Any], side: int) -> NDArray[Any]:
    """Return the sums over every `side` rows of ``(..., H, W)``; the last one takes the rest.

    As ``np.add.reduceat`` gives them, which reads column after column and takes twenty times as
    long.
    """
    *outer, rows, columns = values.shape
    whole = side * (max(1, rows // side) - 1)
    first = values[..., :whole, :].reshape(*outer, whole // side, side, columns)
    last = np.add.reduce(values[..., whole:, :], axis=-2, keepdims=True)
    return np.concatenate((np.add.reduce(first, axis=-2), last), axis=-2)


def sizes_of_regions(shape: Sequence[int]) -> Floats:
    """Return the number of pixels of the regions of a plane ``(H, W)``."""
    sides = (np.diff(_starts(n), append=n) for n in shape)
    return np.asarray(np.multiply.outer(*sides), np.float64)


def _starts(length: int) -> NDArray[np.intp]:
    """Return the beginnings of regions; the last one takes the rest."""
    return np.arange(max(1, length // REGION_SIDE)) * REGION_SIDE


def neighbour_correlation(values: NDArray[np.floating[Any]], judged: Bools | None) -> float:
    """Return the correlation of direct neighbours.

    `values`: ``(..., H, W)``.
    `judged`: ``(H, W)``, which of them count; None for all.
    """
    centred, pixels = values, values.shape[-2] * values.shape[-1]
    if judged is not None:
        centred, pixels = np.where(judged, values, 0), int(np.count_nonzero(judged))
    count = pixels * values[..., 0, 0].size
    centred = centred - centred.sum(dtype=np.float64).astype(values.dtype) / max(count, 1)
    if judged is not None:
        centred *= judged
    power, found = float(np.square(centred).sum()) / max(count, 1), []
    for first, second in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
        product = centred[..., *first] * centred[..., *second]
        pairs = product.size
        if judged is not None:
            pairs = np.count_nonzero(judged[first] & judged[second]) * values[..., 0, 0].size
        if pairs and power > 0:
            found.append(float(product.sum()) / pairs / power)
    return float(np.mean(found)) if found else 0.0


def smoothed(plane: Floats, width: float, level: float) -> Iterator[tuple[slice, Singles]]:
    """Yield the rows of a plane under a Gaussian window, a strip after the other, less `level`.

    Strips stay in the cache of a processor. Beyond its end a plane is mirrored.
    """
    taps = _taps(width).astype(np.float32)
    reach, (height, columns) = len(taps) - 1, plane.shape
    for start in range(0, height, _STRIP):
        stop = min(start + _STRIP, height)
        rows = _mirrored(np.arange(start - reach, stop + reach), height)
        strip = _weighted(_in_singles(plane[rows] - level), taps, stop - start)
        across = np.ascontiguousarray(strip.T)[
            _mirrored(np.arange(-reach, columns + reach), columns)
        ]
        yield slice(start, stop), _weighted(across, taps, columns).T


def _in_singles(values: Floats) -> Singles:
    """Return values in single precision, 0 for NaN."""
    if not (values.min() > -_MOST and values.max() < _MOST):
        values[~(np.abs(values) < _MOST)] = 0
    return values.astype(np.float32)


def _weighted(values: Singles, taps: Singles, count: int) -> Singles:
    """Return weighted sums of neighbouring rows."""
    reach = len(taps) - 1
    total: Singles = values[reach : reach + count] * taps[0]
    for i in range(1, reach + 1):
        pair = values[reach - i : reach - i + count] + values[reach + i : reach + i + count]
        pair *= taps[i]
        total += pair
    return total


def _mirrored(places: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Return which of `length` places stand for some that may lie beyond the ends."""
    turned = places % (2 * length)
    return np.minimum(turned, 2 * length - 1 - turned)


def transformed(planes: NDArray[np.floating[Any]]) -> Singles:
    """Return the cosine transform of rows and columns, in which windows are factors."""
    waves: Singles = fft.dctn(planes.astype(np.float32, copy=False), axes=(-2, -1), norm='ortho')
    return waves


def restored_from(waves: Singles) -> Singles:
    """Invert :func:`transformed`."""
    planes: Singles = fft.idctn(waves, axes=(-2, -1), norm='ortho')
    return planes


def window(shape: Sequence[int], width: float) -> Singles:
    """Return the factors ``(H, W)`` of the Gaussian window of standard deviation `width`.

    Beyond its end a plane is mirrored.
    """
    rows, columns = (_factors(n, width) for n in shape[-2:])
    return np.multiply.outer(rows, columns)


@lru_cache(maxsize=32)
def _factors(length: int, width: float) -> Singles:
    """Return the cosine transform of a Gaussian window."""
    first, *others = _taps(width)
    turns = np.outer(np.arange(length), np.arange(1, len(others) + 1))
    factors = first + 2 * np.cos(np.pi / length * turns) @ others
    return np.asarray(factors, np.float32)


@lru_cache(maxsize=32)
def _taps(width: float) -> Floats:
    """Return the weights of a Gaussian window from its middle on."""
    taps = np.exp(-0.5 * (np.arange(int(_REACH * width + 0.5) + 1) / width) ** 2)
    weights: Floats = taps / (2 * taps.sum() - 1)
    return weights
