"""Denoising planes with the help of their neighbours, against planes alone and BM4D.

    python benchmarks/neighbours.py --data DATA [--bm4d]

DATA holds `volumes` (simulated, with what they are without noise) and `micro` (micrographs). All
methods by default, with the noise as they find it. *Measured* are stacks of a microscope, smoothed
by 0.8 pixels and put under photon noise anew. *Moving* are series of nine frames: one micrograph
that stays, and a second one that moves over it by as many pixels from frame to frame, under photon
noise. PSNR in dB, range of what is without noise, 2 planes and 4 pixels cut on every side.

BM4D (package bm4d, for non-commercial use only) gets the values after the generalised Anscombe
transform of the true camera, and the exact unbiased inverse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile
from common import arguments, show
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.image.anscombe import Anscombe

INSIDE = np.s_[2:-2, 4:-4, 4:-4]
MEASURED = (
    'bia__Bead_Image1_crop',
    'bia__DeconvolutionSampleVerticalGrid1AU-crop',
    'jboulanger__psf-gfp',
    'pycudadecon__psf',
)
CAMERA = (2.0, 100.0, 3.0)  # of what is put under noise: gain, offset, read noise
SPEEDS = (0, 1, 4)
Array = np.ndarray[Any, Any]


class Stack(NamedTuple):
    """A noisy stack, what it is without noise, in photons, and its camera."""

    name: str
    axes: str
    observed: Array
    clean: Array
    camera: tuple[float, float, float]

    def psnr(self, image: Array) -> float:
        """Return the PSNR of an image in its units."""
        gain, offset, _ = self.camera
        clean = self.clean[INSIDE]
        error = np.square((image[INSIDE] - offset) / gain - clean).mean()
        return float(10 * np.log10(np.ptp(clean) ** 2 / error))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--methods', nargs='+', default=['ffdnet', 'drunet'])
    parser.add_argument('--neighbours', nargs='+', type=int, default=[0, 1, 2, 4])
    parser.add_argument('--photons', nargs='+', type=int, default=[30, 300])
    parser.add_argument('--only', nargs='+', default=['volumes', 'measured', 'moving'])
    parser.add_argument('--bm4d', action='store_true', help='BM4D too, which takes minutes')
    options = parser.parse_args()
    ours = [f'{name} {n}' for name in options.methods for n in options.neighbours]
    show(['stack', 'observed', *ours, *(['BM4D'] if options.bm4d else [])], _rows(options))


def _rows(options: Any) -> Iterator[list[Any]]:
    sources = {'volumes': _volumes, 'measured': _measured, 'moving': _moving}
    for name in options.only:
        for photons in options.photons:
            for stack in sources[name](options.data, photons):
                row = [stack.name, stack.psnr(stack.observed)]
                for method in options.methods:
                    row += [stack.psnr(_denoised(stack, method, n)) for n in options.neighbours]
                yield [*row, *([stack.psnr(_bm4d(stack))] if options.bm4d else [])]


def _denoised(stack: Stack, method: str, neighbours: int) -> Array:
    result = fresco.restore(
        stack.observed,
        method=method,
        axes=stack.axes,
        neighbours=neighbours,
        dtype='float32',
        device='cpu',
    )
    return np.asarray(result.image)


def _bm4d(stack: Stack) -> Array:
    from bm4d import bm4d

    camera = Anscombe(*stack.camera)
    return camera.inverse(bm4d(camera.forward(stack.observed), 1.0))


def _volumes(data: Path, photons: int) -> Iterator[Stack]:
    part = np.s_[4:28, 32:96, 32:96]
    for path in sorted((data / 'volumes').glob('*.npz')):
        with np.load(path) as file:
            meta = json.loads(str(file['meta']))
            clean = file['blurred'][part] * (photons / 300)
            camera = meta['gain'], meta['offset'], meta['read_noise']
            observed = file[f'observed_{photons}'][part]
        yield Stack(f'{path.stem}, {photons} photons', 'ZYX', observed, clean, camera)


def _measured(data: Path, photons: int) -> Iterator[Stack]:
    for name in MEASURED:
        stack = tifffile.imread(data / 'micro' / 'psf' / f'{name}.tif').astype(np.float64)
        stack = ndimage.gaussian_filter(stack, 0.8)[_middle(stack.shape, (24, 96, 96))]
        yield _exposed(f'{name.split("__")[1]}, {photons} photons', 'ZYX', stack, photons)


def _moving(data: Path, photons: int) -> Iterator[Stack]:
    files = sorted((data / 'micro' / 'w2s' / 'gt').glob('*.tif'))
    still, mover = (tifffile.imread(files[k]).astype(np.float64) for k in (0, 3))
    for speed in SPEEDS:
        frames = []
        for t in range(9):
            moved = ndimage.shift(mover, (0.6 * speed * t, 0.8 * speed * t), mode='reflect')
            frames.append((still + moved)[200:328, 200:328])
        yield _exposed(f'moving {speed} px, {photons} photons', 'TYX', np.stack(frames), photons)


def _exposed(name: str, axes: str, stack: Array, photons: int) -> Stack:
    """Put a stack under the noise of a camera that counts `photons` in its bright parts."""
    clean = np.maximum(stack - np.percentile(stack, 0.5), 0)
    clean *= photons / np.percentile(clean, 99.9)
    random, (gain, offset, read_noise) = np.random.default_rng(0), CAMERA
    noise = random.normal(0, read_noise, clean.shape)
    observed = gain * random.poisson(clean) + offset + noise
    return Stack(name, axes, observed.round().clip(0).astype(np.uint16), clean, CAMERA)


def _middle(shape: tuple[int, ...], most: tuple[int, ...]) -> tuple[slice, ...]:
    sizes = [min(n, m) for n, m in zip(shape, most, strict=True)]
    return tuple(slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(shape, sizes, strict=True))


if __name__ == '__main__':
    main()
