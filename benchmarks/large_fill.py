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
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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
    with tempfile.TemporaryDirectory() as folder:
        source, marks, target = (Path(folder, f'{name}.tif') for name in ('wall', 'mask', 'out'))
        # The peak of a process is at least that of the one that starts it.
        with ProcessPoolExecutor(1, get_context('spawn')) as elsewhere:
            elsewhere.submit(_draw, size, source, marks).result()
            first = elsewhere.submit(_first_fill, source, marks, options.method).result()
        command = ['napari-fresco', 'restore', str(source), '-o', str(target), '-t', 'inpaint']
        command += ['--method', options.method, '--mask', str(marks)]
        peak, seconds, cpu = measured(command, options.threads)
        wall, mask, filled = (
            np.asarray(fresco.read(path).data) for path in (source, marks, target)
        )
    changed = (filled != wall).any(axis=-1) & (mask == 0)
    return [size, float(100 * mask.mean()), first, seconds, cpu, peak, int(changed.sum())]


def _draw(size: str, source: Path, marks: Path) -> None:
    rows, columns = map(int, size.split('x'))
    tile = fresco.samples.mural().truth
    times = (-(-rows // tile.shape[0]), -(-columns // tile.shape[1]), 1)
    wall = np.tile(tile, times)[:rows, :columns]
    mask = craquelure((rows, columns), FRACTION, WIDTH, np.random.default_rng(0))
    wall[mask] = 0
    fresco.write(source, fresco.Image(wall, 'YXS'))
    fresco.write(marks, fresco.Image(mask.astype(np.uint8), 'YX'))


def _first_fill(source: Path, marks: Path, method: str) -> float:
    wall, mask = fresco.read(source), fresco.read(marks)
    began = time.perf_counter()
    for step in fresco.iterate(wall, method=method, task='inpaint', mask=mask):
        if step.painted is not None and step.painted.any():
            break
    return time.perf_counter() - began


if __name__ == '__main__':
    main()
