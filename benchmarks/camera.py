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
from common import arguments, denoised, read, show

from napari_fresco import devices, metrics

METHODS = {
    'ffdnet_color': 'ffdnet',
    'drunet_compact_color': 'drunet',
    'virnet_denoise_color': 'virnet',
    'vdir_denoise_color': 'vdir',
    'scunet_compact_color': 'scunet',
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--models', nargs='+', choices=METHODS, default=tuple(METHODS))
    parser.add_argument('--ffdnet', help='weights of FFDNet to compare with')
    parser.add_argument('--side', type=int, default=256, help='of the central crops, in pixels')
    parser.add_argument('--bm3d', action='store_true', help='BM3D too, which takes minutes')
    options = parser.parse_args()
    devices.tune_allocator()
    folder = options.data / 'camera' / 'cc15'
    paths = sorted(folder.glob('*_real.png'))
    noisy = [read(path, options.side) for path in paths]
    truth = [read(folder / p.name.replace('_real', '_mean'), options.side) for p in paths]
    show(['denoiser', 'images', 'PSNR', 'SSIM', 'strength'], _rows(noisy, truth, options))


def _rows(
    noisy: Sequence[np.ndarray], truth: Sequence[np.ndarray], options: Any
) -> Iterator[list[Any]]:
    def judge(images: Sequence[np.ndarray]) -> tuple[float, float]:
        both = [(metrics.to_uint8(x), y) for x, y in zip(images, truth, strict=True)]
        quality = np.array([(metrics.psnr(*b, 255), metrics.ssim(*b, 255)) for b in both])
        return float(quality[:, 0].mean()), float(quality[:, 1].mean())

    def row(title: str, judged: tuple[float, float], strength: str = '') -> list[Any]:
        return [title, len(noisy), judged[0], f'{judged[1]:.4f}', strength]

    yield row('none (noisy)', judge(noisy))
    for name in classics.names(options.bm3d):
        strength, judged = classics.best(name, [image / 255 for image in noisy], judge)
        yield row(name, judged, f'{strength:g}')
    for model in [*options.models, *([options.ffdnet] if options.ffdnet else [])]:
        title = model if model in METHODS else f'FFDNet, {Path(model).name}'
        method = METHODS.get(model, 'ffdnet')
        yield row(title, judge([denoised(x, model, method, options) for x in noisy]))


if __name__ == '__main__':
    main()
