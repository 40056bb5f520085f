"""Noise that is stronger in some places of an image than in others. No torch.

Flat-field correction, stitched exposures and a light that falls off at the corners leave noise
that one number cannot stand for: told the least of it, a denoiser leaves most of the rest.
"""

from __future__ import annotations

import numpy as np

from .level import channels_of
from .patches import COUNT, SIDE, Bools, Floats, Patches, Reals, level_of

UNEVEN = 1.6
"""Noise of the loudest tenth of the places over that of the quietest, which one number misses."""

_SIDES, _MOST = (32, 21), 8  # least pixels of a side of a place, and most places along an axis
_SATURATED = 0.25  # share of a patch: a dark ground beside loud noise is cut off at black
_ENOUGH = 40  # patches in each of them
_LEAST = 0.1  # share of them that tells the noise
_PLACES = 8  # that tell how it differs
_UNTEXTURED, _SURELY = 0.12, 0.3  # share of untextured patches in them, and in loud ones
_LOUDER = 1.3  # than quiet ones by which a place is loud
_APART = 3  # pixels between those that tell the range
_END = 0.1  # share of the places at either end that do not count
_SEEN = 0.03  # of the range: what is less, and stronger in some places, is rather texture


def unevenness(plane: Reals, damaged: Bools | None = None) -> float:
    """Return how many times as strong the noise is in loud places as in quiet ones.

    Texture may be anywhere and look like noise; so only places have a say of which many patches
    have the same power at low and at high frequencies, as white noise has. Strong noise hides
    texture, so that of loud places more patches must.

    `plane`: ``(H, W)`` or ``(H, W, 3)``.
    `damaged`: ``(H, W)``, pixels that say nothing.
    Returns: from 1, which stands too for an image that does not tell.
    """
    for side in _SIDES:  # small images have more of the smaller ones
        found = [_places(channel, damaged, side) for channel in channels_of(plane)]
        level, untextured = np.concatenate(found, axis=1)
        level, untextured = level[untextured >= _UNTEXTURED], untextured[untextured >= _UNTEXTURED]
        if len(level) >= _PLACES:
            break
    else:
        return 1.0
    sure = (level < _LOUDER * np.quantile(level, _END)) | (untextured >= _SURELY)
    quiet, loud = np.quantile(level[sure], (_END, 1 - _END))
    some = plane[::_APART, ::_APART] if damaged is None else plane[~damaged][::_APART]
    low, high = np.quantile(some, (0.01, 0.99))
    return float(loud / quiet) if quiet > 0 and loud > _SEEN * (high - low) else 1.0


def _places(channel: Reals, damaged: Bools | None, side: int) -> Floats:
    """Return the noise in places of a `side`, and which share of their patches is untextured."""
    patches = Patches.of(channel, damaged, COUNT // 4, saturated=_SATURATED)
    counts = [int(np.clip(n // side, 1, _MOST)) for n in channel.shape]
    row, column = (
        corner * count // max(n - SIDE + 1, 1)
        for corner, count, n in zip(patches.corner, counts, channel.shape, strict=True)
    )
    number = row * counts[1] + column
    order = np.argsort(number, kind='stable')
    found = []
    for here in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        if len(here) >= _ENOUGH:
            level = level_of(patches.low[here], patches.high[:, here], share=_LEAST)
            found.append((np.sqrt(level.variance), level.untextured))
    return np.array(found, np.float64).reshape(-1, 2).T
