"""The demonstration: both samples restored, measured, drawn, and shown in napari."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .. import samples
from ..evidence.metrics import psnr
from ..image.model import Image as FrescoImage
from ..io.files import make_folder, write, write_json
from ..restoration.api import restore
from ..samples import Sample
from ..types import Result

_GAP, _CAPTION = 12, 26


@dataclass(frozen=True, eq=False)
class Restored:
    """A sample with its restoration and PSNR before and after, in dB."""

    sample: Sample
    result: Result
    before: float
    after: float


def run(
    output: Path,
    *,
    device: str = 'auto',
    viewer: bool = True,
    echo: Callable[[str], object] = print,
) -> list[Restored]:
    """Restore the two samples, write images and a figure, and open napari.

    `output`: folder for the images, made when absent; files of an earlier demonstration are
        replaced.
    `device`: as in :func:`napari_fresco.restore`.
    `viewer`: open napari, when it is installed and there is a screen.
    `echo`: receives the lines of the report, each as soon as it is true.
    Returns the mural and the micrograph.
    """
    make_folder(output)
    both = []
    for sample, restored in ((samples.mural(), _mural), (samples.micrograph(), _micrograph)):
        name, (height, width) = sample.name, sample.image.shape[:2]
        aside = ', which takes the most time' if sample.mask is not None else ''
        echo(f'restoring the {name} sample, {height} x {width} pixels{aside} …')
        item = restored(sample, device)
        both.append(item)
        for kind, image in (('degraded', item.sample.image), ('restored', item.result.image)):
            write(output / f'{name}-{kind}.tif', _file(item, image), overwrite=True)
        write_json(output / f'{name}-restored.json', item.result.provenance, overwrite=True)
        seconds = item.result.provenance['seconds']
        echo(
            f'{name:<11} {item.before:5.2f} dB before, {item.after:5.2f} dB after, {seconds:.1f} s'
        )
    figure(both).save(output / 'before-after.png')
    echo(f'figure and images: {output}')
    if viewer and has_screen():
        echo('opening napari; close its window to end')
        subprocess.run([sys.executable, '-m', 'napari_fresco._napari.files.show_demo', str(output)])
    return both


def has_screen() -> bool:
    """Say whether napari is installed and a window could be seen."""
    screen = sys.platform != 'linux' or bool(
        os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    )
    return screen and find_spec('napari') is not None


def figure(both: list[Restored]) -> Image.Image:
    """Draw degraded, restored and true pictures side by side, a row for each sample."""
    rows = [_row(item) for item in both]
    width = max(row.width for row in rows)
    sheet = Image.new('RGB', (width, sum(row.height for row in rows)), 'white')
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    return sheet


def _mural(sample: Sample, device: str) -> Restored:
    result = restore(
        sample.image,
        method='dpir',
        task='inpaint',
        mask=sample.mask,
        sigma=sample.sigma,
        device=device,
        progress=sys.stderr.isatty(),
    )
    return _measured(sample, result, 255)


def _micrograph(sample: Sample, device: str) -> Restored:
    result = restore(
        sample.image,
        method='dpir',
        task='deblur',
        kernel=sample.kernel,
        noise='poisson-gaussian',
        gain=sample.gain,
        offset=sample.offset,
        read_noise=sample.read_noise,
        device=device,
        progress=sys.stderr.isatty(),
    )
    return _measured(sample, result, float(np.ptp(sample.truth)))


def _measured(sample: Sample, result: Result, data_range: float) -> Restored:
    before, after = (
        psnr(image, sample.truth, data_range) for image in (sample.image, result.image)
    )
    return Restored(sample, result, before, after)


def _file(item: Restored, pixels: np.ndarray) -> FrescoImage:
    """Return pixels with the metadata that the files of a sample share."""
    sample = item.sample
    pairs = zip(sample.scale, sample.units, strict=True)
    return FrescoImage(
        pixels,
        'YXS' if pixels.ndim == 3 else 'YX',
        dict(zip('YX', pairs, strict=True)),
        metadata={'flavour': 'imagej'},
    )


def _row(item: Restored) -> Image.Image:
    low, high = _limits(item.sample.truth)
    pictures = [
        (item.sample.image, f'{item.sample.name}: as found, {item.before:.1f} dB'),
        (item.result.image, f'restored, {item.after:.1f} dB'),
        (item.sample.truth, 'truth'),
    ]
    height, width = item.sample.image.shape[:2]
    row = Image.new('RGB', (3 * (width + _GAP) + _GAP, height + _CAPTION + _GAP), 'white')
    draw, font = ImageDraw.Draw(row), ImageFont.load_default(15)
    for i, (picture, caption) in enumerate(pictures):
        left = _GAP + i * (width + _GAP)
        draw.text((left, 4), caption, fill='black', font=font)
        row.paste(Image.fromarray(_display(picture, low, high)), (left, _CAPTION))
    return row


def _limits(truth: np.ndarray) -> tuple[float, float]:
    if truth.dtype == np.uint8:
        return 0.0, 255.0
    return float(truth.min()), float(np.percentile(truth, 99.8))


def _display(picture: np.ndarray, low: float, high: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    scaled = np.clip((picture.astype(np.float64) - low) / (high - low), 0, 1)
    shown = np.rint(255 * (scaled if low == 0 else np.sqrt(scaled))).astype(np.uint8)
    return shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=-1)
