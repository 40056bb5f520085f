"""Intensities: which become 0 and 1 in working units, in which the networks were trained.

An :class:`IntensityMap` takes a plane to working units and back; it is invertible and clips
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..errors import ImageError, ParameterError
from .anscombe import Anscombe
from .layout import Array, Floats, Layout
from .percentiles import percentiles

_LOOKED_AT = 1 << 18  # values of a plane that tell its range
_MUCH_BRIGHTER = 5.0  # than the brightest ordinary pixels, in their distance from the median
_FAINTEST = 1e-18  # span of an image whose noise, squared, single precision holds
_ABOVE = 1.5  # of that distance, up to where intensities count as ordinary
_WELL_USED = 0.4  # part of a nominal range that an ordinary image spans


class IntensityMap(Protocol):
    """An invertible map from image units to working units."""

    def to_working(self, image: Array) -> Floats:
        """Return `image` in working units."""
        ...

    def to_image(self, working: Floats) -> Floats:
        """Return working values in image units."""
        ...

    def mean_to_working(self, image: Array) -> Floats:
        """Return an image without noise in working units: undoes :meth:`to_image`."""
        ...

    def variance(self, working: Floats) -> Floats:
        """Return a variance in working units as one in squared image units."""
        ...


@dataclass(frozen=True)
class Affine:
    """``working = (image - low) / (high - low)``."""

    low: float
    high: float

    @property
    def span(self) -> float:
        """Image units in one working unit."""
        return self.high - self.low

    def to_working(self, image: Array) -> Floats:
        """Return `image` in working units."""
        return (image.astype(np.float64) - self.low) / self.span

    def to_image(self, working: Floats) -> Floats:
        """Return working values in image units."""
        return np.asarray(working, np.float64) * self.span + self.low

    def mean_to_working(self, image: Array) -> Floats:
        """Return an image without noise in working units."""
        return self.to_working(image)

    def sigma(self, sigma: Any) -> Any:
        """Return a standard deviation in working units."""
        return sigma / self.span

    def variance(self, working: Floats) -> Floats:
        """Return a variance in squared image units."""
        return np.asarray(working, np.float64) * self.span**2


@dataclass(frozen=True)
class Stabilised:
    """A generalised Anscombe transform, then an affine map of its values.

    After the transform Poisson-Gaussian noise has standard deviation 1
    everywhere; the way back is the exact unbiased inverse.
    """

    transform: Anscombe
    affine: Affine

    @classmethod
    def of(cls, transform: Anscombe, range_: Affine) -> Stabilised:
        """Stabilise an image whose intensities span `range_`."""
        low, high = transform.forward(np.array([range_.low, range_.high], np.float64))
        return cls(transform, Affine(float(low), max(float(high), float(low) + 1.0)))

    def to_working(self, image: Array) -> Floats:
        """Return `image` in working units."""
        return self.affine.to_working(self.transform.forward(image.astype(np.float64)))

    def to_image(self, working: Floats) -> Floats:
        """Return working values in image units, without bias."""
        return self.transform.inverse(self.affine.to_image(working))

    def mean_to_working(self, image: Array) -> Floats:
        """Return means of intensities in working units."""
        return self.affine.to_working(self.transform.mean(image))

    @property
    def sigma(self) -> float:
        """The standard deviation of the noise in working units: 1 before the affine map."""
        return 1.0 / self.affine.span

    def variance(self, working: Floats) -> Floats:
        """Return a variance of the stabilised values."""
        return self.affine.variance(working)


def intensity_range(
    image: Any, layout: Layout, data_range: tuple[float, float] | None = None
) -> Affine:
    """Choose the intensities that become 0 and 1 in working units, and check every value.

    uint8 maps from 0-255, floating-point images inside [0, 1] from 0-1, all
    others from their own range without isolated outliers (which then lie
    beyond [0, 1]; nothing is clipped).

    Raises ImageError when the image holds NaN or infinite values; the message counts them.
    Raises ParameterError when `data_range` is not an increasing pair of finite numbers.
    """
    low, high = np.inf, -np.inf
    for index in layout.planes():
        plane = layout.read(image, index)
        _check_finite(plane, index)
        bottom, top = ordinary_range(layout.colours(plane))
        low, high = min(low, bottom), max(high, top)
    if data_range is not None:
        return given_range(data_range)
    if layout.dtype == np.uint8:
        return Affine(0.0, 255.0)
    if layout.dtype.kind == 'f' and low >= 0 and 0.1 <= high <= 1:
        return Affine(0.0, 1.0)
    # A constant image has no range of its own; any span will do.
    return Affine(float(low), float(high if high > low else low + 1))


def ordinary_range(values: Array) -> tuple[float, float]:
    """Return the range of `values` without isolated extremes; nothing is said of an empty one."""
    if not values.size:
        return 0.0, 0.0
    bottom, top = percentiles(_thin(values), (0.1, 99.9))
    margin = 0.5 * (top - bottom)
    return max(float(values.min()), bottom - margin), min(float(values.max()), top + margin)


def bright_objects(values: Array) -> float | None:
    """Return the intensity beyond which objects are much brighter than all the rest, if any are.

    Debris or beads on a few pixels in a hundred would set the range, and leave nothing of it to
    what is dim beside them.
    """
    if not values.size:
        return None
    middle, high, top = percentiles(_thin(values), (50, 98, 99.9))
    if top - high <= _MUCH_BRIGHTER * (high - middle) or high <= middle:
        return None
    return float(high + _ABOVE * (high - middle))


def _thin(values: Array) -> Array:
    return values.ravel()[:: max(1, values.size // _LOOKED_AT)]


def working_range(low: float, high: float, dtype: np.dtype[Any]) -> Affine:
    """Choose the intensities that become 0 and 1 for a plane whose values span `low` to `high`.

    Where they make use of the whole range of bytes, or of floats from 0 to 1, it is that;
    else it is their own, so that the same numbers are restored alike in every type and unit.

    Raises ImageError when single precision cannot hold the squares of such values.
    """
    check_units(low, high)
    nominal = 255.0 if dtype == np.uint8 else 1.0 if dtype.kind == 'f' else None
    if nominal is not None and low >= 0 and high <= nominal:
        used = (high - low) / nominal
        if used >= _WELL_USED or (used == 0 and dtype == np.uint8):
            return Affine(0.0, nominal)
    # A constant plane has no range of its own; any span will do.
    return Affine(low, high if high > low else low + (abs(low) or 1.0))


def check_units(low: float, high: float) -> None:
    """Raise ImageError when single precision cannot hold the squares of values between two."""
    if max(abs(low), abs(high)) > 1 / _FAINTEST or 0 < high - low < _FAINTEST:
        raise ImageError(
            f'image has values from {low:g} to {high:g}, which single precision cannot compute '
            f'with; multiply it so that they lie between {_FAINTEST:g} and {1 / _FAINTEST:g}'
        )


def _check_finite(plane: Array, index: tuple[int, ...]) -> None:
    if plane.dtype.kind != 'f' or np.isfinite(plane).all():
        return
    nan, inf = int(np.isnan(plane).sum()), int(np.isinf(plane).sum())
    where = f' in plane {index}' if index else ''
    raise ImageError(
        f'image holds {nan} NaN and {inf} infinite values{where}; replace them first, for '
        'example by np.nan_to_num, or set them to 0 and mark them in a mask for inpainting'
    )


def given_range(data_range: tuple[float, float]) -> Affine:
    """Return the range that a user gave, or raise :class:`ParameterError`."""
    try:
        low, high = (float(value) for value in data_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise ParameterError(
            f'data_range = {data_range!r}; give two finite numbers, the lower one first'
        )
    return Affine(low, high)
