"""Checks of the light of a result: its total, its regions, and clipping and rounding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plane_measures import REGION_SIDE, Floats, planar, sizes_of_regions, smoothed, sums_of_regions
from .plane_outcome import Found, Outcome

_SIGNIFICANT = 5.0  # standard errors


def light(o: Outcome) -> Found | None:
    change, light = -float(o.residual.sum()), o.total - o.offset * o.count
    if light <= 0 or (o.noise is not None and abs(change) < _SIGNIFICANT * _total(o)):
        return 0.0, ''
    share = change / light
    return share, (
        f'the result holds {abs(share):.1%} {"less" if share < 0 else "more"} light than the '
        'image: do not measure brightness in it; give gain and offset of the camera, or sigma'
    )


def regions(o: Outcome) -> Found | None:
    change, error = sums_of_regions(o.residual), np.sqrt(_variances(o))
    above = o.light()
    light = sums_of_regions(np.maximum(above, 0, out=above))
    clear = (np.abs(change) > _SIGNIFICANT * error) & (np.abs(change) > 0.03 * light) & (light > 0)
    if not clear.size:
        return None
    share = float(clear.mean())
    return share, (
        f'in {share:.0%} of the regions of {REGION_SIDE} x {REGION_SIDE} pixels the mean changed '
        'by more than noise explains: do not compare their brightness; give gain and offset of '
        'the camera'
    )


def clipping(o: Outcome) -> Found | None:
    ends = _integers(o.given)
    if ends is None:
        return None
    share = 0.0
    if not _within(o.after, ends[0] - 0.5, ends[1] + 0.5):
        values = np.subtract(o.after, o.offset, out=o.room(o.after))
        light = float(np.abs(values, out=values).sum())
        np.clip(o.after, ends[0] - 0.5, ends[1] + 0.5, out=values)
        values -= o.after
        share = float(np.abs(values, out=values).sum()) / light if light > 0 else 0.0
    return share, (
        f'clipping to {o.given.dtype} changed {share:.1%} of the light: ask for float32 '
        "(dtype='float32')"
    )


def rounding(o: Outcome) -> Found | None:
    ends = _integers(o.given)
    if ends is None:
        return None
    exact = o.after if _within(o.after, *ends) else np.clip(o.after, *ends, out=o.room(o.after))
    change = np.subtract(planar(o.given), exact, out=o.room(exact, 1))
    if not _within(change, -1, 1):  # others were given back as they came
        change[~(np.abs(change) <= 1)] = 0
    changes = sums_of_regions(change)
    above = np.subtract(exact, o.offset, out=change)
    light = sums_of_regions(np.maximum(above, 0, out=above))
    some = light > 0
    if not some.any():
        return None
    # Chance rounds single regions up or down by a little; all of them together it does not.
    total = abs(float(changes.sum())) / float(light[some].sum())
    share = max(total, float(np.abs(changes[some]).sum() / light[some].sum()))
    return share, (
        f'rounding to {o.given.dtype} changed {share:.1%} of the light: ask for float32 '
        "(dtype='float32')"
    )


def values_beyond(o: Outcome) -> Found | None:
    share = _beyond(o)
    return share, f'{share:.1%} of the values lie beyond all of the image: look at them'


def overshoot(o: Outcome) -> Found | None:
    share = _beyond(o)
    return share, (
        f'{share:.0%} of the values go beyond all of the image, so edges overshoot: the kernel is '
        'too wide or not that of this image, or sigma is too small'
    )


def _beyond(o: Outcome) -> float:
    """Return the share of values below or above all of the smoothed image and its noise."""
    level, width = o.total / max(o.count, 1), 3 * o.typical + _invisible(o)
    ends = []
    for plane in o.before:
        for rows, strip in smoothed(plane, 1.0, level):
            where: Any = True if o.judged_all else o.known[rows]
            lowest = float(np.min(strip, where=where, initial=np.inf))
            ends.append((lowest, float(np.max(strip, where=where, initial=-np.inf))))
    low, high = level + min(low for low, _ in ends) - width, level + max(h for _, h in ends) + width
    if o.of_volume:
        low = min(low, o.offset - width)  # the haze of other planes is gone: dark is no overshoot
    if _within(o.after, low, high):
        return 0.0
    beyond = (o.after < low) | (o.after > high)
    if o.judged_all:
        return float(np.mean(beyond))
    return np.count_nonzero(beyond & o.known_after) / (len(beyond) * int(o.known_after.sum()))


def _invisible(o: Outcome) -> float:
    """Return the light that rounding of an image hides."""
    return max(1e-6 * o.span, 0.0 if _integers(o.given) is None else 0.5)


def _within(values: Floats, low: float, high: float) -> bool:
    """Say whether all values lie between two ends; NaN does not."""
    return bool(values.min() >= low and values.max() <= high)


def _total(o: Outcome) -> float:
    """Return the standard deviation of the sum of all noise."""
    noise = np.zeros(()) if o.noise is None else o.noise
    return math.sqrt(float(np.square(noise).mean()) * o.before.size)


def _variances(o: Outcome) -> Floats:
    """Return the variance of the sums over regions, of the mean noise of the colours."""
    noise = np.zeros(()) if o.noise is None else o.noise
    if noise.ndim:
        return sums_of_regions(np.square(noise))
    return float(noise) ** 2 * sizes_of_regions(o.before.shape[1:])


def _integers(given: NDArray[Any]) -> tuple[int, int] | None:
    """Return the least and greatest value of an integer type."""
    if given.dtype.kind not in 'iu':
        return None
    info = np.iinfo(given.dtype)
    return int(info.min), int(info.max)
