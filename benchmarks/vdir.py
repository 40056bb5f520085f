"""VDIR's tables I (Gaussian noise), VI (JPEG, luma) and VII (JPEG, RGB).

    python benchmarks/vdir.py --data DATA --tables noise jpeg_y
    python benchmarks/vdir.py --data DATA --tables jpeg_y jpeg_rgb --live1 LIVE1

Noise: CBSD68, noise of seed 0 for each image, not clipped, PSNR on 8-bit colour.
JPEG: quality as in Pillow, whose tables are MATLAB's; the luma of MATLAB's YCbCr,
compressed as a gray picture and measured as one, on classic5 or, when its folder is
given, LIVE1; RGB, chroma at half resolution, on LIVE1 alone, which the data lack. The published
numbers are of one random sample of the latent; ours of its mean unless --samples is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, psnr8, read, show

import napari_fresco as fresco
from napari_fresco import metrics
from napari_fresco.errors import WeightsError
from napari_fresco.simulate.jpeg import compress

# By table and images: PSNR in dB, of the input where the paper tells it, and of VDIR.
PUBLISHED: dict[tuple[str, str], dict[float, tuple[float | str, float]]] = {
    ('noise', 'cbsd68'): {10: ('', 36.34), 30: ('', 30.64), 50: ('', 28.33), 70: ('', 26.94)},
    ('jpeg_y', 'classic5'): {
        10: (27.82, 29.91),
        20: (30.12, 32.12),
        30: (31.48, 33.38),
        40: (32.43, 34.23),
        70: (34.98, 36.40),
        80: (36.44, 37.63),
    },
    ('jpeg_y', 'live1'): {
        10: (27.77, 29.56),
        20: (30.07, 31.95),
        30: (31.41, 33.38),
        40: (32.35, 34.37),
        70: (35.13, 37.15),
        80: (36.87, 38.81),
    },
    ('jpeg_rgb', 'live1'): {
        10: (25.69, 27.57),
        20: (28.06, 30.03),
        30: (29.37, 31.38),
        40: (30.28, 32.32),
        50: (31.03, 33.08),
        60: (31.77, 33.81),
        70: (32.77, 34.79),
        80: (34.23, 36.17),
    },
}
MISSING = 'not installed'
PICTURES = ('.png', '.bmp', '.tif')


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--tables', nargs='+', default=['noise', 'jpeg_y'], choices=list(CASES))
    parser.add_argument('--live1', type=Path, help='folder of LIVE1')
    parser.add_argument('--model', default='auto')
    parser.add_argument('--samples', type=int, default=0, help='of the latent; 0 takes its mean')
    parser.add_argument('--levels', nargs='+', type=float, help='only these noises or qualities')
    parser.add_argument('--limit', type=int, help='only so many images')
    options = parser.parse_args()
    latent = f'mean of {options.samples} samples' if options.samples else 'mean'
    print(f'latent: {latent}; PSNR in dB\n')
    header = ['table', 'images', 'level', 'weights', 'input', 'VDIR']
    show([*header, 'input, published', 'VDIR, published'], _rows(options))


def _rows(options: Any) -> Iterator[list[Any]]:
    for table in options.tables:
        folder = _folder(table, options)
        if folder is None:
            print(f'({table} needs --live1)')
            continue
        images = 'live1' if folder == options.live1 else folder.name
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
        if not paths:
            raise SystemExit(f'{folder} holds no pictures ({", ".join(PICTURES)})')
        for level, published in PUBLISHED[table, images].items():
            if options.levels is None or level in options.levels:
                used = paths[: options.limit]
                yield [
                    table,
                    f'{images} ({len(used)})',
                    f'{level:g}',
                    *_mean(table, used, level, options),
                    *published,
                ]


def _folder(table: str, options: Any) -> Path | None:
    natural: Path = options.data / 'natural'
    if table == 'noise':
        return natural / 'cbsd68'
    if options.live1 is not None:
        folder: Path = options.live1
        return folder
    return natural / 'classic5' if table == 'jpeg_y' else None


def _mean(table: str, paths: list[Path], level: float, options: Any) -> list[Any]:
    """Return the weights, and the mean PSNR of the inputs and of the results."""
    try:
        found = [CASES[table](read(path), level, options) for path in paths]
    except WeightsError:
        return [MISSING, '', '']
    before, after = np.mean([pair for pair, _ in found], axis=0)
    return [found[0][1], float(before), float(after)]


Scored = tuple[tuple[float, float], str]


def _noise(image: np.ndarray, sigma: float, options: Any) -> Scored:
    noisy = image / 255 + np.random.RandomState(0).normal(0, sigma / 255, image.shape)
    result = _restore(noisy, 'denoise', options, sigma=sigma / 255, data_range=(0, 1))
    return (psnr8(noisy, image), psnr8(result.image, image)), _weights(result)


def _jpeg_y(image: np.ndarray, quality: float, options: Any) -> Scored:
    luma = image if image.ndim == 2 else metrics.to_uint8(metrics.rgb_to_y(image) / 255)
    return _jpeg(luma, quality, options)


def _jpeg(image: np.ndarray, quality: float, options: Any) -> Scored:
    degraded = compress(image, int(quality))
    result = _restore(degraded, 'deblock', options)
    before, after = (metrics.psnr(x, image, 255) for x in (degraded, result.image))
    return (before, after), _weights(result)


def _restore(image: np.ndarray, task: str, options: Any, **given: Any) -> fresco.Result:
    samples = {'latent': 'sample', 'samples': options.samples} if options.samples else {}
    return fresco.restore(
        image,
        method='vdir',
        task=task,
        model=options.model,
        precision=options.precision,
        device=options.device,
        **samples,
        **given,
    )


def _weights(result: fresco.Result) -> str:
    return ' '.join(weights['name'] for weights in result.provenance['weights'])


CASES: dict[str, Callable[[np.ndarray, float, Any], Scored]] = {
    'noise': _noise,
    'jpeg_y': _jpeg_y,
    'jpeg_rgb': _jpeg,
}


if __name__ == '__main__':
    main()
