"""Blind restorers on pairs of the degradations that they learn: SCUNet's noise, BSRGAN's mixture.

    python benchmarks/blind.py noise --data DATA
    python benchmarks/blind.py enlarge --data DATA

`noise` is the middle of images of CBSD68 with the mixture of simulate.scunet (without resizing)
and with three of its parts alone, each with the number of the image as its seed:
SCUNet against every denoising filter of scikit-image. `enlarge` has the pairs 'mixed' of the
model cards, whole images of CBSD68 degraded by simulate.bsrgan: BSRNet, and BSRGAN where it is
bundled, against plain enlarging, and against bicubic enlarging of what the best filter has
left. The networks are told nothing. A filter gets the noise level that scikit-image finds in each
image, or the mean of these, and a strength (in parentheses) for the whole set: whatever is
best on the truth. PSNR and SSIM are those of 8-bit RGB images; for enlarging without a border of
s squared, as on the cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import classics
import numpy as np
from common import arguments, mean_psnr, mean_quality, read, show
from PIL import Image
from torch import Tensor

import napari_fresco as fresco
from napari_fresco import weights
from napari_fresco.degrade import bsrgan_pipeline, gaussian_noise, scunet_pipeline
from napari_fresco.degrade.planes import to_batch, to_plane
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.evidence import metrics
from napari_fresco.networks import devices
from napari_fresco.physics.resample import imresize
from napari_fresco.training import find_regime, objectives
from napari_fresco.training.objectives.base import to_tensor

MODELS = {
    'noise': ('scunet_compact_color',),
    'enlarge': tuple(f'{kind}_compact_x{s}' for kind in ('bsrnet', 'bsrgan') for s in (2, 4)),
}
LIMIT = {'noise': 12, 'enlarge': 8}
TASKS = {
    'scunet': {'method': 'scunet', 'task': 'denoise'},
    'rrdbnet': {'method': 'bsrgan', 'task': 'super_resolve'},
}
RESAMPLING = {
    'nearest': Image.Resampling.NEAREST,
    'bilinear': Image.Resampling.BILINEAR,
    'Lanczos': Image.Resampling.LANCZOS,
}


class Case(NamedTuple):
    """What is seen, in [0, 1], and the truths, 8 bits and `scale` times as large."""

    seen: list[np.ndarray]
    truths: list[np.ndarray]
    scale: int = 1

    @property
    def border(self) -> int:
        """Pixels that do not count."""
        return self.scale**2 if self.scale > 1 else 0

    def score(self, images: Sequence[np.ndarray]) -> float:
        """Return the mean PSNR of results."""
        return mean_psnr(images, self.truths, self.border)


Opponent = Callable[[Case], tuple[list[np.ndarray], str]]
"""Restores the images of a case, and says how."""


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('table', choices=tuple(MODELS))
    parser.add_argument('--limit', type=int, help='so many images, by default 12 and 8')
    parser.add_argument('--side', type=int, default=256, help='of the crops of `noise`, in pixels')
    parser.add_argument('--models', nargs='+', help='names or files of the networks')
    options = parser.parse_args()
    devices.tune_allocator()
    found = sorted((options.data / 'natural/cbsd68').glob('*.*'))
    paths = found[: options.limit or LIMIT[options.table]]
    if options.table == 'noise':
        cases, opponents = noise_cases([read(path, options.side) for path in paths]), _filters()
    else:
        cases, opponents = enlarging_cases([read(path) for path in paths]), _enlargers()
    header = (f'{name} ({len(case.seen)})' for name, case in cases.items())
    show(['', *header], _rows(cases, opponents, options))


def noise_cases(images: Sequence[np.ndarray]) -> dict[str, Case]:
    """Return mixed noise and its parts, by name."""
    cases = {'mixed': Case([], []), **{name: Case([], []) for name in PARTS}}
    for number, image in enumerate(images):
        batch, random = to_batch(image / 255), RandomSource.seeded(number)
        seen, clean = scunet_pipeline.degrade(batch, random, resizing=False)
        cases['mixed'].seen.append(to_plane(seen))
        cases['mixed'].truths.append(metrics.to_uint8(to_plane(clean)))
        for name, add in PARTS.items():
            cases[name].seen.append(to_plane(add(batch, RandomSource.seeded(number))))
            cases[name].truths.append(image)
    return cases


def enlarging_cases(images: Sequence[np.ndarray]) -> dict[str, Case]:
    """Return the pairs 'mixed' of the model cards, by scale factor."""
    cases = {}
    for scale in (2, 4):
        objective = objectives.make(find_regime(f'bsrnet_compact_x{scale}').objective)
        mixed = [
            trial
            for image in images
            for trial in objective.trials(image)
            if trial.case == f'x{scale}, mixed'
        ]
        seen = [trial.observed[0].permute(1, 2, 0).numpy() for trial in mixed]
        cases[f'x{scale}'] = Case(seen, [trial.truth for trial in mixed], scale)
    return cases


def _poisson_gaussian(images: Tensor, random: RandomSource) -> Tensor:
    counted = (images + gaussian_noise.mixed_poisson(images, random)).clamp(0, 1)
    return gaussian_noise.mixed_gaussian(counted, scunet_pipeline.LEVELS, random)


def _speckle(images: Tensor, random: RandomSource) -> Tensor:
    return gaussian_noise.mixed_gaussian(images, scunet_pipeline.LEVELS, random, speckle=True)


def _compressed(images: Tensor, random: RandomSource) -> Tensor:
    noisy = gaussian_noise.mixed_gaussian(images, scunet_pipeline.LEVELS, random)
    return bsrgan_pipeline.compressed(noisy, random, scunet_pipeline.QUALITIES)


PARTS: Mapping[str, Callable[[Tensor, RandomSource], Tensor]] = {
    'Poisson-Gaussian': _poisson_gaussian,
    'speckle': _speckle,
    'noise, then JPEG': _compressed,
}


def _rows(
    cases: Mapping[str, Case], opponents: Mapping[str, Opponent], options: Any
) -> Iterator[list[str]]:
    psnrs: dict[str, dict[str, float]] = {name: {} for name in cases}
    for title, restore in opponents.items():
        cells = []
        for name, case in cases.items():
            images, how = restore(case)
            psnrs[name][title], cell = _quality(images, case)
            cells.append(f'{cell} ({how})' if how else cell)
        yield [title, *cells]
    bundled = [name for name in MODELS[options.table] if name in weights.registry()]
    for model in options.models or bundled:
        network = weights.load(model)
        own = {
            name: _quality(_restored(case, model, options), case)
            for name, case in cases.items()
            if case.scale == network.facts.scale
        }
        title = Path(model).name + ' (generative)' * bool(network.generative)
        yield [title, *(own[name][1] if name in own else '' for name in cases)]
        for rival in ('bicubic', 'the best') if 'bicubic' in opponents else ('the best',):
            yield [f'above {rival}, dB', *_gains(own, psnrs, rival)]


def _gains(
    own: Mapping[str, tuple[float, str]], psnrs: Mapping[str, Mapping[str, float]], rival: str
) -> Iterator[str]:
    """Tell by how much a network is above a rival, or the best of them, in each case."""
    for name, others in psnrs.items():
        best = max(others, key=lambda title: others[title])
        other = rival if rival in others else best
        named = '' if rival in others else f' ({best})'
        yield f'{own[name][0] - others[other]:+.2f}{named}' if name in own else ''


def _quality(images: Sequence[np.ndarray], case: Case) -> tuple[float, str]:
    """Return the mean PSNR, and PSNR and SSIM in words."""
    psnr, ssim = mean_quality(images, case.truths, case.border)
    return psnr, f'{psnr:.2f} / {ssim:.4f}'


def _filters() -> dict[str, Opponent]:
    def seen(case: Case) -> tuple[list[np.ndarray], str]:
        return case.seen, ''

    def by(name: str) -> Opponent:
        def restore(case: Case) -> tuple[list[np.ndarray], str]:
            strength, images = _filtered(name, case.seen, case.score)
            return images, f'{strength:g}'

        return restore

    return {'none (noisy)': seen, **{name: by(name) for name in classics.SKIMAGE}}


def _enlargers() -> dict[str, Opponent]:
    def by(resampling: Image.Resampling) -> Opponent:
        return lambda case: ([_resampled(x, case.scale, resampling) for x in case.seen], '')

    def bicubic(case: Case) -> tuple[list[np.ndarray], str]:
        return _bicubic(case.seen, case.scale), ''

    def cleaned(case: Case) -> tuple[list[np.ndarray], str]:
        def score(images: Sequence[np.ndarray]) -> float:
            return case.score(_bicubic(images, case.scale))

        tried = ((name, *_filtered(name, case.seen, score)) for name in classics.SKIMAGE)
        name, strength, images = max(tried, key=lambda one: score(one[2]))
        return _bicubic(images, case.scale), f'{name}, {strength:g}'

    plain = {title: by(resampling) for title, resampling in RESAMPLING.items()}
    return {**plain, 'bicubic': bicubic, 'best filter, then bicubic': cleaned}


def _filtered(
    name: str, images: Sequence[np.ndarray], score: classics.Score
) -> tuple[float, list[np.ndarray]]:
    """Denoise by a filter at its best: strength, and noise level of each or of all images."""
    each = [classics.sigma(image) for image in images]
    every = [float(np.mean(each))] * len(each)
    both = (classics.best(name, images, score, levels) for levels in (each, every))
    return max(both, key=lambda found: score(found[1]))


def _resampled(image: np.ndarray, scale: int, resampling: Image.Resampling) -> np.ndarray:
    size = (scale * image.shape[1], scale * image.shape[0])
    planes = (Image.fromarray(plane) for plane in np.moveaxis(np.float32(image), -1, 0))
    return np.stack([np.asarray(plane.resize(size, resampling)) for plane in planes], axis=-1)


def _bicubic(images: Sequence[np.ndarray], scale: int) -> list[np.ndarray]:
    """Enlarge as the baseline of the cards does."""
    return [imresize(to_tensor(x), scale)[0].permute(1, 2, 0).numpy() for x in images]


def _restored(case: Case, model: str, options: Any) -> list[np.ndarray]:
    told = {
        **TASKS[weights.load(model).facts.architecture],
        'model': model,
        'scale': case.scale,
        'data_range': (0, 1),
        'device': options.device,
        'precision': options.precision,
    }
    return [fresco.restore(image, **told).image for image in case.seen]


if __name__ == '__main__':
    main()
