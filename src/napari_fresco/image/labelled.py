"""xarray: dimensions, coordinates and fill values as those of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .letters import free_letter, guessed_axes, leading_filled
from .units import unit_name

_NAMES = {
    'Y': ('y', 'row', 'rows', 'lat', 'latitude', 'northing', 'height'),
    'X': ('x', 'col', 'cols', 'column', 'columns', 'lon', 'longitude', 'easting', 'width'),
    'Z': ('z', 'depth', 'plane', 'planes', 'slice', 'level'),
    'T': ('t', 'time', 'frame', 'frames', 'timepoint'),
    'C': ('c', 'ch', 'channel', 'channels', 'band', 'bands', 'wavelength'),
    'S': ('s', 'rgb', 'rgba', 'sample', 'samples', 'colour', 'color'),
}
_LETTERS = {name: letter for letter, names in _NAMES.items() for name in names}
_EVEN = 1e-3  # how much steps of a coordinate may differ from their mean, relatively


def labelled_parts(source: Any, axes: str | None) -> dict[str, Any]:
    """Return the pixels, axes and coordinates of an xarray.DataArray as the arguments of an image.

    `source`: its dimensions name the axes ('y', 'row', 'time', 'channel', ...), evenly spaced
        coordinates give spacing and origin, names along channels theirs, and ``_FillValue`` or
        ``missing_value`` the missing pixels.
    `axes`: letters to take instead.
    """
    letters = axes or _letters_of([str(name) for name in source.dims], source.shape)
    spacing: dict[str, tuple[float, str]] = {}
    origin: dict[str, float] = {}
    channels: tuple[str, ...] = ()
    for letter, name in zip(letters, source.dims, strict=False):
        if name not in source.coords:
            continue
        values = np.asarray(source.coords[name].values)
        if letter == 'C' and values.dtype.kind in 'UOS':
            channels = tuple(str(value) for value in values)
        elif (even := _even(values)) is not None:
            step, first, unit = even
            spacing[letter] = (step, source.coords[name].attrs.get('units', unit))
            origin[letter] = first
    return {
        'data': source.data,
        'axes': letters,
        'spacing': spacing,
        'origin': {axis: value for axis, value in origin.items() if value},
        'channels': channels,
        'missing': _missing(source, letters),
        'metadata': {'attrs': dict(source.attrs)} if source.attrs else {},
    }


def tells_rows_and_columns(source: Any) -> bool:
    """Whether the dimensions of an array say which axes are Y and X."""
    known = [_LETTERS.get(str(name).lower()) for name in getattr(source, 'dims', ())]
    return known.count('Y') == known.count('X') == 1


def _letters_of(names: list[str], shape: tuple[int, ...]) -> str:
    """Return a letter for each dimension; without rows and columns the last two are those."""
    known = [_LETTERS.get(name.lower()) for name in names]
    if 'S' in known and shape[known.index('S')] not in (1, 2, 3, 4):
        known[known.index('S')] = None if 'C' in known else 'C'
    named = [letter for letter in known if letter]
    if not {'Y', 'X'} <= set(named) or len(set(named)) < len(named):
        return guessed_axes(tuple(shape))
    letters: list[str] = []
    for letter, name in zip(known, names, strict=True):
        wanted = letter or (name.upper() if len(name) == 1 and name.isascii() else '')
        letters.append(letter or free_letter({*named, *letters}, wanted))
    return ''.join(letters)


def _even(values: Any) -> tuple[float, float, str] | None:
    """Return step, first value and unit of a coordinate, where its steps are even and upwards."""
    unit = ''
    if values.dtype.kind in 'mM':
        kind = 'timedelta64[ns]' if values.dtype.kind == 'm' else 'datetime64[ns]'
        values, unit = values.astype(kind).astype(np.int64), 's'
        values = (values - (values[0] if kind.startswith('d') else 0)) / 1e9
    if values.ndim != 1 or len(values) < 2 or values.dtype.kind not in 'uif':
        return None
    steps = np.diff(values.astype(float))
    mean = steps.mean()
    if not (mean > 0 and np.abs(steps - mean).max() <= _EVEN * mean):
        return None
    return float(mean), float(values[0]), unit_name(unit)


def _missing(source: Any, letters: str) -> Any:
    for key in ('_FillValue', 'missing_value'):
        fill = source.attrs.get(key, source.encoding.get(key))
        if fill is not None and not np.isnan(fill):  # NaN is found when planes are read
            return leading_filled(source.data == fill, letters)
    return None
