"""The settings that serve an image best, told by noise that they have not seen.

Of an image y with noise of standard deviation sigma, ``y + a n`` and ``y - n / a`` with fresh n of
that deviation have independent noise. What is made of the first is compared, blurred again, with
the second: its mean square error is that of the result plus a constant, whatever the settings.

References
----------
T. Pang, H. Zheng, Y. Quan, H. Ji, "Recorrupted-to-Recorrupted: Unsupervised Deep Learning for
Image Denoising", CVPR 2021, doi:10.1109/CVPR46437.2021.00208.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..evidence.reblurring import blurred, kernel_of
from ..noise.camera import Camera, estimate_camera
from ..noise.level import estimate_noise

Floats = NDArray[np.float64]

SHARE = 0.5
"""How much noise is added to what is restored, in parts of what it has."""

NOISIER = math.sqrt(1 + SHARE**2)
"""By how much its noise has grown then."""

_LEAST_SIDE = 16
_OWN = 2021
_LEAST_NOISE = 1e-6  # of the range


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A noisier copy of an image to restore, and what it is judged by.

    `image`: ``(H, W)`` or ``(H, W, colours)``, to be restored.
    `other`: the same scene with noise that is independent of it.
    `sigma`: standard deviation of the noise of the image as it was given.
    """

    image: Floats
    other: Floats
    sigma: Floats

    @classmethod
    def of(cls, image: Any, noise: float | Camera | None = None, seed: int = 0) -> HeldOut | None:
        """Split an image; None where there is no noise to speak of, or nearly no image.

        `image`: a plane, gray or with colours behind.
        `noise`: its standard deviation or camera; by default what is found in it.
        """
        y = np.asarray(image, np.float64)
        if min(y.shape[:2]) < _LEAST_SIDE or not np.isfinite(y).all():
            return None
        sigma = _deviation(y, noise)
        if float(sigma.max()) <= _LEAST_NOISE * max(float(np.ptp(y)), 1e-300):
            return None
        random = np.random.default_rng((seed, _OWN))  # not what an image was simulated with
        fresh = random.normal(size=y.shape) * sigma
        return cls(y + SHARE * fresh, y - fresh / SHARE, sigma)

    def errors(self, restored: Any, kernel: Any = None) -> Floats:
        """Return the square error of each pixel in units of the mean noise, but for the borders.

        Its mean differs from that of other settings as their errors differ; by itself it is not 0.

        `restored`: what was made of :attr:`image`.
        `kernel`: what it has to be blurred with again.
        """
        seen, margin = np.asarray(restored, np.float64), 0
        if kernel is not None:
            values = kernel_of(kernel).values
            margin = min(max(values.shape) // 2, min(seen.shape[:2]) // 4)
            seen = blurred(seen, values)
        inner = slice(margin, -margin or None)
        error = (self.other - seen)[inner, inner] ** 2
        return np.asarray(error / np.mean(self.sigma**2))


def _deviation(y: Floats, noise: float | Camera | None) -> Floats:
    if noise is None:
        noise = estimate_camera(y) if y.ndim == 2 else None
        noise = estimate_noise(y, rgb=y.ndim == 3) if noise is None else noise
    if isinstance(noise, Camera):
        smooth = ndimage.gaussian_filter(y, 1.0)
        noise_map = np.sqrt(np.maximum(noise.variance(smooth), 0.0))
        return np.asarray(noise_map, np.float64)
    return np.full(y.shape, float(noise))
