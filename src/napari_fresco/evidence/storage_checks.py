"""Checks of whether pixels are what they seem to be: colours, alpha, light, and no labels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..noise.bidirectional import scan_shift
from ..noise.lattice import alternation
from ..noise.level import level_of_plane
from ..noise.lone_pixels import lone_share
from ..noise.repeated_lines import repeated_lines
from ..noise.stripes import stripes as periodic_stripes
from ..noise.wrapped import wrapped
from ..types import Check
from .check_limits import checked
from .plane_measures import Bools, middle_of, to_gray

_CELL, _AROUND = 4, 4.0  # pixels that are averaged, and averages that detail stands out of
_STRANGERS = 0.18  # correlation of the detail of colours, which those of photographs exceed
_CLEAR = 2.0  # times its noise that detail has before it is compared
_ALPHA_NOISE = 0.01  # of its range, which an alpha has not
_FEW = 0.01  # share of the pixels off the commonest value, below which nothing is told
_LINES = 'rows', 'columns'
_SOME = 3  # of lines that are named
_KNOWN = 0.95  # share of the pixels, of which fewer say nothing of the others
_APART = "axes='YXC', or Split RGB in napari"


def mosaic(plane: NDArray[Any], known: Bools) -> Check | None:
    """Check whether pixels of a gray plane alternate like those of a raw colour camera."""
    if plane.ndim != 2:
        return None
    value = alternation(plane, None if known.all() else ~known)
    return checked(
        'mosaic',
        value,
        'every second pixel is brighter, as in the raw mosaic of a colour camera, or every second '
        "row, as in an interlaced frame, which is taken for structure: choose task='demosaic', "
        'or restore each lattice by itself, such as image[::2, ::2]',
    )


def stripes(colours: NDArray[Any], known: Bools) -> Check:
    """Check whether periodic stripes run along all rows or columns.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    """
    found = periodic_stripes(to_gray(colours), None if known.all() else ~known)
    return checked(
        'stripes',
        found.strength,
        f'{_LINES[found.axis]} have stripes, every {found.period:.1f} pixels and alike all over, '
        'as sensors and mains hum leave them, which are taken for structure: unless the object has '
        'them, take this frequency out first, or mend the acquisition',
    )


def scan(colours: NDArray[Any], known: Bools) -> Check:
    """Check whether every second row or column is moved against the others."""
    found = scan_shift(to_gray(colours), None if known.all() else ~known)
    rows, by = _LINES[found.axis], -found.pixels
    every = ('[1::2]', '[:, 1::2]')[found.axis]
    moved = f'np.roll(image{every}, {by:g}, axis={1 - found.axis})'
    if found.pixels % 1:
        moved = f'ndimage.shift(image{every}, {(0, by) if found.axis == 0 else (by, 0)})'
    return checked(
        'scan',
        found.gain,
        f'every second one of the {rows} is moved by {abs(found.pixels):g} pixels against the '
        'others, as scanning to and fro does, which is taken for structure: move them back first, '
        f'such as image{every} = {moved}, and mend the phase of the scan',
    )


def repeated(colours: NDArray[Any], known: Bools) -> Check:
    """Check whether single rows or columns repeat the one beside them.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    """
    found = repeated_lines(to_gray(colours), None if known.all() else ~known)
    axis = int(len(found[1]) > len(found[0]))
    lines = found[axis]
    some = f'{", ".join(map(str, lines[:_SOME]))}{", ..." if len(lines) > _SOME else ""}'
    return checked(
        'repeated',
        len(lines),
        f'{_LINES[axis]} {some} repeat the one before, as sensors fill lines that they lost, and '
        'noise that two of them share is taken for structure: mark them in a mask and fill them '
        "first (task='inpaint'), or mend the acquisition",
    )


def outliers(colours: NDArray[Any], known: Bools) -> Check:
    """Check whether single pixels within the range stand far out of their neighbours.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    """
    unknown = None if known.all() else ~known
    share = max(lone_share(each, unknown) for each in np.moveaxis(np.atleast_3d(colours), -1, 0))
    return checked(
        'outliers',
        share,
        f'{100 * share:.2g} % of the pixels stand far out of all their neighbours, as warm pixels '
        'and lost values do, and are taken for points of light or dark: unless they are stars or '
        'spots finer than a pixel, put the median of their neighbours there first, such as in each '
        'channel near = ndimage.median_filter(image, 3); image = np.where(np.abs(image - near) > '
        '8 * fresco.estimate_noise(image), near, image)',
    )


def ran_over(colours: NDArray[Any], known: Bools) -> Check | None:
    """Check whether whole numbers ran over the end of their range.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    """
    if colours.dtype.kind not in 'iu' or known.mean() < _KNOWN:
        return None  # salt and pepper are found as outliers
    unknown = None if known.all() else ~known
    share = max(wrapped(each, unknown) for each in np.moveaxis(np.atleast_3d(colours), -1, 0))
    ends = np.iinfo(colours.dtype)
    return checked(
        'wrapped',
        share,
        f'{100 * share:.2g} % of the pixels lie a whole range of {colours.dtype} off their '
        f'neighbours, as sums that ran over it do, where {ends.max} + 1 is {ends.min}, and are '
        'taken for structure: reckon in floats, and clip before numbers are made whole again',
    )


def channels(colours: NDArray[Any], alpha: NDArray[Any], known: Bools) -> Check:
    """Check whether samples are the colours of one picture, and an alpha.

    `colours`: ``(H, W)`` or ``(H, W, 3)``.
    `alpha`: ``(H, W, 1)``, or ``(H, W, 0)`` where there is none.
    `known`: ``(H, W)``, pixels that are judged.
    """
    said = channels_doubt(colours, known) or _opacity_doubt(alpha, known)
    return checked('channels', float(bool(said)), said)


def channels_doubt(colours: NDArray[Any], known: Bools) -> str:
    """Return why three colours are no photograph: one is 0, or they have nothing in common."""
    if colours.ndim == 2 or not known.any():
        return ''
    lit = (colours if known.all() else colours[known]).reshape(-1, colours.shape[-1]).any(axis=0)
    if lit.any() and not lit.all():
        return (
            'a colour is 0 all over, so that these are channels and no photograph, and a method '
            f'for colours mixes them; restore each by itself ({_APART})'
        )
    if lit.all() and _are_strangers(colours, known):
        return (
            'the colours have no detail in common, so that these are channels and no photograph, '
            'and a method for colours takes noise of one for detail of another; restore each by '
            f'itself ({_APART})'
        )
    return ''


def _opacity_doubt(alpha: NDArray[Any], known: Bools) -> str:
    """Return why a last sample is no opacity: it holds a picture."""
    if not alpha.shape[-1] or not known.any() or not _is_noisy(alpha[..., 0], known):
        return ''
    return (
        'the last sample is taken for opacity and given back as it is, but it holds a noisy '
        f'picture; if it is a channel, restore each by itself ({_APART})'
    )


def areas(plane: NDArray[Any], known: Bools) -> Check | None:
    """Check whether whole numbers are areas of one value each, as label ids and masks have."""
    if plane.dtype.kind not in 'iu' or plane.ndim != 2 or min(plane.shape) < 2:
        return None
    middle = middle_of(plane.shape)
    plane, known = plane[middle], known[middle]
    values, counts = np.unique(plane[known], return_counts=True)
    if len(values) < 2:
        return None
    inside = known & (plane != values[np.argmax(counts)])
    if np.count_nonzero(inside) < _FEW * plane.size:
        return None
    here, others = plane[:-1, :-1], (plane[1:, :-1], plane[:-1, 1:], plane[1:, 1:])
    in_square = np.zeros(plane.shape, bool)  # of four that are equal
    square = np.logical_and.reduce([other == here for other in others])
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        in_square[i : plane.shape[0] - 1 + i, j : plane.shape[1] - 1 + j] |= square
    steps = np.abs(np.subtract(others[1], here, dtype=np.float64))
    steps = steps[steps > 0]
    sloped = not steps.size or np.median(steps) <= 1  # and rounded
    share = 0.0 if sloped else float(in_square[inside].mean())
    return checked(
        'areas',
        share,
        'the image has areas of one value each, as label ids, masks and drawings have: there is '
        'no noise in it, and label ids become others; restore the image that was labelled',
    )


def _are_strangers(colours: NDArray[Any], known: Bools) -> bool:
    """Say whether the detail of the colours, beyond their noise, has nothing in common."""
    middle = middle_of(colours.shape)
    colours, known = colours[middle], known[middle]
    rows, columns = (n // _CELL for n in colours.shape[:2])
    if min(rows, columns) < 2 * _CELL or not known.all():
        return False
    cells = colours[: rows * _CELL, : columns * _CELL].reshape(rows, _CELL, columns, _CELL, 3)
    means = cells.mean(axis=(1, 3), dtype=np.float64)
    detail = means - ndimage.gaussian_filter(means, (_AROUND, _AROUND, 0))
    together = np.cov(detail.reshape(-1, 3).T, ddof=0)
    power = np.diag(together)
    if not power.all() or _most_shared(together, power) >= _STRANGERS:
        return False  # without its noise, detail has even more in common
    noise = np.array([level_of_plane(colours[..., i], None) for i in range(3)]) ** 2 / _CELL**2
    if not (power > _CLEAR**2 * noise).all():
        return False
    return _most_shared(together, power - noise) < _STRANGERS


def _most_shared(together: NDArray[Any], power: NDArray[Any]) -> float:
    """Return the greatest correlation of two colours of some power."""
    shared = together / np.sqrt(np.outer(power, power))
    return float(max(shared[i, j] for i, j in combinations(range(3), 2)))


def _is_noisy(alpha: NDArray[Any], known: Bools) -> bool:
    values = alpha[known]
    span = float(values.max()) - float(values.min())
    return span > 0 and level_of_plane(alpha, ~known) > _ALPHA_NOISE * span
