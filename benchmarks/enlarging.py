"""Enlarging colours under noise: IRCNN with priors of its own choice and others, and DPIR.

    python benchmarks/enlarging.py --data DATA

The first 144 x 144 pixels of three images of Set5 and of every 20th of CBSD68, from the eighth;
Gaussian kernel of half the scale on a torus, noise of seed 0. PSNR without a border of 8 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, read, show
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

SIDE, INSIDE = 144, np.s_[8:-8, 8:-8]
PRIORS = {
    'IRCNN': ('ircnn', 'auto'),
    'by colours': ('ircnn', 'ffdnet_color'),
    'by the bank': ('ircnn', 'ircnn_gray'),
    'DPIR': ('dpir', 'auto'),
}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--scales', nargs='+', type=int, default=[2, 3])
    parser.add_argument('--noise', nargs='+', type=float, default=[0.1, 2.55, 10, 25])
    options = parser.parse_args()
    files = sorted((options.data / 'natural/set5').glob('*'))[:3]
    files += sorted((options.data / 'natural/cbsd68').glob('*'))[7::20]
    session = fresco.Session(device=options.device)

    def rows() -> Iterator[list[Any]]:
        for scale in options.scales:
            for noise in options.noise:
                found = [_measured(session, read(path), scale, noise) for path in files]
                yield [f'x{scale}', noise, *np.mean(found, axis=0)]

    show(['scale', 'noise', *PRIORS], rows())


def _measured(session: fresco.Session, image: np.ndarray, scale: int, noise: float) -> list[float]:
    """Return the PSNR of every prior."""
    truth = image[:SIDE, :SIDE].astype(float)
    truth = truth[: truth.shape[0] // scale * scale, : truth.shape[1] // scale * scale]
    width = scale / 2
    small = ndimage.gaussian_filter(truth, (width, width, 0), mode='wrap')[::scale, ::scale]
    small += np.random.default_rng(0).normal(0, noise, small.shape)
    told = {'task': 'super_resolve', 'scale': scale, 'sigma': noise, 'data_range': (0, 255)}
    kernel = fresco.kernels.gaussian(width, size=2 * int(4 * width) + 1)
    found = []
    for method, model in PRIORS.values():
        given = {'method': method, 'model': model, 'kernel': kernel, **told}
        result = session.restore(small.astype(np.float32), rgb=True, **given)
        found.append(float(psnr(result.image[INSIDE], truth[INSIDE], 255.0)))
    return found


if __name__ == '__main__':
    main()
