"""VDIR's tables I (Gaussian noise), VI (JPEG, luma) and VII (JPEG, RGB).

    python benchmarks/vdir.py --data DATA --tables noise jpeg_y
    python benchmarks/vdir.py --data DATA --tables jpeg_rgb --filters --limit 12
    python benchmarks/vdir.py --data DATA --tables jpeg_y jpeg_rgb --live1 LIVE1
    python benchmarks/vdir.py --data DATA --tables noise --models PLAIN ADVERSARIAL

Noise: CBSD68, noise of seed 0 for each image, not clipped, PSNR on 8-bit colour.
JPEG: quality as in Pillow, whose tables are MATLAB's; the luma of MATLAB's YCbCr,
compressed as a gray picture and measured as one, on classic5 or, when its folder is
given, LIVE1; RGB, chroma at half resolution, on CBSD68 or LIVE1. The published numbers are of
one random sample of the latent; ours of its mean unless --samples is given. --filters adds the
best of a few filters of scikit-image, each at the strength that is best for the set on the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import classics
import numpy as np
from common import arguments, mean_psnr, read, show

import napari_fresco as fresco
from napari_fresco.degrade.jpeg import compress_bytes
from napari_fresco.errors import WeightsError
from napari_fresco.evidence import metrics

# By table and images: PSNR in dB, of the input where the paper tells it, and of VDIR.
PUBLISHED: dict[tuple[str, str], dict[float, tuple[float | str, float | str]]] = {
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
    ('jpeg_rgb', 'cbsd68'): dict.fromkeys((10, 20, 40), ('', '')),
}
PICTURES = ('.png', '.bmp', '.tif')
FILTERS = ('TV', 'bilateral', 'wavelet')
ARTEFACTS = 5 / 255  # the unit of the strength of filters for JPEG, which has no noise level


class Table(NamedTuple):
    """What VDIR has to do, how images are degraded, and whether their luma alone counts."""

    task: str
    degrade: Callable[[np.ndarray, float], np.ndarray]
    luma: bool = False


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--tables', nargs='+', default=list(TABLES), choices=list(TABLES))
    parser.add_argument('--live1', type=Path, help='folder of LIVE1')
    parser.add_argument('--models', nargs='+', default=['auto'], help='a row for each')
    parser.add_argument('--filters', action='store_true', help='scikit-image, too: takes minutes')
    parser.add_argument('--samples', type=int, default=0, help='of the latent; 0 takes its mean')
    parser.add_argument('--levels', nargs='+', type=float, help='only these noises or qualities')
    parser.add_argument('--limit', type=int, help='only so many images')
    options = parser.parse_args()
    latent = f'mean of {options.samples} samples' if options.samples else 'mean'
    print(f'latent: {latent}; PSNR in dB\n')
    header = ['table', 'images', 'level', 'input', 'best filter', 'weights', 'VDIR', 'gain']
    show([*header, 'input, published', 'VDIR, published'], _rows(options))


def _rows(options: Any) -> Iterator[list[Any]]:
    for table in options.tables:
        folder = _folder(table, options)
        images = 'live1' if folder == options.live1 else folder.name
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES)
        if not paths:
            raise SystemExit(f'{folder} holds no pictures ({", ".join(PICTURES)})')
        truths = [_truth(path, TABLES[table]) for path in paths[: options.limit]]
        for level, published in PUBLISHED[table, images].items():
            if options.levels is None or level in options.levels:
                for measured in _measured(truths, table, level, options):
                    yield [table, f'{images} ({len(truths)})', f'{level:g}', *measured, *published]


def _folder(table: str, options: Any) -> Path:
    natural: Path = options.data / 'natural'
    if table != 'noise' and options.live1 is not None:
        folder: Path = options.live1
        return folder
    return natural / ('classic5' if table == 'jpeg_y' else 'cbsd68')


def _truth(path: Path, table: Table) -> np.ndarray:
    image = read(path)
    if table.luma and image.ndim == 3:
        image = metrics.to_uint8(metrics.rgb_to_y(image) / 255)
    return image


def _measured(
    truths: Sequence[np.ndarray], table: str, level: float, options: Any
) -> Iterator[list[Any]]:
    """Yield PSNR of what is seen and of the best filter; weights, PSNR and gain of each model."""
    seen = [TABLES[table].degrade(truth, level) for truth in truths]
    before = mean_psnr(seen, truths)
    sigma = level / 255 if table == 'noise' else None
    filtered = _filtered(seen, truths, sigma) if options.filters else ''
    for model in options.models:
        found = _vdir(seen, model, TABLES[table].task, sigma, options)
        if found is None:
            yield [before, filtered, 'not installed', '', '']
        else:
            images, weights = found
            after = mean_psnr(images, truths)
            yield [before, filtered, weights, after, after - before]


def _filtered(seen: Sequence[np.ndarray], truths: Sequence[np.ndarray], sigma: float | None) -> str:
    """Return the PSNR with the best filter, and its name and strength."""
    unit = [x / 255 if x.dtype == np.uint8 else x for x in seen]
    levels = [sigma or ARTEFACTS] * len(unit)
    found = []
    for name in FILTERS:
        strength, images = classics.best(name, unit, lambda x: mean_psnr(x, truths), levels)
        found.append((mean_psnr(images, truths), name, strength))
    return '{:.2f} ({}, {:g})'.format(*max(found))


def _vdir(
    seen: Sequence[np.ndarray], model: str, task: str, sigma: float | None, options: Any
) -> tuple[list[np.ndarray], str] | None:
    """Return what VDIR restores and the weights, or nothing where they are not installed."""
    told = {} if sigma is None else {'sigma': sigma, 'data_range': (0, 1)}
    try:
        results = [_restore(image, task, model, options, **told) for image in seen]
    except WeightsError:
        return None
    weights = ' '.join(weights['name'] for weights in results[0].provenance['weights'])
    return [result.image for result in results], weights


def _restore(image: np.ndarray, task: str, model: str, options: Any, **given: Any) -> fresco.Result:
    samples = {'latent': 'sample', 'samples': options.samples} if options.samples else {}
    return fresco.restore(
        image,
        method='vdir',
        task=task,
        model=model,
        precision=options.precision,
        device=options.device,
        **samples,
        **given,
    )


def _noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    return image / 255 + np.random.RandomState(0).normal(0, sigma / 255, image.shape)


def _compressed(image: np.ndarray, quality: float) -> np.ndarray:
    return compress_bytes(image, int(quality))


TABLES = {
    'noise': Table('denoise', _noisy),
    'jpeg_y': Table('deblock', _compressed, luma=True),
    'jpeg_rgb': Table('deblock', _compressed),
}


if __name__ == '__main__':
    main()
