"""Borders of blurred photographs: a camera gathers light from beyond them.

    python benchmarks/borders.py --data DATA --kernels Levin09.mat

The middle 160 x 160 pixels of every 14th image of BSD68, which are blurred with all that lies
around them, or on a torus, which no camera does; noise of seed 0. Two Gaussians, a disc, and the
first kernel of the file. PSNR of all pixels, and of those 20 or more from the border.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, read, show
from scipy import ndimage, signal
from smooth_kernels import disc, gaussian

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

SIDE, INSIDE = 160, np.s_[20:-20, 20:-20]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--kernels', type=Path, required=True, help="Levin's kernels, .mat")
    parser.add_argument('--methods', nargs='+', default=['dpir', 'ircnn', 'usrnet'])
    parser.add_argument('--noise', nargs='+', type=float, default=[0.3, 1, 2.55, 7.65])
    options = parser.parse_args()
    blurs = {'Gaussian of 1.6': gaussian(1.6, 1.6), 'Gaussian of 3': gaussian(3, 3)}
    blurs |= {'disc of 4': disc(4), 'shaken': fresco.kernels.read(options.kernels, 0)}
    files = sorted((options.data / 'natural/bsd68').glob('*'))[::14]
    session = fresco.Session(device=options.device)

    def rows() -> Iterator[list[Any]]:
        for method in options.methods:
            for name, kernel in blurs.items():
                for noise in options.noise:
                    told = {'method': method, 'kernel': kernel, 'sigma': noise}
                    found = [_measured(session, read(path), told) for path in files]
                    yield [method, name, noise, *np.mean(found, axis=0)]

    columns = ['blurred', 'restored', 'inside', 'on a torus', 'inside']
    show(['method', 'kernel', 'noise', *columns], rows())


def _measured(session: fresco.Session, image: np.ndarray, told: dict[str, Any]) -> list[float]:
    """Return PSNR of the blurred image, of the restored one, and of one blurred on a torus."""
    kernel, noise = told['kernel'], told['sigma']
    wide = np.pad(image.astype(float), 40, mode='reflect')
    top, left = ((n - SIDE) // 2 for n in image.shape)
    cut = np.s_[top : top + SIDE, left : left + SIDE]
    truth = image[cut].astype(float)
    seen = signal.fftconvolve(wide, kernel, 'same')[40:-40, 40:-40][cut]
    grain = np.random.default_rng(0).normal(0, noise, truth.shape)
    found = [_psnr(seen + grain, truth)]
    for blurred in (seen, ndimage.convolve(truth, kernel, mode='wrap')):
        degraded = (blurred + grain).astype(np.float32)
        result = session.restore(degraded, task='deblur', data_range=(0, 255), **told)
        found += [_psnr(result.image, truth), _psnr(result.image[INSIDE], truth[INSIDE])]
    return found


def _psnr(image: np.ndarray, truth: np.ndarray) -> float:
    return float(psnr(image, truth, 255.0))


if __name__ == '__main__':
    main()
