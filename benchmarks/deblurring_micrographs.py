"""Deblurring of simulated micrographs with defaults, against rivals that are tuned on the truth.

    python benchmarks/deblurring_micrographs.py --data DATA/../train --store deblurring.json

Clean fluorescence micrographs (means of 2 x 2 pixels, the windows in which they vary most) are
seen through the point spread functions of a widefield, a confocal and a defocused microscope,
with 50 and 500 photons at the brightest, by a camera of gain 2, offset 100 and read noise 3.
Ours are told the kernel, and nothing else; or the camera, too. Richardson-Lucy with total
variation, and Wiener's filter with a Laplacian, have weight and number of iterations that are
best on the truth of each frame. PSNR of the light, of its maximum, without a border. Numbers are
kept in a file, so that a run can be resumed; ``--again`` names those to measure anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from common import arguments, read, show
from scipy import fft
from skimage import restoration

import napari_fresco as fresco
from napari_fresco import kernels
from napari_fresco.evidence.metrics import psnr

SCENES = ('bia_003', 'cellprofiler_030', 'neubias_044', 'bia_010')
OPTICS: Mapping[str, Mapping[str, Any]] = {
    'widefield': {'na': 1.2, 'refractive_index': 1.33},
    'confocal': {'na': 1.0, 'refractive_index': 1.33, 'kind': 'confocal'},
    'defocused': {'na': 0.8, 'refractive_index': 1.33, 'defocus': 0.9},
}
WAVELENGTH, PIXEL = 0.52, 0.08  # micrometres
GAIN, OFFSET, READ = 2.0, 100.0, 3.0
CAMERA = {'noise': 'poisson-gaussian', 'gain': GAIN, 'offset': OFFSET, 'read_noise': READ}
SIDE, MARGIN = 144, 24  # of what the camera sees, and of what lies beyond it
BORDER = 8
WEIGHTS = (0.0, 0.003, 0.01, 0.03)
ITERATIONS = (5, 10, 20, 40, 80)
BALANCES = tuple(10.0**k for k in np.arange(-4, 2.1, 0.5))
RIVALS = ('RL and TV, tuned', 'Wiener, tuned', 'Wiener, unsupervised')


class Frame(NamedTuple):
    """What the camera saw, through which kernel, and the light that it would see without blur."""

    seen: np.ndarray
    kernel: np.ndarray
    truth: np.ndarray


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--store', type=Path, default=Path('deblurring.json'))
    parser.add_argument('--again', nargs='*', default=[], help='names to measure anew')
    parser.add_argument('--only', nargs='*', default=[], help='parts of the names of frames')
    parser.add_argument('--methods', nargs='+', default=['dpir'])
    parser.add_argument('--iterations', type=int, help='of DPIR, in place of the default')
    options = parser.parse_args()
    numbers = json.loads(options.store.read_text()) if options.store.exists() else {}
    frames = {
        name: frame
        for name, frame in simulated(options.data / 'micrographs').items()
        if not options.only or any(part in name for part in options.only)
    }
    ours = [f'{m}{told}' for m in options.methods for told in ('', ', camera given')]
    names = ['blurred', *ours, *RIVALS]
    show(['frame', *names], _rows(frames, names, numbers, options))


def simulated(folder: Path) -> dict[str, Frame]:
    """Return frames of every scene, microscope and exposure."""
    found = {}
    for number, scene in enumerate(SCENES):
        light = _window(_halved(read(folder / f'{scene}.png').astype(np.float64)))
        for optics, told in OPTICS.items():
            kernel = kernels.microscope(
                wavelength=WAVELENGTH, pixel_size=PIXEL, size=2 * MARGIN + 1, **told
            )
            for photons in (50, 500):
                random = np.random.default_rng([number, photons])
                found[f'{scene} {optics} {photons}'] = _exposed(photons * light, kernel, random)
    return found


def _exposed(photons: np.ndarray, kernel: np.ndarray, random: np.random.Generator) -> Frame:
    inside = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    seen = np.maximum(_blurred(photons, kernel), 0)[inside]
    values = GAIN * random.poisson(seen) + OFFSET + random.normal(0, READ, seen.shape)
    return Frame(np.rint(values).clip(0, 65535).astype(np.uint16), kernel, photons[inside])


def _halved(image: np.ndarray) -> np.ndarray:
    rows, columns = (n // 2 for n in image.shape)
    return image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))


def _window(image: np.ndarray) -> np.ndarray:
    """Return the window that varies most, from 0 to 1."""
    side = SIDE + 2 * MARGIN
    short = [max(side - n, 0) for n in image.shape]
    image = np.pad(image, [(0, n) for n in short], mode='symmetric')
    tops, lefts = (range(0, n - side + 1, 16) for n in image.shape)
    parts = [image[t : t + side, u : u + side] for t in tops for u in lefts]
    part = max(parts, key=lambda part: float(part.std()))
    low, high = np.percentile(part, (0.1, 99.9))
    return np.clip((part - low) / (high - low), 0, 1)


def _rows(
    frames: Mapping[str, Frame], names: list[str], numbers: dict[str, Any], options: Any
) -> Iterator[list[Any]]:
    for title, frame in frames.items():
        known = numbers.setdefault(title, {})
        for name in names:
            if name not in known or any(name.startswith(each) for each in options.again):
                known[name] = _measured(name, frame, options)
                options.store.write_text(json.dumps(numbers, indent=1))
        yield [title, *(known[name] for name in names)]
    table = np.array([[numbers[title][name] for name in names] for title in frames])
    yield ['mean', *map(float, table.mean(axis=0))]


def _measured(name: str, frame: Frame, options: Any) -> float:
    light = (frame.seen - OFFSET) / GAIN
    if name == 'blurred':
        return _quality(light, frame)
    if name == 'RL and TV, tuned':
        return max(_quality(x, frame) for x in _richardson_lucy(frame))
    if name.startswith('Wiener'):
        return _wiener(name, light, frame)
    method, _, camera = name.partition(', ')
    result = fresco.restore(
        frame.seen,
        method=method,
        task='deblur',
        kernel=frame.kernel,
        dtype='float32',
        device=options.device,
        precision=options.precision,
        **(CAMERA if camera else {}),
        **({'iterations': options.iterations} if options.iterations else {}),
    )
    return _quality((np.asarray(result.image) - OFFSET) / GAIN, frame)


def _quality(light: np.ndarray, frame: Frame) -> float:
    return float(psnr(light, frame.truth, float(frame.truth.max()), BORDER))


def _wiener(name: str, light: np.ndarray, frame: Frame) -> float:
    padded = np.pad(light, MARGIN, mode='reflect')
    inside = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    if name == 'Wiener, unsupervised':
        clean, _ = restoration.unsupervised_wiener(padded, frame.kernel, clip=False, rng=0)
        return _quality(clean[inside], frame)
    return max(
        _quality(restoration.wiener(padded, frame.kernel, b, clip=False)[inside], frame)
        for b in BALANCES
    )


def _richardson_lucy(frame: Frame) -> Iterator[np.ndarray]:
    """Yield the estimates of Richardson and Lucy, with total variation of several weights.

    N. Dey et al., Microscopy Research and Technique 69, 2006. Light beyond the border is
    estimated, too, and read noise counts as so much more light.
    """
    inside = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    more = (READ / GAIN) ** 2
    seen = np.maximum((frame.seen - OFFSET) / GAIN + more, 0)
    known = np.pad(np.ones(seen.shape), MARGIN)
    seen = np.pad(seen, MARGIN)
    share = np.maximum(_blurred(known, frame.kernel), 1e-3)
    for weight in WEIGHTS:
        x = np.full(seen.shape, max(float(seen[inside].mean()) - more, 1e-3))
        for k in range(1, ITERATIONS[-1] + 1):
            ratio = known * seen / np.maximum(_blurred(x, frame.kernel) + more, 1e-6)
            x = x * np.maximum(_blurred(ratio, frame.kernel), 0) / share
            x = x / np.maximum(1 - weight * _curvature(x), 0.1)
            if k in ITERATIONS:
                yield x[inside]


def _curvature(x: np.ndarray) -> np.ndarray:
    """Return the divergence of the normed gradient."""
    steps = np.stack([np.diff(x, axis=a, append=x.take([-1], axis=a)) for a in (0, 1)])
    normed = steps / np.sqrt(np.square(steps).sum(axis=0) + 1e-6)
    return sum(normed[a] - np.roll(normed[a], 1, axis=a) for a in (0, 1))


def _blurred(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return a periodic image blurred by a kernel that is symmetric about its middle pixel."""
    placed = np.zeros(image.shape)
    placed[: kernel.shape[0], : kernel.shape[1]] = kernel
    placed = np.roll(placed, [-(n // 2) for n in kernel.shape], axis=(0, 1))
    return fft.irfft2(fft.rfft2(image) * fft.rfft2(placed), image.shape)


if __name__ == '__main__':
    main()
