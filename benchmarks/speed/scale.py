"""Time and peak memory of whole restorations against the pixels of an image, per method.

    python -m benchmarks.speed.scale -o scale.csv --plot scale.svg
    python -m benchmarks.speed.scale -o scale.csv --methods ffdnet wiener --most 90

Every point has a process of its own that restores a small image first, so that weights are loaded
and networks are warm, and then the large one. Points that the file holds are not measured again;
sizes end where the seconds of the one before foretell more than `--most`. Processor seconds of one
thread are hardly moved by what else the machine does.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from napari_fresco import samples

from .measure import ROOT
from .report import describe_machine

SIDES = ((256, 256), (512, 512), (1024, 1024), (2048, 2048), (4096, 4096), (6144, 4096))
"""Rows and columns: 0.07 to 25 megapixels."""
WORKS: Mapping[str, Mapping[str, Any]] = {
    **{name: {'method': name, 'task': 'denoise'} for name in ('ffdnet', 'drunet', 'dncnn')},
    **{name: {'method': name, 'task': 'denoise'} for name in ('scunet', 'virnet')},
    **{
        f'{name} deblurs': {'method': name, 'task': 'deblur'}
        for name in ('dpir', 'ircnn', 'usrnet', 'wiener', 'richardson_lucy')
    },
}
"""What is measured, by name."""

_NUMBERS = ('cpu_seconds', 'wall_seconds', 'peak_mb')
_NOISE, _WIDTH = 10.0, 1.5  # of gray values, and of the blur in pixels


@dataclass(frozen=True)
class Point:
    """What one restoration took.

    `work`: a key of :data:`WORKS`.
    `pixels`: of the image, gray and of 8 bits.
    `cpu_seconds`, `wall_seconds`: of the restoration.
    `peak_mb`: most memory of the process, of which importing torch takes 300 to 500.
    """

    work: str
    pixels: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('-o', '--output', type=Path, default=Path('scale.csv'))
    parser.add_argument('--methods', nargs='+', choices=tuple(WORKS), default=tuple(WORKS))
    parser.add_argument('--most', type=float, default=25, help='CPU seconds of a point')
    parser.add_argument('--plot', type=Path, help='where the picture goes, such as scale.svg')
    parser.add_argument('--one', help=argparse.SUPPRESS)  # a point, in a process of its own
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(_measured(**json.loads(given.one))))
        return
    print(describe_machine(), flush=True)
    points = read(given.output) if given.output.exists() else []
    for work in given.methods:
        for sides in SIDES:
            known = [p for p in points if p.work == work]
            pixels = sides[0] * sides[1]
            if any(p.pixels == pixels for p in known):
                continue
            last = max(known, key=lambda p: p.pixels, default=None)
            if last is not None and last.cpu_seconds * pixels / last.pixels > given.most:
                break
            points.append(_in_a_process(work, sides))
            print(points[-1], flush=True)
            write(given.output, points)
    for work, (power, least, most) in growth(points).items():
        print(f'{work}: CPU seconds grow as pixels^{power:.2f}, peak {least:.0f} to {most:.0f} MB')
    if given.plot is not None:
        plot(points, given.plot)


def growth(points: Sequence[Point]) -> dict[str, tuple[float, float, float]]:
    """Return for each work the power of the pixels with which its time grows, and its peaks.

    The power is that of the greatest size over one at least four times smaller; small images are
    left out, whose time is that of what does not depend on their size.
    """
    found = {}
    for work in dict.fromkeys(p.work for p in points):
        own = sorted((p for p in points if p.work == work), key=lambda p: p.pixels)
        smaller = [p for p in own if 4 * p.pixels <= own[-1].pixels]
        if smaller:
            ratios = [own[-1].cpu_seconds / smaller[-1].cpu_seconds]
            ratios.append(own[-1].pixels / smaller[-1].pixels)
            power = float(np.log(ratios[0]) / np.log(ratios[1]))
            found[work] = power, own[0].peak_mb, own[-1].peak_mb
    return found


def _in_a_process(work: str, sides: tuple[int, int]) -> Point:
    command = [sys.executable, '-m', 'benchmarks.speed.scale']
    told = json.dumps({'work': work, 'sides': sides})
    done = subprocess.run(
        [*command, '--one', told],
        cwd=ROOT,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Point(work, sides[0] * sides[1], **json.loads(done.stdout.splitlines()[-1]))


def _measured(work: str, sides: Sequence[int]) -> dict[str, float]:
    """Restore a small image and then one of `sides`; return what the second one took."""
    import napari_fresco as fresco

    from .worker import peak_of_process

    told = dict(WORKS[work])
    blurred = told['task'] == 'deblur'
    if blurred:
        told['kernel'] = fresco.kernels.gaussian(_WIDTH)
    with fresco.Session(device='cpu') as session:
        session.restore(picture((64, 64), blurred), **told)
        image = picture(sides, blurred)
        wall, cpu = time.perf_counter(), time.process_time()
        session.restore(image, **told)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {'cpu_seconds': cpu, 'wall_seconds': wall, 'peak_mb': peak_of_process()}


def picture(sides: Sequence[int], blurred: bool) -> np.ndarray:
    """Return a mural, repeated to fill `sides`, with noise and perhaps a blur."""
    from scipy import ndimage

    mural = samples.mural().truth.mean(axis=-1, dtype=np.float32)
    if blurred:
        mural = ndimage.gaussian_filter(mural, _WIDTH, mode='wrap')
    times = [-(-n // m) for n, m in zip(sides, mural.shape, strict=True)]
    image = np.tile(mural, times)[: sides[0], : sides[1]]
    image += np.random.default_rng(0).standard_normal(image.shape, np.float32) * np.float32(_NOISE)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def read(path: Path) -> list[Point]:
    """Read what :func:`write` has written."""
    with path.open(encoding='utf-8', newline='') as file:
        return [
            Point(row['work'], int(row['pixels']), *(float(row[k]) for k in _NUMBERS))
            for row in csv.DictReader(file)
        ]


def write(path: Path, points: Iterable[Point]) -> None:
    """Write points as comma-separated values, each with the machine."""
    machine = describe_machine()
    with path.open('w', encoding='utf-8', newline='') as file:
        table = csv.DictWriter(file, [*(f.name for f in fields(Point)), 'machine'])
        table.writeheader()
        table.writerows({**asdict(point), 'machine': machine} for point in points)


def plot(points: Sequence[Point], path: Path) -> None:
    """Draw time and peak memory against pixels."""
    import matplotlib as mpl

    mpl.use('Agg')
    import matplotlib.pyplot as plt

    figure, (time_, memory) = plt.subplots(1, 2, figsize=(10, 4.2), layout='constrained')
    for work in WORKS:
        own = sorted((p for p in points if p.work == work), key=lambda p: p.pixels)
        if not own:
            continue
        size = [p.pixels / 1e6 for p in own]
        style = {'marker': 'o', 'markersize': 3, 'label': work.replace('_', '-')}
        style['linestyle'] = '--' if 'deblurs' in work else '-'
        time_.plot(size, [p.cpu_seconds for p in own], **style)
        memory.plot(size, [p.peak_mb / 1000 for p in own], **style)
    ends = np.array([min(p.pixels for p in points), max(p.pixels for p in points)]) / 1e6
    time_.plot(ends, 0.5 * ends, color='0.7', linewidth=4, zorder=0, label='in proportion')
    time_.set(xscale='log', yscale='log', ylabel='processor seconds, one thread')
    memory.set(xscale='log', ylabel='peak of memory of the process, GB', ylim=(0, None))
    for axes in (time_, memory):
        axes.set_xlabel('megapixels')
        axes.grid(alpha=0.3)
    time_.legend(fontsize='x-small')
    plt.rcParams['svg.hashsalt'] = 'fresco'  # the same points, the same file
    figure.savefig(path, metadata={'Date': None} if path.suffix == '.svg' else None, dpi=120)


if __name__ == '__main__':
    main()
