"""Checks of the light of a result: all of it, regions, and what its type did to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plane_measures import REGION_SIDE, Floats, blurred, sums_of_regions
from .plane_outcome import Found, Outcome

_SIGNIFICANT = 5.0  # standard errors


def light(o: Outcome) -> Found | None:
    change, total = -float(o.residual.sum()), float(o.observed[o.known].sum())
    light = total - o.offset * np.broadcast_to(o.known.T, o.observed.T.shape).sum()
    if light <= 0 or (o.noise is not None and abs(change) < _SIGNIFICANT * _total(o.noise)):
        return 0.0, ''
    share = change / light
    return share, (
        f'the result holds {abs(share):.1%} {"less" if share < 0 else "more"} light than the '
        'image: do not measure brightness in it; give gain and offset of the camera, or sigma'
    )


def regions(o: Outcome) -> Found | None:
    change, error = (
        sums_of_regions(o.residual),
        sums_of_regions(np.square(_noise_or_zero(o))) ** 0.5,
    )
    light = sums_of_regions(np.maximum(o.signal, 0))
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
    within = np.clip(o.restored, ends[0] - 0.5, ends[1] + 0.5)
    light = float(np.abs(o.restored - o.offset).sum())
    share = float(np.abs(within - o.restored).sum()) / light if light > 0 else 0.0
    return share, (
        f'clipping to {o.given.dtype} changed {share:.1%} of the light: ask for float32 '
        "(dtype='float32')"
    )


def rounding(o: Outcome) -> Found | None:
    ends = _integers(o.given)
    if ends is None:
        return None
    exact = np.clip(o.restored, *ends)
    values = o.given.astype(np.float64)
    rounded = np.abs(values - exact) <= 1  # others were given back as they came
    change = sums_of_regions(np.where(rounded, values - exact, 0.0))
    light = sums_of_regions(np.maximum(exact - o.offset, 0))
    some = light > 0
    if not some.any():
        return None
    # Chance rounds single regions up or down by a little; all of them together it does not.
    total = abs(float(change.sum())) / float(light[some].sum())
    share = max(total, float(np.abs(change[some]).sum() / light[some].sum()))
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
    values = np.broadcast_to(o.known.T, o.observed.T.shape).T
    smooth, width = blurred(o.observed, 1.0)[values], 3 * o.typical + 1e-6 * o.span
    low, high = float(smooth.min()) - width, float(smooth.max()) + width
    x = o.restored[o.known_after]
    return float(np.mean((x < low) | (x > high)))


def _total(noise: Floats) -> float:
    return math.sqrt(float(np.square(noise).sum()))


def _noise_or_zero(o: Outcome) -> Floats:
    return np.zeros(o.observed.shape) if o.noise is None else o.noise


def _integers(given: NDArray[Any]) -> tuple[int, int] | None:
    """Return the least and greatest value of an integer type."""
    if given.dtype.kind not in 'iu':
        return None
    info = np.iinfo(given.dtype)
    return int(info.min), int(info.max)
