"""What bfloat16 costs the bundled denoisers where there is little noise, and what it gains.

    python benchmarks/rounding.py --data DATA
    python benchmarks/rounding.py --data DATA --models ffdnet_gray --sigmas 15 20

PSNR in float32 less that in bfloat16, in dB, by the protocol of the papers on the first images of
BSD68 and CBSD68, and in float32 the processor seconds of one core for all of them, as a multiple of
those in bfloat16. `bfloat16` in the registry is the level from which the loss stays below 0.02 dB.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch
from common import arguments, show

from napari_fresco import weights
from napari_fresco.networks import devices
from napari_fresco.runtime import denoisers
from napari_fresco.training.evaluate import evaluate

MODELS = (
    'ffdnet_gray',
    'ffdnet_color',
    'drunet_compact_gray',
    'drunet_compact_color',
    'dncnn_compact_gray',
    'ircnn_gray',
    'scunet_compact_color',
)
SETS = {1: 'bsd68', 3: 'cbsd68'}
CPU = torch.device('cpu')


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--models', nargs='+', choices=MODELS, default=MODELS)
    parser.add_argument('--sigmas', type=float, nargs='+', default=[2, 5, 10, 15, 25])
    parser.add_argument('--limit', type=int, default=12, help='images')
    options = parser.parse_args()
    torch.set_num_threads(1)
    devices.tune_allocator()

    def rows() -> Iterator[list[str]]:
        for model in options.models:
            yield [model, *(_cell(model, sigma, options) for sigma in options.sigmas)]

    with torch.inference_mode():
        show(['weights', *(f'{sigma:g}' for sigma in options.sigmas)], rows())


def _cell(model: str, sigma: float, options: Any) -> str:
    """Return the loss in dB, and how many times as fast bfloat16 is."""
    channels = weights.load(model).facts.channels
    folder = options.data / 'natural' / SETS[channels]
    scores, seconds = [], []
    for precision in ('float32', 'bfloat16'):
        denoiser = denoisers.make(model, channels=channels, device=CPU, precision=precision)
        began = time.process_time()
        (score,) = evaluate(denoiser, folder, [sigma], channels, options.limit)
        seconds.append(time.process_time() - began)
        scores.append(score.restored)
    return f'{scores[0] - scores[1]:.3f} (x {seconds[0] / seconds[1]:.1f})'


if __name__ == '__main__':
    main()
