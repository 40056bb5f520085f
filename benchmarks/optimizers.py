"""Muon against Adam: what a regime reaches in as many steps with either, all else being equal.

    python benchmarks/optimizers.py --data DATA --train IMAGES --steps 1200

Both start from the same weights and see the same crops, with the same noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common import arguments, show

from napari_fresco.networks import devices
from napari_fresco.training import find_regime
from napari_fresco.training.data import Corpus
from napari_fresco.training.loop import Run
from napari_fresco.training.optimizer import Optimizer, is_hidden

CHOICES = {'Muon for hidden layers': is_hidden, 'Adam for all': lambda _: False}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--train', type=Path, required=True, help='folder of images to learn from')
    parser.add_argument('--regime', default='ffdnet_gray')
    parser.add_argument('--set', default='bsd68', help='folder below DATA/natural')
    parser.add_argument('--steps', type=int, default=1200)
    parser.add_argument('--limit', type=int, default=16, help='images of the set')
    options = parser.parse_args()
    devices.tune_allocator()
    regime, device = find_regime(options.regime), devices.pick(options.device)
    corpus = Corpus.read(options.train, regime.channels, 96)

    def rows() -> Iterator[list[Any]]:
        for name, chosen in CHOICES.items():
            with TemporaryDirectory() as folder:
                run = Run(regime, Path(folder), device, steps=options.steps)
                run.optimizer = Optimizer(run.trained, chosen)
                weights = run.train(corpus)
                tests = options.data / 'natural' / options.set
                scores = run.objective.evaluate(weights, tests, regime.channels, options.limit)
            for score in scores:
                yield [name, options.steps, score.case, score.restored]

    show(['optimiser', 'steps', 'case', 'PSNR, dB'], rows())


if __name__ == '__main__':
    main()
