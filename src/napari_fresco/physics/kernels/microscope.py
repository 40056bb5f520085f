"""Point spread functions of microscopes, from their optics. No torch."""

from __future__ import annotations

import math
import warnings
from itertools import product
from typing import Literal

import numpy as np
from scipy import special

from ...errors import ParameterError
from ..arguments import odd_size, positive
from .normalise import normalise

AIRY_RADIUS = 0.61


def microscope(
    na: float,
    wavelength: float,
    pixel_size: float,
    refractive_index: float = 1.515,
    defocus: float = 0.0,
    size: int | None = None,
    kind: Literal['widefield', 'confocal'] = 'widefield',
) -> np.ndarray:
    r"""Make the point spread function of a fluorescence microscope.

    Scalar diffraction by a uniformly filled pupil,

    .. math:: h(r) = \left| 2\int_0^1 J_0\!\left(\tfrac{2\pi}{\lambda}\mathrm{NA}\, r\rho\right)
              e^{2\pi i (z/\lambda)\sqrt{n^2 - \mathrm{NA}^2\rho^2}}\, \rho\, d\rho \right|^2,

    integrated over the area of each pixel. In focus this is the Airy pattern,
    whose full width at half maximum is :math:`0.51\,\lambda/\mathrm{NA}`.

    Parameters
    ----------
    na : float
        Numerical aperture, at most `refractive_index`.
    wavelength, pixel_size, defocus : float
        Vacuum wavelength of the emission, pixel pitch in the sample and
        distance z from focus, all in one unit such as micrometres.
    refractive_index : float
        Index n of the immersion medium (oil 1.515, water 1.33, air 1).
    size : int, optional
        Odd number of pixels; by default five Airy radii and the defocused cone
        on either side, at most 255 pixels in all.
    kind : {'widefield', 'confocal'}
        'confocal' is the square of the widefield function: excitation and
        emission at about one wavelength and a closed pinhole.

    Raises
    ------
    ParameterError
        When a number is out of range, or a pixel is larger than
        :math:`\lambda/\mathrm{NA}`.

    Warns
    -----
    UserWarning
        When the pixels are larger than :math:`\lambda/(4\mathrm{NA})`, so that
        the camera undersamples the image.

    References
    ----------
    M. Born and E. Wolf, *Principles of Optics*, 7th ed., sections 8.5 and 8.8.
    """
    _check_optics(na, wavelength, pixel_size, refractive_index, defocus)
    if kind not in ('widefield', 'confocal'):
        raise ParameterError(f"kind = {kind!r} is not offered; choose 'widefield' or 'confocal'")
    airy = AIRY_RADIUS * wavelength / na
    cone = abs(defocus) * math.tan(math.asin(min(na / refractive_index, 0.999)))
    size = odd_size(size, (5 * airy + cone) / pixel_size)
    reach = size * pixel_size / math.sqrt(2)
    radii = np.linspace(0, reach, 2 + math.ceil(40 * reach / airy))
    profile = _diffraction(radii, na, wavelength, refractive_index, defocus)
    profile = profile**2 if kind == 'confocal' else profile
    parts = max(3, 2 * math.ceil(4 * na * pixel_size / wavelength) + 1)
    inside = ((np.arange(parts) + 0.5) / parts - 0.5) * pixel_size
    grid = (np.arange(size) - size // 2) * pixel_size
    kernel = np.zeros((size, size))
    for row, col in product(inside, inside):
        distance = np.hypot(*np.meshgrid(grid + row, grid + col, indexing='ij'))
        kernel += np.interp(distance, radii, profile)
    return normalise(kernel)


def _check_optics(na: float, wavelength: float, pixel: float, index: float, z: float) -> None:
    for name, value in (('na', na), ('wavelength', wavelength), ('pixel_size', pixel)):
        positive(name, value)
    if not (math.isfinite(index) and na <= index):
        raise ParameterError(
            f'na = {na} exceeds refractive_index = {index}; give the index of the immersion '
            'medium (oil 1.515, water 1.33, air 1) or a smaller aperture'
        )
    if not (math.isfinite(z) and abs(z) <= 200 * wavelength):
        raise ParameterError(f'defocus = {z} must lie within 200 wavelengths, {200 * wavelength:g}')
    nyquist = wavelength / (4 * na)
    if pixel > 4 * nyquist:
        raise ParameterError(
            f'pixel_size = {pixel:g} is larger than wavelength / na = {4 * nyquist:.3g}, so '
            'the blur is finer than a pixel; check that all lengths are in one unit'
        )
    if pixel > nyquist * (1 + 1e-9):
        warnings.warn(
            f'pixel_size = {pixel:g} undersamples: the optics need {nyquist:.3g} or less, so '
            'detail beyond the pixel grid cannot be told from aliasing',
            stacklevel=3,
        )


def _diffraction(r: np.ndarray, na: float, lam: float, n: float, z: float) -> np.ndarray:
    """Integrate the pupil by Gauss's rule in panels of a few radians of phase."""
    swing = 2 * math.pi * (na * float(r.max()) + abs(z) * (n - math.sqrt(n**2 - na**2))) / lam
    panels = 4 + math.ceil(swing / 4)
    x, weight = np.polynomial.legendre.leggauss(8)
    rho = ((np.arange(panels)[:, None] + (x + 1) / 2) / panels).ravel()
    phase = 2 * math.pi * z / lam * np.sqrt(n**2 - (na * rho) ** 2)
    pupil = np.tile(weight, panels) * rho * np.exp(1j * phase)
    field = special.j0(2 * math.pi * na / lam * np.outer(r, rho)) @ pupil
    return np.asarray(np.abs(field) ** 2)
