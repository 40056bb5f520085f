"""Strokes all over a large picture to damage in the part on show."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...damage.in_tiles import OverlappingTile, tiles
from ...damage.scribbles import (
    Features,
    Learned,
    Lessons,
    decided,
    forest_of,
    learned_steps,
    lessons_of,
    probability_of,
    scribble_features,
)
from ..images.excerpts import Excerpt

_TILE, _MARGIN = 192, 48


@dataclass(frozen=True, eq=False)
class Taught:
    """The outcome of learning.

    `learned`: in the excerpt.
    `lessons`: from which, of all strokes.
    `levels`: of the response, by which all parts are judged alike.
    """

    learned: Learned
    lessons: Sequence[Lessons]
    levels: tuple[float, ...]


class Teaching:
    """Learns again and again on one picture, and keeps the features it has computed."""

    def __init__(self) -> None:
        self._levels: tuple[float, ...] | None = None
        self._seen: tuple[Any, Features] | None = None
        self._elsewhere: dict[tuple[int, ...], tuple[bytes, Lessons]] = {}

    def steps(
        self, whole: Excerpt, excerpt: Excerpt, strokes: NDArray[Any]
    ) -> Generator[Any, None, Taught]:
        """Learn from strokes on the whole picture, and look at an excerpt.

        Raises MaskError when there are not strokes of both kinds.
        """
        yield
        features = self._features(excerpt)
        box = tuple(slice(a, a + n) for a, n in zip(excerpt.corner, excerpt.shape, strict=True))
        lessons = [lessons_of(features, strokes[box], partly=True)]
        others = strokes.copy()
        others[box] = 0
        for tile in tiles(whole.shape, _TILE, _MARGIN):
            if others[tile.inner].any():
                yield
                lessons.append(self._lessons(whole, tile, others, features.levels))
        forest = forest_of(lessons)
        learned = decided(probability_of(forest, features), strokes[box])
        return Taught(learned, lessons, features.levels)

    def first_look(self, excerpt: Excerpt) -> Generator[Any, None, None] | None:
        """Return the work of seeing an excerpt, which takes longest; None where it is done."""
        return None if self._has_seen(excerpt) else self._looking(excerpt)

    def _looking(self, excerpt: Excerpt) -> Generator[Any, None, None]:
        yield
        self._features(excerpt)

    def _has_seen(self, excerpt: Excerpt) -> bool:
        return self._seen is not None and self._seen[0] == excerpt.key

    def _features(self, excerpt: Excerpt) -> Features:
        if self._seen is None or not self._has_seen(excerpt):
            features = scribble_features(excerpt.pixels(), self._levels)
            self._seen, self._levels = (excerpt.key, features), features.levels
        return self._seen[1]

    def _lessons(
        self,
        whole: Excerpt,
        tile: OverlappingTile,
        strokes: NDArray[Any],
        levels: tuple[float, ...],
    ) -> Lessons:
        said = np.zeros_like(strokes[tile.seen])
        said[tile.within] = strokes[tile.inner]
        digest = hashlib.sha256(said.tobytes()).digest()
        place = tuple(part.start for part in tile.inner)
        known = self._elsewhere.get(place)
        if known is None or known[0] != digest:
            there = Excerpt(whole.part.cut(tile.seen), whole.limits)
            found = lessons_of(scribble_features(there.pixels(), levels), said, partly=True)
            none = {name: getattr(found, name)[:0] for name in found._fields[2:]}
            known = self._elsewhere[place] = (digest, found._replace(**none))
        return known[1]


def everywhere(
    whole: Excerpt, taught: Taught, strokes: NDArray[Any]
) -> Generator[Any, None, NDArray[np.bool_]]:
    """Apply the trained classifier to the whole picture."""
    steps = learned_steps(whole.pixels(), taught.lessons, taught.levels, strokes)
    return (yield from steps).mask
