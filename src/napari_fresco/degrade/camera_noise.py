"""Noise of a colour camera: the picture taken apart, exposed again, and developed.

This is the unprocessing of Brooks et al. It stands in for the camera part of
SCUNet's and BSRGAN's degradations, which was never published. Unlike the reference,
it draws the colour matrix at random instead of from four cameras. No torch.

References
----------
T. Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019,
doi:10.1109/CVPR.2019.01129.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from .mosaic import filter_array
from .planes import Floats, as_plane

GAMMA = 2.2

# The published laws, but for the first, which is ours.
MIXED = 0.4  # share, at most, of other colours in a colour of the camera
EXPOSURE = (0.8, 0.1)  # mean and standard deviation of its reciprocal
RED, BLUE = (1.9, 2.4), (1.5, 1.9)  # white balance
SHOT = (1e-4, 0.012)  # evenly over the logarithm
READ = (2.18, 1.20, 0.26)  # slope, offset and standard deviation of the logarithm over that of SHOT
BRIGHT = 0.9  # whence highlights are kept white

_NEIGHBOURS = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]])


@dataclass(frozen=True, eq=False)
class Camera:
    """One camera, as :meth:`draw` makes it.

    Attributes
    ----------
    colours : ndarray, (3, 3)
        From linear sRGB to the camera's colours; rows sum to 1.
    gains : ndarray, (3,)
        White balance of red, green and blue, times the exposure.
    shot, read : float
        Variance of the noise is ``shot x + read`` for a raw value x in [0, 1].
    """

    colours: Floats
    gains: Floats
    shot: float
    read: float

    @classmethod
    def draw(cls, random: np.random.Generator) -> Camera:
        """Draw a camera and its exposure by the published laws."""
        mix = random.uniform(0, 1, (3, 3))
        strength = random.uniform(0, MIXED)
        colours = (1 - strength) * np.eye(3) + strength * mix / mix.sum(axis=1, keepdims=True)
        exposure = 1 / random.normal(*EXPOSURE)
        gains = exposure * np.array([random.uniform(*RED), 1.0, random.uniform(*BLUE)])
        log_shot = random.uniform(math.log(SHOT[0]), math.log(SHOT[1]))
        log_read = READ[0] * log_shot + READ[1] + random.normal(0, READ[2])
        return cls(colours, gains, math.exp(log_shot), math.exp(log_read))

    def unprocess(self, image: Any) -> Floats:
        """Return the raw values, in [0, 1], that would be developed to `image`."""
        linear = _untone(np.clip(as_plane(image), 0, 1)) ** GAMMA
        if linear.ndim == 2:
            return _ungained(linear, self.gains[1])
        raw = np.clip(linear @ self.colours.T, 0, 1)
        brightness = raw.mean(axis=2, keepdims=True)
        return _ungained(raw, self.gains, brightness)

    def process(self, raw: Floats) -> Floats:
        """Develop raw values: white balance, colours, gamma and tone, in [0, 1]."""
        balanced = np.clip(raw * (self.gains if raw.ndim == 3 else self.gains[1]), 0, 1)
        if raw.ndim == 3:
            balanced = np.clip(balanced @ np.linalg.inv(self.colours).T, 0, 1)
        encoded = balanced ** (1 / GAMMA)
        return np.asarray(3 * encoded**2 - 2 * encoded**3)

    def expose(self, raw: Floats, random: np.random.Generator) -> Floats:
        """Add photon and read noise to raw values of one colour per pixel, demosaicked."""
        sigma = np.sqrt(self.shot * raw + self.read)
        noisy = raw + sigma * random.normal(0, 1, raw.shape)
        return np.clip(_demosaicked(noisy) if raw.ndim == 3 else noisy, 0, 1)


def develop(image: Any, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Photograph an image in [0, 1] with a random camera.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        A gray image is taken by a camera without colour filters.
    random : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        The noisy picture, and the clean one through the same camera, which
        differs from `image` only near white, where colours are clipped.
    """
    camera = Camera.draw(random)
    raw = camera.unprocess(image)
    return camera.process(camera.expose(raw, random)), camera.process(raw)


def _untone(image: Floats) -> Floats:
    """Invert the tone curve ``3 x^2 - 2 x^3``."""
    return np.asarray(0.5 - np.sin(np.arcsin(1 - 2 * image) / 3))


def _ungained(raw: Floats, gains: Any, brightness: Floats | None = None) -> Floats:
    """Divide by the gains, less and less towards white, so that highlights stay white."""
    brightness = raw if brightness is None else brightness
    bright = (np.clip(brightness - BRIGHT, 0, None) / (1 - BRIGHT)) ** 2
    inverse = 1 / np.asarray(gains)
    return np.clip(raw * np.maximum(bright + (1 - bright) * inverse, inverse), 0, 1)


def _demosaicked(raw: Floats) -> Floats:
    """Interpolate bilinearly from one colour per pixel."""
    measured = filter_array(raw.shape[:2], 'RGGB')[..., None] == np.arange(3)
    weights = _NEIGHBOURS[..., None]
    values = ndimage.convolve(np.where(measured, raw, 0), weights, mode='mirror')
    counts = ndimage.convolve(measured.astype(float), weights, mode='mirror')
    # A picture of a single row or column lacks a colour altogether.
    return np.where(measured | (counts == 0), raw, values / np.maximum(counts, 1))
