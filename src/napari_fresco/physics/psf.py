"""Point spread functions: checked, computed from optics, measured from beads.

A kernel is a float64 array that sums to 1 and whose origin is the pixel
``size // 2`` along each axis. Angles are in degrees, anticlockwise from the
horizontal as an image is displayed (rows run downwards). No torch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import ndimage, special

from ..types import KernelError, ParameterError

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
        When a number is out of range.

    Warns
    -----
    UserWarning
        When the pixels are larger than :math:`\lambda/(4\mathrm{NA})`, so that
        the camera undersamples the image.

    References
    ----------
    M. Born and E. Wolf, *Principles of Optics*, 7th ed., sections 8.5 and 8.8.
    """
    for name, value in (('na', na), ('wavelength', wavelength), ('pixel_size', pixel_size)):
        positive(name, value)
    if not (math.isfinite(refractive_index) and na <= refractive_index):
        raise ParameterError(
            f'na = {na} exceeds refractive_index = {refractive_index}; give the index of the '
            'immersion medium (oil 1.515, water 1.33, air 1) or a smaller aperture'
        )
    if not math.isfinite(defocus):
        raise ParameterError(f'defocus = {defocus} must be a finite length')
    if kind not in ('widefield', 'confocal'):
        raise ParameterError(f"kind = {kind!r} is not offered; choose 'widefield' or 'confocal'")
    airy = AIRY_RADIUS * wavelength / na
    cone = abs(defocus) * math.tan(math.asin(min(na / refractive_index, 0.999)))
    size = odd_size(size, (5 * airy + cone) / pixel_size)
    nyquist = wavelength / (4 * na)
    if pixel_size > nyquist * (1 + 1e-9):
        warnings.warn(
            f'pixel_size = {pixel_size:g} undersamples: the optics need {nyquist:.3g} or less, '
            'so detail beyond the pixel grid cannot be told from aliasing',
            stacklevel=2,
        )
    fine = max(3, 2 * math.ceil(pixel_size / nyquist) + 1)
    step = pixel_size / fine
    offsets = (np.arange(size * fine) - (size * fine - 1) / 2) * step
    radius = np.hypot(offsets[:, None], offsets[None, :])
    nodes = np.linspace(0, float(radius.max()), 2 + math.ceil(float(radius.max()) / airy * 40))
    profile = _diffraction(nodes, na, wavelength, refractive_index, defocus)
    profile = profile**2 if kind == 'confocal' else profile
    points = np.interp(radius, nodes, profile)
    return normalise(points.reshape(size, fine, size, fine).mean(axis=(1, 3)))


def from_bead(crop: Any, size: int | None = None) -> np.ndarray:
    """Make a kernel from the image of one bead smaller than the resolution.

    The background (median of the border) is subtracted, whatever does not
    rise above its noise or does not touch the bead is cleared, and the
    centroid is moved to the central pixel by cubic interpolation.

    Parameters
    ----------
    crop : array_like, 2-D
        Part of an image that holds one bead with dark surroundings.
    size : int, optional
        Odd number of pixels; by default the largest odd square in `crop`.

    Raises
    ------
    KernelError
        When `crop` is not a plane of finite numbers, is smaller than 3 pixels,
        holds nothing brighter than its border, or cuts the bead.
    """
    values = _plane(crop)
    border = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
    level = float(np.median(border))
    noise = 1.4826 * float(np.median(np.abs(border - level)))
    signal = np.clip(values - level, 0, None)
    peak = np.unravel_index(int(np.argmax(signal)), signal.shape)
    if signal[peak] <= max(5 * noise, 1e-9 * abs(level)):
        raise KernelError(
            'the crop holds nothing that rises above its border; crop one bright bead with '
            'some dark background around it'
        )
    if _on_border(peak, signal.shape):
        raise KernelError('the brightest pixel lies on the border of the crop; centre the bead')
    labels, _ = ndimage.label(signal > 2 * noise)
    bead = np.where(labels == labels[peak], signal, 0.0)
    side = odd_size(size, (min(bead.shape) - 1) // 2)
    return normalise(_recentred(bead, side))


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
    if abs(second - first) < ROUND:
        return Widths(max(first, second), min(first, second), 0.0)
    if second > first:
        first, second, theta = second, first, theta + math.pi / 2
    angle = (math.degrees(theta) + 90) % 180 - 90
    return Widths(first, second, 90.0 if angle == -90 else angle)


def positive(name: str, value: float) -> None:
    """Raise :class:`ParameterError` unless `value` is a positive, finite number."""
    if not (isinstance(value, int | float | np.number) and 0 < value < math.inf):
        raise ParameterError(f'{name} = {value!r} must be a positive number')


def odd_size(size: int | None, reach: float) -> int:
    """Return a checked odd `size`, or the one that holds `reach` pixels on either side."""
    if size is None:
        return min(2 * math.ceil(max(reach, 1)) + 1, LARGEST)
    if isinstance(size, bool) or size != int(size) or size < 1 or size % 2 == 0:
        raise ParameterError(f'size = {size!r} must be an odd whole number of pixels')
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
        raise KernelError(f'the entries of the kernel sum to {total * largest:.3g}; a blur needs > 0')
    return np.ascontiguousarray(values / total)


def _plane(crop: Any) -> np.ndarray:
    values = np.asarray(crop)
    if values.ndim != 2 or min(values.shape) < 3:
        raise KernelError(f'a bead crop must be 2-D and at least 3 x 3, but has shape {values.shape}')
    if values.dtype.kind not in 'buif':
        raise KernelError(f'a bead crop must hold real numbers, not {values.dtype}')
    values = values.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise KernelError(f'the bead crop holds {bad} NaN or infinite pixels')
    return values


def _diffraction(r: np.ndarray, na: float, lam: float, n: float, z: float) -> np.ndarray:
    defocus_phase = 2 * math.pi * abs(z) / lam * (n - math.sqrt(n**2 - na**2))
    order = 48 + math.ceil(2 * math.pi * na / lam * float(r.max()) + defocus_phase)
    x, weight = np.polynomial.legendre.leggauss(order)
    rho = (x + 1) / 2
    phase = 2 * math.pi * z / lam * np.sqrt(n**2 - (na * rho) ** 2)
    pupil = weight * rho * np.exp(1j * phase)
    field = special.j0(2 * math.pi * na / lam * np.outer(r, rho)) @ pupil
    return np.asarray(np.abs(field) ** 2)


def _on_border(index: Sequence[Any], shape: tuple[int, ...]) -> bool:
    return any(i in (0, n - 1) for i, n in zip(index, shape, strict=True))


def _recentred(bead: np.ndarray, side: int) -> np.ndarray:
    centre = ndimage.center_of_mass(bead)
    offsets = np.arange(side) - side // 2
    grid = np.meshgrid(offsets + centre[0], offsets + centre[1], indexing='ij')
    return np.clip(ndimage.map_coordinates(bead, grid, order=3, mode='constant'), 0, None)


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
