"""DPIR of volumes against Richardson-Lucy and Wiener, on simulated volumes with their truth.

    python benchmarks/volumes.py --data DATA/volumes

All by default, with the noise as it is found in the image. PSNR in dB over the interior (4 planes
and 8 pixels cut on every side), light on the scale of the truth. *Best* is Richardson-Lucy
without acceleration at its best iteration up to 100, *fast* with it up to 60, both told by the
truth. Flicker: the standard deviation along z of what differs from the median of three planes,
over that of the truth.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, show
from scipy import ndimage

import napari_fresco as fresco

INTERIOR = np.s_[4:-4, 8:-8, 8:-8]
Array = np.ndarray[Any, Any]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--photons', nargs='+', type=int, default=[30, 300])
    parser.add_argument('--size', nargs=3, type=int, help='middle of the volumes that is taken')
    parser.add_argument('--slices', action='store_true', help='DPIR of planes too')
    parser.add_argument('--names', nargs='+', help='of files')
    options = parser.parse_args()
    header = ['volume', 'photons', 'observed', 'RL 30', 'RL best', 'RL fast', 'RL', 'Wiener']
    header += ['DPIR slices', 'DPIR', 'light', 'flicker', 'seconds']
    show(header, _rows(options))


def _rows(options: Any) -> Iterator[list[Any]]:
    for path in sorted(options.data.glob('*.npz')):
        if options.names and path.stem not in options.names:
            continue
        for photons in options.photons:
            yield [path.stem, photons, *_Volume(path, photons, options).measured()]


class _Volume:
    """One volume with its truth."""

    def __init__(self, path: Path, photons: int, options: Any) -> None:
        with np.load(path) as file:
            arrays = dict(file)
        self.meta, self.options = json.loads(str(arrays['meta'])), options
        self.truth = arrays['truth'] * (photons / 300)
        self.range = float(np.ptp(self.truth))
        self.image, self.kernel = arrays[f'observed_{photons}'], arrays['psf']
        if options.size:
            starts = [(n - k) // 2 for n, k in zip(self.truth.shape, options.size, strict=True)]
            part = tuple(slice(s, s + k) for s, k in zip(starts, options.size, strict=True))
            self.truth, self.image = self.truth[part], self.image[part]
            self.kernel = _middle(self.kernel, self.image.shape)

    def measured(self) -> list[Any]:
        """Return a row of the table."""
        started = time.perf_counter()
        dpir = self.restored('dpir')
        seconds = time.perf_counter() - started
        plain = self.iterates(100, accelerate=False)
        fast = self.iterates(60)
        slices: Any = '-'
        if self.options.slices:
            slices = self.psnr(self.restored('dpir', kernel=self.kernel[len(self.kernel) // 2]))
        light = self.light(dpir)[INTERIOR].sum() / self.truth[INTERIOR].sum()
        baselines = [self.psnr(self.restored(name)) for name in ('richardson_lucy', 'wiener')]
        return [
            self.psnr(self.image),
            plain[29],
            f'{max(plain):.2f} ({np.argmax(plain) + 1})',
            f'{max(fast):.2f} ({np.argmax(fast) + 1})',
            *baselines,
            slices,
            self.psnr(dpir),
            float(light),
            _flicker(self.light(dpir)) / _flicker(self.truth),
            round(seconds),
        ]

    def restored(self, method: str, **told: Any) -> Array:
        """Restore the volume by default."""
        options = {'kernel': self.kernel, 'dtype': 'float32', **told}
        result = fresco.restore(
            self.image, method=method, task='deblur', axes='ZYX', device='cpu', **options
        )
        return np.asarray(result.image)

    def iterates(self, count: int, **told: Any) -> list[float]:
        """Return the PSNR of each iteration of Richardson-Lucy with the true camera."""
        camera = {name: self.meta[name] for name in ('gain', 'offset', 'read_noise')}
        steps = fresco.iterate(
            self.image,
            method='richardson_lucy',
            kernel=self.kernel,
            axes='ZYX',
            stopping='none',
            iterations=count,
            dtype='float32',
            device='cpu',
            **camera,
            **told,
        )
        return [self.psnr(step.image) for step in steps]

    def light(self, image: Array) -> Array:
        """Return an image in photons."""
        return (image - self.meta['offset']) / self.meta['gain']

    def psnr(self, image: Array) -> float:
        """Return the PSNR of the interior."""
        error = np.square(self.light(image)[INTERIOR] - self.truth[INTERIOR]).mean()
        return float(10 * np.log10(self.range**2 / error))


def _middle(kernel: Array, shape: tuple[int, ...]) -> Array:
    """Return what of a kernel is not larger than a volume, around its origin."""
    most = [2 * shape[0] - 1, *(n - 1 + n % 2 for n in shape[1:])]
    halves = [min(k, n) // 2 for k, n in zip(kernel.shape, most, strict=True)]
    middles = zip(kernel.shape, halves, strict=True)
    return kernel[tuple(slice(k // 2 - h, k // 2 + h + 1) for k, h in middles)]


def _flicker(light: Array) -> float:
    """Return how planes differ from their neighbours, in the flatter half of the interior."""
    inner = light[INTERIOR]
    jumps = (inner - ndimage.median_filter(inner, (3, 1, 1)))[1:-1]
    return float(jumps.std(axis=0).mean())


if __name__ == '__main__':
    main()
