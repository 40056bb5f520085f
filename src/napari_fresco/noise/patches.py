"""The noise level of an image from its patches.

White noise has the same variance in every direction of a patch's cosine transform,
texture has not. Patches whose low frequencies hold no more than noise would are
free of texture, and their high frequencies tell the noise.

References
----------
N. Ponomarenko, V. Lukin, M. Zriakhov, A. Kaarna, J. Astola, "An automatic approach to lossy
compression of AVIRIS images", IGARSS 2007; M. Colom, A. Buades, "Analysis and Extension of the
Ponomarenko et al. Method", IPOL 3, 2013, doi:10.5201/ipol.2013.45. Here the share of patches
that counts as untextured is found by a chi-squared test instead of a fixed percentile.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft, special

Floats = NDArray[np.float64]
Reals = NDArray[Any]
"""Integers or floating-point numbers, as an image has them."""
Bools = NDArray[np.bool_]

SIDE = 8
COUNT = 40_000
"""Patches that are looked at in a plane."""
LEAST = 50
"""Patches that an estimate needs."""
_LOW_END = 0.02  # share of the patches between holes that are surely untextured
_WHOLE = float(2**24 // SIDE**2)
_HEAP = 1e-3  # share of the pixels at the end of the range that tells saturation


def _chi2_quantile(share: float, degrees: Any) -> Any:
    """Return a quantile of the chi-squared distribution; :mod:`scipy.stats` takes long to load."""
    return 2 * special.gammaincinv(degrees / 2, share)


_BASIS = fft.dct(np.eye(SIDE), axis=0, norm='ortho')
FREQUENCY = np.add.outer(np.arange(SIDE), np.arange(SIDE)).ravel()
_LOW = int(np.count_nonzero((FREQUENCY > 0) & (FREQUENCY <= SIDE)))
_UNTEXTURED = float(_chi2_quantile(0.5, _LOW) / _LOW)
WAVES = np.einsum('iy,jx->ijyx', _BASIS, _BASIS).reshape(SIDE**2, SIDE**2)
_SMOOTH = WAVES[FREQUENCY < 4].T
_FINE = WAVES[FREQUENCY > SIDE].astype(np.float32)


class Patches(NamedTuple):
    """Mean of patches, and the mean squares of their low and of each high frequency.

    `high` is ``(frequencies, patches)``, `corner` ``(2, patches)``: their first row and column.
    """

    mean: Floats
    low: Floats
    high: NDArray[np.float32]
    corner: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        channel: Reals,
        damaged: Bools | None = None,
        count: int = COUNT,
        saturated: float = 0.0,
    ) -> Patches:
        """Transform up to `count` evenly spread patches that hold nothing but noisy pixels.

        `saturated`: share of saturated pixels that a patch may have although others have fewer.
        """
        values = _windows(channel, count)
        good = values.min(axis=0) < values.max(axis=0)
        if damaged is not None:
            good &= ~_windows(damaged, count).any(axis=0)
        good &= _unsaturated(channel, values, good, saturated)
        values = _narrow(values if good.all() else values[:, good])
        mean = values.mean(axis=0)  # exact where the values are narrow
        # Single precision suffices once the level, which may be large, is taken off.
        rest = np.subtract(
            values, mean, out=np.empty(values.shape, np.float32), casting='same_kind'
        )
        high = np.square(_FINE @ rest)
        # What is neither the mean nor high is low.
        power = np.square(rest, out=rest).sum(axis=0) - high.sum(axis=0)
        mean = mean.astype(np.float64, copy=False)
        corner = _corners(channel.shape, count)[:, good]
        return cls(mean, np.maximum(power, 0).astype(np.float64) / _LOW, high, corner)


def saturated_levels(channel: Reals) -> list[Any]:
    """Return the ends of the range at which many pixels heap up."""
    ends = np.nanmin(channel), np.nanmax(channel)  # of its type, which compares fastest
    return [end for end in ends if np.count_nonzero(channel == end) > _HEAP * channel.size]


def _unsaturated(channel: Reals, values: Reals, good: Bools, share: float) -> Bools:
    """Choose the patches with the fewest saturated pixels, at least some of the `good` ones.

    Those with no more than a `share` of them are chosen, too.
    """
    levels = saturated_levels(channel) if good.any() else []
    saturated = np.zeros(len(good), np.intp)
    for extreme in levels:
        saturated += np.count_nonzero(values == extreme, axis=0)
    if not levels:
        return good
    ranked = np.sort(saturated[good])
    enough = min(20 * LEAST, len(ranked))
    chosen: Bools = saturated <= max(ranked[enough - 1] if enough else 0, share * SIDE**2)
    return chosen


def sums_in(values: Reals) -> type[np.float32] | type[np.float64]:
    """Return the type that holds sums of some 64 of the values exactly, or nearly so."""
    few = values.dtype.kind in 'iu' and values.dtype.itemsize <= 2
    return np.float32 if few else np.float64


def _narrow(values: Reals) -> NDArray[np.floating[Any]]:
    """Return whole numbers whose sums over a patch single precision holds in that, else double."""
    narrow = values.astype(np.float32)
    if sums_in(values) is np.float32 or not values.size:
        return narrow
    within = narrow.min() >= -_WHOLE and narrow.max() <= _WHOLE
    return narrow if within and (np.rint(narrow) == values).all() else values.astype(np.float64)


def _windows(array: NDArray[Any], count: int) -> NDArray[Any]:
    """Return patches ``(pixels, patches)``, on a grid that is as fine as `count` allows."""
    if min(array.shape) < SIDE:
        return np.zeros((SIDE**2, 0), array.dtype)
    step, (rows, columns) = _grid(array.shape, count)
    patches = np.empty((SIDE**2, rows, columns), array.dtype)
    for i in range(SIDE):
        line = array[i::step][:rows]
        for j in range(SIDE):
            patches[SIDE * i + j] = line[:, j::step][:, :columns]
    return patches.reshape(SIDE**2, -1)


def _grid(shape: tuple[int, ...], count: int) -> tuple[int, list[int]]:
    """Return the step of patches, and how many there are along rows and columns."""
    places = [max(n - SIDE + 1, 0) for n in shape]
    step = max(1, math.ceil(math.sqrt(places[0] * places[1] / count)))
    return step, [len(range(0, n, step)) for n in places]


def _corners(shape: tuple[int, ...], count: int) -> NDArray[np.intp]:
    """Return the first row and column of every patch, ``(2, patches)``."""
    step, counts = _grid(shape, count)
    return step * np.indices(counts).reshape(2, -1)


class Level(NamedTuple):
    """A noise variance, the patches that told it, and the share that is free of texture."""

    variance: float
    used: NDArray[np.intp]
    untextured: float


def level_of(low: Floats, high: NDArray[np.float32], share: float = 0.005) -> Level:
    """Return the noise of patches, given their low- and high-frequency powers.

    The variance is the fixed point of "the patches that are untextured at this
    variance have this variance", over at least the `share` that has the least
    texture. Half of the patches of a flat area count as untextured.
    """
    order = np.argsort(low)
    low = low[order]
    least = min(max(LEAST, int(share * len(low))), len(low))
    used, untextured = least, 0
    variance = _middle(high, order[:used])
    for _ in range(20):
        untextured = int(np.searchsorted(low, variance * _UNTEXTURED))
        used = max(least, untextured)
        former, variance = variance, _middle(high, order[:used])
        if abs(variance - former) <= 1e-3 * former:
            break
    return Level(variance, order[:used], untextured / len(low))


def _middle(high: NDArray[np.float32], used: NDArray[np.intp]) -> float:
    """Return the median over the frequencies of the mean power of the patches `used`."""
    among = np.zeros(high.shape[1], np.float32)
    among[used] = 1
    return float(np.median(high @ among)) / len(used)


def variance_between_holes(channel: Reals, damaged: Bools) -> float | None:
    """Return the noise variance of an image with hardly an undamaged patch.

    A smooth surface is fitted to the known pixels of each patch; the residuals
    of untextured patches are noise, and the low end of their distribution is
    compared with the chi-squared one. None when too little is known.
    """
    known = ~_windows(damaged, COUNT // 4).T
    good = known.sum(axis=1) >= 2 * _SMOOTH.shape[1]
    if np.count_nonzero(good) < LEAST:
        return None
    weights = known[good].astype(np.float64)
    values = _windows(channel, COUNT // 4).T[good]
    values = weights * (values - (weights * values).sum(1, keepdims=True) / weights.sum(1)[:, None])
    gram = np.einsum('ki,nk,kj->nij', _SMOOTH, weights, _SMOOTH, optimize=True)
    right = values @ _SMOOTH
    # Known pixels on one line leave the surface open; a trace of ridge decides for none.
    fitted = np.linalg.solve(gram + 1e-6 * np.eye(gram.shape[-1]), right[..., None])[..., 0]
    residual = np.maximum((values**2).sum(axis=1) - (right * fitted).sum(axis=1), 0)
    degrees = weights.sum(axis=1) - _SMOOTH.shape[1]
    return float(np.quantile(residual / _chi2_quantile(_LOW_END, degrees), _LOW_END))


def variance_of_differences(channel: Reals, damaged: Bools | None) -> float:
    """Return the noise variance of an image too small for patches, from second differences."""
    axis = int(np.argmax(channel.shape))
    order = min(2, channel.shape[axis] - 1)
    differences = np.diff(channel.astype(np.float64), order, axis=axis)
    if damaged is not None:
        spread = sliding_window_view(damaged, order + 1, axis=axis).any(axis=-1)
        differences = differences[~spread]
    if order == 0 or not differences.size:
        return 0.0
    return float(np.median(np.abs(differences)) / 0.6745) ** 2 / math.comb(2 * order, order)
