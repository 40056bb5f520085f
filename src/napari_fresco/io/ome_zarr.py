"""Metadata of OME-Zarr, read and written: axes, spacing, channels, and our own additions.

Versions 0.4 and 0.5 are read, 0.5 is written; what we add lies beside ``ome``, never in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..image.label_classes import CLASSES
from ..image.letters import free_letter
from ..image.model import Image
from ..image.units import converted, long_name, unit_name
from .file_faults import unheld
from .label_table import checked_classes
from .ome import channel_colours

OWN = 'napari_fresco'
"""Attribute of the group under which what OME has no words for is kept."""
AXES = 'TCZYX'
"""Axes in the order in which they are stored; S is stored as C."""

_TYPES = {'T': 'time', 'C': 'channel'}
_KEPT = ('wavelengths', 'nodata', 'text', 'provenance', CLASSES, 'label_marks')  # of metadata
_COLOURS = ('00FFFF', 'FFFF00', 'FF00FF', 'FF0000', '00FF00', '0000FF')
_RGB = ('FF0000', '00FF00', '0000FF', 'FFFFFF')


def axis_letters(multiscale: Mapping[str, Any], ndim: int, samples: bool) -> str:
    """Return a letter for each axis.

    `samples`: whether the axis of channels holds the samples of a colour.
    Raises ValueError when the axes do not fit an array of `ndim` dimensions.
    """
    axes = multiscale.get('axes') or list(AXES.lower()[-ndim:])
    if len(axes) != ndim:
        raise ValueError(f'{len(axes)} axes are named for an array of {ndim} dimensions')
    letters = ''
    for axis in axes:
        name = str(axis['name'] if isinstance(axis, Mapping) else axis)
        kind = axis.get('type') if isinstance(axis, Mapping) else None
        wanted = next((a for a, b in _TYPES.items() if b == kind and len(name) > 1), name.upper())
        known = len(wanted) == 1 and wanted.isascii() and wanted.isalpha() and wanted not in letters
        letters += wanted if known else free_letter([*letters, *AXES])
    return letters.replace('C', 'S') if samples else letters


def place(
    multiscale: Mapping[str, Any], letters: str
) -> tuple[dict[str, tuple[float, str]], dict[str, float], tuple[str, ...]]:
    """Return spacing and origin of level 0, and notes on them."""
    steps, start = [1.0] * len(letters), [0.0] * len(letters)
    own = multiscale['datasets'][0].get('coordinateTransformations', ())
    for step in (*own, *(multiscale.get('coordinateTransformations') or ())):
        values = [float(x) for x in step.get(step['type'], ()) or ()]
        if len(values) != len(letters):
            continue
        if step['type'] == 'scale':
            steps = [a * b for a, b in zip(steps, values, strict=True)]
            start = [a * b for a, b in zip(start, values, strict=True)]
        elif step['type'] == 'translation':
            start = [a + b for a, b in zip(start, values, strict=True)]
    spacing, origin, doubtful = {}, {}, ''
    axes = multiscale.get('axes') or [{}] * len(letters)
    for letter, axis, step, first in zip(letters, axes, steps, start, strict=True):
        unit = unit_name(axis.get('unit') or '') if isinstance(axis, Mapping) else ''
        if letter in 'CS':
            continue
        if not (math.isfinite(step) and step > 0):
            doubtful += letter
        elif unit or step != 1:
            spacing[letter] = (step, unit)
        if first and math.isfinite(first):
            origin[letter] = first
    said = f'its spacing along {doubtful} is no distance above 0; it was left out'
    return spacing, origin, (said,) if doubtful else ()


def channel_names(omero: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Return the labels of `count` channels, or none."""
    names = tuple(str(channel.get('label') or '') for channel in omero.get('channels') or ())
    return names if len(names) == count and any(names) else ()


def check_holds(path: Any, axes: str) -> None:
    """Make sure that OME-Zarr has words for the axes of an image.

    Raises FileError when it has none.
    """
    if not set(axes) <= set(AXES + 'S') or {'C', 'S'} <= set(axes):
        held = f'{path}: an OME-Zarr holds axes {AXES}, or colours S in the place of C'
        raise unheld(held, axes)


def stored_axes(axes: str) -> str:
    """Return the letters `axes` of an image in the order in which they are stored, S for itself."""
    return ''.join(letter for letter in AXES.replace('C', 'CS') if letter in axes)


