"""Outlines drawn by hand to pixels: polygons, ellipses and strokes, numpy only."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from skimage.draw import polygon2mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ELLIPSE_CORNERS = 90


def outline_corners(outline: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Return the corners of a shape; an ellipse, given by its box, becomes a polygon."""
    if kind != 'ellipse':
        return outline
    centre = outline.mean(axis=0)
    first, second = (outline[1] - outline[0]) / 2, (outline[3] - outline[0]) / 2
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)[:, None]
    ellipse: NDArray[np.float64] = centre + np.cos(angle) * first + np.sin(angle) * second
    return ellipse


def path_length(points: NDArray[np.float64]) -> float:
    """Return the length of the open line through `points`."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def polygon(plane: tuple[int, int], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the pixels of `plane` whose centre lies inside the polygon."""
    inside: NDArray[np.bool_] = polygon2mask(plane, points)  # type: ignore[no-untyped-call]
    return inside


def stroke(plane: tuple[int, int], points: NDArray[np.float64], width: float) -> NDArray[np.bool_]:
    """Return the pixels whose centre is at most ``width / 2`` from the open line."""
    mask = np.zeros(plane, dtype=bool)
    for start, end in pairwise(points):
        low = np.clip(np.floor(np.minimum(start, end) - width).astype(int), 0, plane)
        high = np.clip(np.ceil(np.maximum(start, end) + width).astype(int) + 1, 0, plane)
        rows, columns = np.mgrid[low[0] : high[0], low[1] : high[1]]
        span = end - start
        rows, columns = rows - start[0], columns - start[1]
        along = np.clip((rows * span[0] + columns * span[1]) / max(span @ span, 1e-12), 0, 1)
        distance = np.hypot(rows - along * span[0], columns - along * span[1])
        mask[low[0] : high[0], low[1] : high[1]] |= distance <= width / 2
    return mask
