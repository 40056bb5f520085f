"""The error of a result, pixel by pixel, from simulated data of a known truth.

The result stands in for the truth. Noise of the model is put on it, the same method restores that,
and how far it ends from the result is its error there, random and systematic together (parametric
bootstrap). A result is smoother than what it shows, which makes the errors too small. By how much
is told by the image itself: for noise n of variance s2,

    mean (H x_hat - H x)**2 = mean (y - H x_hat)**2 - s2 + 2 cov(n, H x_hat),

where the covariance is that of small noise added to the image and what it changes in the result.
The estimate is unbiased, but noisy where little is wrong, so that it is made for three widths of
smoothing, which take away noise more than errors, in three classes of brightness.

B. Efron, "The Estimation of Prediction Error: Covariance Penalties and Cross-Validation",
JASA 99(467), 2004, doi:10.1198/016214504000000692.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SMOOTH = 1.5  # pixels over which squared errors of single pixels are averaged
_WIDTHS = (0.0, 0.7, 1.5)  # pixels of the Gaussian under which errors are compared
_DOUBTS = (0.1, 0.3, 0.6)  # of the ratio at each of them: wide ones miss what is wrong in detail
_PRIOR = 0.7  # doubt that the ratio is 1, before the image was asked
_RATIOS = (1.0, 25.0)  # between which the ratio lies: never surer than the simulation
_CLASSES = 3


class Bootstrap:
    """Estimates the error of a result from repeated restorations.

    `restored`: the result, ``(*spatial)`` or ``(*spatial, colours)``, in image units.
    `predicted`: ``H x``, what the image should be if the result is right.
    `observed`: the image, like `predicted`.
    `known`: ``(*spatial)`` of the image: pixels that tell something.
    """

    def __init__(self, restored: Floats, predicted: Floats, observed: Floats, known: Bools) -> None:
        self._restored, self._predicted = restored, predicted
        self._spatial = known.ndim
        self._known = known if observed.ndim == known.ndim else known[..., None]
        self._squares = np.zeros(restored.shape)
        bright = self._brightness(predicted)
        edges = np.quantile(bright[known], np.arange(1, _CLASSES) / _CLASSES)
        classes = np.searchsorted(edges, bright)
        self._members = [known & (classes == k) for k in range(_CLASSES)]
        self._middles = np.array(
            [np.median(bright[m]) if m.any() else np.nan for m in self._members]
        )
        rest = observed - predicted
        self._rest = self._means(rest, rest)
        self._simulated: list[Floats] = []
        self._errors: list[Floats] = []
        self._noises: list[Floats] = []
        self._covariances: list[Floats] = []

    def add(self, restored: Floats, predicted: Floats, simulated: Floats) -> None:
        """Take in the restoration of `simulated`, the prediction with noise."""
        self._squares += (restored - self._restored) ** 2
        error, noise = predicted - self._predicted, simulated - self._predicted
        rest = noise - error
        for kept, values in (
            (self._errors, error),
            (self._noises, noise),
            (self._simulated, rest),
        ):
            kept.append(self._means(values, values))

    def probe(self, noise: Floats, predicted: Floats, share: float) -> None:
        """Take in the change of the prediction by a `share` of `noise` on top of the image."""
        self._covariances.append(self._means(noise, (predicted - self._predicted) / share))

    def deviation(self) -> Floats:
        """Return the standard deviation of the error of each value of the result."""
        mean = self._smooth(self._squares / len(self._errors), _SMOOTH)
        found: Floats = np.sqrt(mean * self._ratio(self._brightness(self._restored)))
        return found

    def _ratio(self, bright: Floats) -> Floats:
        """Return true over simulated squared errors, for pixels of some brightness."""
        there = np.isfinite(self._middles)
        logs = np.log(self.ratios()[there])
        found: Floats = np.exp(np.interp(bright, self._middles[there], logs))
        return found.reshape(found.shape + (1,) * (self._restored.ndim - found.ndim))

    def ratios(self) -> Floats:
        """Return true over simulated squared errors, from the darkest class to the brightest."""
        simulated = np.maximum(np.mean(self._errors, axis=0), 1e-30)
        found = (
            self._rest - np.mean(self._noises, axis=0) + 2 * np.mean(self._covariances, axis=0)
        ) / simulated
        error = np.std(self._simulated, axis=0) / simulated
        weight = 1 / (error**2 + np.square(_DOUBTS)[:, None])
        prior = 1 / _PRIOR**2
        ratio = ((weight * found).sum(axis=0) + prior) / (weight.sum(axis=0) + prior)
        return np.asarray(np.clip(ratio, *_RATIOS))

    def _means(self, a: Floats, b: Floats) -> Floats:
        """Return means of products under each smoothing in each class."""
        a, b = (np.where(self._known, x, 0.0) for x in (a, b))
        products = [self._smooth(a, width) * self._smooth(b, width) for width in _WIDTHS]
        return np.array(
            [[p[m].mean() if m.any() else np.nan for m in self._members] for p in products]
        )

    def _smooth(self, values: Floats, width: float) -> Floats:
        if not width:
            return values
        axes: Any = tuple(range(self._spatial))
        return np.asarray(ndimage.gaussian_filter(values, width, axes=axes))

    def _brightness(self, values: Floats) -> Floats:
        gray = values if values.ndim == self._spatial else values.mean(axis=-1)
        return self._smooth(gray, _SMOOTH)
