"""The part of a picture that proposals are made for: the part on show, if it is small enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .regions import chosen_part
from .selection import Selection

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .space import View

_MARGIN = 0.15  # of what is on show, beyond it, so that a small move needs nothing new


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A part of the plane of an image on show.

    `part`: the part; one plane.
    `limits`: gray values that are drawn as black and as white; None for colours.
    """

    part: Selection
    limits: tuple[float, float] | None

    @classmethod
    def whole(cls, layer: napari.layers.Image, view: View) -> Excerpt:
        """Return the whole plane on show."""
        low, high = (0.0, 0.0) if layer.rgb else map(float, layer.contrast_limits)
        return cls(chosen_part(layer, view, shown=True), None if layer.rgb else (low, high))

    @classmethod
    def on_show(
        cls, layer: napari.layers.Image, view: View, most: int, margin: bool = True
    ) -> Excerpt:
        """Return the part on show; the whole plane if it has no more than `most` pixels.

        `margin`: whether some space around it belongs to it.
        """
        whole = cls.whole(layer, view)
        if whole.part.size <= most:
            return whole
        seen = chosen_part(layer, view, shown=True, region='visible')
        size = np.array([seen.index[axis].stop - seen.index[axis].start for axis in seen.spatial])
        size = size * (1 + 2 * _MARGIN * margin)
        size = size * min(1.0, np.sqrt(most / size.prod()))
        middle = [(seen.index[axis].start + seen.index[axis].stop) / 2 for axis in seen.spatial]
        return whole.window(middle, size)

    def around(self, place: Sequence[float], most: int) -> Excerpt:
        """Return a square of at most `most` pixels around a row and a column."""
        return self.window(place, (np.sqrt(most),) * 2)

    def window(self, middle: Sequence[float], size: Sequence[float]) -> Excerpt:
        """Return rows and columns around a place of a whole plane, shifted to lie within it."""
        box = []
        for axis, centre, length in zip(self.part.spatial, middle, size, strict=True):
            start = int(np.clip(centre - length / 2, 0, max(self.part.grid[axis] - length, 0)))
            box.append(slice(start, min(start + int(length), self.part.grid[axis])))
        return Excerpt(self.part.cut((box[0], box[1])), self.limits)

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that differs between excerpts."""
        spans = tuple((part.start, part.stop) for part in self.part.index)
        return id(self.part.data), spans, self.limits

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = (self.part.index[axis] for axis in self.part.spatial)
        return rows.stop - rows.start, columns.stop - columns.start

    @property
    def corner(self) -> tuple[int, int]:
        """First row and column."""
        rows, columns = (self.part.index[axis] for axis in self.part.spatial)
        return rows.start, columns.start

    def has(self, place: tuple[int, int]) -> bool:
        """Say whether a row and column of the picture lie in it."""
        pairs = zip(place, self.corner, self.shape, strict=True)
        return all(first <= at < first + length for at, first, length in pairs)

    def holds(self, other: Excerpt) -> bool:
        """Say whether this excerpt has all pixels that another has."""
        same = self.key[::2] == other.key[::2]
        pairs = zip(self.part.index, other.part.index, strict=True) if same else ()
        return same and all(a.start <= b.start and b.stop <= a.stop for a, b in pairs)

    def pixels(self) -> NDArray[Any]:
        """Return rows and columns, with colours behind: floats in [0, 1] or whole numbers."""
        loaded = self.part.load_ordered()
        pixels = loaded.reshape(loaded.shape[len(self.part.leading) :])
        if self.limits is not None:
            low, high = self.limits
            pixels = (pixels.astype(np.float32) - low) / max(high - low, 1e-12)
        if pixels.dtype.kind == 'f':
            pixels = np.clip(np.nan_to_num(pixels), 0, 1)
        return np.asarray(pixels)
