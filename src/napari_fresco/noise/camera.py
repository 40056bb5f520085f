"""The noise model of a camera, from one image: gain, offset and read noise. No torch.

The line through the noise at each intensity is that of :mod:`napari_fresco.noise.curve`; here it is
shared between offset and read noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import ParameterError
from ..image.layout import Layout
from ..image.model import Image, values_of
from .curve import Blocks, NoiseCurve, counted, fit_curve, step_of
from .level import (
    PLANES,
    channels_of,
    level_of_plane,
    picked_of_each,
    planes_of,
    warn_of_channels,
)
from .patches import Bools, Floats, Reals
from .quiet_borders import silent_pixels

_ROUNDED = 1.0  # squared steps of the values: a variance that little is that of rounding
_OF_COUNTS = 1.0  # gain of photon counts
_ALIKE = 1.5  # times the gain of one channel that another may seem to have
_COUNTING = 0.15  # distance from 1 of the gain of what may be photon counts


Plane = tuple[Reals, Bools | None]
"""Intensities ``(H, W)`` or ``(H, W, 3)``, and where they are damaged."""


class Camera(NamedTuple):
    """``variance = gain * (mean - offset) + read_noise**2``, all in image units."""

    gain: float
    offset: float
    read_noise: float

    def variance(self, image: Any) -> Floats:
        """Return the noise variance at the intensities `image`, an Image or any array.

        Raises ParameterError when the numbers are not those of a camera.
        """
        if not (np.isfinite(self).all() and self.gain >= 0 and self.read_noise >= 0):
            raise ParameterError(
                f'{self} is no camera; give three finite numbers, gain and read noise not below 0'
            )
        signal = np.maximum(values_of(image).astype(np.float64) - self.offset, 0)
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
) -> Camera | None:
    """Estimate gain, offset and read noise from the growth of the noise with intensity.

    Fits a line through the noise variance of untextured blocks at each intensity. One image
    cannot tell the offset: a higher offset with a higher read noise gives the same line. Whole
    numbers from 0 on whose variance is their mean are photon counts: gain 1, offset 0, no read
    noise. Otherwise, unless one of them is given, the dark level of the image stands in for the
    offset, lowered where the read noise would be imaginary. The line, and nearly all of what
    the Anscombe transform does, is the same. Stacks of dark and flat frames tell all three:
    :func:`napari_fresco.photon_transfer`.

    Parameters
    ----------
    image, axes, rgb, mask
        As for :func:`napari_fresco.estimate_noise`.
    gain, offset, read_noise : float, optional
        What is known, in image units; the rest is made to fit.

    Returns
    -------
    Camera or None
        None where the noise does not clearly grow with the intensity: there is no photon noise
        that could be told from white noise.

    Warns
    -----
    FrescoWarning
        When one camera stands for channels whose gains differ, with that of each.

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
    known = {'gain': gain, 'offset': offset, 'read_noise': read_noise}
    layout, read = planes_of(image, axes, rgb, mask, PLANES)
    planes = [(plane, silent_pixels(plane, damaged)) for plane, damaged in read]
    names = Image.of(image, axes=axes, rgb=rgb).channel_names
    if names:
        _warn_of_cameras(names, planes, layout, known)
    return assess_planes(planes, **known).camera


def _warn_of_cameras(
    names: Sequence[str], planes: Sequence[Plane], layout: Layout, known: dict[str, float | None]
) -> None:
    """Warn where channels have cameras of other gains, or not all have photon noise."""
    channels = [layout.channel_of(index) for index in picked_of_each(layout, PLANES)]
    pairs = list(zip(channels, planes, strict=True))
    own = [
        assess_planes([plane for c, plane in pairs if c == n], **known).camera
        for n in range(len(names))
    ]
    gains = [0.0 if camera is None else camera.gain for camera in own]
    if max(gains) > _ALIKE * min(gains):
        told = (
            f'{name} {f"{g:.3g}" if g else "none"}' for name, g in zip(names, gains, strict=True)
        )
        warn_of_channels(
            f'the gain differs between channels ({", ".join(told)}), and one camera stands for all'
        )


def fit_camera(
    planes: Iterable[Plane],
    *,
    gain: float | None = None,
    offset: float | None = None,
    read_noise: float | None = None,
) -> Camera:
    """Return the camera that fits planes, and their damage, best.

    Where the noise does not grow with the intensity the gain is tiny and the noise is all read
    noise.
    """
    seen = _telling([_Seen.of(*plane) for plane in planes])
    curve = fit_curve(Blocks.joined(each.blocks for each in seen), gain)
    return _fitted(seen, curve, gain, offset, read_noise)


