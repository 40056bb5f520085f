"""Distances between patches of a picture, weighted by the trust in each pixel. No torch.

Most candidates in a search for the nearest patch are far away. A patch is summed over nine blocks;
by the inequality of Cauchy and Schwarz the sums of two patches bound their distance from below,
with a fifth of the numbers. Only what the bound leaves is looked at as a whole.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]

PATCH = 7
"""Side of a patch in pixels."""

_BLOCKS = (slice(0, 2), slice(2, 5), slice(5, 7))  # of the rows of a patch, and of its columns
_AT_ONCE = 2**18  # numbers of patches that are compared in the cache of a processor
_SURE = 0.999  # of the bound: it is rounded


class PatchDistances:
    """The distances of patches of one picture from patches that are wanted.

    `picture`: (H, W, C).
    `trust`: (H, W), the weights of the pixels of what is wanted; those of a patch are divided by
        their sum.
    `sources`, `targets`: rows and columns of the middles of patches, ``(n, 2)``, all of which lie
        in the picture: those that are compared, and those that something is wanted for.
    """

    def __init__(self, picture: Floats, trust: Floats, sources: Ints, targets: Ints) -> None:
        self._channels = picture.shape[2]
        self._targets = targets
        self._lines = _Lines(picture)
        self._at = self._lines.numbers(sources)
        self._sums = _block_sums(picture, sources)
        weights = _patches(trust[..., None], targets)
        weights /= weights.sum(axis=1, keepdims=True)
        self._weights = weights.repeat(self._channels, axis=1)
        squares = weights.reshape(-1, PATCH, PATCH)
        least = [squares[:, a, b].min(axis=(1, 2)) for a in _BLOCKS for b in _BLOCKS]
        self._least = _SURE * np.stack(least, axis=1).repeat(self._channels, axis=1)

    def look_for(self, estimate: Floats) -> None:
        """Take what is wanted from the patches of `estimate`, (H, W, C), around the targets."""
        self._wanted = _patches(estimate, self._targets)
        self._wanted_sums = _block_sums(estimate, self._targets)

    def of(self, source: Ints, target: Ints | None = None) -> Floats:
        """Return the distances ``(n,)`` of sources from targets, by number; all in turn if None."""
        target = np.arange(len(source)) if target is None else target
        distance = np.empty(len(source), np.float32)
        for few in _chunks(len(source), self._weights.shape[1]):
            change = self._lines.patches(self._at[source[few]])
            change -= self._wanted[target[few]]
            change *= change
            np.einsum('ni,ni->n', change, self._weights[target[few]], out=distance[few])
        return distance

    def nearer(self, source: Ints, target: Ints, than: Floats) -> tuple[Ints, Floats]:
        """Return which of the sources ``(n,)`` are nearer to their targets `than`, and how near."""
        possible = np.flatnonzero(self._bound(source, target) < than)
        distance = self.of(source[possible], target[possible])
        better = distance < than[possible]
        return possible[better], distance[better]

    def _bound(self, source: Ints, target: Ints) -> Floats:
        """Return what the distances are at least."""
        bound = np.empty(len(source), np.float32)
        for few in _chunks(len(source), self._least.shape[1]):
            change = self._sums[source[few]]
            change -= self._wanted_sums[target[few]]
            change *= change
            np.einsum('ni,ni->n', change, self._least[target[few]], out=bound[few])
        return bound


class _Lines:
    """Patches as lines of a picture: a table of all of them would take 49 times its memory."""

    def __init__(self, picture: Floats) -> None:
        _, width, channels = picture.shape
        numbers = np.ascontiguousarray(picture).reshape(-1)
        lines = np.lib.stride_tricks.sliding_window_view(numbers, PATCH * channels)
        self._lines, self._width = lines[::channels], width
        self._below = width * np.arange(PATCH)

    def numbers(self, middles: Ints) -> Ints:
        """Return the numbers of the first pixels of patches."""
        rows, columns = (middles - PATCH // 2).T
        return np.asarray(rows * self._width + columns)

    def patches(self, first: Ints) -> Floats:
        """Return patches as rows."""
        found: Floats = self._lines[first[:, None] + self._below]
        return found.reshape(len(first), -1)


def _patches(picture: Floats, middles: Ints) -> Floats:
    """Return the patches around `middles` as rows."""
    lines = _Lines(picture)
    return lines.patches(lines.numbers(middles))


def _block_sums(picture: Floats, middles: Ints) -> Floats:
    """Return the sums over blocks of patches, over the root of the pixels of each."""
    rows, columns = (middles - PATCH // 2).T
    sums = np.empty((len(middles), len(_BLOCKS) ** 2, picture.shape[2]), np.float32)
    tall = {_length(a): _runs(picture, _length(a), 0) for a in _BLOCKS}
    boxes = {
        (n, m): _runs(runs, m, 1) / np.float32(math.sqrt(n * m))
        for n, runs in tall.items()
        for m in tall
    }
    for n, (a, b) in enumerate((a, b) for a in _BLOCKS for b in _BLOCKS):
        sums[:, n] = boxes[_length(a), _length(b)][rows + a.start, columns + b.start]
    return sums.reshape(len(middles), -1)


def _length(block: slice) -> int:
    return int(block.stop - block.start)


def _runs(picture: Floats, length: int, axis: int) -> Floats:
    """Return the sums of so many neighbours along an axis, the first of which is at each place."""
    lines = np.moveaxis(picture, axis, 0)
    size = len(lines) - length + 1
    total = lines[:size].copy()
    for n in range(1, length):
        total += lines[n : n + size]
    return np.moveaxis(total, 0, axis)


def _chunks(count: int, numbers: int) -> list[slice]:
    """Return so many patches, of some numbers each, in parts that fit into a cache."""
    size = max(_AT_ONCE // numbers, 1)
    return [slice(n, n + size) for n in range(0, count, size)]
