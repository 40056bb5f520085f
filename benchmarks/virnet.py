"""VIRNet: tables 1, 2, 7, 8 (denoising), 9 and 10 (blur kernels) of its paper.

    python benchmarks/virnet.py noise --data DATA --limit 10
    python benchmarks/virnet.py blur --data DATA --set cbsd68 --limit 10

`noise` restores CBSD68 and McMaster with three maps of noise (tables 1 and 8) and
white noise (2 and 7), and denoises CBSD68 with FFDNet as well, told the true noise
or the map that VIRNet found. `blur` compares the kernels that VIRNet finds with
the true ones, by their mean square error and by their widths (standard deviations along the
axes, in pixels of the result), and gives both to USRNet (9 and 10, of 20 images of DIV2K; what
table 5 has of CBSD68 stands beside them, both of scale 4). A kernel that is
slightly wrong is like noise: USRNet gets the one that was found once more, told twice the noise
there is. Both kernels pass through physics.kernels.direct_sampling, since VIRNet knows bicubic
sampling after the blur and USRNet direct sampling. Every generator has the
seed of the authors' scripts; white noise, of which the paper does not say it, has
1000. PSNR and SSIM are those of 8-bit images: of RGB for denoising, of luma
without a border of s squared for enlarging. LPIPS is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from common import arguments, read, show

import napari_fresco as fresco
from napari_fresco.degrade import classical, noise_maps
from napari_fresco.degrade.planes import to_batch, to_plane
from napari_fresco.degrade.random_kernels import virnet_test
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import WeightsError
from napari_fresco.evidence import metrics
from napari_fresco.physics import kernels

SEED = 1000
SETS = ('cbsd68', 'mcmaster')
CASES = (1, 2, 3, 15.0, 25.0, 50.0)
BLUR_NOISE, TASK = 2.55, 'super_resolve'

# By method and set: PSNR (and SSIM) for cases 1 to 3 and white noise of 15, 25, 50.
PUBLISHED = {
    ('VIRNet', 'cbsd68'): (
        '29.28 / .8353, 28.93 / .8269, 29.19 / .8323, 34.27 / .9340, 31.65 / .8918, 28.45 / .8092'
    ),
    ('VIRNet', 'mcmaster'): (
        '31.00 / .8642, 30.58 / .8572, 30.85 / .8612, 35.33 / .9312, 33.08 / .9017, 30.02 / .8433'
    ),
    ('FFDNet, true noise', 'cbsd68'): '28.79, 28.42, 28.68, 33.87, 31.20, 27.95',
    ('FFDNet, noise of VIRNet', 'cbsd68'): '28.75, 28.39, 28.65, 33.87, 31.20, 27.92',
}

# PSNR / SSIM of the results for CBSD68 and DIV2K, and kernel error (1e-5).
PUBLISHED_BLUR = {
    'VIRNet': ('26.63 / .6975', '27.86 / .7597', ''),
    'USRNet, kernel of VIRNet': ('', '28.53 / .796', '0.89'),
    'USRNet, kernel of VIRNet, twice the noise': ('', '', ''),
    'USRNet, true kernel': ('26.53 / .7125', '29.19 / .805', ''),
}


@dataclass
class Tally:
    """Quality of the results of one method, image by image."""

    psnr: list[float]
    ssim: list[float]
    weights: str = 'not installed'

    @classmethod
    def empty(cls) -> Tally:
        return cls([], [])

    def add(self, result: fresco.Result, psnr: float, ssim: float) -> None:
        self.psnr.append(psnr)
        self.ssim.append(ssim)
        self.weights = ' '.join(weights['name'] for weights in result.provenance['weights'])

    def cells(self) -> list[Any]:
        if not self.psnr:
            return ['', '', '']
        return [len(self.psnr), float(np.mean(self.psnr)), f'{np.mean(self.ssim):.4f}']


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('tables', choices=('noise', 'blur'))
    parser.add_argument('--limit', type=int, help='only so many images of each set')
    parser.add_argument('--model', default='auto', help='weights of VIRNet')
    parser.add_argument('--ffdnet', default='auto', help='weights of FFDNet')
    parser.add_argument('--usrnet', default='auto', help='weights of USRNet')
    parser.add_argument('--cases', nargs='+', type=float, default=CASES)
    parser.add_argument('--scale', type=int, default=4)
    parser.add_argument('--set', default='cbsd68', help='images for blur, below DATA/natural')
    options = parser.parse_args()
    if options.tables == 'noise':
        header = ['images', 'case', 'method', 'weights', 'number', 'PSNR', 'SSIM', 'published']
        show(header, _noise(options))
    else:
        found = Found.nothing()
        header = ['kernel', 'widths', 'widths found', 'kernel error, 1e-5', *PUBLISHED_BLUR]
        show(header, _blur(options, found))
        print()
        header = ['method', 'weights', 'number', 'PSNR', 'SSIM', 'CBSD68, published']
        show(
            [*header, 'DIV2K, published', 'kernel error, 1e-5', 'DIV2K, published'], _summary(found)
        )


def _images(options: Any, name: str) -> list[Path]:
    return sorted(p for p in (options.data / 'natural' / name).iterdir() if p.suffix != '.txt')


def _noise(options: Any) -> Iterator[list[Any]]:
    random = np.random.default_rng(SEED)
    square = {case: noise_maps.square_map(case, random) for case in (3, 1, 2)}
    for name in SETS:
        paths = _images(options, name)
        for number, case in enumerate(CASES):
            # White noise restarts the generator, so that it does not depend on the maps.
            random = random if case in square else np.random.default_rng(SEED)
            tallies = {method: Tally.empty() for method, of in PUBLISHED if of == name}
            for path in paths:
                truth = read(path)
                sigma = _level(square, case, truth.shape[:2])
                # Drawn for images beyond the limit too: what follows depends on it.
                noise = random.standard_normal(truth.shape)
                if case in options.cases and path in paths[: options.limit]:
                    _denoise(truth, sigma, noise, tallies, options)
            if case in options.cases:
                title = f'map {case}' if case in square else f'white, {case:g}'
                for method, tally in tallies.items():
                    published = PUBLISHED[method, name].split(', ')[number]
                    yield [name, title, method, tally.weights, *tally.cells(), published]


def _level(square: dict[int, np.ndarray], case: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return the standard deviation of the noise at every pixel."""
    if case not in square:
        return np.full(shape, case / 255)
    return noise_maps.nearest(square[int(case)], (shape[0], shape[1]))


