"""Channels of an image picked by name or number, with the metadata that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ..errors import ImageError
from .letters import leading_first

ASKED_SERIES, ONE_CHANNEL = 'asked_series', 'channel'
"""Metadata of an image: which image of its file was asked for, and which channel it was alone."""

_OF_CHANNELS = ('wavelengths', 'colours')  # of the metadata, one entry for each channel
_TABLES = (('LUTs', 1), ('Ranges', 2), ('Labels', 1))  # of ImageJ, and entries for each channel


def number_of(wanted: str | int, names: Sequence[str], count: int) -> int:
    """Return the number of a channel that is told by its name, or by its number, even as text.

    Raises ImageError when there is none among `count`, or there are several of the name.
    """
    if isinstance(wanted, str) and wanted in names:
        if names.count(wanted) > 1:
            raise ImageError(f'several channels are called {wanted!r}; {_there(names, count)}')
        return names.index(wanted)
    told = int(wanted) if isinstance(wanted, str) and wanted.isdecimal() else wanted
    if isinstance(told, Integral) and not isinstance(told, bool) and 0 <= told < count:
        return int(told)
    raise ImageError(f'there is no channel {wanted!r}; {_there(names, count)}')


def _there(names: Sequence[str], count: int) -> str:
    number = f'number from 0 to {count - 1}'
    if not names:
        return f'the channels have no names: give a {number}'
    return f'the image has {", ".join(names)}: give a name, or a {number}'


def missing_of(missing: Any, axes: str, chosen: Sequence[int]) -> Any:
    """Return the missing pixels of some channels of an image with `axes`."""
    letters = leading_first(axes).replace('S', '')
    axis = letters.index('C') - len(letters)
    if missing is None or missing.ndim < -axis or missing.shape[axis] == 1:
        return missing
    return np.take(np.asarray(missing), chosen, axis)


def metadata_of(whole: Mapping[str, Any], chosen: Sequence[int], count: int) -> dict[str, Any]:
    """Return the metadata of some of `count` channels."""
    kept = {key: value for key, value in whole.items() if key not in _OF_CHANNELS}
    if len(chosen) == count and [*chosen] != [*range(count)]:
        kept.pop('ome', None)  # which tells of channels in their order
    for key in _OF_CHANNELS:
        if len(whole.get(key) or ()) == count:
            kept[key] = tuple(whole[key][n] for n in chosen)
    shown = (whole.get('omero') or {}).get('channels') or ()
    if len(shown) == count:
        kept['omero'] = {**whole['omero'], 'channels': [shown[n] for n in chosen]}
    if imagej := whole.get('imagej'):
        kept['imagej'] = _imagej(imagej, chosen, count)
    return kept


def _imagej(whole: Mapping[str, Any], chosen: Sequence[int], count: int) -> dict[str, Any]:
    """Return the ImageJ metadata of some channels."""
    kept = {key: value for key, value in whole.items() if key != 'mode'}
    for key, each in _TABLES:
        if len(kept.get(key, ())) == count * each:
            parts = [kept[key][n * each : (n + 1) * each] for n in chosen]
            kept[key] = type(kept[key])(value for part in parts for value in part)
    return kept
