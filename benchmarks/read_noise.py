"""Dim objects beside read noise, where a blur is undone: is their light kept, or its loss said?

    python benchmarks/read_noise.py

Drawn filaments behind a Gaussian blur of 2, 160 x 160, brightest pixel of so many photons over a
ground of a twentieth, read noise in photons, the camera told. Light of the whole and of what lies
within 4 pixels of a filament, in that of the truth; error in that of the blurred image; and the
checks that failed.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from common import show
from scipy import ndimage

import napari_fresco as fresco

SIDE, SCENES, GROUND, GAIN, OFFSET = 160, 3, 0.05, 2.0, 100.0
METHODS, PHOTONS, READ_NOISE = ('richardson_lucy', 'wiener', 'dpir'), (1, 3, 10, 30), (1, 3, 5)
KERNEL = fresco.kernels.gaussian(2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--methods', nargs='+', default=METHODS)
    methods = parser.parse_args().methods
    warnings.simplefilter('ignore', fresco.errors.FrescoWarning)
    show(['method', 'photons', 'read noise', 'all', 'objects', 'error', 'said'], _rows(methods))


def _rows(methods: list[str]) -> Iterator[list[Any]]:
    for method in methods:
        for photons in PHOTONS:
            for noise in READ_NOISE:
                found = [_found(_objects(n), method, photons, noise) for n in range(SCENES)]
                said = Counter(name for *_, names in found for name in names)
                numbers = np.mean([each[:3] for each in found], axis=0)
                text = ', '.join(f'{name} {count}' for name, count in said.items())
                yield [method, str(photons), str(noise), *map(float, numbers), text]


def _found(
    objects: Any, method: str, photons: float, noise: float
) -> tuple[float, float, float, list[str]]:
    """Return the light of all and of objects, the error, and the names of checks that failed."""
    scale = photons / ndimage.convolve(objects, KERNEL, mode='reflect').max()
    truth = scale * objects + GROUND * photons
    random = np.random.default_rng(0)
    seen = random.poisson(ndimage.convolve(truth, KERNEL, mode='reflect'))
    seen = GAIN * (seen + random.normal(0, noise, truth.shape)) + OFFSET
    image = seen.round().clip(0).astype(np.uint16)
    result = fresco.restore(
        image,
        method=method,
        task='deblur',
        kernel=KERNEL,
        dtype='float32',
        gain=GAIN,
        offset=OFFSET,
        read_noise=GAIN * noise,
    )
    before, light = ((np.asarray(x, float) - OFFSET) / GAIN for x in (image, result.image))
    around = ndimage.distance_transform_edt(objects < 0.2) <= 4
    kept = light[around].sum() / truth[around].sum()
    error = np.sqrt(np.square(light - truth).mean() / np.square(before - truth).mean())
    names = [check.name for check in result.checks if not check.ok]
    return light.sum() / truth.sum(), kept, error, names


def _objects(seed: int) -> Any:
    """Draw four curved filaments, from 0 to 1."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    random = np.random.default_rng(seed)
    image = np.zeros((SIDE, SIDE))
    for _ in range(4):
        turn, place, phase = random.uniform((0, 0.2, 0), (np.pi, 0.8, 6))
        along = x * np.sin(turn) - y * np.cos(turn)
        across = x * np.cos(turn) + y * np.sin(turn) - (place - 0.5) * 0.7 * SIDE
        across -= 6 * np.sin(along / 25 + phase)
        image += random.uniform(0.5, 1) * np.exp(-(across**2) / 2)
    return image / image.max()


if __name__ == '__main__':
    main()
