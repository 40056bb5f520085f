"""Spacing, origin, channels and their words in the conventions of TIFF files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import tifffile

from ..image.model import Image, single_axes
from ..image.prints import is_print
from ..image.units import converted, unit_name

IMAGEJ_KEPT = (
    'mode',
    'LUTs',
    'Ranges',
    'Labels',
    'Info',
    'min',
    'max',
    'fps',
    'loop',
    'ROI',
    'Overlays',
    'Properties',
    'Plot',
)
"""What ImageJ says of an image beside its axes and calibration."""

_TAG_UNITS = {2: ('inch', 25.4), 3: ('cm', 10.0)}  # name and mm
_PLAIN = {'spacing': dict, 'origin': dict, 'channels': list, 'text': dict}  # keys of our texts


def imagej_calibration(said: Mapping[str, Any], tags: Any) -> dict[str, tuple[float, str]]:
    """Return the spacing that ImageJ wrote."""
    unit = unit_name(said.get('unit', ''))
    spacing = {}
    for axis, name in (('Y', 'YResolution'), ('X', 'XResolution')):
        count, per = tags[name].value if name in tags else (1, 1)
        if count and per and (unit or count != per):
            spacing[axis] = (
                per / count,
                unit_name(said.get('yunit', unit)) if axis == 'Y' else unit,
            )
    step, pause = (_number(said.get(name)) for name in ('spacing', 'finterval'))
    if step and spacing:  # below 0 where the stage went down
        spacing['Z'] = (abs(step), unit_name(said.get('zunit', unit)))
    if pause > 0:
        spacing['T'] = (pause, unit_name(said.get('tunit', 's')))
    return spacing


def _number(said: Any) -> float:
    """Return a number that a file states; 0 where it is none, as of 'NaN' and misspelt ones."""
    try:
        value = float(said or 0)
    except (TypeError, ValueError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def channel_names(labels: Sequence[str], channels: int) -> tuple[str, ...]:
    """Return the labels that ImageJ gives to planes, where they repeat from channel to channel."""
    names = tuple(labels[:channels])
    repeated = names * (len(labels) // channels)
    return names if names and channels > 1 and repeated == tuple(labels) else ()


def tag_calibration(tags: Any) -> tuple[dict[str, tuple[float, str]], str | None]:
    """Return the spacing in mm that resolution tags tell, and the name of their unit."""
    value = int(tags['ResolutionUnit'].value) if 'ResolutionUnit' in tags else 2
    if value not in _TAG_UNITS or not {'XResolution', 'YResolution'} <= {tag.name for tag in tags}:
        return {}, None
    name, length = _TAG_UNITS[value]
    told = {axis: tags[f'{axis}Resolution'].value for axis in 'YX'}
    if all(count == per for count, per in told.values()):  # what programs write that know none
        return {}, None
    spacing = {a: (length * per / count, 'mm') for a, (count, per) in told.items() if count and per}
    return spacing, name if spacing else None


def resolution_arguments(image: Image) -> dict[str, Any]:
    """Return resolution tags for tifffile: pixels per inch or cm, where the spacing is a length."""
    steps = [image.spacing.get(axis, (0.0, '')) for axis in 'XY']
    lengths = [converted(step, unit, 'mm') if step and unit else None for step, unit in steps]
    if None in lengths:
        return {}
    inch = is_print(image.metadata)
    per = 25.4 if inch else 10.0
    counts = [per / (length or 1) for length in lengths]
    if not all(map(_fits_a_tag, counts)) or set(counts) == {1.0}:
        return {}  # the description tells it; 1 : 1 stands for none
    return {'resolution': counts, 'resolutionunit': 'INCH' if inch else 'CENTIMETER'}


def _fits_a_tag(count: float) -> bool:
    """Return whether a ratio of two numbers of 32 bits tells a resolution well."""
    return 1e-5 <= count < 2**32


def imagej_arguments(image: Image, axes: str) -> dict[str, Any]:
    """Return the arguments of tifffile for ImageJ: calibration, look-up tables, labels."""
    kept = dict(image.metadata.get('imagej', {}))
    planes = [image.length(axis) for axis in 'TZC']
    labels = kept.get('Labels')
    if labels is not None and len(labels) not in (planes[2], planes[0] * planes[1] * planes[2]):
        del kept['Labels']
    if image.channels and 'Labels' not in kept:
        kept['Labels'] = list(image.channels) * (planes[0] * planes[1])
    for key, each in (('LUTs', 1), ('Ranges', 2)):
        if key in kept and len(kept[key]) != each * planes[2]:
            del kept[key]
    single = single_axes(image)
    metadata: dict[str, Any] = {'axes': axes, **kept, **({'single': single} if single else {})}
    step, unit = image.spacing.get('X', (1.0, ''))
    down = _in_unit(image.spacing.get('Y', (step, unit)), unit)
    if unit:
        metadata['unit'] = unit
    if 'Z' in image.spacing:
        metadata['spacing'] = _in_unit(image.spacing['Z'], unit)
    if 'T' in image.spacing:
        metadata['finterval'], metadata['tunit'] = image.spacing['T']
    return {'metadata': metadata, 'resolution': (1 / step, 1 / down)}


def imagej_calibrates(image: Image) -> bool:
    """Whether ImageJ has words for the spacing of an image."""
    unit = image.spacing.get('X', (1.0, ''))[1]
    known = [image.spacing[axis] for axis in 'ZY' if axis in image.spacing]
    square = ('X' in image.spacing) == ('Y' in image.spacing) >= ('Z' in image.spacing)
    ascii_ = all(unit.isascii() for _, unit in image.spacing.values())
    same = all(converted(step, other, unit) is not None for step, other in known)
    tags = all(_fits_a_tag(1 / image.spacing.get(axis, (1.0, ''))[0]) for axis in 'YX')
    plain = not image.origin and set(image.spacing) <= set('TZYX')
    return square and ascii_ and same and tags and plain


def plain_text(image: Image, axes: str, shape: Sequence[int]) -> str:
    """Return axes, spacing and all as the description of a plain TIFF, in tifffile's JSON."""
    record: dict[str, Any] = {'shape': list(shape), 'axes': axes}
    if image.spacing:
        record['spacing'] = {axis: list(pair) for axis, pair in image.spacing.items()}
    if image.origin:
        record['origin'] = dict(image.origin)
    if image.channels:
        record['channels'] = list(image.channels)
    if image.metadata.get('text'):
        record['text'] = dict(image.metadata['text'])
    return json.dumps(record)


