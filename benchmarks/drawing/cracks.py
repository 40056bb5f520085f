"""Single cracks that wander and fork, as in a wall."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

Shape = tuple[int, int]

GOLDEN = (5**0.5 - 1) / 2


def cracks(shape: Shape, count: int, width: float, random: np.random.Generator) -> np.ndarray:
    """Draw wandering cracks, spread over the image, that fork now and then.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    count : int
        How many main cracks there are.
    width : float
        Greatest width in pixels; branches are thinner.
    random : numpy.random.Generator

    Returns
    -------
    ndarray, bool
        True where damaged.
    """
    half = np.zeros(shape)
    for i in range(count):
        row, col = random.uniform(0, 1, 2)
        start = np.array([(i + row) / count, (i * GOLDEN + 0.3 * col) % 1]) * shape
        length = random.uniform(0.3, 0.9) * max(shape)
        _crack(half, start, random.uniform(0, 2 * np.pi), length, width / 2, random)
    if not half.any():
        return half > 0
    distance, nearest = ndimage.distance_transform_edt(half == 0, return_indices=True)
    return np.asarray(distance < half[tuple(nearest)])


def _crack(
    half: np.ndarray,
    start: np.ndarray,
    heading: float,
    length: float,
    half_width: float,
    random: np.random.Generator,
) -> None:
    """Write the half width of one crack, and of its forks, along its path into `half`."""
    steps = np.arange(max(int(length), 2))
    turns = random.normal(0, 0.08, steps.size) + random.normal(0, 0.9, steps.size) * (
        random.uniform(0, 1, steps.size) < 0.04
    )
    headings = heading + np.cumsum(turns)
    path = start + np.cumsum(np.stack([np.sin(headings), np.cos(headings)], axis=1), axis=0)
    uneven = ndimage.gaussian_filter1d(random.normal(1, 0.8, steps.size), 3)
    taper = np.sqrt(1 - (steps / steps.size) ** 2) * np.clip(uneven, 0.3, 1)
    inside = np.all((path >= 0) & (path < half.shape), axis=1)
    rows, cols = path[inside].astype(int).T
    np.maximum.at(half, (rows, cols), np.maximum(taper[inside] * half_width, 0.5))
    while length > 24 and random.uniform() < 0.7:
        at = int(random.uniform(0.1, 0.9) * steps.size)
        side = headings[at] + random.normal(np.pi / 2, 0.3) * np.sign(random.uniform(-1, 1))
        length *= random.uniform(0.3, 0.7)
        _crack(half, path[at], side, length, 0.7 * half_width, random)
