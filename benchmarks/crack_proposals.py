"""Cracks proposed and learned, on pictures with a truth: F1 with a tolerance of 2 pixels.

``python benchmarks/crack_proposals.py --data FOLDER``; the folder holds NAME_damaged.png and
NAME_mask.png. Strokes are simulated: the largest wrong pieces are the likeliest to be scribbled,
8 on what is missing and 8 on what is false each round, each within 15 pixels of a point.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_fresco import damage

NEAR, STROKES, RADIUS, ROUNDS = 2, 8, 15, 2
SEEDS = (3, 4, 5)
JOINED = np.ones((3, 3))


def f1(found: Any, truth: Any) -> float:
    """F1 of masks with a tolerance."""
    if not found.any():
        return 0.0
    precision = (distance(truth)[found] <= NEAR).mean()
    recall = (distance(found)[truth] <= NEAR).mean()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def distance(mask: Any) -> Any:
    """Distance of every pixel from `mask`."""
    return ndimage.distance_transform_edt(~mask) if mask.any() else np.full(mask.shape, np.inf)


def strokes(wrong: Any, random: np.random.Generator) -> Any:
    """Scribble over parts of `wrong`."""
    drawn, left = np.zeros(wrong.shape, bool), wrong.copy()
    rows, cols = np.indices(wrong.shape)
    for _ in range(STROKES):
        pieces, count = ndimage.label(left, JOINED)
        if not count:
            break
        sizes = np.bincount(pieces.ravel())[1:] ** 1.5
        piece = random.choice(count, p=sizes / sizes.sum()) + 1
        row, col = random.permutation(np.argwhere(pieces == piece))[0]
        near = left & (np.hypot(rows - row, cols - col) <= RADIUS)
        parts, _ = ndimage.label(near, JOINED)
        stroke = parts == parts[row, col]
        drawn |= stroke
        left &= ~ndimage.binary_dilation(stroke, iterations=3)
    return drawn


def rounds(image: Any, truth: Any, seed: int) -> Iterator[float]:
    """Yield F1 of the proposal and after each round of corrections."""
    random, scribbles = np.random.default_rng(seed), np.zeros(truth.shape, np.uint8)
    features, found = damage.scribble_features(image), damage.propose_cracks(image)
    yield f1(found, truth)
    for _ in range(ROUNDS):
        false, missing = found & (distance(truth) > NEAR), truth & (distance(found) > NEAR)
        scribbles[strokes(false, random)] = 2
        scribbles[strokes(missing, random)] = 1
        found = damage.learn_from_scribbles(features, scribbles).mask
        yield f1(found, truth)


def main() -> None:
    """Print a table: picture, proposal, rounds; means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, required=True)
    rows = []
    for path in sorted(parser.parse_args().data.glob('*_damaged.png')):
        image = np.asarray(Image.open(path).convert('RGB'))
        mask = np.asarray(Image.open(path.with_name(path.name.replace('damaged', 'mask'))))
        rows.append(np.mean([list(rounds(image, mask > 127, seed)) for seed in SEEDS], axis=0))
        print(path.stem, *(f'| {value:.2f}' for value in rows[-1]), flush=True)
    print('mean', *(f'| {value:.2f}' for value in np.mean(rows, axis=0)))


if __name__ == '__main__':
    main()
