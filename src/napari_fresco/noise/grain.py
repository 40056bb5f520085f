"""Noise with a grain: neighbouring pixels share noise that single pixels do not show.

JPEG, demosaicking and resampling leave nothing of the finest frequencies, which are the only ones
that the patches of other estimators look at. Denoisers are told too little then, and
deconvolution, which amplifies the frequencies in the middle, does harm. Means of pixels show the
grain; so do, in a blurred image, the frequencies at which a known kernel lets nothing through:
what an image has there is noise. numpy and scipy only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from scipy import fft, ndimage

from .curve import Blocks, NoiseCurve, fit_curve, likeliest
from .level import channels_of, level_of_plane
from .patches import FREQUENCY, LEAST, SIDE, Bools, Floats, Patches, Reals, sums_in

GRAIN = 1.3
"""Noise of means over 2 x 2 pixels over that of pixels, from which on neighbours share it."""

GRAIN_OF_CAMERA = 1.2
"""Photon noise over what the camera tells of single pixels, from which on that is said."""

_LEAST_GRAIN = 0.005  # of the range of intensities: a smaller grain is left to the texture
_LITTLE = 0.025  # of it: below, and from `_TEXTURE` times the noise of pixels on, a grain has to
_TEXTURE, _MOST_TIMES = 4.0, 8.0  # show in patches, too; at most so many times are told
_FINEST = FREQUENCY[FREQUENCY > SIDE] > SIDE + 2  # of the high frequencies of patches
_SMOOTHEST = 0.1  # share of the patches
_FALLING = 1.38  # noise at high frequencies over that at the finest, from which on it has a grain

_MOSTLY = 0.5  # of the power at nulls: more than that is taken for noise alone
_PASSED = 0.004  # of the power, below which a frequency counts as a null
_BAND = (0.06, 0.3)  # cycles per pixel: below is the picture, beyond it JPEG leaves nothing
_FEWEST = 64  # coefficients
_RINGS = 6  # of frequencies
_LEAKED = (1 / 6, 2 / 3, 1 / 6)  # power of a frequency seen through the window, and beside it
_AROUND, _FAR = 2.0, 1e-3  # pixels of the surroundings, and the weight of the whole mean in them
_CLEAR = 1.5  # by which coarse noise exceeds fine noise before it is surely a grain
_AT_NULLS, _OF_MEANS = 1.5, 1.8  # what deconvolution is told of it; measured on shaky JPEGs
_WHITE, _MOST = 1.08, 2.0  # times the noise of pixels up to which it is white, and at most
_LUMINANCE = (0.299, 0.587, 0.114)


def grain_ratio(
    plane: Reals, sigma: float, unknown: Bools | None = None, *, most: float = 1.5
) -> float:
    """Return the noise of means of pixels relative to that of white noise of `sigma`.

    `plane`: ``(H, W)`` or ``(H, W, 3)``; of too few pixels, or too few between unknown ones,
        nothing is told.
    `sigma`: standard deviation that single pixels show, above 0.
    `unknown`: pixels that say nothing.
    `most`: beyond that it is texture.
    Returns: from 1 to `most`, by means over 2 x 2 pixels; those of more show texture.
    """
    return float(np.clip(level_of_means(plane, 2, unknown) / sigma, 1, most))


def level_with_grain(
    plane: Reals, sigma: float, span: float, unknown: Bools | None = None
) -> float:
    """Return the noise level that a denoiser needs where neighbouring pixels may share noise.

    `plane`: ``(H, W)`` or ``(H, W, 3)`` in image units.
    `sigma`: standard deviation that single pixels show.
    `span`: from black to white.
    `unknown`: pixels that say nothing.
    Returns: that of means of pixels, scaled to a pixel, where that is surely noise; else `sigma`.
    """
    if sigma <= 0:
        return sigma
    ratio = grain_ratio(plane, sigma, unknown, most=_MOST_TIMES)
    grain, texture = ratio * sigma, _TEXTURE * sigma
    if ratio <= GRAIN or grain <= _LEAST_GRAIN * span:
        return sigma
    if min(grain, texture) > _LITTLE * span:
        return min(grain, texture)
    return grain if falls_off(plane, unknown) else sigma


def falls_off(plane: Reals, unknown: Bools | None = None) -> bool:
    """Say whether the noise of the smoothest patches grows less towards the finest frequencies.

    What JPEG, demosaicking and resampling leave of noise does. White noise does not, and texture,
    which shows in means as a grain does, hardly has power there.

    `plane`: ``(H, W)`` or ``(H, W, 3)``.
    `unknown`: pixels that say nothing.
    """
    high = finest = 0.0
    for channel in channels_of(plane):
        patches = Patches.of(channel, unknown)
        count = min(max(LEAST, round(_SMOOTHEST * len(patches.low))), len(patches.low))
        smooth = patches.high[:, np.argsort(patches.low)[:count]]
        high += float(smooth[~_FINEST].mean()) if count else 0.0
        finest += float(smooth[_FINEST].mean()) if count else 0.0
    return high > _FALLING**2 * finest


def excess_of(
    planes: Iterable[tuple[Reals, Bools | None]], fine: NoiseCurve | None = None
) -> float:
    """Return the ratio of the photon noise in means, scaled to a pixel, to that in single pixels.

    The noise of means over 2 x 2 pixels is compared with that of pixels at the same intensities,
    and that of pixels at middle frequencies with that at high ones. Texture shows in the means as
    well, but leaves the noise of pixels white.

    `planes`: ``(H, W)`` of one camera, and where they are damaged.
    `fine`: the noise of their pixels, where it is known.
    Returns: from 1 to 2.
    """
    if fine is None:
        planes = list(planes)
        fine = fit_curve(Blocks.joined(Blocks.of(*plane) for plane in planes))
    if fine is None or fine.grain < _WHITE:
        return 1.0
    coarse = fit_curve(Blocks.joined(Blocks.of(*means(*plane, 2)) for plane in planes))
    ratio = 1.0
    if coarse is not None and coarse.verdict != 'unknown':
        levels = np.linspace(fine.middle, fine.most, 3)
        ratio = max(2 * float(np.median(coarse.sigma(levels) / fine.sigma(levels))), 1.0)
    return min(ratio * fine.grain, _MOST)


def level_of_means(plane: Reals, side: int, unknown: Bools | None = None) -> float:
    """Return `side` times the level of means of ``side x side`` pixels: their own, if white."""
    if min(plane.shape[:2]) < side * SIDE:
        return 0.0
    averaged, spoilt = means(plane, unknown, side)
    patches = [Patches.of(channel, spoilt) for channel in channels_of(averaged)]
    if min(len(p.mean) for p in patches) < LEAST:
        return 0.0  # what else there is to estimate from would tell texture
    return side * level_of_plane(averaged, spoilt, patches)


def means(plane: Reals, unknown: Bools | None, side: int) -> tuple[Reals, Bools | None]:
    """Return the means of ``side x side`` pixels, and which of them have an unknown one."""
    rows, columns = (n // side for n in plane.shape[:2])
    cells = np.s_[: side * rows, : side * columns]
    shape = (rows, side, columns, side)
    averaged = np.zeros((rows, columns, *plane.shape[2:]), sums_in(plane))
    for i in range(side):
        for j in range(side):
            averaged += plane[cells][i::side, j::side]
    averaged /= side**2
    if unknown is None:
        return averaged, None
    return averaged, np.asarray(unknown[cells].reshape(shape).any(axis=(1, 3)))


def level_through_blur(
    plane: Reals, kernel: Floats, unknown: Bools | None = None, uneven: float = 1.0
) -> float | None:
    """Return the noise level for deconvolving an image whose noise has a grain.

    Told the level of single pixels, a deconvolution amplifies the rest by many dB; told too high
    a level it loses one. So the level at the nulls of the kernel counts 1.5 times, or that of
    means of 2 x 2 pixels, where there are no nulls, 1.8 times.

    `plane`: ``(H, W)`` or ``(H, W, 3)`` in image units.
    `kernel`: ``(kh, kw)``, of sum 1.
    `unknown`: pixels that say nothing.
    `uneven`: root mean square of the noise over what pixels tell of it, which is that of quiet
        places, where it is stronger in others: nulls tell that of all places.
    The result is in image units. None where the noise has no grain.
    """
    gray = plane if plane.ndim == 2 else plane @ np.array(_LUMINANCE)
    fine = uneven * level_of_plane(gray, unknown)
    coarse, factor = level_at_nulls(gray, kernel, unknown), _AT_NULLS
    if coarse is None:
        coarse, factor = level_of_means(gray, 2, unknown), _OF_MEANS
    return factor * coarse if coarse > _CLEAR * fine else None


def level_at_nulls(plane: Reals, kernel: Floats, unknown: Bools | None = None) -> float | None:
    """Return the standard deviation of the noise at the nulls of a kernel.

    `plane`: ``(H, W)`` in image units.
    `kernel`: ``(kh, kw)``, of sum 1.
    `unknown`: pixels that say nothing; their surroundings stand in for them, since holes would
        carry the picture to the nulls.
    Returns the level of white noise of the power that was found; None where the kernel has no
        nulls within the band, such as a narrow Gaussian, or is larger than the image.
    """
    if any(k > n for k, n in zip(kernel.shape, plane.shape, strict=True)):
        return None
    frequency, transfer = _frequencies(plane.shape), np.abs(fft.rfft2(kernel, plane.shape)) ** 2
    null = (frequency >= _BAND[0]) & (frequency <= _BAND[1]) & (transfer < _PASSED)
    if np.count_nonzero(null) < _FEWEST:
        return None
    window = np.outer(*(np.hanning(n + 2)[1:-1] for n in plane.shape))
    seen = window if unknown is None else window * ~unknown
    if not seen.any():
        return None
    values = plane if unknown is None else _continued(plane, ~unknown)
    mean = float((window * values).sum() / window.sum())
    spectrum = np.abs(fft.rfft2(window * (values - mean))) ** 2 / np.square(seen).sum()
    # The median of an exponential law is ln 2 of its mean.
    power = float(np.median(spectrum[null])) / math.log(2)
    for axis in (0, 1):
        transfer = ndimage.convolve1d(transfer, _LEAKED, axis, mode='wrap')
    return math.sqrt(power * _share_of_noise(spectrum[null], transfer[null], frequency[null]))


def _share_of_noise(power: Floats, transfer: Floats, frequency: Floats) -> float:
    """Return which share of the power at nulls is left where nothing at all is let through.

    A bright picture shows in what the kernel lets through even there. That is in proportion to the
    transfer, while the noise of a ring of frequencies is the same. A little of the picture was
    there when :func:`level_through_blur` was measured, and is left.
    """
    ring = np.searchsorted(np.linspace(*_BAND, _RINGS + 1)[1:-1], frequency)
    found = left = 0.0
    for i in range(_RINGS):
        seen, passed = power[ring == i], transfer[ring == i] / _PASSED
        if len(seen) < _FEWEST:
            continue
        typical = float(np.median(seen)) / math.log(2)
        shapes = np.stack((np.ones_like(passed), passed))
        (noise, _), _ = likeliest(seen, shapes, 0.0, np.full(2, typical), 1e-9 * typical)
        found, left = found + len(seen) * typical, left + len(seen) * float(noise)
    return left / found if left < _MOSTLY * found else 1.0


def _continued(plane: Reals, known: Bools) -> Floats:
    """Return a plane in which local means stand in for what is not known."""
    values = np.where(known, plane, 0.0).astype(np.float64)
    weights = ndimage.gaussian_filter(known.astype(np.float64), _AROUND)
    around = ndimage.gaussian_filter(values, _AROUND) + _FAR * values.sum() / known.sum()
    return np.where(known, plane, around / (weights + _FAR))


def _frequencies(shape: tuple[int, ...]) -> Floats:
    """Return the cycles per pixel of the coefficients of a real Fourier transform."""
    frequency: Floats = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    return frequency
