"""Murals: synthetic cracks with a known truth, and real losses to look at.

    python benchmarks/murals.py --data DATA --output OUT

Writes damaged | mask | restored beside each other into OUT and prints the PSNR
where there is a truth (over the damaged pixels alone, where it says something).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, read, show
from skimage import io
from skimage.morphology import dilation, disk
from skimage.transform import resize

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('--method', default='dpir')
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    murals = options.data / 'mural'

    def rows() -> Iterator[list[Any]]:
        for path in sorted((murals / 'thai').glob('case*-toinpaint.png')):
            truth = read(path.with_name(path.name.replace('toinpaint', 'original')))[..., :3]
            damaged = read(path)[..., :3]
            mask = dilation(np.abs(damaged.astype(int) - truth).max(axis=-1) > 8, disk(1))
            restored = _restore(damaged, mask, options)
            _write(options.output / path.name, damaged, mask, restored)
            yield [path.stem, float(100 * mask.mean()), *_inside(damaged, restored, truth, mask)]
        for path in sorted((murals / 'dunhuang/input').iterdir()):
            damaged = read(path)[..., :3]
            mask_path = next((murals / 'dunhuang/mask').glob(f'{path.stem}*'))
            mask = read(mask_path)
            mask = (mask if mask.ndim == 2 else mask[..., 0]) > 127
            mask = resize(mask, damaged.shape[:2], order=0)
            restored = _restore(damaged, mask, options)
            _write(options.output / f'{path.stem}.png', damaged, mask, restored)
            yield [path.stem, float(100 * mask.mean()), '', '']

    show(['mural', 'damaged, %', 'damaged, dB in the holes', 'restored, dB in the holes'], rows())


def _restore(damaged: np.ndarray, mask: np.ndarray, options: Any) -> np.ndarray:
    result = fresco.restore(
        damaged, method=options.method, task='inpaint', mask=mask, device=options.device
    )
    return result.image


def _inside(
    damaged: np.ndarray, restored: np.ndarray, truth: np.ndarray, mask: np.ndarray
) -> list[float]:
    return [psnr(image[mask][None], truth[mask][None], 255) for image in (damaged, restored)]


def _write(path: Path, damaged: np.ndarray, mask: np.ndarray, restored: np.ndarray) -> None:
    marked = np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)
    io.imsave(path, np.hstack([damaged, marked, restored]), check_contrast=False)


if __name__ == '__main__':
    main()
