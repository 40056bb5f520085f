"""Losses of every width: PSNR in the holes, and how lively wide ones are.

    python benchmarks/losses.py --data DATA

Wants triples ``NAME_truth.png``, ``NAME_damaged.png`` and ``NAME_mask.png``, whose mask holds
the width of each loss in pixels. Grain is the mean slope in losses of 32 pixels and more over that
of the truth there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, read, show

import napari_fresco as fresco

WIDTHS = (4, 8, 16, 32, 64)
WIDE = 32


def main() -> None:
    options = arguments(__doc__).parse_args()

    def rows() -> Iterator[list[Any]]:
        found: dict[str, list[list[float]]] = {'dpir, exemplars': [], 'dpir, rim alone': []}
        for path in sorted((options.data / 'murals_files/losses').glob('*_truth.png')):
            truth = read(path)[..., :3].astype(float)
            damaged = read(path.with_name(path.name.replace('truth', 'damaged')))[..., :3]
            width = read(path.with_name(path.name.replace('truth', 'mask')))
            for (name, numbers), exemplars in zip(found.items(), (True, False), strict=True):
                image = fresco.restore(
                    damaged, method='dpir', task='inpaint', mask=width > 0, exemplars=exemplars
                ).image
                numbers.append(_judged(image.astype(float), truth, width))
                yield [path.stem.removesuffix('_truth'), name, *numbers[-1]]
        for name, numbers in found.items():
            yield ['mean', name, *np.mean(numbers, axis=0)]

    show(['picture', 'method', *(f'{w} px' for w in WIDTHS), 'grain'], rows())


def _judged(image: np.ndarray, truth: np.ndarray, width: np.ndarray) -> list[float]:
    error = np.square(image - truth)
    slopes = [np.hypot(*np.gradient(a.mean(-1)))[width >= WIDE].mean() for a in (image, truth)]
    decibels = [float(10 * np.log10(255**2 / error[width == w].mean())) for w in WIDTHS]
    return [*decibels, float(slopes[0] / slopes[1])]


if __name__ == '__main__':
    main()