def _denoise(
    truth: np.ndarray,
    sigma: np.ndarray,
    noise: np.ndarray,
    tallies: dict[str, Tally],
    options: Any,
) -> None:
    noisy = (truth / 255 + sigma[..., None] * noise).astype(np.float32)
    found = None
    for method, tally in tallies.items():
        if method == 'VIRNet':
            result = _restore(noisy, options, method='virnet', model=options.model)
            found = None if result is None else result.variance
        elif method.endswith('true noise') or found is not None:
            level = sigma if method.endswith('true noise') else np.sqrt(found)
            result = _restore(noisy, options, method='ffdnet', model=options.ffdnet, sigma=level)
        else:
            result = None
        if result is not None:
            image = metrics.to_uint8(result.image)
            tally.add(result, metrics.psnr(image, truth, 255), metrics.ssim(image, truth, 255))


@dataclass
class Found:
    """Kernels that VIRNet found, and the results of every method, image by image."""

    errors: list[float]
    widths: list[np.ndarray]
    tallies: dict[str, Tally]

    @classmethod
    def nothing(cls) -> Found:
        return cls([], [], {method: Tally.empty() for method in PUBLISHED_BLUR})


def _blur(options: Any, found: Found) -> Iterator[list[Any]]:
    """Yield a row for each kernel, adding to what was found with the others."""
    scale, random = options.scale, np.random.default_rng(1234)
    paths = _images(options, options.set)[: options.limit]
    for number, tested in enumerate(virnet_test(scale)[0], 1):
        kernel = tested[0].numpy()
        for path in paths:
            truth = read(path)
            rows, columns = (n // scale * scale for n in truth.shape[:2])
            truth = truth[:rows, :columns]
            sigma = BLUR_NOISE / 255
            drawn = cast('RandomSource', AuthorsNoise(random))
            batch = to_batch(truth / 255)
            seen = classical.virnet(batch, tested[None], scale, sigma, drawn, authors=True)
            small = to_plane(seen)
            _enlarge(truth, small, kernel, found, options)
        psnrs = {
            method: float(np.mean(tally.psnr[-len(paths) :])) if tally.psnr else ''
            for method, tally in found.tallies.items()
        }
        yield [number, _across(_widths(kernel)), *_estimates(found, len(paths)), *psnrs.values()]


class AuthorsNoise:
    """White noise in the authors' order, as a random source draws it."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random, self.pixels = random, self

    def noise(self, like: torch.Tensor) -> torch.Tensor:
        return to_batch(self.random.normal(0, 1, to_plane(like).shape))


def _estimates(found: Found, count: int) -> list[Any]:
    """Return the mean widths and errors of the last `count` kernels."""
    if not found.errors:
        return ['', '']
    widths = np.mean(found.widths[-count:], axis=0)
    return [_across(widths), float(np.mean(found.errors[-count:]))]


def _summary(found: Found) -> Iterator[list[Any]]:
    for method, tally in found.tallies.items():
        *images, published = PUBLISHED_BLUR[method]
        error = float(np.mean(found.errors)) if found.errors and published else ''
        yield [method, tally.weights, *tally.cells(), *images, error, published]


def _enlarge(
    truth: np.ndarray, small: np.ndarray, kernel: np.ndarray, found: Found, options: Any
) -> None:
    scale, sigma = options.scale, BLUR_NOISE / 255
    told = {'USRNet, true kernel': (kernel, sigma)}
    for method, tally in found.tallies.items():
        result = None
        if method == 'VIRNet':
            result = _restore(
                small, options, method='virnet', task=TASK, scale=scale, model=options.model
            )
            if result is not None:
                told['USRNet, kernel of VIRNet'] = (result.kernel, sigma)
                told['USRNet, kernel of VIRNet, twice the noise'] = (result.kernel, 2 * sigma)
                found.errors.append(1e5 * float(np.mean((result.kernel - kernel) ** 2)))
                found.widths.append(_widths(result.kernel))
        elif method in told:
            blur, level = told[method]
            result = _restore(
                small,
                options,
                method='usrnet',
                task=TASK,
                scale=scale,
                model=options.usrnet,
                kernel=kernels.direct_sampling(blur, scale),
                kernel_position='shifted',
                sigma=level,
            )
        if result is not None:
            lumas = [np.rint(metrics.rgb_to_y(metrics.to_uint8(i))) for i in (result.image, truth)]
            border = scale**2
            tally.add(result, metrics.psnr(*lumas, 255, border), metrics.ssim(*lumas, 255, border))


def _widths(kernel: np.ndarray) -> np.ndarray:
    """Return the standard deviations of a centred kernel along its axes, the larger one first."""
    rows, columns = np.indices(kernel.shape) - kernel.shape[0] // 2
    mixed = float((kernel * rows * columns).sum())
    moments = [
        [float((kernel * rows**2).sum()), mixed],
        [mixed, float((kernel * columns**2).sum())],
    ]
    return np.asarray(np.sqrt(np.linalg.eigvalsh(moments))[::-1])


def _across(widths: np.ndarray) -> str:
    return '{:.2f} x {:.2f}'.format(*widths)


def _restore(image: np.ndarray, options: Any, **given: Any) -> fresco.Result | None:
    """Return the result, or nothing where the weights are not installed."""
    common = {'data_range': (0, 1), 'device': options.device, 'precision': options.precision}
    try:
        return fresco.restore(image, **common, **given)
    except WeightsError:
        return None


if __name__ == '__main__':
    main()
