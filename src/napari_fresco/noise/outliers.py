"""Hot and dead pixels: single ones that stand far out of the range and of their neighbours."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..image.percentiles import percentiles
from .patches import Bools

REACH = 1.5
"""How far beyond the ordinary range an outlier lies, in units of that range."""
_ORDINARY = (2, 98)  # percentiles
_MOST = 0.02  # share of the pixels beyond which they are no outliers
_LEVELS = 8  # fewer values within the ordinary range are counts of single photons
_ENOUGH = 64
_LOOKED_AT = 1 << 17
_STANDS_OUT = 0.9  # part of its height by which an outlier rises over its neighbours


class Ordinary(NamedTuple):
    """The least and the greatest value of nearly all pixels."""

    low: float
    high: float


_ALL = Ordinary(-np.inf, np.inf)


def ordinary(channel: NDArray[Any], unknown: Bools | None = None) -> Ordinary:
    """Return between which values nearly all pixels lie; infinite where nothing is an outlier.

    `channel`: ``(H, W)``, or a sample of its pixels.
    `unknown`: pixels that say nothing.
    """
    values = channel.ravel() if unknown is None else channel[~unknown]
    values = values[:: max(1, values.size // _LOOKED_AT)]
    # Limits beyond all values may lie beyond their type, too.
    values = values.astype(np.float32) if values.dtype == np.float16 else values
    if values.size < _ENOUGH:
        return _ALL
    low, high = (float(value) for value in percentiles(values, _ORDINARY))
    reach = REACH * (high - low)
    if reach <= 0 or not _has_levels(values[(values >= low) & (values <= high)]):
        return _ALL
    far = (values > high + reach) | (values < low - reach)
    return _ALL if far.mean() > _MOST else Ordinary(low, high)


def outliers(
    channel: NDArray[Any], unknown: Bools | None = None, among: Ordinary | None = None
) -> Bools | None:
    """Find single pixels that no light can have made.

    They lie far beyond the range of nearly all pixels, and at least ten times as far from
    it as all but two of their eight neighbours: optics spread the light of a point over more
    than a pixel.

    `channel`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    `among`: between which values nearly all pixels lie of what the channel is a part of; by
        default its own.
    Returns True at outliers, or None if there are none.
    """
    low, high = among or ordinary(channel, unknown)
    if min(channel.shape) < 3 or not np.isfinite(high - low):
        return None
    reach = REACH * (high - low)
    if channel.max() <= high + reach and channel.min() >= low - reach:
        return None
    far = (channel > high + reach) | (channel < low - reach)
    if unknown is not None:
        far &= ~unknown
    places = np.argwhere(far)
    if not len(places):
        return None
    heights = channel[far].astype(np.float64)
    above = heights > high
    edge = np.where(above, high, low)
    around = neighbours(channel, places) - edge[:, None]
    # Two hot pixels may touch, so the third nearest in height counts: of light it shares.
    near = np.sort(np.where(above[:, None], around, -around), axis=1)[:, -3]
    alone = near <= (1 - _STANDS_OUT) * np.abs(heights - edge)
    if not alone.any():
        return None
    found = np.zeros(channel.shape, bool)
    found[tuple(places[alone].T)] = True
    return found


def _has_levels(values: NDArray[Any]) -> bool:
    """Say whether values are more than a few different ones: a part of them nearly always tells."""
    return any(len(np.unique(some)) >= _LEVELS for some in (values[:_ENOUGH], values))


def neighbours(channel: NDArray[Any], places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the eight neighbours of each place, ``(n, 8)``, mirrored at the border."""
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    last = np.array(channel.shape) - 1
    around = np.abs(places[:, None] + np.array(steps))
    around = np.where(around > last, 2 * last - around, around)
    values: NDArray[np.float64] = channel[around[..., 0], around[..., 1]].astype(np.float64)
    return values
