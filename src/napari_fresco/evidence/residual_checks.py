"""Checks of the residual of a restoration: it should be noise, of the expected size.

`z` is the residual in units of the noise that is expected, of the middle of a large plane.
"""

from __future__ import annotations

import math

import numpy as np

from .left_noise import area_with_noise
from .line_noise import line_noise
from .plane_measures import Singles, neighbour_correlation
from .plane_outcome import NOTHING, Found, Outcome
from .residual_measures import largest_object, resemblance, share_left, unevenness

_MORE, _LESS = 'give a larger sigma', 'give a smaller sigma'
_RIGHT = 'check the noise level or the camera'
_HARDLY_ANY = 0.01  # of the range


def noise_taken(o: Outcome, z: Singles) -> Found:
    value = math.sqrt(o.power)
    if value < NOTHING and o.typical < _HARDLY_ANY * o.span:
        return value, (
            f'the result is nearly the image, which has hardly any noise ({o.typical:.2g}), so '
            f'that nothing is won; if noise is seen, {o.remedy("give sigma")}'
        )
    if value < NOTHING:
        return value, f'the result is nearly the image: {o.remedy(_MORE)}'
    if value < 1:
        return value, f'only {value:.0%} of the noise was taken away: {o.remedy(_MORE)}'
    return value, (
        f'{value:.1f} times the noise was taken away, so structure was, too: look at the residual, '
        f'and {o.remedy(_LESS)}'
    )


def nothing_done(o: Outcome) -> Found | None:
    """Say where a method that finds the noise itself left an image as it is, for there is none.

    Noise on a ground that has none, as of simulated or cut-out images, may be overlooked.
    """
    if o.reads_noise or o.sigma is None or not o.unchanged:
        return None
    return 0.0, (
        'the result is nearly the image, in which no noise was found, so that nothing is won; if '
        f'noise is seen, {o.remedy("give sigma")}'
    )


def whiteness(o: Outcome, z: Singles) -> Found:
    value = neighbour_correlation(z, o.judged)
    if value < 0:
        return value, f'what was taken away alternates: noise is left; {o.remedy(_MORE)}'
    return value, (
        'what was taken away is no white noise: structure, or noise with a grain (JPEG, resampled '
        f'or filtered images); look at the residual, and {o.remedy("give sigma")}'
    )


def structure(o: Outcome, z: Singles) -> Found:
    value = resemblance(o.middle, o.waves, o.judged)
    return value, (
        'what was taken away resembles the image: edges and fine detail were weakened; '
        f'{o.remedy(_LESS)}'
    )


def worse(o: Outcome, z: Singles) -> Found:
    value = o.power - 1
    return value, (
        f'the result is farther from the truth than the image: more than {1 + value:.1f} times '
        f'the power of the noise was changed; {o.remedy(_LESS)}, or choose another method'
    )


def consistency(o: Outcome, z: Singles) -> Found:
    value = o.power
    if value < 1:
        return (
            value,
            f'the result repeats the noise of the image: {o.remedy(_MORE)}, or fewer iterations',
        )
    return value, (
        f'the result does not explain the image: blurred again it differs by '
        f'{math.sqrt(value):.1f} times the noise; check the kernel, or {o.remedy(_LESS)}'
    )


def repainted(o: Outcome, z: Singles) -> Found:
    far = np.count_nonzero(np.abs(z) > 5)  # and not where nothing can be judged
    judged = z.size if o.judged is None else len(z) * np.count_nonzero(o.judged)
    share = far / judged if judged else 0.0
    return share, (
        f'{share:.1%} of the values were changed by more than five times the noise: look at the '
        f'residual, and {o.remedy(_LESS)}'
    )


def spectrum(o: Outcome, z: Singles) -> Found:
    value = unevenness(z, o.judged)
    return value, (
        f'what was taken away is {value:.1f} times as strong at some scale as at others, so it is '
        f'not all noise: look at the residual, and {o.remedy(_RIGHT)}'
    )


def fit(o: Outcome, z: Singles) -> Found:
    value = unevenness(z, o.judged)
    return value, (
        f'what the result leaves unexplained is {value:.1f} times as strong at some scale as at '
        'others: the kernel is too wide, turned or not that of this image'
        f'{", or sigma is wrong" if o.reads_noise else ""}'
    )


def lines(o: Outcome, z: Singles) -> Found:
    value, axis = line_noise(z, o.judged)
    what, window = (('rows', '(9, 1)'), ('columns', '(1, 9)'))[axis]
    return value, (
        f'{what} differ {value:.0f} times as much as the noise of single pixels explains: the '
        'noise has lines, which are taken for structure; take them out of each channel first, such '
        f'as image = image - np.median(image - ndimage.median_filter(image, {window}), '
        f'axis={1 - axis}, keepdims=True)'
    )


def objects(o: Outcome, z: Singles) -> Found:
    value = largest_object(o.waves)
    return value, (
        f'something {value:.0f} times as strong as the noise, as large as a spot, was taken away '
        f'or added: look at the residual, and {o.remedy(_LESS)}, or give the camera'
    )


def contrast(o: Outcome, z: Singles) -> Found:
    known = o.middle if o.judged is None else o.middle[:, o.judged]
    level = known.mean() if known.size else 0.0
    value = share_left((o.middle - level) / o.middle_noise, o.waves, o.judged)
    return value, (
        f'what stands out of its ground holds about {value:.0%} less light than in the image, and '
        'the ground more: measure brightness in the image; average frames or bin pixels before, or '
        'choose another method'
    )


def parts(o: Outcome, z: Singles) -> Found:
    assert o.noise is not None
    known = None if o.judged_all else o.known
    pixels, (height, width) = area_with_noise(o.residual, o.explained, o.noise, known)
    return pixels, (
        f'noise was left in an area of {height} x {width} pixels and taken away elsewhere: look at '
        'the residual, do not compare that part with others, and choose another tile size or method'
    )
