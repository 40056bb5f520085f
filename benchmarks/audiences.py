"""One figure for each kind of reader, of the samples that come with napari-fresco.

    python benchmarks/audiences.py [biologist | conservator | programmer]...

Writes ``docs/pages/images/for-NAME.jpg``, which the README shows. What the figures say is measured
while they are made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from common import jpeg
from matplotlib import pyplot as plt
from PIL import Image as Pillow
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.metrics import psnr

OUTPUT = Path(__file__).parents[1] / 'docs/pages/images'
BYTES = 150_000
WIDTH, DPI = 11.0, 120  # inches
CELLS, WALL = np.s_[90:282, 90:282], np.s_[170:350, 210:390]
ROW, END = 105, 96  # of the micrograph, along which values are drawn
RED = np.array([214, 40, 40])
SCRIPT = """\
import napari_fresco as fresco

cells = fresco.read('cells.tif')
psf = fresco.read('psf.tif')

for step in fresco.iterate(
    cells, method='dpir',
    task='deblur', kernel=psf,
):
    show(step.image, step.residual)
    # stop, and it keeps the best
"""


def biologist() -> plt.Figure:
    """Draw a micrograph, what it shows after deconvolution, and both along a line."""
    sample = fresco.samples.micrograph()
    image, truth = sample.image[CELLS], sample.truth[CELLS]
    result = fresco.restore(
        sample.image, method='dpir', task='deblur', kernel=sample.kernel, noise='poisson-gaussian'
    )
    restored, record = result.image[CELLS], result.provenance
    figure, axes = plt.subplots(
        1, 3, figsize=(WIDTH, 3.7), layout='constrained', width_ratios=(1, 1, 1.15)
    )
    span = float(np.ptp(truth))
    low, high = np.percentile(truth, (0.5, 99.7))
    for ax, pixels, words in (
        (axes[0], image, 'as recorded'),
        (axes[1], restored, 'restored by DPIR'),
    ):
        ax.imshow(pixels, cmap='gray', vmin=low, vmax=high)
        ax.plot((0, END), (ROW, ROW), color='#ffd23f', linewidth=1.1)
        score = psnr(pixels.astype(float), truth.astype(float), data_range=span)
        ax.set_title(f'{words}, {score:.1f} dB', loc='left')
        ax.axis('off')
    across = np.arange(END) * sample.scale[1]
    lines = ((image, '#9aa0a6', 'recorded'), (restored, '#d62828', 'restored'))
    for pixels, colour, words in lines:
        axes[2].plot(across, pixels[ROW, :END], color=colour, linewidth=1.3, label=words)
    axes[2].plot(
        across, truth[ROW, :END], color='black', linewidth=0.9, linestyle=':', label='truth'
    )
    axes[2].set(xlabel='along the line, µm', ylabel='counts of the camera')
    axes[2].legend(frameon=False, ncols=3, loc='lower left', bbox_to_anchor=(0, 0.97))
    axes[2].spines[['top', 'right']].set_visible(False)
    camera = record['noise'][0]
    passed = sum(check.ok for check in result.checks)
    light = (result.image.astype(float) - sample.offset).sum() / (
        sample.image.astype(float) - sample.offset
    ).sum() - 1
    figure.supxlabel(
        f'noise found in the image: {camera["gain"]:.2f} counts per photo-electron (true: '
        f'{sample.gain:g});  light of the whole image kept to {abs(light):.2%};  {passed} of '
        f'{len(result.checks)} checks passed',
        fontsize=10,
    )
    return figure


def conservator() -> plt.Figure:
    """Draw a wall, what is marked, its fill, and the fill rendered so that it can be told."""
    sample = fresco.samples.mural()
    mask = ndimage.binary_dilation(sample.mask > 0)
    wall = fresco.Image(sample.image, 'YXS', {'Y': (1.0, 'mm'), 'X': (1.0, 'mm')})
    result = fresco.restore(wall, method='dpir', task='inpaint', mask=mask)
    filled = np.asarray(result.image.data)
    hatched = fresco.intervention.render(wall, result, rendering='rigatino', width=2, length=20)
    marked = sample.image.copy()
    marked[mask] = 0.35 * marked[mask] + 0.65 * RED
    same = bool((filled[~mask] == sample.image[~mask]).all())
    assert same, 'undamaged pixels are untouched'
    figure, axes = plt.subplots(1, 4, figsize=(WIDTH, 3.25), layout='constrained')
    shown = (
        (sample.image, 'as found'),
        (marked, 'damage marked'),
        (filled, 'filled by DPIR'),
        (np.asarray(hatched.image.data), 'fill told by its lines (rigatino)'),
    )
    for ax, (pixels, words) in zip(axes, shown, strict=True):
        ax.imshow(pixels[WALL])
        ax.set_title(words, loc='left')
        ax.axis('off')
    figure.supxlabel(
        f'{mask.mean():.1%} of the wall is filled; every other pixel is the photograph, bit for '
        'bit; each fill has a number, is on record and can be undone',
        fontsize=10,
    )
    return figure


def programmer() -> plt.Figure:
    """Draw a script, the steps that it goes through, and how their residual falls."""
    sample = fresco.samples.micrograph()
    image = sample.image[CELLS]
    given = {'kernel': sample.kernel, 'noise': 'poisson-gaussian'}
    found: list[tuple[int, Any, float]] = []
    steps = fresco.iterate(image, method='dpir', task='deblur', **given)
    for step in steps:
        found.append((step.index, step.image, float(step.residual)))
    figure = plt.figure(figsize=(WIDTH, 2.9), layout='constrained')
    text, right = figure.subfigures(1, 2, width_ratios=(1, 1.9))
    text.text(
        0.04, 0.93, SCRIPT, family='monospace', fontsize=9.5, va='top', linespacing=1.45,
        bbox={'facecolor': '#f3f4f6', 'edgecolor': '#d5d8dc', 'boxstyle': 'round,pad=0.7'},
    )  # fmt: skip
    chosen = [found[0], found[len(found) // 2], found[-1]]
    axes = right.subplots(1, 4, width_ratios=(1, 1, 1, 1.15))
    low, high = np.percentile(sample.truth, (0.5, 99.7))
    for ax, (index, pixels, _) in zip(axes, chosen, strict=False):
        ax.imshow(pixels[20:110, 30:120], cmap='gray', vmin=low, vmax=high)
        ax.set_title(f'step {index}', loc='left')
        ax.axis('off')
    axes[3].plot([n for n, *_ in found], [r for *_, r in found], 'o-', color='#d62828', ms=3)
    axes[3].set(xlabel='step')
    axes[3].set_title('residual', loc='left')
    axes[3].set_box_aspect(1)
    axes[3].spines[['top', 'right']].set_visible(False)
    axes[3].set_yticks([])
    right.supxlabel(
        'the same generator of steps behind panel, script, command line and batch', fontsize=10
    )
    return figure


FIGURES: tuple[Callable[[], plt.Figure], ...] = (biologist, conservator, programmer)


def main(names: list[str]) -> None:
    """Write all figures, or those that are named."""
    mpl.use('Agg')
    plt.rcParams.update({'font.size': 10, 'axes.titlesize': 10.5})
    for draw in (each for each in FIGURES if not names or each.__name__ in names):
        file = BytesIO()
        draw().savefig(file, dpi=DPI)
        path = OUTPUT / f'for-{draw.__name__}s.jpg'
        path.write_bytes(jpeg(Pillow.open(file).convert('RGB'), BYTES))
        print(path)


if __name__ == '__main__':
    main(sys.argv[1:])
