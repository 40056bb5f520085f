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
from .patches import COUNT, LEAST, SIDE, Bools, Floats, Patches, Reals, level_of

_RING = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
"""Second differences along both axes: of white noise they have its deviation."""
_WINDOW = 7  # pixels of a side in which they are averaged
_DEPTH = 8  # pixels of the rim that are looked at first
_QUIETEST = 0.1  # share of the rim that tells its noise
_LOUDEST = 0.95  # share of the rest that is no louder than the loudest of it
_BEYOND = 2.0  # times it, which hardly any average of its own noise has
_QUIETER = 2.0  # times as strong the noise of the picture is
_HARDLY = 0.2  # of the noise of the picture: a network that sees that errs by as much
_ROUNDS = 3  # borders of different noise that are taken off, one after the other
_LEAST_SIDE = 64
_MOST = 0.9  # share of the pixels beyond which it is no border
_PARTS = 8  # into which half a side may fall
_MARK = 0.02  # of the pixels: a part of the picture, else it is a mark on the border
_THIN = 6  # pixels: half the width of the lines of writing
_APART = 6  # pixels from a border, whose patches tell nothing of either
_SPREAD = 12.0  # pixels over which its own noise is averaged
_RECTANGULAR = 0.85  # share of the least rectangle around a picture that it fills
_AS_LIGHT = 0.2  # of the variance of the picture, which a line may be wrong by
_SEEN = 0.006  # of the range: what is less, is hardly told from texture
_FLAT = 0.1  # of the range of the image


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
    if not np.isfinite(plane.sum(dtype=np.float64)):
        absent = ~np.isfinite(plane).reshape(*plane.shape[:2], -1).all(axis=-1)
        unknown = np.asarray(absent if unknown is None else unknown | absent)
    power, weight = _local_power(plane, unknown)
    found = _Bordered(np.zeros(power.shape, bool), 0.0)
    for _ in range(_ROUNDS):
        more = _quieter(plane, unknown, power, weight, found.where)
        if more is None:
            break
        found = more
    where, picture = found
    if not where.any():
        return None
    own = ndimage.gaussian_filter((power * where).astype(np.float64), _SPREAD)
    share = ndimage.gaussian_filter(where.astype(np.float64), _SPREAD)
    level = np.sqrt(own / np.maximum(share, 1e-6))
    return QuietBorder(where, _grown(where), level, where & (level < _HARDLY * picture))


def silent_pixels(plane: Reals, unknown: Bools | None = None) -> Bools | None:
    """Return what says nothing of the noise of a picture: `unknown` pixels and a quiet border."""
    border = quiet_border(plane, unknown)
    if border is None:
        return unknown
    return border.beside if unknown is None else border.beside | unknown


def _local_power(plane: Reals, unknown: Bools | None) -> tuple[NDArray[np.float32], Bools]:
    """Return the power of second differences around each pixel, and where enough is known."""
    channels = plane[..., None] if plane.ndim == 2 else plane
    power = np.zeros(plane.shape[:2], np.float32)
    for c in range(channels.shape[-1]):
        values = channels[..., c].astype(np.float64)
        values = (values - np.nanmean(values)).astype(np.float32)
        power += np.square(ndimage.convolve(np.nan_to_num(values), _RING, mode='reflect'))
    power /= channels.shape[-1]
    good = np.ones(power.shape, np.float32)
    if unknown is not None:
        good[ndimage.binary_dilation(unknown, np.ones((3, 3), bool))] = 0
    seen = ndimage.uniform_filter(good, _WINDOW, mode='constant')
    mean = ndimage.uniform_filter(power * good, _WINDOW, mode='constant')
    return np.maximum(mean, 0) / np.maximum(seen, 1e-6), seen > 0.2


def _quieter(
    plane: Reals,
    unknown: Bools | None,
    power: NDArray[np.float32],
    weight: Bools,
    found: Bools,
) -> _Bordered | None:
    """Return the border that was found with one more of the next noise, None if there is none."""
    told = weight & ~found
    rim = np.concatenate([side.ravel() for side in _strips(np.where(told, power, np.nan))])
    rim = rim[np.isfinite(rim)]
    if rim.size < _DEPTH * SIDE:
        return None
    quiet = math.sqrt(float(np.quantile(rim, _QUIETEST)))
    inner = power[_DEPTH:-_DEPTH, _DEPTH:-_DEPTH][told[_DEPTH:-_DEPTH, _DEPTH:-_DEPTH]]
    if not inner.size or float(np.quantile(inner, _LOUDEST)) <= (_QUIETER * quiet) ** 2:
        return None
    more = _along(told & (power <= (_BEYOND * quiet) ** 2))
    if more is None:
        return None
    where = _with_marks(found | more)
    if where.mean() > _MOST or not _is_flat(plane, more) or not _leaves_rectangles(where):
        return None
    own = math.sqrt(float(power[more].mean()))
    level = _level_beside(plane, unknown, _grown(where))
    low, high = np.nanquantile(plane[::_APART, ::_APART], (0.01, 0.99))
    if level <= max(_QUIETER * own, _SEEN * (high - low)):
        return None
    return None if _is_of_light(plane, unknown, where, own) else _Bordered(where, level)


