"""The widths of kernels. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from .normalise import normalise

ROUND = 0.02


class Widths(NamedTuple):
    """Full widths at half maximum in pixels, and the direction of the larger one."""

    major: float
    minor: float
    angle: float


def fwhm(kernel: Any) -> Widths:
    """Measure the full widths at half maximum of a kernel, in pixels.

    The principal axes are those of the second moments of the part above half
    maximum; the widths are read from cubic interpolation along them.

    Parameters
    ----------
    kernel : array_like, 2-D
        See :func:`normalise`.

    Returns
    -------
    Widths
        Larger width, smaller width, and direction of the larger in
        (-90, 90] degrees.

    Raises
    ------
    KernelError
        When `kernel` is not usable.
    """
    values = np.pad(normalise(kernel, signed=True), 2)
    core = np.clip(values - values.max() / 2, 0, None)
    centre: Sequence[Any] = ndimage.center_of_mass(core)
    rows, cols = (axis - c for axis, c in zip(np.indices(core.shape), centre, strict=True))
    mixed = float((core * rows * cols).sum())
    across = float((core * (cols**2 - rows**2)).sum())
    theta = 0.5 * math.atan2(-2 * mixed, across)
    hollow = _sample(values, *np.reshape(centre, (2, 1)))[0] <= values.max() / 2
    first, second = (_width(values, centre, theta + t, hollow) for t in (0, math.pi / 2))
    if not (first and second):
        centre = np.unravel_index(int(np.argmax(values)), values.shape)
        first, second = (_width(values, centre, theta + t) for t in (0, math.pi / 2))
    if abs(second - first) < ROUND * max(first, second):
        return Widths(max(first, second), min(first, second), 0.0)
    if second > first:
        first, second, theta = second, first, theta + math.pi / 2
    angle = (math.degrees(theta) + 90) % 180 - 90
    return Widths(first, second, 90.0 if angle == -90 else angle)


def _sample(values: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    return np.asarray(ndimage.map_coordinates(values, [rows, cols], order=3))


def _width(values: np.ndarray, centre: Sequence[Any], theta: float, outer: bool = False) -> float:
    """Return the width through `centre`: to where it first falls below half, or last if `outer`.

    0 where it lies nowhere above half.
    """
    half = values.max() / 2
    t = np.arange(0, math.hypot(*values.shape), 0.05)
    total = 0.0
    for sign in (1, -1):
        rows = centre[0] - sign * t * math.sin(theta)
        cols = centre[1] + sign * t * math.cos(theta)
        line = _sample(values, rows, cols)
        above = np.flatnonzero(line >= half)
        if not len(above):
            return 0.0
        below = int(above[-1]) + 1 if outer else int(np.argmax(line < half))
        total += t[below] - 0.05 * (half - line[below]) / (line[below - 1] - line[below])
    return float(total)
