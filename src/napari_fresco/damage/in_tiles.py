"""Large images in parts: tiles with margins, and work that says how far it has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

Box = tuple[slice, slice]


@dataclass(frozen=True)
class Progress:
    """The finished parts of some work."""

    index: int
    total: int


class OverlappingTile(NamedTuple):
    """A tile of an image with its margin."""

    seen: Box  # with margins, in the image
    inner: Box  # without, in the image
    within: Box  # without, in what is seen


def tiles(shape: tuple[int, ...], side: int, margin: int) -> Iterator[OverlappingTile]:
    """Yield tiles that cover rows and columns once, each seen with a margin."""
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            starts, ends = (top, left), (min(top + side, shape[0]), min(left + side, shape[1]))
            first = [max(start - margin, 0) for start in starts]
            seen = [
                slice(a, min(b + margin, n)) for a, b, n in zip(first, ends, shape, strict=False)
            ]
            inner = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
            within = [slice(s.start - a, s.stop - a) for s, a in zip(inner, first, strict=True)]
            yield OverlappingTile((seen[0], seen[1]), (inner[0], inner[1]), (within[0], within[1]))