def _leaves_rectangles(border: Bools) -> bool:
    """Say whether what a border leaves are pictures, upright or turned; cells are round."""
    labels, count = ndimage.label(~border)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    pictures = [n for n in range(1, count + 1) if sizes[n] >= _MARK * border.size]
    boxes = [_box(np.argwhere(labels == n)) for n in pictures]
    return bool(pictures) and sizes[pictures].sum() > _RECTANGULAR * sum(boxes)


def _box(points: NDArray[np.intp]) -> float:
    """Return the area of the least rectangle around points, of any direction."""
    angle = np.deg2rad(np.arange(0, 90, 2.0))
    along = points @ np.array([np.cos(angle), np.sin(angle)])
    across = points @ np.array([-np.sin(angle), np.cos(angle)])
    return float(((np.ptp(along, axis=0) + 1) * (np.ptp(across, axis=0) + 1)).min())


def _is_of_light(plane: Reals, unknown: Bools | None, border: Bools, own: float) -> bool:
    """Say whether a border has less noise only since it has less light, as with photons."""
    silent = _grown(border) if unknown is None else _grown(border) | unknown
    planes = [plane] if plane.ndim == 2 else [plane[..., c] for c in range(plane.shape[-1])]
    for each in planes:
        curve, middle = fit_curve(Blocks.of(each, silent)), float(np.median(each[border]))
        if curve is None or curve.verdict != 'photon' or middle > curve.middle:
            return False
        without = curve.slope * middle + curve.intercept  # a line far from what was seen
        most = max((_QUIETER * own) ** 2, _AS_LIGHT * float(curve.variance(curve.middle)))
        if without > most:
            return False
    return True


def _is_flat(plane: Reals, where: Bools) -> bool:
    """Say whether an area has one brightness, as paper has and hardly any sky."""
    gray = plane.mean(axis=-1) if plane.ndim == 3 else plane
    values, some = gray[where], gray[::_APART, ::_APART]
    low, high = np.nanquantile(some, (0.01, 0.99))
    middle = values[(values >= np.quantile(values, 0.1)) & (values <= np.quantile(values, 0.9))]
    return bool(np.ptp(middle) <= _FLAT * (high - low))


def _strips(plane: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return plane[:_DEPTH], plane[-_DEPTH:], plane[:, :_DEPTH], plane[:, -_DEPTH:]


def _along(quiet: Bools) -> Bools | None:
    """Return the parts of `quiet` along the border, if they are half a side of it or more."""
    opened = ndimage.binary_opening(np.pad(quiet, 2, mode='edge'), np.ones((3, 3), bool))
    labels, count = ndimage.label(opened[2:-2, 2:-2])
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    lengths = np.bincount(rim, minlength=count + 1)
    lengths[0] = 0
    least = min(quiet.shape) // 2
    along = lengths >= max(3, least // _PARTS)
    if lengths[along].sum() < least:
        return None
    return np.asarray(along[labels])


def _with_marks(border: Bools) -> Bools:
    """Return a border with what lies on it and is thin or small: writing, dust."""
    deep = ndimage.distance_transform_edt(np.pad(~border, _THIN, mode='edge')) > _THIN
    rest = (ndimage.distance_transform_edt(~deep) <= _THIN)[_THIN:-_THIN, _THIN:-_THIN]
    labels, count = ndimage.label(rest)
    marks = np.bincount(labels.ravel(), minlength=count + 1) < _MARK * border.size
    marks[0] = True
    return np.asarray(marks[labels])


def _grown(where: Bools) -> Bools:
    return np.asarray(ndimage.distance_transform_cdt(~where, 'chessboard') <= _APART)


def _level_beside(plane: Reals, unknown: Bools | None, border: Bools) -> float:
    """Return the noise of what is no border; 0 where too little of it is known."""
    silent = border if unknown is None else border | unknown
    channels = plane[..., None] if plane.ndim == 2 else plane
    variances = []
    for c in range(channels.shape[-1]):
        patches = Patches.of(np.ascontiguousarray(channels[..., c]), silent, COUNT // 4)
        if len(patches.mean) < LEAST:
            return 0.0
        variances.append(level_of(patches.low, patches.high).variance)
    return math.sqrt(float(np.mean(variances)))
