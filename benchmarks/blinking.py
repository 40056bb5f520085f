"""The light of spots that are there in one frame alone, with the help of neighbours and without.

    python benchmarks/blinking.py

Seven frames of 96 x 96 of a smooth ground under white noise; in the middle one nine Gaussian spots
of 1.5 pixels. The same noise is restored with and without the spots, and the difference is their
light: the share that stays in their frame, and the largest that shows in another one, at their
places. FFDNet, the noise told, the mean of three seeds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

import napari_fresco as fresco

NOISE, SIDE, FRAMES, SEEDS = 10.0, 96, 7, 3
PEAKS = (1.5, 2, 3, 4, 8)  # times the noise
Array = np.ndarray[Any, Any]


def restored(frames: Array, neighbours: int) -> Array:
    """Return denoised frames."""
    movie = fresco.Image(frames.astype(np.float32), 'TYX')
    result = fresco.restore(movie, method='ffdnet', sigma=NOISE, neighbours=neighbours)
    return np.asarray(result.image.data, float)


def shares(peak: float, neighbours: int, seed: int) -> tuple[float, float]:
    """Return which shares of the light of spots are in their frame, and at most in another one."""
    rows, columns = np.indices((SIDE, SIDE))
    centres = [(16 + 32 * i, 16 + 32 * j) for i in range(3) for j in range(3)]
    forms = [np.exp(-((rows - a) ** 2 + (columns - b) ** 2) / (2 * 1.5**2)) for a, b in centres]
    spots = peak * NOISE * np.sum(forms, axis=0)
    ground = 100 + 20 * np.sin(rows / 11) * np.cos(columns / 9)
    frames = ground + np.random.default_rng(seed).normal(0, NOISE, (FRAMES, SIDE, SIDE))
    with_spots = frames.copy()
    with_spots[FRAMES // 2] += spots
    change = restored(with_spots, neighbours) - restored(frames, neighbours)
    near = ndimage.maximum_filter(spots, 9) > 0.3 * peak * NOISE
    light = (change * near).sum(axis=(1, 2)) / spots.sum()
    return float(light[FRAMES // 2]), float(np.delete(light, FRAMES // 2).max())


def main() -> None:
    """Print a row for each peak."""
    print('| peak / noise | alone | n = 2, own frame | n = 2, another |')
    print('| ---: | ---: | ---: | ---: |')
    for peak in PEAKS:
        alone = np.mean([shares(peak, 0, seed) for seed in range(SEEDS)], axis=0)
        helped = np.mean([shares(peak, 2, seed) for seed in range(SEEDS)], axis=0)
        print(f'| {peak:g} | {alone[0]:.2f} | {helped[0]:.2f} | {helped[1]:.3f} |')


if __name__ == '__main__':
    main()
