"""Point spread functions: checked, computed from optics, measured.

A kernel is a float64 array that sums to 1 and whose origin is the pixel
``size // 2`` along each axis. Angles are in degrees, anticlockwise from the
horizontal as an image is displayed (rows run downwards). No torch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import ndimage, special

from ...errors import KernelError, ParameterError

LARGEST = 255
AIRY_RADIUS = 0.61
ROUND = 0.02


class Widths(NamedTuple):
    """Full widths at half maximum in pixels, and the direction of the larger one."""

    major: float
    minor: float
    angle: float


def normalise(kernel: Any, *, signed: bool = False) -> np.ndarray:
    """Check a blur kernel and scale it to sum to 1.

    Parameters
    ----------
    kernel : array_like, 2-D
        Odd or even sizes; the origin is the pixel ``size // 2``.
    signed : bool
        Accept negative entries, as antialiasing filters have them
        (:func:`napari_fresco.physics.kernels.bicubic`); a point spread
        function has none.

    Returns
    -------
    ndarray, float64
        A new array of sum 1.

    Raises
    ------
    KernelError
        When the array is not a usable kernel; the message says why.
    """
    try:
        array = np.asarray(kernel)
        real = not np.iscomplexobj(array)
        values = array.astype(np.float64) if real else array
    except (TypeError, ValueError):
        raise KernelError(f'a kernel must be an array of numbers, not {kernel!r:.80}') from None
    if array.ndim != 2 or array.size == 0:
        raise KernelError(
            f'a kernel must be 2-D and not empty, but has shape {array.shape}; '
            'give one plane of a stack or one channel of a colour image'
        )
    if not real:
        raise KernelError('a kernel must be real, but is complex; give its absolute square')
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    if bad:
        raise KernelError(f'the kernel holds {bad} NaN or infinite of {values.size} entries')
    return _scaled(values, signed)


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


def fwhm(kernel: Any) -> Widths:
    """Measure the full widths at half maximum of a kernel, in pixels.

    The principal axes are those of the second moments of the part above half
    maximum; the widths are read from cubic interpolation along them.

    Parameters
    ----------
    kernel : array_like, 2-D
        See :func:`normalise`.

    Returns
    -------
    Widths
        Larger width, smaller width, and direction of the larger in
        (-90, 90] degrees.

    Raises
    ------
    KernelError
        When `kernel` is not usable.
    """
    values = np.pad(normalise(kernel, signed=True), 2)
    core = np.clip(values - values.max() / 2, 0, None)
    centre: Sequence[Any] = ndimage.center_of_mass(core)
    rows, cols = (axis - c for axis, c in zip(np.indices(core.shape), centre, strict=True))
    mixed = float((core * rows * cols).sum())
    across = float((core * (cols**2 - rows**2)).sum())
    theta = 0.5 * math.atan2(-2 * mixed, across)
    if _sample(values, *np.reshape(centre, (2, 1)))[0] <= values.max() / 2:  # a hollow kernel
        centre = np.unravel_index(int(np.argmax(values)), values.shape)
    first = _width(values, centre, theta)
    second = _width(values, centre, theta + math.pi / 2)
    if abs(second - first) < ROUND * max(first, second):
        return Widths(max(first, second), min(first, second), 0.0)
    if second > first:
        first, second, theta = second, first, theta + math.pi / 2
    angle = (math.degrees(theta) + 90) % 180 - 90
    return Widths(first, second, 90.0 if angle == -90 else angle)


def positive(name: str, value: float) -> None:
    """Raise :class:`ParameterError` unless `value` is a positive, finite number."""
    if not (isinstance(value, int | float | np.number) and 0 < value < math.inf):
        raise ParameterError(f'{name} = {value!r} must be a positive number')


def whole(name: str, value: int) -> int:
    """Return `value`, or raise :class:`ParameterError` unless it is a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(f'{name} = {value!r} must be a whole number of at least 1')
    return int(value)


def odd_size(size: int | None, reach: float) -> int:
    """Return a checked odd `size`, or the one that holds `reach` pixels on either side."""
    if size is None:
        return min(2 * math.ceil(max(reach, 1)) + 1, LARGEST)
    if whole('size', size) % 2 == 0:
        raise ParameterError(f'size = {size} must be odd, so that one pixel is the centre')
    return int(size)


def _scaled(values: np.ndarray, signed: bool) -> np.ndarray:
    negative = int(np.count_nonzero(values < 0))
    if negative and not signed:
        raise KernelError(
            f'the kernel has {negative} negative of {values.size} entries, the least '
            f'{values.min():.3g}; subtract the background and clip it with np.clip(kernel, 0, None)'
        )
    largest = float(np.abs(values).max())
    if largest == 0:
        raise KernelError('the kernel is zero everywhere; it must have a positive sum')
    values = values / largest
    total = float(values.sum())
    if total <= 1e-9:
        raise KernelError(
            f'the entries of the kernel sum to {total * largest:.3g}; a blur needs > 0'
        )
    return np.ascontiguousarray(values / total)


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


def _sample(values: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    return np.asarray(ndimage.map_coordinates(values, [rows, cols], order=3))


def _width(values: np.ndarray, centre: Sequence[float], theta: float) -> float:
    half = values.max() / 2
    t = np.arange(0, math.hypot(*values.shape), 0.05)
    total = 0.0
    for sign in (1, -1):
        rows = centre[0] - sign * t * math.sin(theta)
        cols = centre[1] + sign * t * math.cos(theta)
        line = _sample(values, rows, cols)
        below = int(np.argmax(line < half))
        total += t[below] - 0.05 * (half - line[below]) / (line[below - 1] - line[below])
    return float(total)
