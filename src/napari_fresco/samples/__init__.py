"""Two pictures to try the methods on, each with its ground truth.

They are drawn when asked for, always the same for the same seed, and need no
download. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..degrade import gaussian_noise
from ..degrade.blur import blur
from ..degrade.cracks import cracks as draw_cracks
from ..physics import kernels
from . import arcade, brush, cells

__all__ = ['Sample', 'micrograph', 'mural']

MURAL_SIGMA = 5.0
FIELD = 384
NA, WAVELENGTH, PIXEL_SIZE = 0.7, 0.6, 0.1
GAIN, OFFSET, READ_NOISE = 2.0, 100.0, 3.0
PHOTONS = 200.0


@dataclass(frozen=True, eq=False)
class Sample:
    """A degraded picture and what it was made from.

    Attributes
    ----------
    name : str
    image, truth : ndarray
        Same shape and unit; the truth of the micrograph is float32.
    mask : ndarray or None
        Bool, True where damaged.
    kernel : ndarray or None
        The point spread function, sums to 1.
    scale : tuple of float
        Pixel size along rows and columns, in `units`.
    units : tuple of str
    sigma : float or None
        Standard deviation of the added Gaussian noise, in image units.
    gain, offset, read_noise : float or None
        Camera model: image units per photo-electron, dark level and read
        noise in image units.
    """

    name: str
    image: np.ndarray
    truth: np.ndarray
    mask: np.ndarray | None
    kernel: np.ndarray | None
    scale: tuple[float, float]
    units: tuple[str, str]
    sigma: float | None = None
    gain: float | None = None
    offset: float | None = None
    read_noise: float | None = None


def mural(seed: int = 0) -> Sample:
    """Make a damaged mural: a painted arcade with cracks, losses and scratches.

    Returns
    -------
    Sample
        384 x 512 RGB, uint8; about a tenth of it is damaged, and Gaussian noise of
        standard deviation 5 lies over the rest. One pixel is one millimetre.
    """
    random = np.random.default_rng(seed)
    truth = arcade.paint(random)
    losses, cracks, scratches = _damage(truth.shape[:2], random)
    damaged = _plaster(truth, losses, random)
    damaged[cracks] = 0.35 * damaged[cracks] + np.array([0.08, 0.06, 0.05])
    damaged[scratches] = 0.3 * damaged[scratches] + 0.7 * np.array(brush.LIME) / 255
    noisy = gaussian_noise.gaussian(damaged, MURAL_SIGMA / 255, random)
    return Sample(
        name='mural',
        image=_bytes(noisy),
        truth=_bytes(truth),
        mask=losses | cracks | scratches,
        kernel=None,
        scale=(1.0, 1.0),
        units=('mm', 'mm'),
        sigma=MURAL_SIGMA,
    )


def micrograph(seed: int = 0) -> Sample:
    """Make a widefield fluorescence micrograph of cells, in camera counts.

    The light comes through an objective of NA 0.7 in air at 0.6 µm; the field
    extends beyond the picture, so nothing wraps around its border. The camera
    gives 2 counts per photo-electron on an offset of 100 counts, with read noise
    of 3 counts.

    Returns
    -------
    Sample
        384 x 384, uint16, 0.1 µm per pixel; the truth is the same light, camera
        counts included, before blur and noise.
    """
    random = np.random.default_rng(seed)
    psf = kernels.microscope(NA, WAVELENGTH, PIXEL_SIZE, refractive_index=1.0)
    margin = psf.shape[0] // 2
    size = FIELD + 2 * margin
    expected = OFFSET + GAIN * PHOTONS * cells.fluorophores((size, size), random)
    blurred = np.maximum(blur(expected, psf), OFFSET)
    inner = np.s_[margin : margin + FIELD, margin : margin + FIELD]
    counts = gaussian_noise.camera(blurred[inner], GAIN, OFFSET, READ_NOISE, random)
    return Sample(
        name='micrograph',
        image=np.rint(np.clip(counts, 0, 65535)).astype(np.uint16),
        truth=expected[inner].astype(np.float32),
        mask=None,
        kernel=psf,
        scale=(PIXEL_SIZE, PIXEL_SIZE),
        units=('um', 'um'),
        gain=GAIN,
        offset=OFFSET,
        read_noise=READ_NOISE,
    )


def _damage(
    shape: tuple[int, ...], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where plaster shows, where cracks run and where the wall was scratched."""
    size = (shape[0], shape[1])
    cracks = draw_cracks(size, 15, 2.4, random)
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
