"""Borders with less noise than the picture within them: paper around a scan, a drawn frame.

What lies there has noise of its own. Taken together, the flattest patches of such an image are all
of its border, and their noise would be told of the picture. No torch.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .curve import Blocks, fit_curve
from .dilation import within
from .patches import COUNT, LEAST, Bools, Floats, Patches, Reals, level_of
from .quiet_rim import (
    BEYOND,
    DEPTH,
    FLAT,
    LOUDEST,
    MARK,
    QUIETER,
    fills_rectangles,
    least_length,
    may_have_border,
    noise_of_rim,
    opened,
)
from .second_differences import channel_views, local_power

_HARDLY = 0.2  # of the noise of the picture: a network that sees that errs by as much
_ROUNDS = 3  # borders of different noise that are taken off, one after the other
_LEAST_SIDE = 64
_MOST = 0.9  # share of the pixels beyond which it is no border
_PARTS = 8  # into which half a side may fall
_THIN = 6  # pixels: half the width of the lines of writing
_APART = 6  # pixels from a border, whose patches tell nothing of either
_SPREAD = 12.0  # pixels over which its own noise is averaged
_STEP = 4  # pixels of a side of the blocks that it is averaged in
_AS_LIGHT = 0.2  # of the variance of the picture, which a line may be wrong by
_NOISE_ALONE = 3.0  # deviations between the tenths of values; of Gaussian noise 2.56
_SEEN = 0.006  # of the range: what is less, is hardly told from texture


class QuietBorder(NamedTuple):
    """A border with noise of its own.

    `where`: ``(H, W)``, True in it.
    `beside`: the same, grown: what says nothing of the noise of the picture.
    `level`: ``(H, W)``, the standard deviation of its own noise, of use where it is.
    `hardly`: ``(H, W)``, where that is so little that there is nothing to restore.
    """

    where: Bools
    beside: Bools
    level: Floats
    hardly: Bools


class _Bordered(NamedTuple):
    """A border, and the noise of the picture in it."""

    where: Bools
    picture: float


def quiet_border(plane: Reals, unknown: Bools | None = None) -> QuietBorder | None:
    """Find areas along the border of a plane whose noise is less than half of that elsewhere.

    They have one brightness, as paper has, and leave upright or turned rectangles.

    `plane`: ``(H, W)`` or ``(H, W, 3)``.
    `unknown`: ``(H, W)``, pixels that say nothing.
    Returns None where there are none.
    """
    if min(plane.shape[:2]) < _LEAST_SIDE:
        return None
    if plane.dtype.kind == 'f' and not np.isfinite(plane.sum(dtype=np.float64)):
        absent = ~np.isfinite(plane).reshape(*plane.shape[:2], -1).all(axis=-1)
        unknown = np.asarray(absent if unknown is None else unknown | absent)
    if not may_have_border(plane, unknown):
        return None
    power, weight = local_power(plane, unknown)
    found = _Bordered(np.zeros(power.shape, bool), 0.0)
    for _ in range(_ROUNDS):
        more = _quieter(plane, unknown, power, weight, found.where)
        if more is None:
            break
        found = more
    where, picture = found
    if not where.any():
        return None
    level = _own_level(power, where)
    return QuietBorder(where, _grown(where), level, where & (level < _HARDLY * picture))


def _own_level(power: Reals, where: Bools) -> Floats:
    """Return the noise of a border around each pixel, from means of blocks."""
    shape = where.shape
    fill = [(0, -n % _STEP) for n in shape]
    blocks = [
        np.pad(each, fill).reshape(-(-shape[0] // _STEP), _STEP, -1, _STEP).mean(axis=(1, 3))
        for each in (power * where, where)
    ]
    own, share = (ndimage.gaussian_filter(each, _SPREAD / _STEP) for each in blocks)
    level = np.sqrt(own / np.maximum(share, 1e-6)).astype(np.float64)
    wide = ndimage.zoom(level, _STEP, order=1, mode='nearest', grid_mode=True)
    return np.asarray(wide[: shape[0], : shape[1]])


def silent_pixels(plane: Reals, unknown: Bools | None = None) -> Bools | None:
    """Return what says nothing of the noise of a picture: `unknown` pixels and a quiet border."""
    border = quiet_border(plane, unknown)
    if border is None:
        return unknown
    return border.beside if unknown is None else border.beside | unknown


def _quieter(
    plane: Reals,
    unknown: Bools | None,
    power: NDArray[np.float32],
    weight: Bools,
    found: Bools,
) -> _Bordered | None:
    """Return the border that was found with one more of the next noise, None if there is none."""
    told = weight & ~found
    sides = zip(_strips(power), _strips(told), strict=True)
    quiet = noise_of_rim([side[known] for side, known in sides])
    if quiet is None:
        return None
    inner = power[DEPTH:-DEPTH, DEPTH:-DEPTH][told[DEPTH:-DEPTH, DEPTH:-DEPTH]]
    if not inner.size or float(np.quantile(inner, LOUDEST)) <= (QUIETER * quiet) ** 2:
        return None
    more = _along(told & (power <= (BEYOND * quiet) ** 2))
    if more is None:
        return None
    where = _with_marks(found | more)
    if where.mean() > _MOST or not _is_flat(plane, unknown, more) or not fills_rectangles(where):
        return None
    own = math.sqrt(float(power[more].mean()))
    level = _level_beside(plane, unknown, _grown(where))
    low, high = np.nanquantile(plane[::_APART, ::_APART], (0.01, 0.99))
    if level <= max(QUIETER * own, _SEEN * (high - low)):
        return None
    light = _is_of_light(plane, unknown, where, own, level)
    return None if light else _Bordered(where, level)


def _is_of_light(
    plane: Reals, unknown: Bools | None, border: Bools, own: float, level: float
) -> bool:
    """Say whether a border has less noise only since it has less light, as with photons.

    `own`, `level`: the noise of the border and that of the picture.
    """
    silent: Bools | None
    silent = _grown(border) if unknown is None else _grown(border) | unknown
    known = _known(border, unknown)
    if _has_one_brightness(plane, ~silent, level):
        silent = unknown  # nothing within says how the noise goes with the light
    for each in channel_views(plane):
        curve, middle = fit_curve(Blocks.of(each, silent)), float(np.median(each[known]))
        if curve is None or curve.verdict != 'photon' or middle > curve.middle:
            return False
        without = curve.slope * middle + curve.intercept  # a line far from what was seen
        most = max((QUIETER * own) ** 2, _AS_LIGHT * float(curve.variance(curve.middle)))
        if without > most:
            return False
    return True


def _has_one_brightness(plane: Reals, where: Bools, level: float) -> bool:
    """Say whether noise explains how the values of an area differ."""
    return all(
        float(np.ptp(np.quantile(each[where], (0.1, 0.9)))) <= _NOISE_ALONE * level
        for each in channel_views(plane)
    )


def _is_flat(plane: Reals, unknown: Bools | None, where: Bools) -> bool:
    """Say whether an area has one brightness, as paper has and hardly any sky."""
    gray = plane.mean(axis=-1) if plane.ndim == 3 else plane
    values, some = gray[_known(where, unknown)], gray[::_APART, ::_APART]
    low, high = np.nanquantile(some, (0.01, 0.99))
    middle = values[(values >= np.quantile(values, 0.1)) & (values <= np.quantile(values, 0.9))]
    return bool(np.ptp(middle) <= FLAT * (high - low))


def _known(where: Bools, unknown: Bools | None) -> Bools:
    return where if unknown is None else where & ~unknown


def _strips(plane: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return plane[:DEPTH], plane[-DEPTH:], plane[:, :DEPTH], plane[:, -DEPTH:]


def _along(quiet: Bools) -> Bools | None:
    """Return the parts of `quiet` along the border, if they are half a side of it or more."""
    labels, count = ndimage.label(opened(quiet))
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    lengths = np.bincount(rim, minlength=count + 1)
    lengths[0] = 0
    least = least_length(quiet.shape)
    along = lengths >= max(3, least // _PARTS)
    if lengths[along].sum() < least:
        return None
    return np.asarray(along[labels])


def _with_marks(border: Bools) -> Bools:
    """Return a border with what lies on it and is thin or small: writing, dust."""
    deep = ~within(np.pad(border, _THIN, mode='edge'), _THIN)
    rest = within(deep, _THIN)[_THIN:-_THIN, _THIN:-_THIN]
    labels, count = ndimage.label(rest)
    marks = np.bincount(labels.ravel(), minlength=count + 1) < MARK * border.size
    marks[0] = True
    return np.asarray(marks[labels])


def _grown(where: Bools) -> Bools:
    return within(where, _APART, square=True)


def _level_beside(plane: Reals, unknown: Bools | None, border: Bools) -> float:
    """Return the noise of what is no border; 0 where too little of it is known."""
    silent = border if unknown is None else border | unknown
    variances = []
    for channel in channel_views(plane):
        patches = Patches.of(np.ascontiguousarray(channel), silent, COUNT // 4)
        if len(patches.mean) < LEAST:
            return 0.0
        variances.append(level_of(patches.low, patches.high).variance)
    return math.sqrt(float(np.mean(variances)))
