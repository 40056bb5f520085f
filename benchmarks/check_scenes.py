"""The scenes that the checks of results are calibrated on, in two halves.

Photographs come from scikit-image, synthetic scenes are drawn here, and micrographs are read from a
folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import micrographs
import numpy as np
from scipy import ndimage
from skimage import data

SIDE = 112
TUNING, HELD_OUT = 'tuning', 'held out'
_GRAY = {
    TUNING: {'camera': (60, 190), 'coins': (20, 30), 'grass': (200, 200)},
    HELD_OUT: {'moon': (170, 60), 'page': (20, 60), 'cell': (220, 130)},
}
_COLOUR = {TUNING: {'astronaut': (20, 170)}, HELD_OUT: {'chelsea': (90, 130)}}
Array = np.ndarray


def scenes(half: str) -> Iterator[tuple[str, Array]]:
    """Yield gray scenes of a half, from 0 to 255."""
    yield from _cut(_GRAY[half])
    yield 'spots', spots(half == TUNING)
    yield 'lines', lines(half == TUNING)


def photographs(half: str) -> Iterator[tuple[str, Array]]:
    """Yield colour photographs of a half."""
    yield from _cut(_COLOUR[half])


def pairs(half: str, folder: Path) -> Iterator[tuple[str, Array, Array]]:
    """Yield names, noisy micrographs and their truths of a half; none without the folder."""
    if not folder.is_dir():
        return
    for name, several in micrographs.read_pairs(folder).items():
        for number, pair in enumerate(several[half == HELD_OUT :: 2]):
            noisy, truth = (_busiest(image, pair.truth) for image in pair)
            yield f'{name} {number}', noisy, truth


def spots(first: bool) -> Array:
    """Draw spots of very different brightness on a dim ground."""
    random = np.random.default_rng(11 if first else 12)
    image = np.zeros((SIDE, SIDE))
    for row, column in random.uniform(6, SIDE - 6, (40, 2)):
        image[int(row), int(column)] += 10 ** random.uniform(2.5, 3.7)
    return np.clip(10 + ndimage.gaussian_filter(image, 1.6), 0, 255)


def lines(first: bool) -> Array:
    """Draw filaments and cells with sharp borders."""
    random = np.random.default_rng(21 if first else 22)
    y, x = np.mgrid[:SIDE, :SIDE]
    image = np.full((SIDE, SIDE), 25.0)
    for row, column, radius in random.uniform((10, 10, 6), (SIDE - 10, SIDE - 10, 16), (5, 3)):
        image += random.uniform(20, 70) * (np.hypot(y - row, x - column) < radius)
    for phase, slope in random.uniform(0, 3, (6, 2)):
        middle = SIDE * phase / 3 + 9 * np.sin(x / 9 + phase) + (slope - 1.5) * (x - SIDE / 2)
        image += 80 * np.exp(-((y - middle) ** 2) / 3)
    return np.clip(ndimage.gaussian_filter(image, 0.7), 0, 255)


def _cut(places: dict[str, tuple[int, int]]) -> Iterator[tuple[str, Array]]:
    for name, (top, left) in places.items():
        whole = getattr(data, name)()
        yield name, whole[top : top + SIDE, left : left + SIDE].astype(float)


def _busiest(image: Array, truth: Array) -> Array:
    """Cut out of an image the part of a grid in which the truth varies most."""
    rows, columns = (range(0, n - SIDE + 1, SIDE) for n in truth.shape)
    parts = [np.s_[top : top + SIDE, left : left + SIDE] for top in rows for left in columns]
    return image[max(parts, key=lambda part: float(truth[part].std()))]
