"""One-channel denoisers on real noisy and clean micrographs: w2s, fmd and gigadb.

    python benchmarks/micrographs.py --data DATA --ffdnet FILE --bm3d

Every bundled network is run with the defaults, which recognise photon noise, and
told that the noise is white; so are the weights of FFDNet in FILE, the authors' say.
Classical denoisers get the noise level from scikit-image, and for each set the
strength of a few that is best for it (in parentheses); "stabilised" ones see
the Anscombe transform of the image, as the networks do by default.

Noisy and clean images were scaled separately by their sources, and
pseudo-coloured ones count as the maximum of their channels: results are fitted
to the truth by a x + b before PSNR (of 255) and SSIM. Of each image the window
is used in which the truth varies most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import classics
import numpy as np
from common import denoised, denoising_arguments, read, show

from napari_fresco.evidence import metrics
from napari_fresco.image.anscombe import Anscombe
from napari_fresco.networks import devices
from napari_fresco.noise.camera import fit_camera

METHODS = {
    'ffdnet_gray': 'ffdnet',
    'drunet_compact_gray': 'drunet',
    'ircnn_gray': 'ircnn',
    'virnet_denoise_gray': 'virnet',
}
SETTINGS: dict[str, dict[str, Any]] = {
    'defaults': {},
    'white noise': {'noise': 'gaussian'},
}

Judge = Callable[[Sequence[np.ndarray]], tuple[float, float]]
"""Finds mean PSNR and SSIM of results."""


class Pair(NamedTuple):
    """A noisy image and its truth, 8 bits."""

    noisy: np.ndarray
    truth: np.ndarray


def main() -> None:
    options = denoising_arguments(__doc__, METHODS, 'of the windows, in pixels').parse_args()
    devices.tune_allocator()
    sets = {
        name: [window for pair in pairs for window in windows(pair, options.side)]
        for name, pairs in read_pairs(options.data / 'micro').items()
    }
    show(
        ['denoiser', 'settings', *(f'{n} ({len(p)})' for n, p in sets.items())],
        _rows(sets, options),
    )


def read_pairs(folder: Path) -> dict[str, list[Pair]]:
    """Return the pairs of every set below `folder`."""
    paths = {
        'w2s': [
            (noisy, folder / 'w2s/gt' / noisy.name.replace('input_avg1', 'target_avg400'))
            for noisy in sorted((folder / 'w2s/noisy').iterdir())
        ],
        'fmd': [
            (noisy, next(folder.glob(f'fmd/{noisy.stem.removesuffix("_raw")}_gt*')))
            for noisy in sorted(folder.glob('fmd/*_raw.png'))
        ],
        'gigadb': [
            (noisy, folder / 'gigadb/high' / noisy.name)
            for noisy in sorted((folder / 'gigadb/low').iterdir())
        ],
    }
    return {
        name: [Pair(*(_gray(read(path)) for path in pair)) for pair in pairs]
        for name, pairs in paths.items()
    }


def fitted(image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return a x + b of `image` that is closest to `truth` in least squares."""
    centred = image - np.mean(image, dtype=np.float64)
    power = float((centred**2).sum())
    slope = float((centred * truth).sum()) / power if power > 0 else 0.0
    return np.asarray(slope * centred + np.mean(truth))


def windows(pair: Pair, side: int, number: int = 1) -> list[Pair]:
    """Cut out the parts of a grid in which the truth varies most: corners may be empty."""
    rows, columns = (range(0, max(n - side, 0) + 1, side) for n in pair.truth.shape)
    parts = [np.s_[top : top + side, left : left + side] for top in rows for left in columns]
    parts.sort(key=lambda part: -float(pair.truth[part].std()))
    return [Pair(*(np.ascontiguousarray(image[part]) for image in pair)) for part in parts[:number]]


def _gray(image: np.ndarray) -> np.ndarray:
    return image.max(axis=-1) if image.ndim == 3 else image


def _judge(pairs: Sequence[Pair]) -> Judge:
    """Return what finds mean PSNR and SSIM of results."""

    def judge(images: Sequence[np.ndarray]) -> tuple[float, float]:
        both = [(fitted(x, pair.truth), pair.truth) for x, pair in zip(images, pairs, strict=True)]
        quality = [(metrics.psnr(*b, 255), metrics.ssim(*b, 255)) for b in both]
        return float(np.mean([q[0] for q in quality])), float(np.mean([q[1] for q in quality]))

    return judge


def _rows(sets: dict[str, list[Pair]], options: Any) -> Iterator[list[Any]]:
    judged = (_judge(pairs)([pair.noisy for pair in pairs]) for pairs in sets.values())
    yield ['none (noisy)', '', *map(_cell, judged)]
    for name in classics.names(options.bm3d):
        for settings, prepare in (('', _plain), ('stabilised', _stabilised)):
            cells = []
            for pairs in sets.values():
                strength, judged_best = prepare(name, pairs)
                cells.append(f'{_cell(judged_best)} ({strength:g})')
            yield [name, settings, *cells]
    models = [*options.models, *([options.ffdnet] if options.ffdnet else [])]
    for model in models:
        method = METHODS.get(model, 'ffdnet')
        for settings, told in SETTINGS.items():
            cells = []
            for pairs in sets.values():
                images = [denoised(p.noisy, model, method, options, **told) for p in pairs]
                cells.append(_cell(_judge(pairs)(images)))
            title = model if model in METHODS else f'FFDNet, {Path(model).name}'
            yield [title, settings, *cells]


def _cell(judged: tuple[float, float]) -> str:
    return '{:.2f} / {:.3f}'.format(*judged)


def _plain(name: str, pairs: Sequence[Pair]) -> tuple[float, tuple[float, float]]:
    return _best(name, [pair.noisy / 255 for pair in pairs], _judge(pairs))


def _stabilised(name: str, pairs: Sequence[Pair]) -> tuple[float, tuple[float, float]]:
    transforms = [
        Anscombe(*fit_camera([(np.asarray(pair.noisy, np.float64), None)])) for pair in pairs
    ]
    ends = [transform.forward(np.array([0.0, 255.0])) for transform in transforms]
    images = [
        (transform.forward(pair.noisy) - low) / (high - low)
        for pair, transform, (low, high) in zip(pairs, transforms, ends, strict=True)
    ]

    def judge(images: Sequence[np.ndarray]) -> tuple[float, float]:
        parts = zip(images, transforms, ends, strict=True)
        return _judge(pairs)([t.inverse(x * (high - low) + low) for x, t, (low, high) in parts])

    return _best(name, images, judge, [float(1 / (high - low)) for low, high in ends])


def _best(
    name: str, images: Sequence[np.ndarray], judge: Judge, sigmas: Sequence[float] | None = None
) -> tuple[float, tuple[float, float]]:
    """Return the best strength of a classical denoiser, and PSNR and SSIM with it."""
    strength, clean = classics.best(name, images, lambda found: judge(found)[0], sigmas)
    return strength, judge(clean)


if __name__ == '__main__':
    main()
