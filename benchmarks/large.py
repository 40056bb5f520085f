"""Memory and time of images that are larger than memory, from disk to disk.

    python benchmarks/large.py 16384x16384 --method ffdnet
    python benchmarks/large.py 16384x16384 --method wiener --deblur
    python benchmarks/large.py 200x2048x2048 --method ffdnet

Spots under photon noise, with `--deblur` blurred by a Gaussian, are written block by block. Then
the command line restores them in a process of its own, which is asked for its peak of memory and
its time. Volumes with their planes blurred together: `--volume`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from common import show
from scipy import ndimage

import napari_fresco as fresco

SIDE = 1024  # of the blocks that are made
DEEP = 32  # planes of them, in a volume
SPACING = dict.fromkeys('ZYX', (0.1, 'um'))
SPOT = 1.5  # pixels, of what is seen
WIDTHS = (2.0, 1.5, 1.5)  # of the blur, in voxels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('sizes', nargs='+', help='such as 16384x16384 or 200x2048x2048')
    parser.add_argument('--method', default='ffdnet')
    parser.add_argument('--deblur', action='store_true', help='planes')
    parser.add_argument('--volume', action='store_true', help='deblur volumes')
    parser.add_argument('--source', default='.ome.zarr', choices=('.ome.zarr', '.tif'))
    parser.add_argument('--target', default='.ome.zarr', choices=('.ome.zarr', '.tif'))
    parser.add_argument('--threads', default='2')
    options, others = parser.parse_known_args()
    header = ['size', 'method', 'from', 'to', 'megapixels', 'peak GB', 'wall s', 'CPU s']
    show([*header, 'CPU s per megapixel'], (_row(size, options, others) for size in options.sizes))


def _row(size: str, options: Any, others: list[str]) -> list[Any]:
    """Measure one size in a folder that is removed afterwards."""
    shape = tuple(map(int, size.split('x')))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, f'in{options.source}'), Path(folder, f'out{options.target}')
        widths = WIDTHS if options.volume else WIDTHS[1:] if options.deblur else ()
        fresco.write(source, _specimen(shape, widths))
        command = ['napari-fresco', 'restore', str(source), '-o', str(target)]
        command += ['--method', options.method, *others]
        if widths:
            kernel = Path(folder, 'kernel.npy')
            np.save(kernel, _gaussian(widths))
            command += ['--task', 'deblur', '--kernel', str(kernel)]
        peak, wall, cpu = measured(command, options.threads)
    millions = np.prod(shape) / 1e6
    names = [size, options.method, options.source, options.target, round(millions)]
    return [*names, peak, round(wall), round(cpu), cpu / millions]


def measured(command: list[str], threads: str) -> tuple[float, float, float]:
    """Return peak of memory in GB, seconds and seconds of all processors."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, 'OMP_NUM_THREADS': threads})
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f'{" ".join(command)} ended with {os.waitstatus_to_exitcode(status)}')
    wall = time.perf_counter() - began
    return used.ru_maxrss / 1e6, wall, used.ru_utime + used.ru_stime


def _specimen(shape: tuple[int, ...], widths: tuple[float, ...]) -> fresco.Image:
    """Return an image that is made when it is written."""
    sides = [min(n, SIDE) for n in shape[-2:]]
    sides = [min(shape[0], DEEP) if widths[2:] else 1, *sides][-len(shape) :]

    def block(block_info: Any) -> np.ndarray:
        where = block_info[None]
        random = np.random.default_rng(where['chunk-location'])
        light = np.full(where['chunk-shape'], 20.0)
        count = light.size // 200
        light[tuple(random.integers(n, size=count) for n in light.shape)] = 3000
        light = ndimage.gaussian_filter(light, [*[0] * (light.ndim - 2), SPOT, SPOT])
        if widths:
            light = ndimage.gaussian_filter(light, [*[0] * (light.ndim - len(widths)), *widths])
        return random.poisson(light).astype(np.uint16)

    chunks = tuple(
        (side,) * (n // side) + ((n % side,) if n % side else ())
        for n, side in zip(shape, sides, strict=True)
    )
    pixels = da.map_blocks(block, chunks=chunks, dtype=np.uint16, meta=np.empty(0, np.uint16))
    axes = 'ZYX'[-len(shape) :]
    return fresco.Image(pixels, axes, {axis: SPACING[axis] for axis in axes})


def _gaussian(widths: tuple[float, ...]) -> np.ndarray:
    grid = np.meshgrid(*(np.arange(-round(4 * w), round(4 * w) + 1) for w in widths), indexing='ij')
    kernel = np.exp(-sum(g**2 / (2 * w**2) for g, w in zip(grid, widths, strict=True)))
    return kernel / kernel.sum()


if __name__ == '__main__':
    main()
