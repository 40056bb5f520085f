"""DPIR and IRCNN with kernels that pass little: the steps by default against eight of the authors.

    python benchmarks/smooth_kernels.py --data DATA

The first 192 x 192 pixels of every 16th image of CBSD68, from the sixth; a round Gaussian, an
oblique one and a disc; circular blur truncated to 8 bits, noise of seed 0 for each image. PSNR
without a border of 8 pixels. What takes eight steps by default is not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from common import arguments, deblurred, read, seen_blurred, show

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

SIDE, BORDER = 192, 8


def gaussian(along: float, across: float, angle: float = 0.0) -> np.ndarray:
    """Return a Gaussian whose longer axis is turned by `angle`, radians."""
    reach = int(np.ceil(3 * max(along, across)))
    u, v = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    a, b = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
    kernel = np.exp(-(a**2) / 2 / along**2 - b**2 / 2 / across**2)
    return kernel / kernel.sum()


def disc(radius: int) -> np.ndarray:
    """Return a disc, the mean of 8 x 8 points in each pixel."""
    side = 2 * radius + 1
    u, v = np.mgrid[-radius : radius : side * 8j, -radius : radius : side * 8j]
    inside = (u**2 + v**2 <= radius**2).astype(float)
    kernel = inside.reshape(side, 8, side, 8).mean(axis=(1, 3))
    return kernel / kernel.sum()


KERNELS = {'Gaussian': gaussian(1.6, 1.6), 'oblique': gaussian(2.4, 1.2, 0.6), 'disc': disc(3)}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--noise', nargs='+', type=float, default=[2.55, 7.65, 15])
    parser.add_argument('--method', default='dpir')
    parser.add_argument('--model', default='auto')
    options = parser.parse_args()
    files = sorted((options.data / 'natural/cbsd68').glob('*'))[5:68:16]
    session = fresco.Session(device=options.device)

    def rows() -> Iterator[list[Any]]:
        for noise in options.noise:
            gains = []
            for path in files:
                image = read(path)[:SIDE, :SIDE]
                for name, kernel in KERNELS.items():
                    found = _measured(session, image, kernel, noise, options)
                    if found[2] < 8:
                        gains.append(found[1] - found[0])
                    yield [noise, path.stem, name, *found]
            yield [noise, 'mean gain', str(len(gains)), float(np.mean(gains)), min(gains), '']

    show(['noise', 'image', 'kernel', '8 steps, dB', 'by default, dB', 'steps'], rows())


def _measured(
    session: fresco.Session, image: np.ndarray, kernel: np.ndarray, noise: float, options: Any
) -> tuple[float, float, int]:
    """Return PSNR of eight steps and of those by default, and the number of the latter."""
    degraded = seen_blurred(image, kernel, noise)
    inside = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    totals = []

    def restored(**given: Any) -> float:
        given |= {'method': options.method, 'callback': lambda step: totals.append(step.total)}
        result = deblurred(session, degraded, kernel, noise, options, **given)
        return float(psnr(np.clip(result, 0, 1)[inside], (image / 255)[inside], 1.0))

    return restored(iterations=8), restored(), totals[-1]


if __name__ == '__main__':
    main()
