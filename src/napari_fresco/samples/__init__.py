"""Two pictures to try the methods on, each with its ground truth. No download, no torch.

They were drawn by ``benchmarks/draw_samples.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from PIL import Image

from ..brief import Brief
from ..physics import kernels

__all__ = ['Sample', 'micrograph', 'mural']

MURAL_SIGMA = 5.0
NA, WAVELENGTH, PIXEL_SIZE = 0.7, 0.6, 0.1
GAIN, OFFSET, READ_NOISE = 2.0, 100.0, 3.0


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Brief):
    """A degraded picture and its truth.

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


def mural() -> Sample:
    """Read a damaged mural: a painted arcade with cracks, losses and scratches.

    Returns
    -------
    Sample
        384 x 512 RGB, uint8; about a tenth of it is damaged, and Gaussian noise of
        standard deviation 5 lies over the rest. One pixel is one millimetre.
    """
    return Sample(
        name='mural',
        image=_pixels('mural'),
        truth=_pixels('mural-truth'),
        mask=_pixels('mural-mask'),
        kernel=None,
        scale=(1.0, 1.0),
        units=('mm', 'mm'),
        sigma=MURAL_SIGMA,
    )


def micrograph() -> Sample:
    """Read a widefield fluorescence micrograph of cells, in camera counts.

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
    with (files(__name__) / 'micrograph-truth.npz').open('rb') as file, np.load(file) as archive:
        truth = archive['truth']
    return Sample(
        name='micrograph',
        image=_pixels('micrograph'),
        truth=truth,
        mask=None,
        kernel=microscope_kernel(),
        scale=(PIXEL_SIZE, PIXEL_SIZE),
        units=('um', 'um'),
        gain=GAIN,
        offset=OFFSET,
        read_noise=READ_NOISE,
    )


def microscope_kernel() -> np.ndarray:
    """Return the point spread function of the micrograph."""
    return kernels.microscope(NA, WAVELENGTH, PIXEL_SIZE, refractive_index=1.0)


def _pixels(name: str) -> np.ndarray:
    with (files(__name__) / f'{name}.png').open('rb') as file, Image.open(file) as picture:
        return np.array(picture)
