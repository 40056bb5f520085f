"""Photometry of objects before and after: whether a result keeps their light.

The light of an object is what lies above its own background, the median of a ring around it.

Reference: D. C. Wells et al., "DAOPHOT: a computer program for crowded-field stellar photometry",
PASP 99, 1987, doi:10.1086/131977 (aperture and ring).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..brief import Brief
from ..errors import ImageError
from ..image.model import values_of
from .told_noise import variance_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Photometry(Brief):
    """Light of each object, in image units, summed over its pixels.

    Attributes
    ----------
    label : ndarray of int
        Numbers of the objects.
    before, after : ndarray
        Light above the background, in the image and in the result.
    background : ndarray
        Intensity around each object in the image.
    error : ndarray
        Standard error of `before` by the noise; NaN where no noise was given.
    """

    label: NDArray[np.intp]
    before: Floats
    after: Floats
    background: Floats
    error: Floats

    @property
    def kept(self) -> Floats:
        """Share of the light of each object that the result holds."""
        ratio = np.full(len(self.label), np.nan)
        np.divide(self.after, self.before, out=ratio, where=self.before > 0)
        return ratio

    @property
    def total(self) -> float:
        """Share of the light of all objects that the result holds."""
        before = float(self.before.sum())
        return float(self.after.sum()) / before if before > 0 else float('nan')

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Objects whose light differs by more than 5 % beyond three standard errors."""
        bound = 3 * np.nan_to_num(self.error) + 0.05 * np.abs(self.before)
        return np.asarray(np.abs(self.after - self.before) > bound)


def photometry(
    image: Any, result: Any, labels: Any, *, noise: Any = None, ring: tuple[int, int] = (2, 5)
) -> Photometry:
    """Measure the light of objects in an image and in its restoration.

    Parameters
    ----------
    image, result : array-like
        Planes ``(H, W)`` of one shape, in the same units.
    labels : array-like of int
        Objects, 0 is background. Find them in a result of other data, such as one half of
        :func:`napari_fresco.evidence.split_noise`: objects that are found in the noisy image
        itself are brighter there by chance.
    noise : float, array-like or Camera, optional
        As for :func:`napari_fresco.evidence.residual`.
    ring : (int, int)
        Pixels from the object at which the ring of its background begins and ends.

    Raises
    ------
    ImageError
        When the three are no planes of one shape, or there is no object.

    Examples
    --------
    >>> labels = np.zeros((32, 32), int)
    >>> labels[10:14, 10:14] = 1
    >>> float(photometry(5.0 * labels, 4.5 * labels, labels).kept[0])
    0.9
    """
    y, x = (np.asarray(values_of(each), np.float64) for each in (image, result))
    objects = values_of(labels, 'labels')
    if y.ndim != 2 or not y.shape == x.shape == objects.shape:
        raise ImageError(
            f'image {y.shape}, result {x.shape} and labels {objects.shape}; give planes of one '
            'shape'
        )
    numbers = np.unique(objects[objects > 0]).astype(np.intp)
    if not len(numbers):
        raise ImageError('labels mark no object; give numbers from 1 on where the objects are')
    variance = _variance(noise, x)
    rows = []
    for number, box in zip(numbers, _boxes(objects, numbers, ring[1] + 1), strict=True):
        mine = objects[box] == number
        away = ndimage.distance_transform_edt(~mine)
        around = (away > ring[0]) & (away <= ring[1]) & (objects[box] == 0)
        low, low_after = (
            float(np.median(each[box][around])) if around.any() else 0.0 for each in (y, x)
        )
        light, after = (y[box] - low)[mine].sum(), (x[box] - low_after)[mine].sum()
        rows.append((light, after, low, np.sqrt(variance[box][mine].sum())))
    return Photometry(numbers, *np.array(rows, np.float64).T)


def _variance(noise: Any, x: Floats) -> Floats:
    if noise is None:
        return np.full(x.shape, np.nan)
    return variance_of(noise, x)


def _boxes(
    objects: NDArray[Any], numbers: NDArray[np.intp], margin: int
) -> Iterator[tuple[slice, slice]]:
    """Yield where each object and its surroundings lie."""
    order = np.searchsorted(numbers, objects) + 1
    for rows, columns in ndimage.find_objects(np.where(objects > 0, order, 0)):
        yield (
            slice(max(rows.start - margin, 0), rows.stop + margin),
            slice(max(columns.start - margin, 0), columns.stop + margin),
        )
