"""The noise model of a camera, from one image: gain, offset and read noise. No torch.

References
----------
A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise modeling
and fitting for single-image raw-data", IEEE TIP 17(10), 2008, doi:10.1109/TIP.2008.2001399.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .level import PLANES, channels_of, level_of_plane, planes_of
from .patches import LEAST, Bools, Floats, Patches, level_of

_BINS = 16  # intensities, by number and by step
_GROWTH = 1.6  # noise of the bright parts over that of the dark ones that tells photon noise
_MISFIT = 0.15  # distance from the line, relative to it, beyond which texture made the growth


Plane = tuple[Floats, Bools | None]
"""Intensities ``(H, W)`` or ``(H, W, 3)``, and where they are damaged."""


class CameraNoise(NamedTuple):
    """``variance = gain * (mean - offset) + read_noise**2``, all in image units."""

    gain: float
    offset: float
    read_noise: float

    def variance(self, image: Any) -> Floats:
        """Return the noise variance at the intensities `image`."""
        signal = np.maximum(np.asarray(image, np.float64) - self.offset, 0)
        return np.asarray(self.gain * signal + self.read_noise**2)


def estimate_camera(
    image: Any,
    axes: str | None = None,
    rgb: bool | None = None,
    mask: Any = None,
    *,
    gain: float | None = None,
    offset: float | None = None,
    read_noise: float | None = None,
) -> CameraNoise:
    """Estimate gain and read noise from the growth of the noise with intensity.

    Fits a line through the noise variance of untextured patches at each
    intensity. One image cannot tell the offset: a higher offset with a higher
    read noise gives the same line. Unless one of them is given, the dark level
    of the image stands in for the offset, lowered where the read noise would be
    imaginary. The line, and nearly all of what the Anscombe transform does, is
    the same.

    Parameters
    ----------
    image, axes, rgb, mask
        As for :func:`napari_fresco.estimate_noise`.
    gain, offset, read_noise : float, optional
        What is known, in image units; the rest is made to fit.

    Returns
    -------
    CameraNoise
        ``(gain, offset, read_noise)``. Where the noise does not grow with the
        intensity the gain is tiny and the noise is all read noise.

    Raises
    ------
    ImageError, MaskError
        When the image has no planes, or the mask does not fit them.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> ramp = np.linspace(5, 200, 256) * np.ones((256, 1))
    >>> found = estimate_camera(2.0 * random.poisson(ramp) + 100.0, offset=100.0)
    >>> bool(abs(found.gain - 2) < 0.2)
    True
    """
    _, planes = planes_of(image, axes, rgb, mask, PLANES)
    return fit_camera(planes, gain=gain, offset=offset, read_noise=read_noise)


def fit_camera(
    planes: Iterable[Plane],
    *,
    gain: float | None = None,
    offset: float | None = None,
    read_noise: float | None = None,
) -> CameraNoise:
    """Do what :func:`estimate_camera` does with planes and their damage."""
    patches, darkest = _pooled([_seen(*plane) for plane in planes])
    return _fitted(patches, darkest, gain, offset, read_noise)


def photon_noise(
    image: Any, axes: str | None = None, rgb: bool | None = None, mask: Any = None
) -> CameraNoise | None:
    """Return the noise model of the camera where noise clearly grows with intensity, else None.

    It grows when the line of :func:`estimate_camera` rises enough between the
    dark and the bright parts and the noise of most intensities lies on it.
    Texture, which is taken for noise where there is hardly any, does not.

    Parameters
    ----------
    image, axes, rgb, mask
        As for :func:`napari_fresco.estimate_noise`.

    Raises
    ------
    ImageError, MaskError
        When the image has no planes, or the mask does not fit them.
    """
    _, planes = planes_of(image, axes, rgb, mask, PLANES)
    return judge(planes).camera


class Verdict(NamedTuple):
    """What planes tell about their noise.

    Attributes
    ----------
    camera : CameraNoise or None
        The model of all, where the noise clearly grows with the intensity.
    levels : tuple of float
        Standard deviation of the noise of each plane, as if it were white.
    """

    camera: CameraNoise | None
    levels: tuple[float, ...]


def judge(planes: Iterable[Plane]) -> Verdict:
    """Do what :func:`photon_noise` does with planes that one camera took, and their damage."""
    seen, levels = [], []
    for plane, damaged in planes:
        seen.append(_seen(plane, damaged))
        levels.append(level_of_plane(plane, damaged, seen[-1].channels))
    return Verdict(_recognised(*_pooled(seen)), tuple(levels))


def _recognised(patches: Patches, darkest: float) -> CameraNoise | None:
    means, variances, _ = _by_intensity(patches)
    if len(means) < 3:
        return None
    camera = _fitted(patches, darkest, None, None, None)
    least = 1e-9 * float(variances.max())
    dark, bright = camera.variance(np.percentile(patches.mean, (1, 99))) + least
    distance = np.log((variances + least) / (camera.variance(means) + least))
    grows = bright > _GROWTH**2 * dark and np.median(np.abs(distance)) < _MISFIT
    return camera if grows else None


class _Seen(NamedTuple):
    """The patches of the channels of a plane, and its median, NaN where all is damaged."""

    channels: list[Patches]
    median: float


def _seen(plane: Floats, damaged: Bools | None) -> _Seen:
    known = plane if damaged is None else plane[~damaged]
    median = float(np.median(known)) if known.size else math.nan
    return _Seen([Patches.of(channel, damaged) for channel in channels_of(plane)], median)


def _pooled(seen: Sequence[_Seen]) -> tuple[Patches, float]:
    """Return the patches of all planes, and the least of their medians."""
    found = [patches for plane in seen for patches in plane.channels]
    patches = Patches(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    medians = [plane.median for plane in seen if not math.isnan(plane.median)]
    return patches, min(medians, default=0.0)


def _fitted(
    patches: Patches,
    darkest: float,
    gain: float | None,
    offset: float | None,
    read_noise: float | None,
) -> CameraNoise:
    means, variances, weights = _by_intensity(patches)
    if variances.any():
        slope, intercept = _line(means, variances, weights)
        least = 1e-3 * math.sqrt(np.median(variances))
        if gain is not None or slope < least:
            slope = least if gain is None else gain
            intercept = float(np.average(variances - slope * means, weights=weights / variances))
        dark = float(np.percentile(patches.mean, 0.1))
    else:
        slope = 1e-6 * max(abs(darkest), 1.0) if gain is None else gain
        dark = darkest
        intercept = -slope * dark
    return _split(slope, intercept, dark, offset, read_noise)


def _split(
    slope: float, intercept: float, dark: float, offset: float | None, read_noise: float | None
) -> CameraNoise:
    """Share the intercept of the line between offset and read noise."""
    if offset is None:
        known = 0.0 if read_noise is None else read_noise**2
        least = (known - intercept) / slope
        offset = max(dark, least) if read_noise is None else least
    if read_noise is None:
        read_noise = math.sqrt(max(intercept + slope * offset, 0.0))
    return CameraNoise(slope, offset, read_noise)


def _by_intensity(patches: Patches) -> tuple[Floats, Floats, Floats]:
    """Return mean, noise variance and weight of the untextured patches of every intensity."""
    if len(patches.mean) < LEAST:
        return np.empty(0), np.empty(0), np.empty(0)
    order = np.argsort(patches.mean)
    means = patches.mean[order]
    # Equal numbers resolve the common intensities, equal steps reach the rare bright ones.
    steps = np.linspace(means[0], means[-1], _BINS + 1)[1:-1]
    edges = np.union1d(
        np.searchsorted(means, steps), np.linspace(0, len(means), _BINS + 1, dtype=np.intp)[1:-1]
    )
    groups = [g for g in np.split(order, edges) if len(g) >= LEAST] or [order]
    levels = [level_of(patches.low[g], patches.high[g], share=0.05) for g in groups]
    both = list(zip(groups, levels, strict=True))
    # The darkest patches are the dimmest of their group by chance: the mean is of those used.
    middle = np.array([patches.mean[group[level.used]].mean() for group, level in both])
    weights = np.array([len(group) * (level.untextured + 1e-3) for group, level in both])
    return middle, np.array([level.variance for level in levels]), weights


def _line(means: Floats, variances: Floats, counts: Floats) -> tuple[float, float]:
    """Fit ``variance = slope * mean + intercept``, letting textured intensities lie above it."""
    if len(means) < 3:
        return 0.0, float(np.average(variances, weights=counts))
    weights = np.sqrt(counts) / np.maximum(variances, 1e-3 * variances.max())
    design = np.stack((means, np.ones_like(means)), axis=1)
    robust = np.ones_like(means)
    for _ in range(30):
        w = weights * np.sqrt(robust)
        slope, intercept = np.linalg.lstsq(design * w[:, None], variances * w, rcond=None)[0]
        residual = weights * (variances - design @ (slope, intercept))
        scale = 1.4826 * np.median(np.abs(residual)) + 1e-12
        robust = 1 / (1 + (residual / (2 * scale)) ** 2)
    return float(slope), float(intercept)
