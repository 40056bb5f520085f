"""The place where a mask would fit the damage in an image better. numpy and scipy only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

from ..image.hole_width import widest
from .plane_measures import Bools, Floats

_LARGEST = 1024  # pixels along an axis at which a larger image is looked at
_REACH = 24  # pixels by which a mask is moved about
_WIDTH = 0.8  # of the slopes, in pixels
_GROWN = 3  # pixels by which a mask that is too small may be grown
_INSIDE = 0.7  # share of an outline that must lie in the image
_SOME = 1.2  # times the slope where it lies, below which nothing is looked at further
_BESIDE = 4  # pixels
_LINES = 0.2  # share of an outline that is lines one pixel wide, from which they count
_ITSELF = 0.5  # share of an outline that lies on itself, or beside, where it is hardly moved
_STANDS_OUT = 1.22  # times the best fit elsewhere
_DIFFERENT = 0.1  # share of an outline by which a turned one must differ


class BetterFit(NamedTuple):
    """The gain of a mask that fits better elsewhere, 1 where it does not, and the way there."""

    gain: float
    how: str


def left_over(mask: Bools, filled: Bools) -> str:
    """Return how many losses a cancelled run left as they were, in words, or nothing.

    `mask`: damage ``(..., H, W)``, broadcast to the shape of `filled`.
    `filled`: what was newly painted.
    """
    beside = np.zeros((3,) * filled.ndim, bool)
    beside[(1,) * (filled.ndim - 2)] = True
    damage = np.broadcast_to(mask, filled.shape)
    labels, count = ndimage.label(damage, beside)
    left = len(np.unique(labels[damage & ~filled]))
    if not left:
        return ''
    return f'{left} of {count} losses were not come to and are left as they were'


def better_fit(mask: Bools, image: Floats) -> BetterFit:
    """Compare the slopes on the outline of a mask, or anywhere in it, with those elsewhere.

    On the outline of what is damaged an image has steps. So it has by chance in one of many places,
    if nothing is damaged: a place counts that fits far better than all that are not beside it.

    `mask`, `image`: ``(H, W)``.
    """
    mask, image, scale = _reduced(mask, np.nan_to_num(image))
    slope = np.hypot(*(ndimage.gaussian_filter(image, _WIDTH, order=o) for o in ((1, 0), (0, 1))))
    slope = np.minimum(slope, np.quantile(slope, 0.99))
    outline = _outline(mask)
    typical, tight = float(slope.mean()), _on(outline, slope)
    inside = _by_depth(mask, slope, _REACH)  # masks are often drawn generously
    own = max([typical, tight, *inside])
    if own <= 0:
        return BetterFit(1.0, '')
    places = _Places(slope)
    found = [BetterFit(1.0, '')]
    for how, other in _others(mask, outline):
        gain = _on(other, slope) / own
        if gain > _SOME and places.stands_out(other, (0, 0)):
            found.append(BetterFit(gain, how))
    rows, columns = places.best(outline)
    gain = places.fit(outline, rows, columns) / own
    if (rows or columns) and gain > _SOME and places.stands_out(outline, (rows, columns)):
        how = f'moved by {scale * rows:+d} rows and {scale * columns:+d} columns'
        found.append(BetterFit(gain, how))
    return max(found, key=lambda fit: fit.gain)


def widest_hole(mask: Bools) -> float:
    """Return the diameter in pixels of the largest disk in a mask; it may go on at the border."""
    if mask.all():
        return float(min(mask.shape))
    step: int = math.ceil(max(mask.shape) / (2 * _LARGEST))
    return step * widest(mask[::step, ::step])


def _reduced(mask: Bools, image: Floats) -> tuple[Bools, Floats, int]:
    """Return a mask and an image no larger than need be, and the factor of reduction."""
    step = math.ceil(max(mask.shape) / _LARGEST)
    if step == 1:
        return mask, image, 1
    rows, columns = (n // step for n in mask.shape)
    cells = (rows, step, columns, step)
    inside = np.s_[: rows * step, : columns * step]
    small: Floats = image[inside].reshape(cells).mean(axis=(1, 3))
    return np.asarray(mask[inside].reshape(cells).any(axis=(1, 3))), small, step


def _on(outline: Bools, slope: Floats) -> float:
    return float(slope[outline].mean()) if outline.any() else 0.0


def _outline(mask: Bools) -> Bools:
    """Return the outermost pixels of a mask; where it is lines one pixel wide, those beside them.

    On such a line itself an image is as flat as on a ridge.
    """
    outline: Bools = mask & ~ndimage.binary_erosion(mask, border_value=1)
    lines = mask & ~ndimage.binary_opening(mask, np.ones((2, 2)))
    if np.count_nonzero(lines) < _LINES * np.count_nonzero(outline):
        return outline
    return np.asarray((outline & ~lines) | (ndimage.binary_dilation(lines) & ~mask))


def _by_depth(mask: Bools, slope: Floats, deepest: int) -> list[float]:
    """Return the mean slope on the outlines of a mask that is eroded pixel by pixel."""
    if not mask.any() or mask.all():
        return []
    depth = ndimage.distance_transform_cdt(mask, 'taxicab')
    depths = np.arange(1, min(deepest, int(depth.max())) + 1)
    return [float(mean) for mean in ndimage.mean(slope, depth, depths)]


def _others(mask: Bools, outline: Bools) -> Iterator[tuple[str, Bools]]:
    """Yield the outlines of a larger mask, and those of a turned one that is not the same."""
    if not mask.all():
        depth = ndimage.distance_transform_cdt(~mask, 'taxicab')
        for pixels in range(1, _GROWN + 1):
            yield 'larger', depth == pixels
    for how, turned in _turns(outline):
        if np.count_nonzero(turned ^ outline) > _DIFFERENT * np.count_nonzero(outline):
            yield how, turned


def _turns(outline: Bools) -> Iterator[tuple[str, Bools]]:
    yield 'upside down', outline[::-1]
    yield 'mirrored', outline[:, ::-1]
    yield 'turned by 180°', outline[::-1, ::-1]
    if outline.shape[0] == outline.shape[1]:
        yield 'transposed', outline.T


class _Places:
    """Mean slopes on outlines that are moved about."""

    def __init__(self, slope: Floats) -> None:
        self._shape = [fft.next_fast_len(n + _REACH, real=True) for n in slope.shape]
        self._slope = fft.rfft2(slope, self._shape)
        self._ones = fft.rfft2(np.ones(slope.shape), self._shape)

    def best(self, outline: Bools) -> tuple[int, int]:
        """Return the shift at which an outline fits best."""
        near = self._near(outline)
        row, column = np.unravel_index(int(np.argmax(near)), near.shape)
        return int(row) - _REACH, int(column) - _REACH

    def fit(self, outline: Bools, rows: int, columns: int) -> float:
        """Return the mean slope on an outline that is moved."""
        return float(self._near(outline)[rows + _REACH, columns + _REACH])

    def stands_out(self, outline: Bools, shift: tuple[int, int]) -> bool:
        """Say whether an outline fits far better there than wherever it does not lie on itself."""
        around = ndimage.binary_dilation(outline, iterations=_BESIDE).astype(float)
        seeks = np.conj(fft.rfft2(outline.astype(float), self._shape))
        shared = fft.irfft2(fft.rfft2(around, self._shape) * seeks, self._shape)
        steps = np.r_[-_REACH : _REACH + 1]
        apart = [np.abs(steps - n) <= _REACH for n in shift]  # of which it is known
        from_it = [steps[known] - n for known, n in zip(apart, shift, strict=True)]
        near = self._near(outline)
        others = near[np.ix_(*apart)]
        elsewhere = others[shared[np.ix_(*from_it)] < _ITSELF * np.count_nonzero(outline)]
        here = near[shift[0] + _REACH, shift[1] + _REACH]
        return bool(elsewhere.size and here > _STANDS_OUT * elsewhere.max())

    def _near(self, outline: Bools) -> Floats:
        """Return the mean slope at every shift; 0 where too much of the outline lies outside."""
        seeks = np.conj(fft.rfft2(outline.astype(float), self._shape))
        sums, counts = (fft.irfft2(x * seeks, self._shape) for x in (self._slope, self._ones))
        inside = counts > _INSIDE * np.count_nonzero(outline)
        fits = np.where(inside, sums / np.maximum(counts, 1), 0.0)
        steps = np.r_[-_REACH : _REACH + 1]
        return np.asarray(fits[np.ix_(steps, steps)])
