"""Denoising photographs of which some are all texture, with the noise found in them.

    python benchmarks/textures.py --data DATA --models ffdnet_gray

BSD68 and nine photographs of scikit-image, of half the size, so that they have hardly any noise of
their own, cut to 160 x 160; of networks for colours CBSD68 and three photographs in colour. A
result is worse than its image if its error is larger by 3 % and 1/20 of 255; it is silent if no
check says anything.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import arguments, read, show
from skimage import data
from skimage.transform import downscale_local_mean

import napari_fresco as fresco
from napari_fresco.networks import devices

METHODS = {
    'ffdnet_gray': 'ffdnet',
    'drunet_compact_gray': 'drunet',
    'virnet_denoise_gray': 'virnet',
    'virnet_denoise_color': 'virnet',
    'vdir_denoise_color': 'vdir',
    'scunet_compact_color': 'scunet',
}
OF_SCIKIT_IMAGE = {
    'bsd68': ('grass', 'gravel', 'brick', 'coins', 'camera', 'page', 'text', 'moon', 'cell'),
    'cbsd68': ('astronaut', 'chelsea', 'coffee'),
}
LEVELS = 0, 1, 3, 8, 20
SIDE = 160
LITTLE = 0.05  # error that is added to none


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--models', nargs='+', choices=tuple(METHODS), default=('ffdnet_gray',))
    options = parser.parse_args()
    devices.tune_allocator()
    header = ['denoiser', 'noise', 'found', 'error', 'largest error', 'worse', 'silent']
    show(header, _rows(options))


def _truths(folder: Path) -> Iterator[np.ndarray]:
    """Yield photographs of half the size, from 0 to 255."""
    whole = [read(path) for path in sorted(folder.glob('*.png'))]
    for image in [*whole, *(getattr(data, name)() for name in OF_SCIKIT_IMAGE[folder.name])]:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2].astype(float)
        yield downscale_local_mean(even, (2, 2, 1)[: even.ndim])[:SIDE, :SIDE]


def _rows(options: argparse.Namespace) -> Iterator[list[object]]:
    with fresco.Session(device=options.device) as session:
        for model in options.models:
            folder = 'cbsd68' if model.endswith('color') else 'bsd68'
            truths = list(_truths(options.data / 'natural' / folder))
            for sigma in LEVELS:
                each = np.array([_run(session, truth, sigma, model, options) for truth in truths])
                found, error, worse, silent = each.T
                size = float(np.sqrt(np.mean(error**2)))
                counts = int(worse.sum()), int(silent.sum())
                yield [model, sigma, float(np.median(found)), size, float(error.max()), *counts]


def _run(
    session: fresco.Session,
    truth: np.ndarray,
    sigma: float,
    model: str,
    options: argparse.Namespace,
) -> tuple[float, float, bool, bool]:
    """Return the level found, the error, and whether the result is worse, and silently so."""
    noise = np.random.default_rng(0).normal(0, sigma, truth.shape)
    image = (truth + noise).astype(np.float32)
    run = session.restore(
        image, method=METHODS[model], task='denoise', model=model, precision=options.precision
    )
    error = _rmse(run.image, truth)
    worse = error > 1.03 * _rmse(image, truth) + LITTLE
    said = any(not check.ok for check in run.checks)
    return fresco.estimate_noise(image), error, worse, worse and not said


def _rmse(image: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((image - truth) ** 2)))


if __name__ == '__main__':
    main()
