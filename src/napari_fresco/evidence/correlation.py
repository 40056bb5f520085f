r"""Fourier ring and shell correlation: up to which frequency two images tell the same.

.. math:: FRC(q) = \frac{\sum_q \Re(A B^*)}{\sqrt{\sum_q |A|^2 \sum_q |B|^2}}

over rings (shells of a volume) of width of the coarsest frequency step. numpy only.

References
----------
R. P. J. Nieuwenhuizen et al., "Measuring image resolution in optical nanoscopy", Nature Methods
10, 2013, doi:10.1038/nmeth.2448; M. van Heel, M. Schatz, "Fourier shell correlation threshold
criteria", J. Struct. Biol. 151, 2005, doi:10.1016/j.jsb.2005.05.009; S. Koho et al., "Fourier ring
correlation simplifies image restoration in fluorescence microscopy", Nature Communications 10,
2019, doi:10.1038/s41467-019-11024-z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brief import Brief
from ..errors import ImageError, ParameterError
from ..image.model import values_of
from .frames import Distances, Given, check_independent, one_spacing, spacing_of

Floats = NDArray[np.float64]

ONE_SEVENTH = 1 / 7
"""The fixed threshold of the cut-off."""

_FIRST = 2  # rings before this one hold too few coefficients to cut off at
_CHECKERBOARD = (0.95988146, 0.97979108, 13.90441896, 0.55146136)  # Koho 2019, as in miplib


@dataclass(frozen=True, eq=False, repr=False)
class Correlation(Brief):
    """A correlation by frequency.

    Attributes
    ----------
    frequency : ndarray
        Middle of each ring, in cycles per unit of the spacing.
    values : ndarray
        Correlation from -1 to 1.
    count : ndarray
        Fourier coefficients in each ring.
    cutoff : float
        Where the curve, averaged over three rings, falls below the threshold; the last
        ring if it never does.
    """

    frequency: Floats
    values: Floats
    count: Floats
    cutoff: float

    @property
    def resolution(self) -> float:
        """Period of the cut-off, in units of the spacing."""
        return math.inf if self.cutoff <= 0 else 1 / self.cutoff

    @property
    def half_bit(self) -> Floats:
        """The half-bit threshold of each ring (van Heel and Schatz)."""
        root = np.sqrt(self.count)
        return np.asarray((0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root))

    def cutoff_at(self, threshold: float | Floats) -> float:
        """Return where the curve falls below another threshold, a number or one for each ring."""
        return _cutoff(self.frequency, self.values, np.broadcast_to(threshold, self.values.shape))


def frc(a: Any, b: Any, spacing: Given | None = None, *, window: str = 'hann') -> Correlation:
    """Correlate two planes of the same object ring by ring.

    Parameters
    ----------
    a, b : array-like
        ``(H, W)``, with independent noise: two exposures, or one that was split
        (:func:`napari_fresco.evidence.split_counts`). Never split a denoised image.
    spacing : float, (float, float) or mapping, optional
        Distance of two pixels along Y and X, in any unit, or the spacing of an image; by default
        that of an :class:`Image`, else 1, so that the resolution is told in pixels.
    window : {'hann', 'none'}
        What the images fade out with, so that their borders do not correlate.

    Returns
    -------
    Correlation

    Raises
    ------
    ImageError
        When the planes differ in shape, are not 2-D or not finite, or are the same or constant.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> curve = frc(*random.normal(size=(2, 64, 64)), spacing=0.1)
    >>> bool(curve.cutoff < 1.5)
    True
    """
    check_independent(a, b)
    return _correlated(a, b, spacing_of(spacing, a, b), window, 2, None)


def ring_correlation(a: Any, b: Any, spacing: float = 1.0) -> Correlation:
    """Return :func:`frc` of planes that need not be independent, such as one and the truth."""
    return _correlated(a, b, spacing, 'hann', 2, None)


def fsc(
    a: Any,
    b: Any,
    spacing: Given | None = None,
    *,
    window: str = 'hann',
    axis: int | None = None,
    half_angle: float = 30.0,
) -> Correlation:
    """Correlate two volumes of the same object shell by shell, in physical frequency.

    Parameters
    ----------
    a, b : array-like
        ``(D, H, W)`` with independent noise.
    spacing : float, (float, float, float) or mapping, optional
        Distance of two voxels along Z, Y and X, in one unit; by default as for :func:`frc`.
    window : {'hann', 'none'}
        As for :func:`frc`.
    axis : int, optional
        Only frequencies in a double cone around this axis count.
    half_angle : float
        Half the opening of the cone, in degrees.

    Raises
    ------
    ImageError
        When the volumes differ in shape, are not 3-D or not finite, or are the same or constant.
    """
    check_independent(a, b)
    cone = None if axis is None else (axis % 3, math.cos(math.radians(half_angle)))
    return _correlated(a, b, spacing_of(spacing, a, b), window, 3, cone)


def frc_checkerboard(image: Any, spacing: Given | None = None) -> Correlation:
    """Estimate a resolution from the four lattices of one image, as Koho and others do.

    It is some 20 % coarser than that of two exposures, and means nothing where neighbours
    share noise: resampled, JPEG, confocal or denoised images.

    Parameters
    ----------
    image : array-like
        ``(H, W)`` with white noise.
    spacing : float, optional
        Distance of two pixels; by default as for :func:`frc`.

    Returns
    -------
    Correlation
        ``cutoff`` is calibrated, in cycles per unit of the spacing; ``frequency`` is that of a
        lattice, in cycles per pixel of a lattice.
    """
    plane, step = _checked(image, 2), one_spacing(spacing, image)
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    faded = _faded(even, 'hann')
    pairs = (((0, 0), (1, 1)), ((0, 1), (1, 0)))
    lattices = [[faded[i::2, j::2] for i, j in pair] for pair in pairs]
    curves = [_correlated(first, second, 1.0, 'none', 2, None) for first, second in lattices]
    values = np.mean([curve.values for curve in curves], axis=0)
    frequency, count = curves[0].frequency, curves[0].count
    share = 2 * _cutoff(frequency, values, np.full(len(values), ONE_SEVENTH))
    a, b, c, d = _CHECKERBOARD
    factor = a * math.exp(c * (share - b)) + d
    return Correlation(frequency, values, count, share * factor / (2 * step))


def _correlated(
    a: Any,
    b: Any,
    spacing: Distances,
    window: str,
    ndim: int,
    cone: tuple[int, float] | None,
) -> Correlation:
    first, second = _checked(a, ndim), _checked(b, ndim)
    if first.shape != second.shape:
        raise ImageError(
            f'the two images have shapes {first.shape} and {second.shape}; give two of one shape'
        )
    distances = _distances(spacing, ndim)
    f, g = (np.fft.fftn(_faded(image, window)) for image in (first, second))
    frequencies = np.meshgrid(*map(np.fft.fftfreq, first.shape, distances), indexing='ij')
    norm = np.sqrt(sum(np.square(q) for q in frequencies))
    step = max(1 / (n * d) for n, d in zip(first.shape, distances, strict=True))
    nyquist = min(0.5 / d for d in (distances if cone is None else [distances[cone[0]]]))
    count = math.floor(nyquist / step + 1e-9) + 1
    ring = np.floor(norm / step + 0.5).astype(np.intp)
    seen = ring < count
    if cone is not None:
        seen &= np.abs(frequencies[cone[0]]) >= cone[1] * norm
    parts = ((f * g.conj()).real, np.abs(f) ** 2, np.abs(g) ** 2, np.ones(first.shape))
    cross, own, other, number = (np.bincount(ring[seen], x[seen], count) for x in parts)
    power = np.sqrt(own * other)
    values = np.divide(cross, power, out=np.zeros(count), where=power > 0)
    frequency = step * np.arange(count)
    cutoff = _cutoff(frequency, values, np.full(count, ONE_SEVENTH))
    return Correlation(frequency, values, number.astype(np.float64), cutoff)


def _cutoff(frequency: Floats, values: Floats, threshold: Floats) -> float:
    """Return where the curve, averaged over three rings, falls below the threshold."""
    ends = np.pad(values, 1, constant_values=np.nan)
    smooth = np.nanmean([ends[:-2], ends[1:-1], ends[2:]], axis=0)
    above = smooth - threshold
    below = np.flatnonzero(above[_FIRST:] < 0) + _FIRST
    if not len(below):
        return float(frequency[-1])
    i = int(below[0])
    before = max(float(above[i - 1]), 0.0)
    share = before / (before - float(above[i]))
    return float(frequency[i - 1] + share * (frequency[i] - frequency[i - 1]))


def _faded(image: Floats, window: str) -> Floats:
    """Return the image without its mean, faded out towards its borders."""
    if window not in ('hann', 'none'):
        raise ParameterError(f"window = {window!r}; give 'hann' or 'none'")
    image = image - image.mean()
    if window == 'hann':
        for axis, n in enumerate(image.shape):
            weights = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
            image = image * weights.reshape([-1 if i == axis else 1 for i in range(image.ndim)])
    return image


def _checked(image: Any, ndim: int) -> Floats:
    array = np.asarray(values_of(image), np.float64)
    if array.ndim != ndim or min(array.shape) < 8:
        what = 'a plane (H, W)' if ndim == 2 else 'a volume (D, H, W)'
        raise ImageError(
            f'image has shape {array.shape}; give {what} of at least 8 along each axis'
        )
    if not np.isfinite(array).all():
        raise ImageError('image holds NaN or infinite values; crop to what is finite')
    return array


def _distances(spacing: Distances, ndim: int) -> list[float]:
    try:
        given = np.broadcast_to(np.asarray(spacing, np.float64), (ndim,))
    except (TypeError, ValueError):
        given = np.zeros(ndim)
    if not (given > 0).all():
        raise ParameterError(f'spacing = {spacing!r}; give {ndim} distances above 0')
    return [float(d) for d in given]
