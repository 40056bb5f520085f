"""DPIR deblurring on set3c with the eight Levin kernels.

    python benchmarks/deblurring.py --data DATA --kernels DATA/../kernels/Levin09.mat

As in the authors' script: circular blur truncated to 8 bits, noise of seed 0
for each image, eight iterations, PSNR on 8-bit colour without a border.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, psnr8, read, show

import napari_fresco as fresco
from napari_fresco.degrade.blur import authors_truncated
from napari_fresco.physics import kernels


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--kernels', type=Path, required=True)
    parser.add_argument('--model', default='auto')
    parser.add_argument('--noise', nargs='+', type=float, default=[2.55, 7.65])
    options = parser.parse_args()
    images = [read(path) for path in sorted((options.data / 'natural/set3c').glob('*.png'))]

    def rows() -> Iterator[list[Any]]:
        for noise in options.noise:
            for index in range(8):
                kernel = kernels.read(options.kernels, index)
                pairs = [_pair(image, kernel, noise, options) for image in images]
                blurred, restored = np.mean(pairs, axis=0)
                yield [noise, index + 1, f'{kernel.shape[0]}', float(blurred), float(restored)]

    show(['noise', 'kernel', 'size', 'blurred, dB', 'DPIR, dB'], rows())


def _pair(image: np.ndarray, kernel: np.ndarray, noise: float, options: Any) -> list[float]:
    blurred = authors_truncated(image, kernel) / 255
    degraded = blurred + np.random.RandomState(0).normal(0, noise / 255, image.shape)
    result = fresco.restore(
        degraded,
        method='dpir',
        task='deblur',
        kernel=kernel,
        sigma=noise / 255,
        data_range=(0, 1),
        model=options.model,
        precision=options.precision,
        device=options.device,
        boundary='circular',
    )
    return [psnr8(degraded, image), psnr8(result.image, image)]


if __name__ == '__main__':
    main()
