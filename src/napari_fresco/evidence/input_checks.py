"""Checks of noise level, range, mask, kernel and weights against the image that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..noise.camera import Camera
from ..types import Check
from .check_limits import checked, few_digits
from .mask_measures import better_fit, widest_hole
from .plane_measures import Bools, Floats, to_gray

_ONE_HUE = 1e-3  # of the power of the strongest colour: less is no colour


def sigma_told(told: float, estimated: float, mapped: bool = False) -> Check | None:
    """Compare a given noise level, or the median of a map of it, with that of the image."""
    if told <= 0 or estimated <= 0:
        return None
    value = told / estimated
    return checked(
        'sigma',
        value,
        f'{"the median of the sigma map," if mapped else "sigma ="} {told:.3g}'
        f'{"," if mapped else ""} is {few_digits(value)} times the noise that the image shows '
        f"({estimated:.3g}): check its unit (that of the image), or leave it at 'auto'",
    )


def sigma_found(found: float, estimated: float) -> Check | None:
    """Compare the noise that a blind method found with that of the image: more does harm."""
    if not found > 0 or estimated <= 0:
        return None
    value = max(found / estimated, 1.0)
    return checked(
        'sigma',
        value,
        f'the method found noise of {found:.3g}, {few_digits(value)} times what the image shows '
        f'({estimated:.3g}): it takes texture for noise, or there is noise '
        'in some places only; look at the residual, or choose a method that is given the noise '
        'level, such as drunet',
    )


def camera_told(told: Floats, estimated: Floats, given: Mapping[str, float]) -> Check | None:
    """Compare the noise levels that a given camera has, from dark to bright, with the image's.

    `given`: what was given of it; the rest was made to fit.
    """
    usable = (told > 0) & (estimated > 0)
    if not usable.any():
        return None
    ratios = told[usable] / estimated[usable]
    value = float(ratios[np.argmax(np.abs(np.log(ratios)))])
    return checked(
        'camera',
        value,
        f'the camera that was given ({", ".join(f"{n} {v:g}" for n, v in given.items())}) has '
        f'{few_digits(value)} times the noise that the image shows: check '
        "gain (image units per electron), offset and read noise, or leave noise at 'auto'",
    )


def offset_found(camera: Camera) -> Check:
    """Check whether the darkest of an image, which stands in for the offset, may be dark.

    Only light has more noise than a camera reads with.
    """
    electrons = camera.read_noise / camera.gain
    return checked(
        'offset',
        electrons,
        f'the darkest parts have the noise of {electrons:.1f} electrons, more than most cameras '
        'read with, so that there is light everywhere, such as haze; the offset that was found, '
        f'{camera.offset:.4g}, counts it as dark, and faint structures lose light: give the offset '
        'of a dark frame',
    )


def range_given(given: tuple[float, float], extent: tuple[float, float]) -> Check:
    """Compare a range that was given with the intensities of the image, from its middle."""
    low, high = given
    half = (high - low) / 2
    reach = max(abs(end - low - half) for end in extent) / half
    value = reach if reach > 1.1 else (extent[1] - extent[0]) / (2 * half)
    return checked(
        'data_range',
        value,
        f'data_range = {low:g} to {high:g}, but the image goes from {extent[0]:.4g} to '
        f"{extent[1]:.4g}: give the intensities of black and white, or leave it at 'auto'",
    )


def saturation(image: NDArray[Any], known: Bools) -> Check | None:
    """Return the share of values of integers that lie at the top of the type or of the image."""
    if image.dtype.kind not in 'iu' or not known.any():
        return None
    values = _known_of(image, known)
    top = values.max()
    full = int(top) == np.iinfo(image.dtype).max or int(top) & (int(top) + 1) == 0
    share = float(np.mean(values == top)) if full else 0.0
    return checked(
        'saturation',
        share,
        f'{share:.1%} of the values are saturated at {top}: what was brighter is lost, and a blur '
        'cannot be undone there; take a shorter exposure, or leave such parts out',
    )


def mask_coverage(share: float) -> Check:
    """Check the share of an image that is damaged."""
    return checked(
        'mask',
        share,
        f'the mask covers {100 * share:.3g} % of the image; is it inverted? Nonzero means damaged',
    )


def mask_alone(mask: Bools) -> Iterator[Check]:
    """Check the coverage of the damage, and its widest hole."""
    hole = widest_hole(mask)
    yield mask_coverage(float(mask.mean()))
    yield checked(
        'hole',
        hole,
        f'the widest hole is {hole:.0f} pixels wide: what fills it is made up; take it as a '
        'proposal, and compare several seeds or methods',
    )


def mask_placed(mask: Bools, image: Floats) -> Check:
    """Check whether a mask lies where the damage is."""
    fit = better_fit(mask, to_gray(image))
    remedy = 'grown' if fit.how == 'larger' else fit.how
    return checked(
        'placement',
        fit.gain,
        f'the outline of the mask fits the image {fit.gain:.1f} times better when it is {remedy}: '
        'look whether it lies where the damage is',
    )


def doubts(name: str, said: Sequence[str]) -> Check:
    """Return the doubts about a given kernel, or about weights for an image, in words."""
    return checked(name, len(said), said[0] if said else '')


def one_hue(image: Floats, known: Bools) -> bool:
    """Say whether a colour image holds one channel only, pseudo-coloured or three times."""
    if image.ndim == 2 or not known.any():
        return False
    values = _known_of(image, known).reshape(-1, image.shape[-1])
    values = values - values.mean(axis=0)
    power = np.linalg.eigvalsh(values.T @ values)
    return bool(power[:-1].sum() < _ONE_HUE * power[-1])


def _known_of(image: NDArray[Any], known: Bools) -> NDArray[Any]:
    """Return the values of known pixels, without a copy where all are known."""
    return image if known.all() else image[known]


def named(checks: Iterable[Check | None], names: Sequence[str]) -> list[Check]:
    """Return those checks that could be made and that make sense."""
    return [check for check in checks if check is not None and check.name in names]
