"""The noise level of an image: the standard deviation of its noise, or a map of it.

numpy and scipy only; what the patches of an image tell is found in
:mod:`napari_fresco.noise.patches`, the noise model of a camera in
:mod:`napari_fresco.noise.camera`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
from scipy import ndimage

from ..errors import FrescoWarning, ImageError, MaskError, ParameterError
from ..image.carriers import as_shown
from ..image.intensity import check_units
from ..image.layout import Layout
from ..image.model import Array, Image, values_of
from .interpolated import interpolated
from .jpeg_blocks import has_blocks
from .leaked_texture import is_textured, variance_beside_texture
from .patches import (
    LEAST,
    Bools,
    Floats,
    Patches,
    Reals,
    level_of,
    variance_between_holes,
    variance_of_differences,
)
from .quiet_borders import quiet_border, silent_pixels
from .second_differences import channel_views

PLANES = 16
"""Planes of a stack that are looked at."""
_ALIKE = 1.25  # times the noise of one channel that another may have
_WINDOW = 64  # side of the neighbourhoods of a map
_WINDOW_COUNT = 900  # patches in each of them
_UNTEXTURED = 0.04  # share of untextured patches below which a neighbourhood says nothing


@overload
def estimate_noise(
    image: Any,
    how: Literal['global'] = 'global',
    axes: str | None = None,
    rgb: bool | None = None,
    mask: Any = None,
) -> float: ...


@overload
def estimate_noise(
    image: Any,
    how: Literal['map'],
    axes: str | None = None,
    rgb: bool | None = None,
    mask: Any = None,
) -> Floats: ...


def estimate_noise(
    image: Any,
    how: str = 'global',
    axes: str | None = None,
    rgb: bool | None = None,
    mask: Any = None,
) -> float | Floats:
    """Estimate the standard deviation of white Gaussian noise, in image units.

    Noise that is correlated between pixels (JPEG, demosaiced or resampled
    images) is underestimated. Saturated and constant areas are left out, and borders around a
    picture whose own noise is less than half of its.

    Parameters
    ----------
    image : array-like
        As for :func:`napari_fresco.restore`: 2-D, RGB(A) or a stack.
    how : {'global', 'map'}
        One number, or a local estimate for each pixel, smooth but at the edge of such a border.
    axes : str, optional
        A letter for each axis, such as ``'ZYX'``.
    rgb : bool, optional
        Whether the image is RGB(A). Colours give their root mean square.
    mask : array-like, optional
        Nonzero where pixels are damaged and say nothing; ``(H, W)`` or with
        the leading axes.

    Returns
    -------
    float or ndarray
        A number, 0.0 for a constant image; of a stack, the median over up to
        16 planes of each channel. A map is ``(H, W)`` or has the leading axes in front.

    Warns
    -----
    FrescoWarning
        When one number stands for channels whose noise differs, with that of each.

    Raises
    ------
    ParameterError
        When `how` is neither 'global' nor 'map'.
    ImageError, MaskError
        When the image has no planes, none of its pixels has a value, or the mask does not fit
        them.

    Examples
    --------
    >>> noisy = np.random.default_rng(0).normal(1000, 30, (128, 128))
    >>> bool(28 < estimate_noise(noisy) < 32)
    True
    """
    if how not in ('global', 'map'):
        raise ParameterError(f"how = {how!r}; give 'global' for one number or 'map' for a map")
    layout, planes = planes_of(image, axes, rgb, mask, PLANES if how == 'global' else None)
    if how == 'global':
        levels = [level_of_plane(each, silent_pixels(each, bad)) for each, bad in planes]
        _warn_of_channels(Image.of(image, axes=axes, rgb=rgb).channel_names, levels, layout)
        return _median(levels)
    maps = np.stack([map_of_plane(*plane) for plane in planes])
    _median(maps)
    return maps.reshape(*layout.leading, *layout.plane_shape)


def _median(levels: Any) -> float:
    """Return the median of the levels that were found; of planes without a value none is."""
    found = np.ravel(levels)[np.isfinite(np.ravel(levels))]
    if not found.size:
        raise ImageError(
            'the image has no noise to estimate: none of its pixels has a value (all are NaN or '
            'infinite, or lie under the mask); give a part that has some'
        )
    return float(np.median(found))


def planes_of(
    image: Any, axes: str | None, rgb: bool | None, mask: Any, most: int | None = None
) -> tuple[Layout, Iterator[tuple[Floats, Bools | None]]]:
    """Return the layout of `image`, and its planes without alpha beside their damage.

    Of more than `most` planes of a channel that many are picked, evenly spread.
    """
    source = Image.of(image, axes=axes, rgb=rgb)
    layout = as_shown(Layout.of(source), source)
    damaged = None if mask is None else _damage(mask, layout)
    indices = list(layout.planes())

    def read() -> Iterator[tuple[Floats, Bools | None]]:
        for index in indices if most is None else picked_of_each(layout, most):
            colour = layout.colours(layout.read(source.data, index)).astype(np.float64)
            _check_units_of(colour)
            yield colour, None if damaged is None else damaged[index]

    return layout, read()


def _check_units_of(colours: Floats) -> None:
    low, high = np.min(colours, initial=0.0), np.max(colours, initial=0.0)
    if np.isfinite([low, high]).all() and high - low > 1:  # less has no noise to speak of
        check_units(float(low), float(high))


def picked(indices: Sequence[tuple[int, ...]], most: int = PLANES) -> Sequence[tuple[int, ...]]:
    """Return at most `most` indices of planes, evenly spread."""
    return indices[:: max(1, math.ceil(len(indices) / most))]


def picked_of_each(layout: Layout, most: int) -> list[tuple[int, ...]]:
    """Return the indices of at most `most` planes of each channel, evenly spread."""
    each: dict[int, list[tuple[int, ...]]] = {}
    for index in layout.planes():
        each.setdefault(layout.channel_of(index), []).append(index)
    return [index for own in each.values() for index in picked(own, most)]


def _warn_of_channels(names: Sequence[str], levels: Sequence[float], layout: Layout) -> None:
    """Warn where the noise of the planes that were picked differs between channels."""
    if not names:
        return
    channels = [layout.channel_of(index) for index in picked_of_each(layout, PLANES)]
    pairs = list(zip(channels, levels, strict=True))
    own = [float(np.median([level for c, level in pairs if c == n])) for n in range(len(names))]
    if np.isfinite(own).all() and max(own) > _ALIKE * max(min(own), 1e-12 * max(own)):
        told = ', '.join(f'{name} {level:.3g}' for name, level in zip(names, own, strict=True))
        warn_of_channels(
            f'the noise differs between channels ({told}), and one number stands for all'
        )


def warn_of_channels(said: str) -> None:
    """Warn that what was estimated of all channels holds for none, with what to do."""
    warnings.warn(
        f'{said}: give one of them, such as image.channel(0); restore judges each by its own',
        FrescoWarning,
        stacklevel=4,
    )


def _damage(mask: Any, layout: Layout) -> Bools:
    shape = (*layout.leading, *layout.plane_shape)
    given = values_of(mask, 'mask', MaskError)
    try:
        return np.broadcast_to(given != 0, shape)
    except ValueError:
        raise MaskError(
            f'mask {given.shape} does not match image {shape}; give a mask of '
            f'{layout.plane_shape} for every plane'
        ) from None


def channels_of(plane: Array) -> Array:
    """Return the channels of a gray or colour plane, one after the other, each in one piece."""
    return np.ascontiguousarray(channel_views(plane))


def level_of_plane(
    plane: Reals, damaged: Bools | None, patches: Sequence[Patches] | None = None
) -> float:
    """Return the standard deviation of the noise of one plane, from the `patches` of its channels.

    They are cut out when they are not given.
    """
    channels = channels_of(plane)
    patches = patches or [Patches.of(channel, damaged) for channel in channels]
    found = zip(channels, patches, strict=True)
    return math.sqrt(np.mean([_channel_variance(*both, damaged) for both in found]))


def _channel_variance(channel: Reals, patches: Patches, damaged: Bools | None) -> float:
    if len(patches.mean) >= LEAST:
        level = level_of(patches.low, patches.high)
        if is_textured(patches, level) and not has_blocks(channel):  # where noise is uneven
            return variance_beside_texture(patches, level)
        return level.variance
    between = None if damaged is None else variance_between_holes(channel, damaged)
    if between is not None:
        return between
    return variance_of_differences(channel, damaged)


def map_of_plane(plane: Reals, damaged: Bools | None) -> Floats:
    """Return the standard deviation of the noise around each pixel of one plane, ``(H, W)``."""
    border = quiet_border(plane, damaged)
    if border is None:
        return smooth_map_of_plane(plane, damaged)
    inner = smooth_map_of_plane(plane, silent_pixels(plane, damaged))
    return np.where(border.where, border.level, inner)


def smooth_map_of_plane(plane: Reals, damaged: Bools | None) -> Floats:
    """Return the same of a plane that has no quiet border, or in spite of it."""
    rows, columns = (_starts(n) for n in plane.shape[:2])
    grid = np.full((len(rows), len(columns)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            grid[i, j] = _window_variance(plane, damaged, row, column)
    known = np.isfinite(grid)
    if not known.any():
        return np.full(plane.shape[:2], level_of_plane(plane, damaged))
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    grid = ndimage.median_filter(grid[tuple(nearest)], 3, mode='nearest')
    smooth = np.sqrt(ndimage.gaussian_filter(grid, 0.7, mode='nearest'))
    centres = [starts + (_WINDOW - 1) / 2 for starts in (rows, columns)]
    where = [
        np.interp(np.arange(n), centre, np.arange(len(centre)))
        for n, centre in zip(plane.shape[:2], centres, strict=True)
    ]
    return interpolated(smooth, *where)


def _starts(length: int) -> Floats:
    """Return where the neighbourhoods of a map start, at most 64 that overlap by half or less."""
    last = max(length - _WINDOW, 0)
    return np.round(np.linspace(0, last, min(64, 1 + math.ceil(2 * last / _WINDOW))))


def _window_variance(plane: Reals, damaged: Bools | None, row: float, column: float) -> float:
    """Return the noise variance of a neighbourhood, NaN where texture or damage hides it."""
    part = np.s_[int(row) : int(row) + _WINDOW, int(column) : int(column) + _WINDOW]
    variances = []
    for channel in channels_of(plane[part]):
        patches = Patches.of(channel, None if damaged is None else damaged[part], _WINDOW_COUNT)
        if len(patches.mean) < LEAST:
            return math.nan
        level = level_of(patches.low, patches.high, share=0.1)
        if level.untextured < _UNTEXTURED:
            return math.nan
        variances.append(level.variance)
    return float(np.mean(variances))
