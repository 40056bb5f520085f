"""Gain, offset and read noise of a camera from dark and evenly lit frames.

The variance over time of each pixel, averaged over the good ones, grows with the mean as
``variance = gain * (mean - offset) + read_noise**2``; shading and the pixels' different response
cancel, since no pixel is compared with another. Conventions of EMVA 1288.

Reference: J. R. Janesick, "Photon Transfer", SPIE Press 2007, doi:10.1117/3.725073.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brief import Brief
from ..errors import ImageError
from .camera import Camera

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_HOT = 10  # median absolute deviations beyond which a dark pixel is hot
_NOISY = 25  # times the usual variance: a pixel that flickers
_LEAST_SPREAD = 0.5  # image units
_SATURATED = 1e-3  # share of the pixels at the top value from which a level is left out


@dataclass(frozen=True, eq=False, repr=False)
class PhotonTransfer(Brief):
    """A calibrated camera.

    `camera`: gain, offset and read noise in image units; the read noise holds the rounding of the
        converter, too.
    `gain_error`: standard error of the gain.
    `level_mean`, `level_variance`: what was measured at each level.
    `dark_variance`: variance of the darks.
    `hot`: pixels whose dark level or its variance stands out; they were left out.
    `offset_map`, `variance_map`: dark mean and variance of each pixel, for cameras whose pixels
        differ (sCMOS).
    `misfit`: largest distance of a level from the line, as a part of its variance.
    `frames`: how many frames were used.
    """

    camera: Camera
    gain_error: float
    level_mean: Floats
    level_variance: Floats
    dark_variance: float
    hot: Bools
    offset_map: Floats
    variance_map: Floats
    misfit: float
    frames: int

    def preset(self, **facts: Any) -> dict[str, Any]:
        """Return the camera as a preset, ready for JSON and for `params` of a restoration.

        `**facts`: what else is known, such as name, serial, mode, exposure or temperature.
        """
        return {
            'kind': 'camera',
            **facts,
            **self.camera._asdict(),
            'gain_error': self.gain_error,
            'misfit': self.misfit,
            'hot_pixels': int(self.hot.sum()),
            'frames': self.frames,
            'levels': [
                {'mean': float(m), 'variance': float(v)}
                for m, v in zip(self.level_mean, self.level_variance, strict=True)
            ],
        }


def photon_transfer(dark: Any, flats: Sequence[Any]) -> PhotonTransfer:
    """Calibrate a camera from dark frames and flat frames of several levels.

    `dark`: ``(T, H, W)``: at least two frames without light, better ten or more.
    `flats`: for each level of light its frames ``(T, H, W)``, at least two. A level of whole
        numbers of which more than 0.1 % are the highest of all is saturated and left out.
    Raises ImageError when there are too few frames, their shapes differ, or all levels are
        saturated.
    """
    darks = _frames(dark, 'dark')
    levels = [_frames(level, f'flat level {i}') for i, level in enumerate(flats)]
    if not levels or any(level.shape[1:] != darks.shape[1:] for level in levels):
        raise ImageError('give flat frames of at least one level, of the shape of the dark frames')
    levels = _unsaturated(levels)
    offset_map, variance_map = darks.mean(axis=0), darks.var(axis=0, ddof=1)
    median = np.median(offset_map)
    spread = max(1.4826 * float(np.median(np.abs(offset_map - median))), _LEAST_SPREAD)
    hot = offset_map > median + _HOT * spread
    hot |= variance_map > _NOISY * np.median(variance_map) + _LEAST_SPREAD**2
    good = ~hot
    means = np.array([level.mean(axis=0)[good].mean() for level in levels])
    variances = np.array([level.var(axis=0, ddof=1)[good].mean() for level in levels])
    offset, dark_variance = float(offset_map[good].mean()), float(variance_map[good].mean())
    frames = np.array([len(darks), *(len(level) for level in levels)])
    degrees = (frames - 1.0) * good.sum()
    signal = np.concatenate(([0.0], means - offset))
    measured = np.concatenate(([dark_variance], variances))
    gain, floor, error = _line(signal, measured, degrees)
    camera = Camera(gain, offset, math.sqrt(max(floor, 0.0)))
    misfit = float(np.abs(variances / (gain * signal[1:] + floor) - 1).max())
    maps = hot, offset_map, variance_map
    total = int(frames.sum())
    return PhotonTransfer(camera, error, means, variances, dark_variance, *maps, misfit, total)


def _unsaturated(levels: Sequence[Floats]) -> list[Floats]:
    """Return the levels that do not lie at the top of the converter."""
    top = max(level.max() for level in levels)
    whole = all((level == np.rint(level)).all() for level in levels)
    kept = [x for x in levels if not whole or np.mean(x == top) <= _SATURATED]
    if not kept:
        raise ImageError(
            f'all flat levels are saturated at {top:g}; expose to at most 70 % of the top value'
        )
    return kept


def _line(x: Floats, variance: Floats, degrees: Floats) -> tuple[float, float, float]:
    """Fit ``variance = gain x + floor``, weighted by what the fit says of its errors."""
    design = np.stack((x, np.ones_like(x)), axis=1)
    fitted = variance
    for _ in range(50):
        weights = degrees / (2 * fitted**2)
        normal = design.T @ (weights[:, None] * design)
        gain, floor = np.linalg.solve(normal, design.T @ (weights * variance))
        fitted = np.maximum(gain * x + floor, 1e-12)
    return float(gain), float(floor), float(math.sqrt(np.linalg.inv(normal)[0, 0]))


def _frames(given: Any, what: str) -> Floats:
    array = np.asarray(given, np.float64)
    if array.ndim != 3 or len(array) < 2:
        raise ImageError(f'{what} frames have shape {array.shape}; give at least two, (T, H, W)')
    return array
