"""Colour denoisers on CC15: crops of camera photographs with the mean of 500 shots.

    python benchmarks/camera.py --data DATA --ffdnet FILE

Every bundled network is run with the defaults; so are the weights of FFDNet in
FILE, the authors' say. Classical denoisers get the noise level from
scikit-image, which sees a fraction of this noise, and the strength of a few
that is best for the whole set. PSNR and SSIM are those of 8-bit RGB images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import classics
import numpy as np
from common import denoised, denoising_arguments, mean_psnr, mean_quality, read, show

from napari_fresco.networks import devices

METHODS = {
    'ffdnet_color': 'ffdnet',
    'drunet_compact_color': 'drunet',
    'virnet_denoise_color': 'virnet',
    'vdir_denoise_color': 'vdir',
    'scunet_compact_color': 'scunet',
}


def main() -> None:
    options = denoising_arguments(__doc__, METHODS, 'of the central crops, in pixels').parse_args()
    devices.tune_allocator()
    folder = options.data / 'camera' / 'cc15'
    paths = sorted(folder.glob('*_real.png'))
    noisy = [read(path, options.side) for path in paths]
    truth = [read(folder / p.name.replace('_real', '_mean'), options.side) for p in paths]
    show(['denoiser', 'images', 'PSNR', 'SSIM', 'strength'], _rows(noisy, truth, options))


def _rows(
    noisy: Sequence[np.ndarray], truth: Sequence[np.ndarray], options: Any
) -> Iterator[list[Any]]:
    def row(title: str, images: Sequence[np.ndarray], strength: str = '') -> list[Any]:
        psnr, ssim = mean_quality(images, truth)
        return [title, len(noisy), psnr, f'{ssim:.4f}', strength]

    unit = [image / 255 for image in noisy]
    yield row('none (noisy)', unit)
    for name in classics.names(options.bm3d):
        strength, images = classics.best(name, unit, lambda found: mean_psnr(found, truth))
        yield row(name, images, f'{strength:g}')
    for model in [*options.models, *([options.ffdnet] if options.ffdnet else [])]:
        title = model if model in METHODS else f'FFDNet, {Path(model).name}'
        method = METHODS.get(model, 'ffdnet')
        yield row(title, [denoised(x, model, method, options) for x in noisy])


if __name__ == '__main__':
    main()
