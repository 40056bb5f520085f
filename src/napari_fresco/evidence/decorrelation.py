r"""Decorrelation analysis: the resolution of one image, without a second one.

.. math:: d(\rho) = \frac{\sum_{|q|<\rho} \Re(F U^*)}{\sqrt{\sum |F|^2 \sum_{|q|<\rho} |U|^2}},
   \quad U = F / |F|

has a peak where the image ends and noise begins. The highest peak frequency over a set of
high-pass filtered copies is the cut-off. It needs a noise plateau: after a network, or on an
image without noise, it means nothing.

Reference: A. Descloux, K. S. Grußmayer, A. Radenovic, "Parameter-free image resolution estimation
based on decorrelation analysis", Nature Methods 16, 2019, doi:10.1038/s41592-019-0515-7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from ..brief import Brief
from ..errors import ImageError
from ..image.model import values_of
from .frames import one_spacing

Floats = NDArray[np.float64]

_DROP = 0.001  # by which a curve must fall after a peak
_LEAST_PEAK = 0.05
_WIDE = 4.0  # pixels of a blur
_NARROWEST = 0.15  # pixels: width of the mildest high-pass filter


@dataclass(frozen=True, eq=False, repr=False)
class Decorrelation(Brief):
    """The outcome of a decorrelation analysis.

    Attributes
    ----------
    radius : ndarray
        Radii in shares of the Nyquist frequency.
    curve : ndarray
        d of the unfiltered image at those radii.
    amplitude : float
        Height of its peak: an image of noise only has nearly none.
    cutoff : float
        In shares of the Nyquist frequency; 0 where no peak was found.
    resolution : float
        ``2 / cutoff`` pixels, in units of the spacing.
    """

    radius: Floats
    curve: Floats
    amplitude: float
    cutoff: float
    resolution: float


class _Peak(NamedTuple):
    place: float
    height: float


def decorrelation(
    image: Any,
    spacing: float | None = None,
    *,
    radii: int = 50,
    filters: int = 10,
    apodise: int = 20,
) -> Decorrelation:
    """Estimate the resolution of one noisy image.

    Parameters
    ----------
    image : array-like
        ``(H, W)``; of an even side the last line is left out.
    spacing : float, optional
        Distance of two pixels; by default that of an :class:`Image`, else 1.
    radii : int
        Points of each curve.
    filters : int
        High-pass filters in each of two rounds.
    apodise : int
        Pixels over which the borders fade to the mean; 0 for none.

    Raises
    ------
    ImageError
        When the image is no finite plane of at least 16 x 16 pixels.
    """
    plane = np.asarray(values_of(image), np.float64)
    if plane.ndim != 2 or min(plane.shape) < 16 or not np.isfinite(plane).all():
        raise ImageError(
            f'image has shape {plane.shape}; give a finite plane of at least 16 x 16 pixels'
        )
    plane = plane[: (plane.shape[0] - 1) // 2 * 2 + 1, : (plane.shape[1] - 1) // 2 * 2 + 1]
    analysis = _Analysis(_apodised(plane, apodise), radii)
    radius = np.linspace(0, 1, radii)
    curve = analysis.curve(radius)
    start = _peak(radius, curve)
    cutoff = analysis.cutoff(start, filters, min(plane.shape))
    resolution = 2 * one_spacing(spacing, image) / cutoff if cutoff > 0 else float('inf')
    return Decorrelation(radius, curve, start.height, cutoff, resolution)


class _Analysis:
    """A plane, and the radii of its coefficients in order, so that sums are look-ups."""

    def __init__(self, plane: Floats, radii: int) -> None:
        self._plane, self._radii = plane - plane.mean(), radii
        # Odd sides: the outermost coefficient counts as the Nyquist frequency.
        axes = [np.fft.fftfreq(n) * n / (n // 2) for n in plane.shape]
        radius = np.hypot(*np.meshgrid(*axes, indexing='ij')).ravel()
        order = np.argsort(radius, kind='stable')
        self._inside = order[(radius[order] > 0) & (radius[order] <= 1)]
        self._radius = radius[self._inside]

    def curve(self, radius: Floats, width: float | None = None) -> Floats:
        """Return d at each radius, of the image high-pass filtered by a Gaussian of `width` px."""
        plane = self._plane
        if width is not None:
            plane = plane - self._blurred(width)
        magnitude = np.abs(np.fft.fft2(plane)).ravel()[self._inside]
        sums = np.concatenate(([0.0], np.cumsum(magnitude)))
        number = np.searchsorted(self._radius, radius, side='left')
        power = np.sqrt(np.sum(magnitude**2) * number)
        d: Floats = np.divide(sums[number], power, out=np.zeros(len(radius)), where=power > 0)
        return d

    def _blurred(self, width: float) -> Floats:
        """Return the plane blurred with mirrored borders; wide blurs by their cosine spectrum."""
        if width < _WIDE:
            return np.asarray(ndimage.gaussian_filter(self._plane, width))
        axes = [np.pi * np.arange(n) / n for n in self._plane.shape]
        passed = np.outer(*(np.exp(-0.5 * (width * q) ** 2) for q in axes))
        return np.asarray(fft.idctn(passed * fft.dctn(self._plane)))

    def cutoff(self, start: _Peak, filters: int, side: int) -> float:
        """Return the highest peak frequency over two rounds of high-pass filters."""
        widest = 2 / start.place if start.place > 0 else side / 4
        widths = np.geomspace(widest, _NARROWEST, filters)
        radius = np.linspace(0, 1, self._radii)
        peaks = [start, *(_peak(radius, self.curve(radius, w)) for w in widths)]
        best = int(np.argmax([peak.place for peak in peaks]))
        place = peaks[best].place
        near = np.concatenate(([side / 4], widths))
        narrow = np.geomspace(near[max(best - 1, 0)], near[min(best + 1, filters)], filters)
        zoom = np.linspace(max(place - 0.05, 0), min(place + 0.3, 1), self._radii)
        peaks += [_peak(zoom, self.curve(zoom, w)) for w in narrow]
        return max(peak.place for peak in peaks)


def _peak(radius: Floats, curve: Floats) -> _Peak:
    """Return the highest point that the curve falls from, where it is high enough."""
    values = curve
    while len(values):
        i = int(np.argmax(values))
        if i < len(values) - 1 or len(values) == 1:
            fell = values[i] - values[i:].min() > _DROP
            if fell and values[i] >= _LEAST_PEAK and i > 0:
                return _Peak(float(radius[i]), float(values[i]))
            if i < len(values) - 1:
                return _Peak(0.0, 0.0)
        values = values[:-1]
    return _Peak(0.0, 0.0)


def _apodised(plane: Floats, width: int) -> Floats:
    """Return the plane with a raised cosine towards its mean at the borders."""
    if not width:
        return plane
    mean = plane.mean()
    weights = []
    for n in plane.shape:
        edge = np.minimum(np.arange(n), np.arange(n)[::-1]) + 0.5
        weights.append(0.5 - 0.5 * np.cos(np.pi * np.clip(edge / min(width, n // 2), 0, 1)))
    return np.asarray((plane - mean) * np.outer(*weights) + mean)