class Assessment(NamedTuple):
    """The noise of planes.

    `camera`: the model of all, where the noise clearly grows with the intensity.
    `levels`: standard deviation of the noise of each plane, as if it were white.
    `curve`: the line that told it; None where too little of the planes is untextured.
    """

    camera: Camera | None
    levels: tuple[float, ...]
    curve: NoiseCurve | None = None


def assess_planes(
    planes: Iterable[Plane],
    *,
    gain: float | None = None,
    offset: float | None = None,
    read_noise: float | None = None,
) -> Assessment:
    """Assess the noise of planes that one camera took, beside their damage."""
    seen, levels = [], []
    for plane, damaged in planes:
        seen.append(_Seen.of(plane, damaged))
        levels.append(level_of_plane(plane, damaged))
    seen = _telling(seen)
    blocks = Blocks.joined(each.blocks for each in seen)
    curve, camera = fit_curve(blocks), None
    if gain is None and all(each.whole for each in seen) and not _is_photon(seen, curve):
        # Whether whole numbers are counts of photons is a simpler question.
        counts = fit_curve(blocks, _OF_COUNTS)
        curve = counts if _is_photon(seen, counts) else curve
    if _is_photon(seen, curve):
        fitted = curve if gain is None else fit_curve(blocks, gain)
        camera = _fitted(seen, fitted, gain, offset, read_noise)
    return Assessment(camera, tuple(levels), curve)


class _Seen(NamedTuple):
    """A summary of a plane: blocks, dark level, noise as if white, steps, whether it counts."""

    blocks: Blocks
    dark: float
    level: float
    step: float
    whole: bool
    counts: bool

    @classmethod
    def of(cls, plane: Reals, damaged: Bools | None) -> _Seen:
        channels = channels_of(plane)
        known = plane
        if damaged is not None or not np.isfinite(plane.sum(dtype=np.float64)):
            good = np.isfinite(plane).reshape(*plane.shape[:2], -1).all(axis=-1)
            known = plane[good if damaged is None else good & ~damaged]
        blocks = Blocks.joined([Blocks.of(channel, damaged) for channel in channels])
        if not known.size:
            return cls(blocks, math.nan, 0.0, 0.0, False, False)
        level = 0.0 if len(blocks.mean) else level_of_plane(plane, damaged)
        dark = np.percentile(blocks.mean, 0.1) if len(blocks.mean) else np.median(known)
        least, step = float(known.min()), step_of(known)
        whole = step == 1 and least >= 0 and least.is_integer()
        return cls(blocks, float(dark), level, step, whole, least == 0 and counted(known))


def _telling(seen: list[_Seen]) -> list[_Seen]:
    """Return the planes that are not all of one value, which no camera took, or all if none is."""
    return [each for each in seen if each.step > 0 or len(each.blocks.mean)] or seen


def _is_photon(seen: list[_Seen], curve: NoiseCurve | None) -> bool:
    """Say whether the noise grows with the intensity, and is not that of rounding."""
    if curve is None or curve.verdict != 'photon':
        return False
    rounding = max(0.0 if each.counts else each.step for each in seen) ** 2
    return bool(curve.variance(curve.most) > _ROUNDED * rounding)


def _fitted(
    seen: list[_Seen],
    curve: NoiseCurve | None,
    gain: float | None,
    offset: float | None,
    read_noise: float | None,
) -> Camera:
    dark = min((each.dark for each in seen if not math.isnan(each.dark)), default=0.0)
    if curve is None:
        slope, intercept = 0.0, float(np.mean([each.level**2 for each in seen] or [0.0]))
    else:
        slope, intercept = curve.slope, curve.intercept
    if gain is None and offset is None and read_noise is None and _counting(seen, slope):
        return Camera(1.0, 0.0, 0.0)
    middle = dark if curve is None else curve.middle
    variance = slope * middle + intercept
    least = max(1e-3 * math.sqrt(max(variance, 0)), 1e-6 * max(abs(dark), 1.0) * (variance <= 0))
    if gain is not None or slope < least:
        slope = least if gain is None else gain
        intercept = variance - slope * middle
    return _split(slope, intercept, dark, offset, read_noise)


def _counting(seen: list[_Seen], slope: float) -> bool:
    """Say whether these are photon counts: few whole numbers from 0 on with the noise of counts."""
    return all(each.counts for each in seen) and abs(slope - 1) < _COUNTING


def _split(
    slope: float, intercept: float, dark: float, offset: float | None, read_noise: float | None
) -> Camera:
    """Share the intercept of the line between offset and read noise."""
    if offset is None:
        known = 0.0 if read_noise is None else read_noise**2
        least = (known - intercept) / slope
        offset = max(dark, least) if read_noise is None else least
    if read_noise is None:
        read_noise = math.sqrt(max(intercept + slope * offset, 0.0))
    return Camera(slope, offset, read_noise)
