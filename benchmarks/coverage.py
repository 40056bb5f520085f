"""How often two standard deviations of the uncertainty hold the truth: 90 to 98 % is right.

    python benchmarks/coverage.py --data DATA

Each method denoises with its defaults: photon frames (blobs and lines, 20 and 100 electrons at the
brightest, gain 2, offset 100, read noise 3), photographs with white noise of 10 and 25, and real
pairs of w2s and fmd. There the truth is fitted to the noisy image by a x + b, over the whole field,
and the variance of its own noise and rounding is added to that of the uncertainty. Columns are the
share of all pixels, of the darkest and of the brightest third, and of the worst tenth by
brightness; of rmse and uncertainty the root mean squares, summed over images, and their ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from common import arguments, show
from micrographs import read_pairs
from skimage import data

import napari_fresco as fresco

METHODS = ('ffdnet', 'drunet', 'dncnn', 'ircnn', 'virnet')
_FRAMES = {'w2s': 400, 'fmd': 50}  # that the truth is the mean of


class Case(NamedTuple):
    """An image, its truth, and the variance of what is wrong with that."""

    image: np.ndarray
    truth: np.ndarray
    variance: float | np.ndarray = 0.0


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=METHODS)
    parser.add_argument('--side', type=int, default=128, help='of the crops, in pixels')
    parser.add_argument('--spread', action='store_true', help='of turns and flips, to compare')
    options = parser.parse_args()
    sets = {
        'frames, 20 e': list(frames(20, options.side)),
        'frames, 100 e': list(frames(100, options.side)),
        'photographs': list(photographs(options.side)),
        **dict(pairs(options.data, options.side)),
    }
    show(
        ['method', 'set', 'all', 'dark third', 'bright third', 'worst tenth', 'u / rmse'],
        _rows(sets, options),
    )


def frames(peak: float, side: int) -> Iterator[Case]:
    """Yield photon frames of blobs and of lines."""
    for seed, scene in enumerate((blobs, lines)):
        random = np.random.default_rng(seed)
        photons = scene(side, random) * peak
        noise = random.normal(0, 3, photons.shape)
        yield Case(2.0 * random.poisson(photons) + 100 + noise, 2.0 * photons + 100)


def blobs(side: int, random: np.random.Generator) -> np.ndarray:
    """Draw round spots of many widths, up to 1."""
    y, x = np.mgrid[:side, :side]
    image = np.zeros((side, side))
    for _ in range(side // 4):
        row, column, width = *random.uniform(0, side, 2), random.uniform(2, 8)
        light = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
        image += random.uniform(0.2, 1) * light
    return 0.05 + 0.95 * image / image.max()


def lines(side: int, random: np.random.Generator) -> np.ndarray:
    """Draw bent lines, up to 1."""
    y, x = np.mgrid[:side, :side] - side / 2
    image = np.zeros((side, side))
    for _ in range(14):
        turn, away = random.uniform(0, np.pi), random.uniform(-side / 2, side / 2)
        across = y * np.cos(turn) + x * np.sin(turn) - away
        along = x * np.cos(turn) - y * np.sin(turn)
        bent, width = random.uniform(-0.004, 0.004) * along**2, random.uniform(1.2, 2)
        image += random.uniform(0.3, 1) * np.exp(-((across - bent) ** 2) / (2 * width**2))
    return 0.05 + 0.95 * image / image.max()


def photographs(side: int) -> Iterator[Case]:
    """Yield photographs with white noise."""
    random = np.random.default_rng(0)
    for name in ('camera', 'coins', 'brick'):
        truth = getattr(data, name)()[100 : 100 + side, 150 : 150 + side].astype(float)
        for sigma in (10, 25):
            yield Case(truth + random.normal(0, sigma, truth.shape), truth)


def pairs(folder: Any, side: int) -> Iterator[tuple[str, list[Case]]]:
    """Yield the sets of real pairs, cut around the middle."""
    for name, found in read_pairs(folder / 'micro').items():
        if name in _FRAMES:
            yield name, [_fitted(*pair, _FRAMES[name], side) for pair in found]


def _fitted(noisy: np.ndarray, clean: np.ndarray, number: int, side: int) -> Case:
    """Bring the truth to the scale of the noisy image; the noise of its mean is left in it."""
    slope, intercept = np.polyfit(clean.ravel().astype(float), noisy.ravel().astype(float), 1)
    truth = slope * clean.astype(float) + intercept
    noise = float(np.mean((noisy - truth) ** 2)) / number
    top, left = ((n - side) // 2 for n in truth.shape)
    part = np.s_[top : top + side, left : left + side]
    return Case(noisy[part], truth[part], noise + slope**2 / 12)


def _rows(sets: dict[str, list[Case]], options: Any) -> Iterator[Sequence[Any]]:
    for method in options.methods:
        for name, cases in sets.items():
            yield (method, name, *measured(cases, method, options))


def measured(cases: Sequence[Case], method: str, options: Any) -> tuple[float, ...]:
    """Return shares of pixels within two deviations, and the ratio of deviation and error."""
    asked = {'ensemble': True} if options.spread else {'uncertainty': True}
    held, errors, widths = [], 0.0, 0.0
    for case in cases:
        result = fresco.restore(
            case.image,
            method=method,
            task='denoise',
            device=options.device,
            precision=options.precision,
            dtype='float32',
            **asked,
        )
        deviation = result.spread if options.spread else result.uncertainty
        assert deviation is not None
        error2 = np.square(result.image - case.truth)
        known = np.isfinite(deviation)
        variance = np.square(deviation) + case.variance
        inside = (error2 <= 4 * variance)[known]
        order = np.argsort(case.truth[known], kind='stable')
        held.append([inside[part].mean() for part in np.array_split(order, 30)])
        errors += float(error2[known].mean())
        widths += float(variance[known].mean())
    share = np.mean(held, axis=0)
    tenths = share.reshape(10, 3).mean(axis=1)
    ratio = float(np.sqrt(widths / errors))
    return float(share.mean()), *_ends(share), float(tenths.min()), ratio


def _ends(share: np.ndarray) -> tuple[float, float]:
    return float(share[:10].mean()), float(share[-10:].mean())


if __name__ == '__main__':
    main()
