"""Where a mask would fit the damage in an image better than where it lies. numpy and scipy only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

from .plane_measures import Bools, Floats

_REACH = 24  # pixels by which a mask is moved about
_WIDTH = 0.8  # of the slopes, in pixels
_GROWN = 3  # pixels by which a mask that is too small may be grown
_INSIDE = 0.7  # share of an outline that must lie in the image
_DIFFERENT = 0.1  # share of a mask by which a turned one must differ


class BetterFit(NamedTuple):
    """How much better a mask fits elsewhere, 1 where it does not, and how to get there."""

    gain: float
    how: str


def better_fit(mask: Bools, image: Floats) -> BetterFit:
    """Compare the slopes on the outline of a mask, or anywhere in it, with those elsewhere.

    On the outline of what is damaged an image has steps.

    `mask`, `image`: ``(H, W)``.
    """
    image = np.nan_to_num(image)
    slope = np.hypot(*(ndimage.gaussian_filter(image, _WIDTH, order=o) for o in ((1, 0), (0, 1))))
    slope = np.minimum(slope, np.quantile(slope, 0.99))
    typical = float(slope.mean())
    own = max(typical, max(_on(_outline(part), slope) for part in _eroded(mask)))
    if own <= 0:
        return BetterFit(1.0, '')
    tight = max(typical, _on(_outline(mask), slope))
    found = [BetterFit(1.0, '')]
    found += [BetterFit(_on(_outline(turned), slope) / own, how) for how, turned in _turns(mask)]
    found += [BetterFit(value / own, how) for how, value in _moved(mask, slope)]
    grown = (ndimage.binary_dilation(mask, iterations=n) for n in range(1, _GROWN + 1))
    found += [BetterFit(_on(_outline(each), slope) / max(own, tight), 'larger') for each in grown]
    return max(found, key=lambda fit: fit.gain)


def widest_hole(mask: Bools) -> float:
    """Return the diameter in pixels of the largest disk in a mask."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))
    return float(max(2 * depth.max() - 1, 0.0))


def _outline(mask: Bools) -> Bools:
    """Return the outermost pixels of a mask, but for the border of the image."""
    outline: Bools = mask & ~ndimage.binary_erosion(mask, border_value=1)
    return outline


def _on(outline: Bools, slope: Floats) -> float:
    return float(slope[outline].mean()) if outline.any() else 0.0


def _eroded(mask: Bools) -> Iterator[Bools]:
    """Yield a mask and what is left of it pixel by pixel: masks are often drawn generously."""
    depth = ndimage.distance_transform_cdt(mask, 'taxicab')
    for least in range(min(int(depth.max()), _REACH)):
        yield depth > least


def _turns(mask: Bools) -> Iterator[tuple[str, Bools]]:
    turns = {
        'upside down': mask[::-1],
        'mirrored': mask[:, ::-1],
        'turned by 180°': mask[::-1, ::-1],
    }
    if mask.shape[0] == mask.shape[1]:
        turns['transposed'] = mask.T
    for how, turned in turns.items():
        if np.count_nonzero(turned ^ mask) > _DIFFERENT * np.count_nonzero(mask):
            yield how, turned


def _moved(mask: Bools, slope: Floats) -> Iterator[tuple[str, float]]:
    """Yield the best mean slope on the outline of a mask that is moved."""
    outline = _outline(mask).astype(float)
    shape = [fft.next_fast_len(n + _REACH, real=True) for n in slope.shape]
    seeks = np.conj(fft.rfft2(outline, shape))
    sums = fft.irfft2(fft.rfft2(slope, shape) * seeks, shape)
    counts = fft.irfft2(fft.rfft2(np.ones(slope.shape), shape) * seeks, shape)
    inside = counts > _INSIDE * outline.sum()
    fits = np.where(inside, sums / np.maximum(counts, 1), 0.0)
    steps = np.r_[0 : _REACH + 1, -_REACH:0]
    near = fits[np.ix_(steps, steps)]
    row, column = np.unravel_index(int(np.argmax(near)), near.shape)
    rows, columns = int(steps[row]), int(steps[column])
    if rows or columns:
        yield f'moved by {rows:+d} rows and {columns:+d} columns', float(near[row, column])
