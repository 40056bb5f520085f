"""Default against default: denoisers on real noisy and clean micrographs, image by image.

    python benchmarks/rivals.py --data DATA --store rivals.json

Ours get nothing but the image. Rivals are run as their users run them: BM3D with the noise level
of scikit-image, and NLM, total variation and wavelets calibrated by J-invariance. Each rival is
also tuned on the truth of every single image, which nobody can do. PSNR (of 255) after the
fit a x + b; of each image the windows are used in which the truth varies most. Numbers are kept in
a file, so that a run can be resumed; ``--again`` names those to measure anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import classics
import numpy as np
from common import arguments, show
from micrographs import Pair, fitted, read_pairs, windows
from skimage import restoration

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

OURS = ('ffdnet', 'drunet', 'dncnn', 'dpir', 'virnet')
RIVALS = ('NLM', 'TV', 'wavelet', 'BM3D')
MARK = 0.3  # dB that ours may lie below the best automatic one

Numbers = dict[str, dict[str, float]]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--store', type=Path, default=Path('rivals.json'))
    parser.add_argument('--again', nargs='*', default=[], help='names to measure anew')
    parser.add_argument('--only', nargs='*', default=[], help='parts of the names of images')
    parser.add_argument('--crops', type=int, default=1, help='windows of each image')
    parser.add_argument('--side', type=int, default=160, help='of the windows, in pixels')
    options = parser.parse_args()
    numbers: Numbers = json.loads(options.store.read_text()) if options.store.exists() else {}
    pairs = {
        f'{folder} {number}.{crop}': window
        for folder, several in read_pairs(options.data / 'micro').items()
        for number, pair in enumerate(several)
        for crop, window in enumerate(windows(pair, options.side, options.crops))
    }
    chosen = [n for n in pairs if not options.only or any(part in n for part in options.only)]
    names = list(_runs(options))
    show(['image', *names], _rows({name: pairs[name] for name in chosen}, numbers, options))
    print()
    show(['', *names], _summary([numbers[name] for name in chosen], names))


def _runs(options: Any) -> Mapping[str, Callable[[Pair], float]]:
    """Return what measures each of ours, each rival by itself, and each rival tuned."""
    runs = {name: partial(_ours, name, options) for name in OURS}
    runs |= {f'{name}, automatic': partial(_automatic, name) for name in RIVALS}
    return runs | {f'{name}, tuned': partial(_tuned, name) for name in RIVALS}


def _ours(method: str, options: Any, pair: Pair) -> float:
    how = {'device': options.device, 'precision': options.precision}
    return _judged(fresco.restore(pair.noisy, method=method, task='denoise', **how).image, pair)


def _automatic(name: str, pair: Pair) -> float:
    image = pair.noisy / 255
    level = classics.sigma(image)
    denoise, strengths = classics.STRENGTHS[name]
    if name == 'BM3D':
        return _judged(denoise(image, level, 1.0), pair)

    def run(image: Any, strength: float) -> Any:
        return denoise(image, level, strength)

    _, (tried, losses) = restoration.calibrate_denoiser(
        image, run, {'strength': list(strengths)}, extra_output=True
    )
    best = tried[int(np.argmin(losses))]
    return _judged(restoration.denoise_invariant(image, run, denoiser_kwargs=best), pair)


def _tuned(name: str, pair: Pair) -> float:
    _, (clean,) = classics.best(name, [pair.noisy / 255], lambda found: _judged(found[0], pair))
    return _judged(clean, pair)


def _judged(image: Any, pair: Pair) -> float:
    return float(psnr(fitted(np.asarray(image, np.float64), pair.truth), pair.truth, 255))


def _rows(pairs: Mapping[str, Pair], numbers: Numbers, options: Any) -> Iterator[list[Any]]:
    runs = _runs(options)
    for image, pair in pairs.items():
        known = numbers.setdefault(image, {})
        for name, run in runs.items():
            if name not in known or name in options.again:
                known[name] = run(pair)
                options.store.write_text(json.dumps(numbers, indent=1))
        yield [image, *(known[name] for name in runs)]


def _summary(numbers: list[dict[str, float]], names: list[str]) -> Iterator[list[Any]]:
    """Yield means, and by how much each of ours is above the best rivals, at the least."""
    table = {name: np.array([known[name] for known in numbers]) for name in names}
    yield ['mean', *(float(table[name].mean()) for name in names)]
    for kind in ('automatic', 'tuned'):
        rivals = np.stack([table[f'{name}, {kind}'] for name in RIVALS])
        gains = {name: table[name] - rivals.max(axis=0) for name in OURS}
        text = {
            name: f'{gain.mean():+.2f}, least {gain.min():+.2f}' for name, gain in gains.items()
        }
        yield [f'above the best rival, {kind}', *(text.get(name, '') for name in names)]
    automatic = [name for name in names if not name.endswith('tuned')]
    best = np.max([table[name] for name in automatic], axis=0)
    low = {name: int(np.sum(best - table[name] > MARK)) for name in automatic}
    yield [f'images {MARK} dB below the best automatic one', *(low.get(name, '') for name in names)]


if __name__ == '__main__':
    main()
