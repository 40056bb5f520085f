"""Salt and pepper: scattered pixels at the very ends of the range, whatever lies around them.

Bad contacts, lost bits and careless simulations leave them. They are no noise with a level: a
median or a mask of them removes them, and a denoiser that is told their power smooths the rest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .outliers import Ordinary, neighbours, ordinary
from .patches import Bools, Floats

_FEWEST, _LEAST, _MOST = 20, 1e-3, 0.25  # pixels at an end of the range, and their share
_LOOKED_AT = 4096
_ENOUGH = 3  # neighbours at neither end
_OUT, _FAR = (
    5.0,
    0.1,
)  # times the spread of neighbours, and part of the extent, by which they stand out
_ALONE = 0.5  # of their height, which all but two of the neighbours lie away from them
_CHANCE, _BESIDE = 2.0, 0.2  # neighbours at the same end: times those of chance, and beyond


def impulses(
    channel: NDArray[Any], unknown: Bools | None = None, among: Ordinary | None = None
) -> Bools | None:
    """Find scattered pixels of the least and greatest value that stand out of their neighbours.

    Clipped light and dark ground lie together, and begin softly; these lie anywhere.

    `channel`: ``(H, W)``.
    `unknown`: pixels that say nothing.
    `among`: between which values nearly all pixels lie of what the channel is a part of; by
        default its own.
    Returns True at them, or None if there are none.
    """
    if min(channel.shape) < 3:
        return None
    known = channel if unknown is None else channel[~unknown]
    if not known.size or not known.min() < known.max():  # nor where one is missing
        return None
    found = np.zeros(channel.shape, bool)
    ends = (known.min(), known.max())
    for end in ends:
        at = channel == end
        if unknown is not None:
            at &= ~unknown
        number = int(np.count_nonzero(at))
        if not max(_FEWEST, _LEAST * channel.size) <= number <= _MOST * channel.size:
            continue
        extent = _extent(among or ordinary(channel, unknown), ends)
        places = np.argwhere(at)
        step = max(1, number // _LOOKED_AT)
        by_chance = 8 * number / channel.size
        some = _Surroundings.of(channel, places[::step], ends, end, extent)
        if some.scattered(by_chance) * step >= max(_FEWEST, _LEAST * channel.size):
            alone = _Surroundings.of(channel, places, ends, end, extent).alone()
            found[tuple(places[alone].T)] = True
    return found if found.any() else None


def _extent(nearly_all: Ordinary, ends: tuple[Any, Any]) -> float:
    """Return the extent of nearly all values, to which a few hot or dead pixels add nothing."""
    return min(float(ends[1]), nearly_all.high) - max(float(ends[0]), nearly_all.low)


class _Surroundings(NamedTuple):
    """The neighbours of places at one end of the range that are at neither end.

    `height`: how far their median lies away from that end.
    `away`: how far all but two of them do.
    `spread`: their deviation.
    `least`: of the extent, what stands out of it.
    `same`: how many neighbours are at that end, too.
    """

    height: Floats
    away: Floats
    spread: Floats
    least: float
    same: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        channel: NDArray[Any],
        places: NDArray[np.intp],
        ends: tuple[Any, Any],
        end: Any,
        extent: float,
    ) -> _Surroundings:
        around = neighbours(channel, places)
        same = (around == end).sum(axis=1)
        around[(around == ends[0]) | (around == ends[1])] = np.nan
        around[np.isfinite(around).sum(axis=1) < _ENOUGH] = end  # which does not stand out
        away = np.sort(np.abs(around - float(end)), axis=1)[:, 2]
        height, spread = (
            np.abs(np.nanmedian(around, axis=1) - float(end)),
            np.nanstd(around, axis=1),
        )
        return cls(height, away, spread, _FAR * extent, same)

    def alone(self, local: bool = False) -> Bools:
        """Say which places stand out, of the spread around them where that is larger."""
        spread = np.median(self.spread)
        usual = np.maximum(
            _OUT * (np.maximum(self.spread, spread) if local else spread), self.least
        )
        return np.asarray((self.height > usual) & (self.away > _ALONE * self.height))

    def scattered(self, by_chance: float) -> int:
        """Return how many places surely stand out, 0 where they lie together.

        `by_chance`: neighbours at the same end that scattered places have.
        """
        alone = self.alone(local=True)
        if not alone.any() or self.same[alone].mean() > _CHANCE * by_chance + _BESIDE:
            return 0
        return int(np.count_nonzero(alone))
