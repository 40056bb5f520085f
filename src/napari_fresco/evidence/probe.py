"""Split and compare: the results of a method for the same scene under other noise.

The image is split into two with independent noise; both are restored. What one result shows must
be in the raw other half, whose noise it never saw: where it is not, it was invented, or has been
lost. An invention that both results share is not seen where the data do not speak against it;
spots that were added show what is lost and what is made of faint detail.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..brief import Brief
from ..errors import ImageError
from ..image.model import values_of
from .correlation import Correlation, ring_correlation
from .splitting import split_noise
from .told_noise import variance_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Restore = Callable[[Floats, Floats], Any]

_WIDTH = 1.5  # pixels over which a raw half is averaged before it is compared
_BEYOND = 4.5  # standard errors
_LEAST_AREA = 3  # pixels of a flaw


@dataclass(frozen=True, eq=False, repr=False)
class Probe(Brief):
    """The comparison of the results for two halves of an image.

    Attributes
    ----------
    first, second : ndarray
        Both halves, restored.
    invented, missing : ndarray of bool
        Where results show what the other half does not hold, and lack what it does.
    error : float
        Root mean square error of a result, without the truth: of data with twice the noise
        variance, so that the result of the whole image is somewhat better.
    agreement : Correlation
        Ring correlation of the two results: detail that both show. It may be shared invention.
    """

    first: Floats
    second: Floats
    invented: Bools
    missing: Bools
    error: float
    agreement: Correlation


@dataclass(frozen=True, eq=False)
class Recall:
    """The recovery of spots that were added to an image.

    Attributes
    ----------
    ratio : tuple of float
        Signal-to-noise ratios of the spots: their light over its noise, as of a matched filter.
    found : tuple of float
        Share of the spots of each ratio that stand out in the result by half their height or more.
    kept : tuple of float
        Share of their light that the result holds, the median.
    """

    ratio: tuple[float, ...]
    found: tuple[float, ...]
    kept: tuple[float, ...]


def probe(image: Any, restore: Restore, noise: Any, *, seed: int = 0) -> Probe:
    """Restore two halves of an image with independent noise, and compare.

    Parameters
    ----------
    image : array-like
        Plane ``(H, W)`` with white or photon and read noise.
    restore : callable
        ``restore(half, sigma)`` returns the restored half; `sigma` is the map of the standard
        deviation of its noise. For example ``lambda half, sigma: session.restore(half,
        method='drunet', sigma=sigma).image``.
    noise : float, array-like or Camera
        As for :func:`napari_fresco.evidence.residual`.
    seed : int
        Makes the split repeatable.

    Raises
    ------
    ImageError
        When the image is no finite plane, or what is restored has another shape.
    """
    y = _plane(image)
    sigma = _sigma(y, noise)
    halves = split_noise(y, sigma, seed)
    first, second = (_restored(restore, half, math.sqrt(2) * sigma) for half in halves)
    invented, missing = np.zeros((2, *y.shape), bool)
    errors = []
    for result, other in ((first, halves[1]), (second, halves[0])):
        rest = other - result
        variance = _variance(noise, result, sigma) + sigma**2  # of the raw other half
        errors.append(float(np.mean(rest**2 - variance)))
        # The noise of its average; that of the result is smaller by far.
        score = ndimage.gaussian_filter(rest, _WIDTH) * (2 * _WIDTH * math.sqrt(math.pi))
        score /= np.sqrt(variance)
        invented |= _areas(score < -_BEYOND)
        missing |= _areas(score > _BEYOND)
    error = math.sqrt(max(float(np.mean(errors)), 0.0))
    return Probe(first, second, invented, missing, error, ring_correlation(first, second))


def recall(
    image: Any,
    restore: Restore,
    noise: Any,
    *,
    ratios: Sequence[float] = (2, 3, 5, 10),
    width: float = 1.3,
    number: int = 40,
    seed: int = 0,
) -> Recall:
    """Add faint spots to an image, and see which of them its restoration shows.

    Parameters
    ----------
    image, restore, noise
        As for :func:`probe`.
    ratios : sequence of float
        Signal-to-noise ratios of the spots.
    width : float
        Standard deviation of the spots in pixels.
    number : int
        How many spots of each ratio, at most: they keep apart.
    seed : int
        Makes the places repeatable.
    """
    y = _plane(image)
    sigma = _sigma(y, noise)
    plain = _restored(restore, y, sigma)
    random = np.random.default_rng(seed)
    places = _places(y.shape, round(8 * width), random)[:number]
    found, kept = [], []
    for ratio in ratios:
        # A matched filter sees amplitude a of a Gaussian at a ratio of a w sqrt(pi) / sigma.
        amplitude = ratio * sigma[tuple(places.T)] / (width * math.sqrt(math.pi))
        spots = np.zeros(y.shape)
        spots[tuple(places.T)] = amplitude * 2 * math.pi * width**2
        spots = ndimage.gaussian_filter(spots, width)
        gained = _restored(restore, y + spots, sigma) - plain
        seen, whole = (ndimage.gaussian_filter(each, width) for each in (gained, spots))
        found.append(float(np.mean(seen[tuple(places.T)] > 0.5 * whole[tuple(places.T)])))
        share = [_light(gained, p, width) / _light(spots, p, width) for p in places]
        kept.append(float(np.median(share)))
    return Recall(tuple(map(float, ratios)), tuple(found), tuple(kept))


def _plane(image: Any) -> Floats:
    y = np.asarray(values_of(image), np.float64)
    if y.ndim != 2 or min(y.shape) < 32 or not np.isfinite(y).all():
        raise ImageError(
            f'image has shape {y.shape}; give a finite plane of at least 32 x 32 pixels'
        )
    return y


def _sigma(y: Floats, noise: Any) -> Floats:
    """Return the standard deviation of the noise, from smoothed intensities: not its own noise."""
    return np.asarray(np.sqrt(variance_of(noise, ndimage.gaussian_filter(y, 1))))


def _variance(noise: Any, x: Floats, sigma: Floats) -> Floats:
    found = noise.variance(x) if hasattr(noise, 'variance') else sigma**2
    return np.asarray(found, np.float64)


def _restored(restore: Restore, half: Floats, sigma: Floats) -> Floats:
    result = np.asarray(restore(half, sigma), np.float64)
    if result.shape != half.shape:
        raise ImageError(
            f'restore returned shape {result.shape} for {half.shape}; the probe compares results '
            'with the image, which excludes enlarging'
        )
    return result


def _areas(marked: Bools) -> Bools:
    """Keep connected areas that noise does not make."""
    labels, count = ndimage.label(marked)
    if not count:
        return marked
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(sizes[labels] >= _LEAST_AREA)


def _places(shape: tuple[int, ...], pitch: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Return places of a jittered grid, away from the borders, in random order."""
    grid = np.meshgrid(*(np.arange(pitch, n - pitch, 2 * pitch) for n in shape), indexing='ij')
    centres = np.stack(grid, -1).reshape(-1, 2)
    return random.permutation(centres) + random.integers(-pitch // 4, pitch // 4 + 1, centres.shape)


def _light(image: Floats, place: NDArray[np.intp], width: float) -> float:
    reach = math.ceil(3 * width)
    row, column = place
    return float(image[row - reach : row + reach + 1, column - reach : column + reach + 1].sum())
