"""The residual of a restoration: if all is well it is noise, and shows nothing of the image.

The residual ``z = (y - H x) / sigma(x)`` of a good result is white and has variance 1. A white
residual does not prove a good result; one that is not white accuses.

References
----------
G. E. P. Box, D. A. Pierce, "Distribution of residual autocorrelations in autoregressive-integrated
moving average time series models", JASA 65, 1970; M. S. C. Almeida, M. A. T. Figueiredo,
"Parameter estimation for blind and non-blind deblurring using residual whiteness measures", IEEE
TIP 22(7), 2013, doi:10.1109/TIP.2013.2257810.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from ..brief import Brief
from ..errors import ImageError
from ..image.model import values_of
from .reblurring import blurred, kernel_of
from .told_noise import variance_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_RINGS = 8


@dataclass(frozen=True, eq=False, repr=False)
class Whiteness(Brief):
    """The deviation of a residual from white noise.

    Attributes
    ----------
    correlation : ndarray
        ``(2 lag + 1, 2 lag + 1)`` autocorrelation, 1 in the middle.
    statistic, degrees, p_value : float, int, float
        Box-Pierce over the lags of a half plane, against chi-squared. With many pixels
        everything is significant: look at `lag_one` as well.
    lag_one : float
        Mean correlation of direct neighbours: positive where structure or grain is left,
        negative where noise was left in the result.
    ring_power : ndarray
        Power in eight rings of frequency up to half a cycle per pixel; 1 when white.
    low_over_high : float
        Power up to a quarter of a cycle per pixel over that beyond.
    exponential_distance : float
        Kolmogorov distance of the periodogram from an exponential distribution.
    """

    correlation: Floats
    statistic: float
    degrees: int
    p_value: float
    lag_one: float
    ring_power: Floats
    low_over_high: float
    exponential_distance: float


@dataclass(frozen=True, eq=False, repr=False)
class ChiSquare(Brief):
    """Squares of the residual in units of its expected variance; 1 everywhere when all is well.

    Attributes
    ----------
    total : float
        Mean over all pixels.
    z_score : float
        Its distance from 1 in standard errors.
    local : ndarray
        Mean around each pixel.
    flagged : ndarray of bool
        Where that is higher than chance allows.
    """

    total: float
    z_score: float
    local: Floats
    flagged: Bools


@dataclass(frozen=True, eq=False, repr=False)
class Residual(Brief):
    """The residual of a restoration, in units of the noise.

    Attributes
    ----------
    values : ndarray
        ``(y - k * x) / sigma``, the standardised residual ``(H, W)``.
    rms : float
        Its root mean square: 1 where the noise is gone and nothing else. Check 'noise' of a
        run allows 0.6 to 1.2.
    whiteness, chi_square
        See there.
    structure, edges : float
        Correlation of the smoothed residual with the detail of the result, and with the
        strength of its edges: 0 for noise alone. Check 'structure' of a run allows 0.6.
    """

    values: Floats
    rms: float
    whiteness: Whiteness
    chi_square: ChiSquare
    structure: float
    edges: float


def residual(observed: Any, restored: Any, noise: Any, kernel: Any = None) -> Residual:
    """Examine the residual of a restoration.

    Parameters
    ----------
    observed, restored : array-like
        Planes ``(H, W)`` of one shape, in the same units.
    noise : float, array-like or Camera
        Standard deviation of the noise, a map of it, or what tells its variance at each
        intensity; see :func:`napari_fresco.estimate_noise` and `estimate_camera`.
    kernel : array-like, Image or Kernel, optional
        What the restored image is blurred by before it is compared, ``(h, w)``, centred on
        element ``size // 2``. A plane cannot be blurred by the kernel of a volume, since light
        from its neighbours reaches it; :func:`evaluate` takes both.

    Raises
    ------
    ImageError
        When the two are no finite planes of one shape, or do not differ.
    KernelError
        When the kernel is none of a plane.
    ParameterError
        When the noise is not told, or not above 0.
    """
    y, x = (np.asarray(values_of(each), np.float64) for each in (observed, restored))
    if y.ndim != 2 or y.shape != x.shape:
        raise ImageError(f'observed {y.shape} and restored {x.shape}; give two planes of one shape')
    return examined(y, x, x if kernel is None else blurred(x, kernel_of(kernel).values), noise)


def examined(y: Floats, x: Floats, seen: Floats, noise: Any) -> Residual:
    """Examine the residual of planes.

    `seen`: the restored plane `x`, blurred as the observed plane `y` is.
    `noise`: as for :func:`residual`, which raises the same errors.
    """
    variance = variance_of(noise, seen)
    z = (y - seen) / np.sqrt(variance)
    smooth = ndimage.gaussian_filter(z, 1)
    fine = ndimage.gaussian_filter(x, 1)
    return Residual(
        z,
        float(np.sqrt(np.mean(z**2))),
        whiteness(z),
        chi_square(y - seen, variance),
        _correlation(smooth, fine - ndimage.gaussian_filter(x, 4)),
        _correlation(np.abs(smooth), np.hypot(*np.gradient(fine))),
    )


def whiteness(residual: Any, lag: int = 3) -> Whiteness:
    """Test whether a residual ``(H, W)`` is white.

    Parameters
    ----------
    residual : array-like
        In units of its expected standard deviation, or of a constant one.
    lag : int
        Largest shift along either axis.

    Raises
    ------
    ImageError
        When the residual is no finite plane, or is constant.
    """
    r = np.asarray(residual, np.float64)
    if r.ndim != 2 or min(r.shape) < 4 * lag or not np.isfinite(r).all() or np.ptp(r) == 0:
        raise ImageError(
            f'residual of shape {r.shape}; give a finite plane of at least {4 * lag} pixels a side '
            'that is not constant'
        )
    r = r - r.mean()
    power = float(np.mean(r**2))
    rho = np.ones((2 * lag + 1, 2 * lag + 1))
    statistic = 0.0
    shifts = [(dy, dx) for dy in range(lag + 1) for dx in range(-lag, lag + 1) if (dy, dx) > (0, 0)]
    for dy, dx in shifts:
        overlap = _overlap(r, dy, dx)
        value = float(np.mean(overlap)) / power
        rho[lag + dy, lag + dx] = rho[lag - dy, lag - dx] = value
        statistic += overlap.size * value**2
    lag_one = float(rho[lag, lag + 1] + rho[lag + 1, lag]) / 2
    p = float(special.gammaincc(len(shifts) / 2, statistic / 2))  # upper tail of chi-squared
    return Whiteness(rho, statistic, len(shifts), p, lag_one, *_periodogram(r, power))


def chi_square(residual: Any, variance: Any, *, side: int = 15) -> ChiSquare:
    """Compare a residual with the variance that the noise model expects.

    Parameters
    ----------
    residual : array-like
        ``y - H x`` in image units, ``(H, W)``.
    variance : array-like
        Expected variance in squared image units, of the result and not of the noisy pixels.
    side : int
        Side of the neighbourhoods of the local means.
    """
    z2 = np.square(np.asarray(residual, np.float64)) / np.asarray(variance, np.float64)
    error = math.sqrt(2 / z2.size)
    total = float(z2.mean())
    local = ndimage.uniform_filter(z2, side, mode='reflect')
    return ChiSquare(total, (total - 1) / error, local, local > 1 + 5 * math.sqrt(2) / side)


def _correlation(a: Floats, b: Floats) -> float:
    """Return the Pearson correlation; 0 where one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    power = math.sqrt(float(np.sum(a**2)) * float(np.sum(b**2)))
    return float(np.sum(a * b)) / power if power > 0 else 0.0


def _overlap(r: Floats, dy: int, dx: int) -> Floats:
    """Return the products of the pixels with those `dy` rows below and `dx` columns right."""
    rows, columns = r.shape
    upper = r[: rows - dy, max(0, -dx) : columns - max(0, dx)]
    lower = r[dy:, max(0, dx) : columns - max(0, -dx)]
    return upper * lower


def _periodogram(r: Floats, power: float) -> tuple[Floats, float, float]:
    """Return the power by ring, low over high, and the distance from an exponential law."""
    spectrum = np.abs(np.fft.fft2(r)) ** 2 / (r.size * power)
    q = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, r.shape), indexing='ij'))
    some = q > 0
    ring = np.floor(q / (0.5 / _RINGS)).astype(np.intp)
    rings = np.array([spectrum[some & (ring == i)].mean() for i in range(_RINGS)])
    low_over_high = spectrum[some & (q <= 0.25)].mean() / spectrum[q > 0.25].mean()
    sizes = np.sort(spectrum[some])
    rank = (np.arange(len(sizes)) + 0.5) / len(sizes)
    distance = np.abs(rank - (1 - np.exp(-sizes))).max()
    return rings, float(low_over_high), float(distance)
