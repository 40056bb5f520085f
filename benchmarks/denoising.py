"""PSNR and SSIM of denoisers on BSD68, CBSD68, Set12 and McMaster by the papers' protocol.

    python benchmarks/denoising.py --data DATA --models ffdnet_gray drunet_compact_gray

A model is a registry name or a weights file, such as the authors' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common import arguments, show

from napari_fresco import weights
from napari_fresco.networks import devices
from napari_fresco.runtime import denoisers
from napari_fresco.training.evaluate import evaluate

SETS = {1: ('bsd68',), 3: ('cbsd68',)}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--models', nargs='+', required=True)
    parser.add_argument('--sigmas', nargs='+', type=float, default=[15, 25, 50])
    parser.add_argument('--sets', nargs='+', help='folders below DATA/natural')
    parser.add_argument('--limit', type=int, help='use the first images of a set only')
    options = parser.parse_args()
    devices.tune_allocator()

    def rows() -> Iterator[list[Any]]:
        for model in options.models:
            channels = weights.load(model).facts.channels
            denoiser = denoisers.make(
                model,
                channels=channels,
                device=devices.pick(options.device),
                precision=options.precision,
            )
            for name in options.sets or SETS[channels]:
                folder = options.data / 'natural' / name
                for s in evaluate(denoiser, folder, options.sigmas, channels, options.limit):
                    images = f'{name} ({s.images})'
                    yield [model, options.precision, images, s.case, s.restored, f'{s.ssim:.4f}']

    show(['model', 'precision', 'images', 'case', 'PSNR, dB', 'SSIM'], rows())


if __name__ == '__main__':
    main()