def plain_facts(text: str) -> dict[str, Any]:
    """Return the facts in a text of :func:`plain_text` or of other programs."""
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict) or 'shape' not in record:
        return {'text': {'Description': text}} if text.strip() else {}
    facts = {key: record[key] for key, kind in _PLAIN.items() if isinstance(record.get(key), kind)}
    lengths = zip(str(record.get('axes', '')), record['shape'], strict=False)
    facts['order'] = str(record.get('axes', ''))
    facts['single'] = ''.join(axis for axis, n in lengths if n == 1 and axis not in 'YXS')
    pairs = facts.get('spacing', {}).items()
    spacing = {axis: tuple(pair) for axis, pair in pairs if isinstance(pair, list | tuple)}
    facts['spacing'] = {**_spacing_in_words(record), **spacing}
    return facts


def _spacing_in_words(record: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """Return the spacing that a script has given to tifffile in the words of ImageJ or OME."""
    unit = record.get('unit', '')
    said = {'Z': (record.get('spacing'), unit), 'T': (record.get('finterval'), 's')}
    for axis in 'ZYX':
        key = f'PhysicalSize{axis}'
        if key in record:
            said[axis] = (record[key], record.get(f'{key}Unit', 'um'))
    return {
        axis: (float(step), unit_name(str(unit)))
        for axis, (step, unit) in said.items()
        if isinstance(step, int | float) and step > 0 and axis in str(record.get('axes', ''))
    }


def stated_axes(text: str) -> str:
    """Return the axes that the description of a TIFF names; none where it names none."""
    try:
        record = json.loads(text)
    except ValueError:
        return ''
    return str(record.get('axes', '')) if isinstance(record, dict) else ''


def needs_description(image: Image, axes: str) -> bool:
    """Whether tags alone cannot hold the metadata of an image."""
    lengths = {unit for _, unit in image.spacing.values()} <= {'mm'}
    flat = axes in ('YX', 'YXS', 'SYX') and set(image.spacing) <= {'Y', 'X'}
    both = ('X' in image.spacing) == ('Y' in image.spacing)
    text = set(image.metadata.get('text', {})) <= {'Description', 'Author', 'Copyright', 'Software'}
    tags = not image.spacing or bool(resolution_arguments(image))
    plain = flat and lengths and both and text and tags
    return not plain or bool(image.origin or image.channels)


def _in_unit(pair: tuple[float, str], unit: str) -> float:
    step, own = pair
    return converted(step, own, unit) or step


def description_of(page: tifffile.TiffPage) -> str:
    """Return the description tag of a page."""
    tag = page.tags.get(270)
    value = tag.value if tag is not None else ''
    return value if isinstance(value, str) else value.decode('utf-8', 'replace')