def attributes(
    image: Image,
    levels: Sequence[tuple[str, int]],
    windows: Sequence[tuple[float, float]],
    *,
    name: str,
    complete: bool,
    labels: bool = False,
) -> dict[str, Any]:
    """Return the attributes of the group of an image, validated against the schema.

    `levels`: path of each array, and how many pixels of level 0 along Y and X are one of its.
    `windows`: least and greatest value of each channel.
    `complete`: whether all pixels are written.
    `labels`: whether its values are labels of the image two groups above.
    """
    from yaozarrs import v05

    axes = stored_axes(image.axes)
    multiscale: dict[str, Any] = {
        'name': name,
        'axes': [_axis(letter, image) for letter in axes],
        'datasets': [_dataset(path, factor, axes, image) for path, factor in levels],
    }
    if len(levels) > 1 and labels:
        multiscale |= {'type': 'nearest', 'metadata': {'method': 'every second pixel'}}
    elif len(levels) > 1:
        multiscale |= {'type': 'mean', 'metadata': {'method': 'mean of 2 x 2 pixels'}}
    ome: dict[str, Any] = {'version': '0.5', 'multiscales': [multiscale]}
    if labels:
        ome['image-label'] = _of_labels(image)
        v05.LabelImage.model_validate(ome)
    else:
        if 'S' in axes or image.channels or 'omero' in image.metadata:
            ome['omero'] = {'channels': _channels(image, windows)}
        v05.Image.model_validate(ome)
    own = {key: image.metadata[key] for key in _KEPT if image.metadata.get(key) is not None}
    own |= {'samples': True} if 'S' in axes else {}
    # A step of 1 without a unit is known; the same in the schema means that nothing is.
    plain = [axis for axis, pair in image.spacing.items() if pair == (1.0, '')]
    own |= {'spaced': plain} if plain else {}
    return {'ome': ome, OWN: {**own, 'complete': complete}}


def own_facts(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return our own attributes as metadata of an image."""
    found = {key: own[key] for key in _KEPT if key in own}
    if 'wavelengths' in found:
        found['wavelengths'] = tuple(tuple(pair) for pair in found['wavelengths'])
    if CLASSES in found:
        found[CLASSES] = checked_classes(found[CLASSES])
    return found


def label_colours(said: Mapping[str, Any] | None) -> dict[int, tuple[int, ...]]:
    """Return the colour, R G B A from 0 to 255, of each label that has one."""
    known = (said or {}).get('colors') or ()
    return {int(one['label-value']): tuple(one['rgba']) for one in known if one.get('rgba')}


def _of_labels(image: Image) -> dict[str, Any]:
    colours = image.metadata.get('label_colours') or {}
    known = [{'label-value': int(k), 'rgba': [int(c) for c in v]} for k, v in colours.items()]
    return {'source': {'image': '../../'}, **({'colors': known} if known else {})}


def _axis(letter: str, image: Image) -> dict[str, str]:
    axis = {'name': letter.lower().replace('s', 'c')}
    axis['type'] = _TYPES.get(letter.replace('S', 'C'), 'space')
    unit = image.spacing.get(letter, (1.0, ''))[1]
    # The schema wants lengths along Z, Y and X, and durations along T.
    if unit and converted(1.0, unit, 's' if letter == 'T' else 'm') is not None:
        axis['unit'] = long_name(unit)
    elif unit:
        axis['unit'] = unit
    return axis


def _dataset(path: str, factor: int, axes: str, image: Image) -> dict[str, Any]:
    factors = [factor if letter in 'YX' else 1 for letter in axes]
    steps = [image.spacing.get(letter, (1.0, ''))[0] for letter in axes]
    start = [float(image.origin.get(letter, 0.0)) for letter in axes]
    scale = [step * f for step, f in zip(steps, factors, strict=True)]
    first = [a + step * (f - 1) / 2 for a, step, f in zip(start, steps, factors, strict=True)]
    transforms: list[dict[str, Any]] = [{'type': 'scale', 'scale': scale}]
    if any(first):
        transforms.append({'type': 'translation', 'translation': first})
    return {'path': path, 'coordinateTransformations': transforms}


def _channels(image: Image, windows: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """Return label, colour and window of each channel, as the source had them where it did."""
    samples = 'S' in image.axes
    count = image.length('S' if samples else 'C')
    known = list((image.metadata.get('omero') or {}).get('channels') or ())
    known = known if len(known) == count else [{}] * count
    colours = channel_colours(image)
    names = image.channels or (('Red', 'Green', 'Blue', 'Alpha') if samples else ())
    kind = image.dtype
    found = []
    for i, old in enumerate(known):
        low, high = windows[i] if i < len(windows) else (0.0, 1.0)
        ends = (0.0, float(2 ** (8 * kind.itemsize) - 1)) if kind.kind == 'u' else (low, high)
        own = (_RGB if samples else _COLOURS)[i % (4 if samples else len(_COLOURS))]
        channel = {
            'color': colours[i] if colours else own if count > 1 else 'FFFFFF',
            'active': i < 3 or not samples,
            **old,
            'window': {
                **{'min': ends[0], 'max': ends[1], 'start': low, 'end': high},
                **_own_window(old),
            },
        }
        if i < len(names):
            channel['label'] = names[i]
        found.append(channel)
    return found


def _own_window(channel: Mapping[str, Any]) -> dict[str, float]:
    """Return the contrast with which the source shows a channel; nothing where it says none."""
    window = channel.get('window') or {}
    said = {
        key: float(window[key])
        for key in ('min', 'max', 'start', 'end')
        if isinstance(window.get(key), int | float) and math.isfinite(window[key])
    }
    return said if said.get('end', 0.0) > said.get('start', 0.0) else {}
