"""Draw the two sample pictures of the package, and write them where it reads them.

Everything follows from a seed; seed 0 gives the files of the package, bit for bit::

    python benchmarks/draw_samples.py src/napari_fresco/samples
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from drawing import arcade, brush, cells
from drawing.cracks import cracks as cracks_of
from PIL import Image
from scipy import fft, ndimage

from napari_fresco.samples import GAIN, MURAL_SIGMA, OFFSET, READ_NOISE, microscope_kernel

FIELD = 384
PHOTONS = 200.0


class Picture(NamedTuple):
    """A degraded picture, its truth, and where it is damaged."""

    image: np.ndarray
    truth: np.ndarray
    mask: np.ndarray | None = None


def mural(seed: int = 0) -> Picture:
    """Paint an arcade with cracks, losses and scratches, a tenth of the picture, and noise.

    384 x 512 RGB, uint8.
    """
    random = np.random.default_rng(seed)
    truth = arcade.paint(random)
    losses, cracks, scratches = _damage(truth.shape[:2], random)
    damaged = _plaster(truth, losses, random)
    damaged[cracks] = 0.35 * damaged[cracks] + np.array([0.08, 0.06, 0.05])
    damaged[scratches] = 0.3 * damaged[scratches] + 0.7 * np.array(brush.LIME) / 255
    noisy = damaged + MURAL_SIGMA / 255 * random.normal(0, 1, damaged.shape)
    return Picture(_bytes(noisy), _bytes(truth), losses | cracks | scratches)


def micrograph(seed: int = 0) -> Picture:
    """Draw cells as a widefield microscope shows them, in camera counts.

    384 x 384, uint16; the field extends beyond the picture, so that nothing wraps around its
    border. The truth is float32.
    """
    random = np.random.default_rng(seed)
    psf = microscope_kernel()
    margin = psf.shape[0] // 2
    size = FIELD + 2 * margin
    expected = OFFSET + GAIN * PHOTONS * cells.fluorophores((size, size), random)
    inner = np.s_[margin : margin + FIELD, margin : margin + FIELD]
    light = np.maximum(_blurred(expected, psf), OFFSET)[inner]
    photons = random.poisson((light - OFFSET) / GAIN)
    counts = GAIN * photons + OFFSET + random.normal(0, READ_NOISE, light.shape)
    image = np.rint(np.clip(counts, 0, 65535)).astype(np.uint16)
    return Picture(image, expected[inner].astype(np.float32))


def write(folder: Path) -> None:
    """Write the files of the package."""
    wall, dish = mural(), micrograph()
    assert wall.mask is not None
    pictures = {
        'mural': wall.image,
        'mural-truth': wall.truth,
        'mural-mask': wall.mask,
        'micrograph': dish.image,
    }
    for name, values in pictures.items():
        Image.fromarray(values).save(folder / f'{name}.png', optimize=True)
    np.savez_compressed(folder / 'micrograph-truth.npz', truth=dish.truth)


def _blurred(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    padded = np.zeros_like(values)
    padded[: kernel.shape[0], : kernel.shape[1]] = kernel
    centred = np.roll(padded, [-(n // 2) for n in kernel.shape], (0, 1))
    product = fft.rfft2(values) * fft.rfft2(centred)
    return np.asarray(fft.irfft2(product, s=values.shape))


def _damage(
    shape: tuple[int, ...], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where plaster shows, where cracks run and where the wall was scratched."""
    size = (shape[0], shape[1])
    cracks = cracks_of(size, 15, 2.4, random)
    near = np.exp(-ndimage.distance_transform_edt(~cracks) / 14)
    ragged = brush.cloud(size, 22, random) + 0.45 * brush.cloud(size, 5, random) + 1.5 * near
    losses = ndimage.binary_opening(ragged > np.quantile(ragged, 0.945), iterations=2)
    scratches = np.zeros(size, bool)
    for _ in range(9):
        start, angle = random.uniform((0, 0), size), random.normal(0.5, 0.35)
        steps = np.arange(random.uniform(30, 110))
        path = start + np.outer(steps, (np.sin(angle), np.cos(angle))) + (0, 0)
        rows, cols = path[np.all(path < np.array(size) - 1, axis=1)].astype(int).T
        scratches[rows, cols] = True
    return losses, cracks & ~losses, scratches & ~losses & ~cracks


def _plaster(picture: np.ndarray, losses: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Show bare plaster where paint is lost, in the shadow of the paint's upper left edge."""
    size = (picture.shape[0], picture.shape[1])
    rough = 1 + 0.03 * brush.cloud(size, 2, random) + 0.05 * brush.cloud(size, 12, random)
    ground = np.array([233, 224, 204]) / 255 * rough[..., None]
    depth = ndimage.gaussian_filter(losses.astype(float), 1.2)
    shadow = losses & ~np.roll(losses, (2, 2), axis=(0, 1))
    ground = ground * (0.8 + 0.2 * depth[..., None]) * np.where(shadow, 0.72, 1)[..., None]
    return np.where(losses[..., None], ground, picture)


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), dtype=np.uint8)


if __name__ == '__main__':
    write(Path(sys.argv[1]))
