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

from .border_cells import Cells
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
from .second_differences import channel_views

_HARDLY = 0.2  # of the noise of the picture: a network that sees that errs by as much
_ROUNDS = 3  # borders of different noise that are taken off, one after the other
_LEAST_SIDE = 64
_MOST = 0.9  # share of the pixels beyond which it is no border
_PARTS = 8  # into which half a side may fall
_THIN = 6  # pixels: half the width of the lines of writing
_APART = 6  # pixels from a border, whose patches tell nothing of either
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
    """A border in cells, the pixels in it and close to it, and the noise of the picture in it."""

    where: Bools
    beside: Bools
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
    cells = Cells.of(plane, unknown)
    found = None
    for _ in range(_ROUNDS):
        more = _quieter(plane, unknown, cells, found)
        if more is None:
            break
        found = more
    if found is None:
        return None
    where, level = cells.widened(found.where), cells.level_in(found.where)
    return QuietBorder(where, found.beside, level, where & (level < _HARDLY * found.picture))


def silent_pixels(plane: Reals, unknown: Bools | None = None) -> Bools | None:
    """Return what says nothing of the noise of a picture: `unknown` pixels and a quiet border."""
    border = quiet_border(plane, unknown)
    if border is None:
        return unknown
    return border.beside if unknown is None else border.beside | unknown


def _quieter(
    plane: Reals, unknown: Bools | None, cells: Cells, found: _Bordered | None
) -> _Bordered | None:
    """Return the border that was found with one more of the next noise, None if there is none."""
    former = np.zeros_like(cells.told) if found is None else found.where
    power, told, depth = cells.power, cells.told & ~former, cells.across(DEPTH)
    sides = zip(_strips(power, depth), _strips(told, depth), strict=True)
    quiet = noise_of_rim([side[seen] for side, seen in sides], cells.side)
    if quiet is None:
        return None
    inner = power[depth:-depth, depth:-depth][told[depth:-depth, depth:-depth]]
    if not inner.size or float(np.quantile(inner, LOUDEST)) <= (QUIETER * quiet) ** 2:
        return None
    more = _along(told & (power <= (BEYOND * quiet) ** 2), cells.side)
    if more is None:
        return None
    where = _with_marks(former | more, cells.across(_THIN))
    if where.mean() > _MOST or not _is_flat(cells, more) or not fills_rectangles(where):
        return None
    own = math.sqrt(float(power[more].mean()))
    near = cells.grown(where, _APART)
    beside = cells.widened(near)
    silent = beside if unknown is None else beside | unknown
    level = _level_beside(plane, silent)
    low, high = _range(cells)
    if level <= max(QUIETER * own, _SEEN * (high - low)):
        return None
    # Where one brightness is within, nothing there says how the noise goes with the light.
    tells = unknown if _has_one_brightness(cells, ~near, level) else silent
    light = _is_of_light(plane, tells, cells, where, own)
    return None if light else _Bordered(where, beside, level)


def _is_of_light(
    plane: Reals, silent: Bools | None, cells: Cells, border: Bools, own: float
) -> bool:
    """Say whether a border has less noise only since it has less light, as with photons.

    `silent`: pixels of the plane that say nothing of how the noise goes with the light.
    `own`: the noise of the border.
    """
    known = border & cells.known
    for each, few in zip(channel_views(plane), channel_views(cells.plane), strict=True):
        curve, middle = fit_curve(Blocks.of(each, silent)), float(np.median(few[known]))
        if curve is None or curve.verdict != 'photon' or middle > curve.middle:
            return False
        without = curve.slope * middle + curve.intercept  # a line far from what was seen
        most = max((QUIETER * own) ** 2, _AS_LIGHT * float(curve.variance(curve.middle)))
        if without > most:
            return False
    return True


def _has_one_brightness(cells: Cells, where: Bools, level: float) -> bool:
    """Say whether noise explains how the values of an area differ."""
    known = where & cells.known
    return all(
        float(np.ptp(np.quantile(each[known], (0.1, 0.9)))) <= _NOISE_ALONE * level
        for each in channel_views(cells.plane)
    )


def _is_flat(cells: Cells, where: Bools) -> bool:
    """Say whether an area has one brightness, as paper has and hardly any sky."""
    gray = cells.plane.mean(axis=-1) if cells.plane.ndim == 3 else cells.plane
    values = gray[where & cells.known]
    low, high = _range(cells)
    middle = values[(values >= np.quantile(values, 0.1)) & (values <= np.quantile(values, 0.9))]
    return bool(np.ptp(middle) <= FLAT * (high - low))


def _range(cells: Cells) -> Floats:
    step = cells.across(_APART)
    return np.asarray(np.nanquantile(cells.plane[::step, ::step], (0.01, 0.99)))


def _strips(values: NDArray[Any], depth: int) -> tuple[NDArray[Any], ...]:
    return values[:depth], values[-depth:], values[:, :depth], values[:, -depth:]


def _along(quiet: Bools, side: int) -> Bools | None:
    """Return the parts of `quiet` along the border, if they are half a side of it or more.

    `side`: pixels of a side of the cells that are `quiet`.
    """
    labels, count = ndimage.label(opened(quiet) if side == 1 else quiet)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    lengths = np.bincount(rim, minlength=count + 1)
    lengths[0] = 0
    least = least_length(quiet.shape)
    along = lengths >= max(3, least // _PARTS)
    if lengths[along].sum() < least:
        return None
    return np.asarray(along[labels])


def _with_marks(border: Bools, thin: int) -> Bools:
    """Return a border with what lies on it and is small, or thinner than twice `thin`."""
    deep = ~within(np.pad(border, thin, mode='edge'), thin)
    rest = within(deep, thin)[thin:-thin, thin:-thin]
    labels, count = ndimage.label(rest)
    marks = np.bincount(labels.ravel(), minlength=count + 1) < MARK * border.size
    marks[0] = True
    return np.asarray(marks[labels])


def _level_beside(plane: Reals, silent: Bools) -> float:
    """Return the noise of what is not `silent`; 0 where too little of it is known."""
    variances = []
    for channel in channel_views(plane):
        patches = Patches.of(np.ascontiguousarray(channel), silent, COUNT // 4)
        if len(patches.mean) < LEAST:
            return 0.0
        variances.append(level_of(patches.low, patches.high).variance)
    return math.sqrt(float(np.mean(variances)))
