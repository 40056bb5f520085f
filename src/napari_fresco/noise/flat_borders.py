"""Borders of one value, as registering, turning and stitching leave them: no light made them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .patches import Bools

_STEP = 8.0  # times what neighbours differ by, by which the picture stands off such a border
_MOST = 0.9  # share of the pixels beyond which it is no border
_BRIGHT = 0.02  # of its size: pixels hardly darker than it, of which a bright sky has more
_PARTS = 8  # into which half a side may fall
_ROWS = 64  # in which neighbours are compared


def flat_border(colours: NDArray[Any], unknown: Bools | None = None) -> Bools | None:
    """Find areas along the border of a plane that were filled with its least or greatest value.

    They begin with a step that is far above what neighbours differ by elsewhere: dark ground
    and clipped light begin softly. Where hardly less light is anywhere else, the greatest value
    is a bright sky. Where most neighbours are equal, as in drawings, there is none.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    `unknown`: ``(H, W)``, pixels that say nothing.
    Returns True ``(H, W)`` in such areas, or None if there are none.
    """
    flat = colours if colours.ndim == 3 else colours[..., None]
    if min(flat.shape[:2]) < 3 or not _may_be_filled(flat, unknown):
        return None
    known = np.ones(flat.shape[:2], bool) if unknown is None else ~unknown
    some = flat.reshape(-1, flat.shape[-1]) if unknown is None else flat[known]
    ends = [end for end in (some.min(axis=0), some.max(axis=0)) if np.isfinite(end).all()]
    found = [_areas((flat == end).all(axis=-1) & known) for end in ends]
    areas = [area for area in found if area.any()]
    if not areas or np.logical_or.reduce(areas).mean() > _MOST:
        return None
    gray = flat.astype(np.float64).mean(axis=-1)
    rest = known & ~np.logical_or.reduce(areas)
    usual = _difference(gray, rest)
    filled = [area for area in areas if _is_filled(gray, area, rest, usual)]
    return np.logical_or.reduce(filled) if filled else None


def _may_be_filled(flat: NDArray[Any], unknown: Bools | None) -> bool:
    """Say whether enough of the rim has its least or greatest value.

    Planes of a stack are asked one by one, as each may have been moved by another distance; most
    have no such border, and of those no more than the rim is looked at.
    """
    rim = _rim(flat) if unknown is None else _rim(flat)[~_rim(unknown)]
    if not rim.size:
        return False
    ends = (rim.min(axis=0), rim.max(axis=0))
    most = max(np.count_nonzero((rim == end).all(axis=-1)) for end in ends)
    return bool(most >= _least_of(flat))


def _least_of(plane: NDArray[Any]) -> int:
    """Return how many pixels of the rim make a border: half a side."""
    rows, columns = plane.shape[:2]
    return int(min(rows, columns) // 2)


def _is_filled(gray: NDArray[np.float64], area: Bools, rest: Bools, usual: float) -> bool:
    value, beside = float(gray[area][0]), ndimage.binary_dilation(area) & rest
    if not beside.any() or not np.median(np.abs(gray[beside] - value)) > _STEP * usual > 0:
        return False
    bright = np.count_nonzero(rest & (gray > value - _STEP / 2 * usual) & (gray < value))
    return bool(bright <= _BRIGHT * np.count_nonzero(area))


def _areas(alike: Bools) -> Bools:
    """Return the connected parts of `alike` along the border, if it is half a side of it or more.

    Corners of turned images are several parts; single pixels are none.
    """
    least = _least_of(alike)
    if np.count_nonzero(_rim(alike)) < least:
        return np.zeros_like(alike)
    labels, count = ndimage.label(alike)
    lengths = np.bincount(_rim(labels), minlength=count + 1)
    lengths[0] = 0
    along = lengths >= max(3, least // _PARTS)
    return np.asarray(along[labels] & (lengths[along].sum() >= least))


def _rim(plane: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])


def _difference(gray: NDArray[np.float64], where: Bools) -> float:
    """Return the median difference of neighbours in a row."""
    step = max(1, len(gray) // _ROWS)
    rows, both = gray[::step], where[::step]
    pairs = np.abs(np.diff(rows, axis=1))[both[:, 1:] & both[:, :-1]]
    return float(np.median(pairs)) if pairs.size else 0.0
