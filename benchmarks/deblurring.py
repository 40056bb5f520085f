"""DPIR deblurring on set3c with the eight Levin kernels.

    python benchmarks/deblurring.py --data DATA --kernels DATA/../kernels/Levin09.mat

As in the authors' script: circular blur truncated to 8 bits, noise of seed 0
for each image, eight iterations, PSNR on 8-bit colour without a border;
processor seconds of an image on the mean, networks kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, deblurred, psnr8, read, seen_blurred, show

import napari_fresco as fresco


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--kernels', type=Path, required=True)
    parser.add_argument('--model', default='auto')
    parser.add_argument('--noise', nargs='+', type=float, default=[2.55, 7.65])
    parser.add_argument('--only', nargs='+', type=int, default=range(1, 9), help='kernels, from 1')
    parser.add_argument('--iterations', type=int, help='of DPIR, in place of the default')
    options = parser.parse_args()
    images = [read(path) for path in sorted((options.data / 'natural/set3c').glob('*.png'))]

    session = fresco.Session(device=options.device)

    def rows() -> Iterator[list[Any]]:
        for noise in options.noise:
            every = []
            for number in options.only:
                kernel = fresco.kernels.read(options.kernels, number - 1)
                found = [_measured(session, image, kernel, noise, options) for image in images]
                every.append(np.mean(found, axis=0).tolist())
                yield [noise, number, f'{kernel.shape[0]}', *every[-1]]
            yield [noise, 'mean', '', *np.mean(every, axis=0).tolist()]

    first = fresco.kernels.read(options.kernels, 0)
    _measured(session, images[0], first, 7.65, options)  # loads weights
    show(['noise', 'kernel', 'size', 'blurred, dB', 'DPIR, dB', 'CPU s'], rows())


def _measured(
    session: fresco.Session, image: np.ndarray, kernel: np.ndarray, noise: float, options: Any
) -> list[float]:
    """Return PSNR of the blurred image and of the restored one, and processor seconds."""
    degraded = seen_blurred(image, kernel, noise)
    began = time.process_time()
    told = {'iterations': options.iterations} if options.iterations else {}
    restored = deblurred(session, degraded, kernel, noise, options, method='dpir', **told)
    seconds = time.process_time() - began
    return [psnr8(degraded, image), psnr8(restored, image), seconds]


if __name__ == '__main__':
    main()
