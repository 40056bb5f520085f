"""USRNet and IRCNN on CBSD68 with twelve kernels: table 1 of the USRNet paper.

    python benchmarks/usrnet.py --data DATA --kernels DATA/../kernels/kernels_12.mat

As in the authors' script: images cut to multiples of s and 8, circular blur with
a centred kernel truncated to 8 bits, the upper-left pixel of every cell, noise of
seed 0 for each image, PSNR on 8-bit colour without a border of s squared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, psnr8, read, seen_blurred, show

import napari_fresco as fresco
from napari_fresco.errors import WeightsError

KERNELS = 12
GAUSSIANS = 8  # the first ones, which the marks are about; the others are camera shakes
NO_NOISE = 0.001  # restore() takes noise levels above 0; 8 bits cannot tell this one from none

# Method, scale and noise, and the published PSNR by kernel.
PUBLISHED = {
    ('usrnet', 2, 0.0): '30.55 30.96 30.56 29.49 29.13 29.12 29.28 28.28 30.90 30.65 30.60 30.75',
    ('usrnet', 3, 0.0): '27.16 27.76 27.90 27.88 27.71 27.68 27.74 27.57 27.69 27.50 27.50 27.41',
    ('usrnet', 3, 2.55): '26.99 27.40 27.23 26.78 26.55 26.60 26.72 26.14 26.90 26.80 26.69 26.49',
    ('usrnet', 3, 7.65): '26.45 26.52 26.10 25.57 25.46 25.40 25.49 25.00 25.39 25.47 25.20 25.01',
    ('usrnet', 4, 0.0): '25.30 25.96 26.18 26.29 26.20 26.15 26.17 26.30 25.91 25.57 25.76 25.70',
    ('ircnn', 2, 0.0): '29.60 30.16 29.50 28.37 28.07 27.95 28.21 27.19 28.58 26.79 29.02 28.96',
    ('ircnn', 4, 0.0): '23.99 25.01 25.32 25.45 25.36 25.26 25.34 25.47 24.69 24.39 24.44 24.57',
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--kernels', type=Path, required=True, help='kernels_12.mat')
    parser.add_argument('--methods', nargs='+', default=['usrnet', 'ircnn'])
    parser.add_argument('--model', default='auto', help='weights of every method but ircnn')
    parser.add_argument('--scales', nargs='+', type=int, default=[2, 3, 4])
    parser.add_argument('--noise', nargs='+', type=float, default=[0.0, 2.55, 7.65])
    parser.add_argument('--limit', type=int, help='only so many of the 68 images')
    options = parser.parse_args()
    images = sorted((options.data / 'natural/cbsd68').glob('*.*'))[: options.limit]
    print(f'{len(images)} images of CBSD68; PSNR in dB by kernel\n')
    numbers = [str(index + 1) for index in range(KERNELS)]
    means = [f'mean 1-{GAUSSIANS}', f'mean 1-{KERNELS}']
    show(['scale', 'noise', 'method', 'weights', *numbers, *means], _rows(images, options))


def _rows(images: list[Path], options: Any) -> Iterator[list[Any]]:
    for scale in options.scales:
        for noise in options.noise:
            for method in options.methods:
                yield _ours(method, scale, noise, images, options)
                if published := PUBLISHED.get((method, scale, noise)):
                    values = [float(value) for value in published.split()]
                    yield [scale, noise, method, 'published', *_with_means(values)]


def _ours(method: str, scale: int, noise: float, images: list[Path], options: Any) -> list[Any]:
    values, used = [], ''
    for index in range(KERNELS):
        kernel = fresco.kernels.read(options.kernels, index)
        try:
            pairs = [_restore(p, method, kernel, scale, noise, options) for p in images]
        except WeightsError:
            return [scale, noise, method, 'not installed', *[''] * (KERNELS + 2)]
        values.append(float(np.mean([value for value, _ in pairs])))
        used = pairs[0][1]
    return [scale, noise, method, used, *_with_means(values)]


def _with_means(values: list[float]) -> list[float]:
    return [*values, float(np.mean(values[:GAUSSIANS])), float(np.mean(values))]


def _restore(
    path: Path, method: str, kernel: np.ndarray, scale: int, noise: float, options: Any
) -> tuple[float, str]:
    """Return the PSNR and the weights that gave it."""
    image = read(path)
    step = math.lcm(scale, 8)
    rows, columns = (n // step * step for n in image.shape[:2])
    image = image[:rows, :columns]
    degraded = seen_blurred(image, kernel, noise, scale)
    result = fresco.restore(
        degraded,
        method=method,
        task='super_resolve',
        scale=scale,
        kernel=kernel,
        kernel_position='centred',
        sigma=max(noise, NO_NOISE) / 255,
        data_range=(0, 1),
        model='auto' if method == 'ircnn' else options.model,
        precision=options.precision,
        device=options.device,
        boundary='circular',
    )
    inside = slice(scale**2, -(scale**2))
    value = psnr8(result.image[inside, inside], image[inside, inside])
    return value, ' '.join(weights['name'] for weights in result.provenance['weights'])


if __name__ == '__main__':
    main()
