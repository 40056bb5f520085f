"""Whether an image may have a border with less noise: a look at its rim and at blocks of it.

Most have none, and that is seen in a small part of their pixels. Nothing is told of an image
that may have one but that it must be looked at as a whole.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from .patches import SIDE, Bools, Reals
from .second_differences import REACH, local_power, power_of_blocks

DEPTH = 8
"""Pixels of the rim that are looked at."""
QUIETEST = 0.1
"""Share of the rim that tells its noise."""
LOUDEST = 0.95
"""Share of the rest that is no louder than the loudest of it."""
BEYOND = 2.0
"""Times its noise, which hardly any average of it has."""
QUIETER = 2.0
"""Times as strong the noise of a picture is."""
MARK = 0.02
"""Of the pixels: a part of the picture, else it is a mark on the border."""
RECTANGULAR = 0.85
"""Share of the least rectangle around a picture that it fills."""
FLAT = 0.1
"""Of the range of the image, between which the values of a border lie."""
_LARGE = 1024  # pixels of the shorter side, from which on blocks are looked at
_DOUBT = 0.85  # of each limit: blocks are coarse


def may_have_border(plane: Reals, unknown: Bools | None) -> bool:
    """Say whether a plane may have a border with less noise; if not, it has none.

    `plane`, `unknown`: as in :func:`~napari_fresco.noise.quiet_borders.quiet_border`.
    """
    strips = [_strip(plane, unknown, side) for side in range(4)]
    noise = noise_of_rim([power[known] for power, known in strips])
    if noise is None:
        return False
    quiet = [known & (power <= (BEYOND * noise) ** 2) for power, known in strips]
    if sum(int(opened(each)[0].sum()) for each in quiet) < least_length(plane.shape):
        return False
    return min(plane.shape[:2]) < _LARGE or _may_be_framed(plane, unknown, noise)


def noise_of_rim(powers: list[Reals], side: int = 1) -> float | None:
    """Return the noise of the quietest part of a rim, given its local powers.

    `side`: pixels of a side of the cells that have these powers.
    """
    rim = np.concatenate([power.ravel() for power in powers])
    return (
        None if rim.size * side**2 < DEPTH * SIDE else math.sqrt(float(np.quantile(rim, QUIETEST)))
    )


def least_length(shape: tuple[int, ...]) -> int:
    """Return the pixels of its rim that an image must have in a border."""
    return min(shape[:2]) // 2


def opened(quiet: Bools) -> Bools:
    """Return `quiet` without what is no three pixels wide."""
    wide = ndimage.binary_opening(np.pad(quiet, 2, mode='edge'), np.ones((3, 3), bool))
    return np.asarray(wide[2:-2, 2:-2])


def _strip(plane: Reals, unknown: Bools | None, side: int) -> tuple[Reals, Bools]:
    """Return the local power along a side, and where it is known; its first row is the rim."""

    def cut(values: Reals) -> Reals:
        along = values.swapaxes(0, 1) if side > 1 else values
        return (along[::-1] if side % 2 else along)[: DEPTH + REACH]

    power, known = local_power(cut(plane), None if unknown is None else cut(unknown))
    return power[:DEPTH], known[:DEPTH]


def _may_be_framed(plane: Reals, unknown: Bools | None, noise: float) -> bool:
    """Say whether what is louder than the rim may be pictures in a border, to the eye of blocks."""
    power, mean, known = power_of_blocks(plane, unknown)
    inner = np.s_[1:-1, 1:-1]
    loud = power[inner][known[inner]]
    if not loud.size or float(np.quantile(loud, LOUDEST)) <= _DOUBT * (QUIETER * noise) ** 2:
        return False
    labels, _ = ndimage.label(np.pad(known & (power <= (BEYOND * noise) ** 2), 1, mode='edge'))
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    border = np.isin(labels, rim[rim > 0])[1:-1, 1:-1]
    if not border.any():
        return True  # it may be thinner than a block
    low, high = np.quantile(mean[known], (0.01, 0.99))
    return bool(
        np.ptp(np.quantile(mean[border], (0.1, 0.9))) <= FLAT / _DOUBT * (high - low)
    ) and fills_rectangles(_closed(border), MARK / 2, _DOUBT * RECTANGULAR)


def _closed(border: Bools) -> Bools:
    """Return a border with the blocks of thin marks on it."""
    closed = ndimage.binary_closing(np.pad(border, 2, mode='edge'), np.ones((3, 3), bool))
    return np.asarray(closed[2:-2, 2:-2])


def fills_rectangles(border: Bools, least: float = MARK, share: float = RECTANGULAR) -> bool:
    """Say whether what a border leaves are pictures, upright or turned; cells are round.

    `least`: of the pixels, from which on it is a picture.
    `share`: of the least rectangles around them that pictures fill.
    """
    labels, count = ndimage.label(~border)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    parts = ndimage.find_objects(labels)
    pictures = [n for n in range(1, count + 1) if sizes[n] >= least * border.size]
    boxes = [_box(labels[parts[n - 1]] == n) for n in pictures]
    return bool(pictures) and bool(sizes[pictures].sum() > share * sum(boxes))


def _box(where: Bools) -> float:
    """Return the area of the least rectangle around an area, of any direction."""
    rows = np.flatnonzero(where.any(axis=1))
    left = where[rows].argmax(axis=1)
    right = where.shape[1] - 1 - where[rows, ::-1].argmax(axis=1)
    points = np.stack([np.tile(rows, 2), np.concatenate([left, right])], axis=1)  # its outline
    angle = np.deg2rad(np.arange(0, 90, 2.0))
    along = points @ np.array([np.cos(angle), np.sin(angle)])
    across = points @ np.array([-np.sin(angle), np.cos(angle)])
    return float(((np.ptp(along, axis=0) + 1) * (np.ptp(across, axis=0) + 1)).min())
