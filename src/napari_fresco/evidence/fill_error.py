"""The error to expect of the fill of a loss, from what can be seen around it. numpy and scipy only.

Fills of like losses whose truth is known were compared with it: how far off they are goes with the
width of the loss, with the spread of the colours at its rim, and with that of the whole picture.
That is an expectation from like losses, no measurement: nobody knows what was lost.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..declare.recommendations import VALIDATED
from ..image.hole_width import widths_of
from .plane_measures import Bools, Floats

MEANING = (
    'An expected error is the root mean square by which half of the fills of like losses were off '
    'where the truth is known, told by width, rim and picture; nine of ten were off by less than '
    'the second number. It is an expectation from like losses, not a measurement of this fill.'
)
"""What an expected error is and is not, in a sentence for those who read one."""

REACH = 2
"""Pixels around a loss that are its rim."""

CALMEST = 0.01
"""Spread of the calmest rims that were looked at, in that of their picture."""

_FEW = 10_000  # pixels that are averaged where about is enough
_AT_ONCE = 2**20  # pixels that are turned into floats together


class Calibration(NamedTuple):
    """The constants by which errors of a method go with what is seen of a loss.

    ``error = factor * width ** by_width * rim ** by_rim * picture ** (1 - by_rim)``, where `rim`
    and `picture` are standard deviations of colours: in twice as strong a picture it is twice as
    large.

    Attributes
    ----------
    factor, by_width, by_rim : float
    nine_of_ten : float
        Times the expected error that nine of ten like losses stay below.
    """

    factor: float
    by_width: float
    by_rim: float
    nine_of_ten: float


CALIBRATED: Mapping[str, Calibration] = MappingProxyType(
    {'dpir': Calibration(0.237, 0.289, 0.756, 1.84)}
)
"""By method, with its defaults; ``benchmarks/loss_errors.py`` finds these numbers."""

FEWEST = 10
"""Iterations from which on fills are as good as those that were tested."""

_AS_TESTED = ('model', 'iterations', 'sigma_start', 'sigma_end', 'momentum')


class LossErrors(NamedTuple):
    """The losses of a plane, and how far off their fills are expected to be.

    Attributes
    ----------
    widths, areas : ndarray
        Of each loss, in pixels.
    expected, nine_of_ten : ndarray
        Root mean square errors in the units of the image that half, and nine of ten, of like
        losses stay below; NaN where none as wide, or none by the method, were looked at.
    """

    widths: Floats
    areas: NDArray[np.intp]
    expected: Floats
    nine_of_ten: Floats


def calibration_of(method: str, parameters: Mapping[str, Any]) -> Calibration | None:
    """Return what is known of fills by a method, or None: with less than its defaults nothing is.

    `parameters`: of the run, as its provenance has them.
    """
    told = {name: parameters.get(name) for name in _AS_TESTED}
    if told.pop('model') not in ('auto', None) or (told.pop('iterations') or FEWEST) < FEWEST:
        return None
    return None if any(value is not None for value in told.values()) else CALIBRATED.get(method)


def loss_errors(
    found: Calibration | None, image: NDArray[Any], filled: Bools, unknown: Bools | None = None
) -> LossErrors:
    """Return what to expect of the losses of a plane that were filled.

    `found`: of the run that filled them, see :func:`calibration_of`.
    `image`: ``(H, W)`` or ``(H, W, C)``, colours without alpha; filled pixels are not looked at.
    `filled`: ``(H, W)``; pixels that touch at a corner are one loss.
    `unknown`: ``(H, W)``, what else is not known.
    """
    pieces, count = ndimage.label(filled, np.ones((3, 3)))
    return errors_of(found, image, pieces, count, unknown)


def errors_of(
    found: Calibration | None,
    image: NDArray[Any],
    pieces: NDArray[Any],
    count: int,
    unknown: Bools | None = None,
) -> LossErrors:
    """Return :func:`loss_errors` of losses that have numbers from 1 to `count` already."""
    lost = pieces > 0
    widths = widths_of(lost, pieces, count)
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1 : count + 1]
    known = ~lost if unknown is None else ~(lost | unknown)
    if image.dtype.kind == 'f':
        known &= np.isfinite(image.reshape(*known.shape, -1)).all(axis=-1)
    expected = np.full(count, np.nan)
    if found is not None and count and known.any():
        rim = rim_spreads(image, known, pieces, widths)
        expected = expected_error(found, widths, rim, picture_spread(image, known))
    return LossErrors(widths, areas, expected, (found.nine_of_ten if found else 1) * expected)


def expected_error(found: Calibration, widths: Any, rim: Any, picture: Any) -> Floats:
    """Return the error that half of the losses of such widths and rims stay below.

    `rim`, `picture`: spreads; a rim of which nothing is known, NaN, counts as the picture, and a
    calmer one than was looked at as the calmest.
    """
    width, whole = np.asarray(widths, float), np.asarray(picture, float)
    part = np.where(np.isnan(rim), whole, np.maximum(rim, CALMEST * whole))
    colours = part**found.by_rim * whole ** (1 - found.by_rim)
    error = found.factor * width**found.by_width * colours
    return np.where(width > VALIDATED, np.nan, error)


def picture_spread(image: NDArray[Any], known: Bools) -> float:
    """Return the standard deviation of the colours of all known pixels.

    Rows are taken some at a time: a large photograph is not copied as floats.
    """
    rows = max(1, _AT_ONCE // known.shape[1])
    count, centre = 0, np.zeros(0)
    mean, power = np.zeros(1), np.zeros(1)
    for first in range(0, len(known), rows):
        part = slice(first, first + rows)
        seen = image[part].reshape(*known[part].shape, -1)[known[part]].astype(np.float64)
        if not len(seen):
            continue
        centre = centre if centre.size else seen.mean(axis=0)
        seen -= centre
        count += len(seen)
        mean = mean + seen.sum(axis=0)
        power = power + np.square(seen).sum(axis=0)
    variance = power / count - np.square(mean / count)
    return float(np.sqrt(np.maximum(variance, 0).mean()))


def rim_spreads(image: NDArray[Any], known: Bools, pieces: NDArray[Any], widths: Floats) -> Floats:
    """Return the standard deviation of the colours at the rim of each loss; NaN of none known.

    A long crack is looked at part by part, each a few of its widths long: along all of it colours
    change that have nothing to do with what it hides.

    `image`: ``(H, W)`` or ``(H, W, C)``.
    `known`: ``(H, W)``.
    `pieces`, `widths`: the losses by number, and how wide each is.
    """
    colours = image.reshape(*known.shape, -1)
    places = np.stack(np.nonzero((pieces > 0) & ndimage.binary_dilation(known)))
    part, owners = _parts(places, pieces[tuple(places)].astype(np.intp) - 1, widths)
    count, channels = len(owners), colours.shape[2]
    weight, power, total = np.zeros(count), np.zeros(count), np.zeros((channels, count))
    step = math.isqrt(1 + known.size // _FEW)
    some = colours[::step, ::step][known[::step, ::step]]
    centre = some.mean(axis=0) if len(some) else 0.0  # sums of squares lose fewer digits around it
    for way in _disc(REACH):
        there = places + way[:, None]
        inside = ((there >= 0) & (there < np.array(known.shape)[:, None])).all(axis=0)
        inside[inside] = known[tuple(there[:, inside])]
        here, found = part[inside], colours[tuple(there[:, inside])] - centre
        weight += np.bincount(here, minlength=count)
        power += np.bincount(here, np.square(found).sum(axis=1), count)
        for channel, sums in enumerate(total):
            sums += np.bincount(here, found[:, channel], count)
    by_part = power - np.square(total).sum(axis=0) / np.maximum(weight, 1)
    weights = np.bincount(owners, weight, len(widths))
    power = np.bincount(owners, np.maximum(by_part, 0), len(widths)) / channels
    rim = np.full(len(widths), np.nan)
    np.divide(power, weights, out=rim, where=weights > 0)
    return np.asarray(np.sqrt(rim))


def _parts(
    places: NDArray[np.intp], owner: NDArray[np.intp], widths: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which part of a loss each place belongs to, and the loss of each part.

    A loss that is about as long as it is wide is one part.
    """
    first = np.full((2, len(widths)), np.iinfo(np.intp).max)
    for axis in (0, 1):
        np.minimum.at(first[axis], owner, places[axis])
    side = np.ceil(2 * (widths + 2 * REACH)).astype(np.intp)
    cells = (places - first[:, owner]) // side[owner]
    _, at, part = np.unique(
        np.stack([owner, *cells]), axis=1, return_index=True, return_inverse=True
    )
    return part.reshape(-1), owner[at]


def _disc(radius: int) -> NDArray[np.intp]:
    steps: NDArray[np.intp] = np.argwhere(np.ones((2 * radius + 1,) * 2)) - radius
    return np.asarray(steps[np.square(steps).sum(axis=1) <= radius**2 + 1])
