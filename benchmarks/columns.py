"""What it costs to cut a volume: columns against the whole.

    python benchmarks/columns.py --data DATA/volumes --methods dpir richardson_lucy

Middle parts of the simulated volumes, 12 x 112 x 216, cut in two at X = 128, with kernels of at
most 13 x 49 x 49. `halo`: what is read beside a column. Differences are root mean squares and the
value that one voxel in 1000 exceeds, seams the mean jump across the cut over that of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
from common import arguments, show

import napari_fresco as fresco
from napari_fresco.image import sheet
from napari_fresco.restoration import parts
from napari_fresco.runtime.tiling import Span, Tile, plan

CUT, GRID = 128, 32
MOST = (13, 49, 49)  # of the kernel, which is cut around its middle
Array = np.ndarray[Any, Any]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--methods', nargs='+', default=['dpir'])
    parser.add_argument('--model', default='ffdnet', help='of dpir')
    parser.add_argument('--halos', nargs='+', type=int, default=[24, 48, 80])
    options = parser.parse_args()
    header = [
        'volume',
        'method',
        'halo',
        'rms / noise',
        'most / noise',
        '1 in 1000 / range',
        'seam',
    ]
    show(header, _rows(options))


def _rows(options: Any) -> Iterator[list[Any]]:
    for path in sorted(options.data.glob('*.npz')):
        with np.load(path) as file:
            image, kernel = file['observed_300'], file['psf']
        image = np.concatenate([image[10:22, :, ::-1], image[10:22]], 2)[:, :112, 40:]
        kernel = _middle(kernel)
        for method in options.methods:
            told = {'model': options.model} if method == 'dpir' else {}
            whole = _restored(image, kernel, method, told)
            for halo in options.halos:
                cut = _restored(image, kernel, method, told, halo)
                yield [path.stem, method, halo, *_compared(whole, cut, image)]


def _restored(
    image: Array, kernel: Array, method: str, told: dict[str, Any], halo: int | None = None
) -> Array:
    """Restore a volume whole, or in columns that read `halo` voxels more."""

    def tiles(request: Any) -> list[Tile]:
        depth, *across = request.layout.plane_shape
        columns = plan(across, CUT, halo or 0, GRID)
        return [Tile((Span(0, depth, 0, depth), *each.spans)) for each in columns]

    options = {'axes': 'ZYX', 'dtype': 'float32', 'device': 'cpu', **told}
    with (
        patch.object(sheet, 'LARGEST_VOLUME', 10**9 if halo is None else 1),
        patch.object(parts, '_tiles', tiles),
    ):
        result = fresco.restore(image, method=method, task='deblur', kernel=kernel, **options)
    return np.asarray(result.image, float)


def _compared(whole: Array, cut: Array, image: Array) -> list[str]:
    """Return differences and the jump at the cut; noise as of photons of gain 1."""
    change = np.abs(whole - cut)
    noise = np.sqrt((image - image.min()).clip(1).mean())
    span = np.percentile(whole, 99.9) - np.percentile(whole, 1)
    one, other = (np.abs(np.diff(each, axis=2)).mean((0, 1))[CUT - 1] for each in (cut, whole))
    rms, most = np.sqrt((change**2).mean()) / noise, change.max() / noise
    found = rms, most, np.percentile(change, 99.9) / span, one / other
    return [f'{value:.3f}' for value in found]


def _middle(kernel: Array) -> Array:
    halves = [min(n, most) // 2 for n, most in zip(kernel.shape, MOST, strict=True)]
    places = zip(kernel.shape, halves, strict=True)
    part = kernel[tuple(slice(n // 2 - half, n // 2 + half + 1) for n, half in places)]
    return part / part.sum()


if __name__ == '__main__':
    main()
