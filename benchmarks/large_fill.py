"""Fine cracks in a large photograph: seconds until the first is filled and all are, and memory.

    python benchmarks/large_fill.py 4000x6000

The sample mural is laid side by side and 1 % of it is marked as craquelure of 3 pixels. First a
run is broken off as soon as something is filled, then the command line fills all, from TIFF to
TIFF, in a process of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import show
from large import measured

import napari_fresco as fresco
from napari_fresco.degrade.damage_masks import craquelure

FRACTION, WIDTH = 0.01, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('sizes', nargs='+', help='such as 4000x6000')
    parser.add_argument('--method', default='dpir')
    parser.add_argument('--threads', default='2')
    options = parser.parse_args()
    header = ['size', 'marked, %', 'first fill, s', 'all, s', 'CPU s', 'peak GB', 'others changed']
    show(header, (_row(size, options) for size in options.sizes))


def _row(size: str, options: Any) -> list[Any]:
    rows, columns = map(int, size.split('x'))
    tile = fresco.samples.mural().truth
    times = (-(-rows // tile.shape[0]), -(-columns // tile.shape[1]), 1)
    wall = np.tile(tile, times)[:rows, :columns]
    mask = craquelure((rows, columns), FRACTION, WIDTH, np.random.default_rng(0))
    wall[mask] = 0
    first = _first_fill(wall, mask, options.method)
    with tempfile.TemporaryDirectory() as folder:
        source, marks, target = (Path(folder, f'{name}.tif') for name in ('wall', 'mask', 'out'))
        fresco.write(source, fresco.Image(wall, 'YXS'))
        fresco.write(marks, fresco.Image(mask.astype(np.uint8), 'YX'))
        command = ['napari-fresco', 'restore', str(source), '-o', str(target), '-t', 'inpaint']
        command += ['--method', options.method, '--mask', str(marks)]
        peak, seconds, cpu = measured(command, options.threads)
        changed = (np.asarray(fresco.read(target).data) != wall).any(axis=-1) & ~mask
    return [size, float(100 * mask.mean()), first, seconds, cpu, peak, int(changed.sum())]


def _first_fill(wall: np.ndarray, mask: np.ndarray, method: str) -> float:
    began = time.perf_counter()
    for step in fresco.iterate(wall, method=method, task='inpaint', mask=mask):
        if step.painted is not None and step.painted.any():
            break
    return time.perf_counter() - began


if __name__ == '__main__':
    main()
