"""Poisson-Gaussian camera noise made Gaussian: the generalised Anscombe transform.

A camera pixel reads ``z = gain * P(y) + offset + N(0, read_noise**2)`` where P(y) is
a Poisson count of mean y. The forward transform makes the noise of z almost exactly
standard normal, whatever y is, so that any denoiser for Gaussian noise can be used.
The way back must not be the algebraic inverse: the square root of a mean is not the
mean of a square root, and dim regions would come back too dark.

References
----------
M. Makitalo, A. Foi, "Optimal Inversion of the Generalized Anscombe Transformation for
Poisson-Gaussian Noise", IEEE TIP 22(1), 2013, doi:10.1109/TIP.2012.2202675.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from ..errors import ParameterError

Floats = NDArray[np.float64]

_MAX_COUNT = 400.0  # beyond this mean the asymptotic inverse is good to 1e-5 of the count
_EVEN, _MANY = 1 << 14, 1 << 14  # steps of a table, and values that are worth making it
_PART = 1 << 15  # values at once, so that what comes of them on the way stays in the cache
_ROOT_STEP = 0.02  # of the table, in the square root of the mean


@dataclass(frozen=True)
class Anscombe:
    """The generalised Anscombe transform of one camera, and its exact unbiased inverse.

    `gain`: image units per photo-electron, above 0.
    `offset`: dark level in image units.
    `read_noise`: standard deviation of the read noise in image units, at least 0.
    Raises ParameterError when a number is not finite or out of range.

    Examples
    --------
    >>> camera = Anscombe(gain=2.0, offset=100.0, read_noise=3.0)
    >>> photons = np.random.default_rng(0).poisson(4.0, 100_000)
    >>> noise = np.random.default_rng(1).normal(0, 3.0, photons.shape)
    >>> stable = camera.forward(2.0 * photons + 100.0 + noise)
    >>> bool(abs(stable.var() - 1) < 0.1)
    True
    >>> round(float(camera.inverse(stable.mean())), 1)  # 2 * 4 + 100
    108.0
    """

    gain: float
    offset: float = 0.0
    read_noise: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.gain, self.offset, self.read_noise)
        if not all(map(math.isfinite, numbers)) or self.gain <= 0 or self.read_noise < 0:
            raise ParameterError(
                f'gain = {self.gain}, offset = {self.offset}, read_noise = {self.read_noise}; '
                'give finite numbers, a gain above 0 and a read noise of at least 0'
            )

    @property
    def _read(self) -> float:
        """Read noise in photo-electrons."""
        return self.read_noise / self.gain

    def forward(self, image: Any) -> Floats:
        """Return ``D = 2 sqrt(max(z + 3/8 + r**2, 0))`` with noise of standard deviation 1.

        `image`: intensities in image units. z is the image in photo-electrons above the offset and
            r the read noise in photo-electrons.
        """
        counts = (np.asarray(image, np.float64) - self.offset) / self.gain
        return _stabilise(counts, self._read)

    def mean(self, image: Any) -> Floats:
        """Return the mean of the transformed readings of mean intensities: undoes `inverse`.

        `image`: intensities without noise, in image units.
        """
        counts = (np.asarray(image, np.float64) - self.offset) / self.gain
        return _means_of(counts, self._read)

    def inverse(self, stable: Any) -> Floats:
        """Return the mean intensity for which the mean of the stabilised values is `stable`.

        Solves ``E[forward(z) | y] = stable`` for y. Below the value of a dark
        pixel the curve is continued along its tangent, so that an offset that was
        set somewhat too high clips nothing.

        `stable`: denoised values of the transform.
        """
        values = np.asarray(stable, np.float64)
        found = np.empty(values.shape)
        flat, out = values.reshape(-1), found.reshape(-1)
        for first in range(0, flat.size, _PART):
            part = slice(first, first + _PART)
            counts = _unbiased_counts(flat[part], self._read, many=flat.size >= _MANY)
            out[part] = counts * self.gain + self.offset
        return found


def _stabilise(counts: Floats, read: float) -> Floats:
    return 2 * np.sqrt(np.maximum(counts + 3 / 8 + read**2, 0))


def _unbiased_counts(stable: Floats, read: float, *, many: bool) -> Floats:
    """Return y with ``E[D | y] = stable``, by table, tangent and asymptote.

    `many`: whether the values are part of so many that a table of even steps pays.
    """
    means, correction = _table(read)
    asymptote = stable**2 / 4 - 1 / 8 - read**2
    within = _evenly(stable, read) if many else np.interp(stable, means, correction)
    # The next term of the asymptote falls as 1/D; continued so, the join has no step.
    beyond = correction[-1] * means[-1] / np.maximum(stable, means[-1])
    counts = asymptote + np.where(stable > means[-1], beyond, within)
    first = means[:2] ** 2 / 4 - 1 / 8 - read**2 + correction[:2]
    slope = (first[1] - first[0]) / (means[1] - means[0])
    tangent = first[0] + slope * (stable - means[0])
    result: Floats = np.where(stable < means[0], tangent, counts)
    return result


def _means_of(counts: Floats, read: float) -> Floats:
    """Return D with ``_unbiased_counts(D, read) = counts``."""
    means, correction = _table(read)
    known = means**2 / 4 - 1 / 8 - read**2 + correction
    # A root of counts is nearly a line in D.
    within = np.interp(np.sqrt(np.maximum(counts, 0)), np.sqrt(np.maximum(known, 0)), means)
    root = np.sqrt(np.maximum(counts + 1 / 8 + read**2, 0))
    last = correction[-1] * means[-1] / np.maximum(2 * root, means[-1])
    beyond = 2 * np.sqrt(np.maximum(root**2 - last, 0))
    tangent = means[0] + (counts - known[0]) * (means[1] - means[0]) / (known[1] - known[0])
    stable = np.where(counts > known[-1], beyond, within)
    result: Floats = np.where(counts < known[0], tangent, stable)
    return result


def _evenly(x: Floats, read: float) -> Floats:
    """Interpolate the correction as :func:`numpy.interp` does, by even steps, faster."""
    first, step, even = _even_table(read)
    at = np.clip((x - first) / step, 0, _EVEN)
    whole = at.astype(np.intp)
    at -= whole
    low = even[whole]
    between: Floats = low + at * (even[whole + 1] - low)
    return between


@lru_cache(maxsize=32)
def _even_table(read: float) -> tuple[float, float, Floats]:
    """Tabulate the correction in even steps of E[D | y]: the first one, the step, the values."""
    places, values = _table(read)
    first, step = float(places[0]), float(places[-1] - places[0]) / _EVEN
    return first, step, np.interp(first + step * np.arange(_EVEN + 2), places, values)


@lru_cache(maxsize=32)
def _table(read: float) -> tuple[Floats, Floats]:
    """Tabulate E[D | y] and ``y - (E[D | y]**2 / 4 - 1/8 - read**2)`` for means y.

    The Poisson sum is exact to rounding; the read noise is integrated by the
    trapezoidal rule, which copes with the edge of the square root.
    """
    y = np.arange(0, math.sqrt(_MAX_COUNT) + _ROOT_STEP, _ROOT_STEP) ** 2
    k = np.arange(math.ceil(y[-1] + 10 * math.sqrt(y[-1])))
    nodes = np.linspace(-8, 8, 641) if read > 0 else np.zeros(1)
    density = np.exp(-(nodes**2) / 2)
    given_count = _stabilise(k[:, None] + read * nodes, read) @ (density / density.sum())
    probability = np.exp(xlogy(k, y[:, None]) - y[:, None] - gammaln(k + 1))
    means = (probability / probability.sum(axis=1, keepdims=True)) @ given_count
    return means, y - (means**2 / 4 - 1 / 8 - read**2)
