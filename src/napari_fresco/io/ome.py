"""OME-XML: calibration, channels and structure read, and put back on writing."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from ..image.model import Image, single_axes
from ..image.units import converted, unit_name

AXES = set('TCZYXS')
"""Axes that OME-TIFF holds."""

_SIZES = {'X': 'PhysicalSizeX', 'Y': 'PhysicalSizeY', 'Z': 'PhysicalSizeZ', 'T': 'TimeIncrement'}
_WAVELENGTHS = ('ExcitationWavelength', 'EmissionWavelength')
_IMMERSIONS = {'Oil': 1.515, 'Glycerol': 1.47, 'Water': 1.333, 'WaterDipping': 1.333, 'Air': 1.0}
_BEFORE = (  # images in the order of the schema, and after them
    *('Project', 'Dataset', 'Folder', 'Experiment', 'Plate', 'Screen'),
    *('Experimenter', 'ExperimenterGroup', 'Instrument'),
)
_AFTER = ('StructuredAnnotations', 'ROI')
_SINGLE = 'napari-fresco/single-axes'
_NAMESPACE = 'http://www.openmicroscopy.org/Schemas/OME/2016-06'


def facts(text: str, number: int) -> dict[str, Any]:
    """Return spacing, origin and facts of the channels of image `number` of an OME-XML text."""
    root = ElementTree.fromstring(text)
    images = list(_children(root, 'Image'))
    if number >= len(images):
        return {}
    pixels = next(_children(images[number], 'Pixels'))
    spacing = {
        axis: (_number(pixels.get(key)), unit_name(pixels.get(f'{key}Unit', _default(axis))))
        for axis, key in _SIZES.items()
        if _number(pixels.get(key)) > 0
    }
    channels = list(_children(pixels, 'Channel'))
    names = tuple(channel.get('Name', '') for channel in channels)
    waves = tuple(tuple(_nanometres(c, key) for key in _WAVELENGTHS) for c in channels)
    found: dict[str, Any] = {'spacing': spacing, 'origin': _origin(pixels, spacing)}
    found['single'] = _single(text, number)
    found['order'] = pixels.get('DimensionOrder', '')[::-1]
    if any(names):
        found['channels'] = names
    colours = tuple(_rgb(channel.get('Color')) for channel in channels)
    if any(colours):
        found['colours'] = colours
    if any(wave for pair in waves for wave in pair):
        found['wavelengths'] = waves
    objective = _objective(root, images[number])
    if objective:
        found['objective'] = objective
    return found


def _objective(root: ElementTree.Element, image: ElementTree.Element) -> dict[str, float]:
    """Return numerical aperture and index of the immersion, as far as an image tells them."""
    every = [o for i in _children(root, 'Instrument') for o in _children(i, 'Objective')]
    settings = next(_children(image, 'ObjectiveSettings'), None)
    told = {} if settings is None else settings.attrib
    used = [o for o in every if o.get('ID') == told.get('ID')] if told else every
    lens = used[0].attrib if len(used) == 1 else {}
    index = told.get('RefractiveIndex') or _IMMERSIONS.get(lens.get('Immersion', ''), 0)
    known = {'na': _number(lens.get('LensNA')), 'refractive_index': _number(index)}
    return {name: value for name, value in known.items() if value > 0}


def arguments(image: Image) -> dict[str, Any]:
    """Return the arguments of tifffile for the OME-XML of an image."""
    metadata: dict[str, Any] = {}
    for axis, key in _SIZES.items():
        if axis in image.spacing:
            step, unit = image.spacing[axis]
            metadata[key] = step
            metadata[f'{key}Unit'] = {'um': 'µm', '': 'pixel'}.get(unit, unit)
    channel: dict[str, list[Any]] = {}
    if image.channels:
        channel['Name'] = list(image.channels)
    if colours := channel_colours(image):
        channel['Color'] = [(int(f'{rgb}FF', 16) ^ 2**31) - 2**31 for rgb in colours]
    waves = image.metadata.get('wavelengths', ())
    if len(waves) == image.length('C'):
        for i, key in enumerate(_WAVELENGTHS):
            if all(pair[i] for pair in waves):
                channel[key] = [pair[i] for pair in waves]
                channel[f'{key}Unit'] = ['nm'] * len(waves)
    if channel:
        metadata['Channel'] = channel
    planes = image.length('T') * image.length('C') * image.length('Z')
    for axis in 'XYZ':
        if axis in image.origin and axis in image.spacing:
            unit = {'um': 'µm', '': 'reference frame'}.get(*[image.spacing[axis][1]] * 2)
            step = image.spacing[axis][0] if axis == 'Z' else 0.0
            place = [image.origin[axis] + step * z for z in _depths(image)]
            plane = metadata.setdefault('Plane', {})
            plane[f'Position{axis}'], plane[f'Position{axis}Unit'] = place, [unit] * planes
    return metadata


def channel_colours(image: Image) -> tuple[str, ...]:
    """Return the colour RRGGBB of each channel, as OME-TIFF or OME-Zarr say; none if not of all."""
    shown = (image.metadata.get('omero') or {}).get('channels') or ()
    said = [str(each.get('color') or '') for each in shown] or image.metadata.get('colours', ())
    fitting = len(said) == image.length('C') and all(map(_is_rgb, said))
    return tuple(said) if fitting else ()


def _is_rgb(colour: str) -> bool:
    return re.fullmatch('[0-9A-Fa-f]{6}', colour) is not None


def _rgb(colour: str | None) -> str:
    """Return red, green and blue of R, G, B, A in an integer with a sign; nothing of none."""
    known = re.fullmatch('-?[0-9]+', colour or '')
    return f'{int(known[0]) % 2**32 >> 8:06X}' if known else ''


def _number(text: Any) -> float:
    """Return a number of an attribute; 0 where it is not there, or is none."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def merged(written: str, images: list[Image]) -> str:
    """Return a written OME-XML text with all entries of the sources that still hold.

    Instruments, experimenters, annotations, regions and the settings of images, channels
    and planes come from the text in ``metadata['ome']``; sizes and calibration do not.
    """
    ElementTree.register_namespace('', _NAMESPACE)
    root = ElementTree.fromstring(written)
    taken: set[str] = set()
    for image, target in zip(images, list(_children(root, 'Image')), strict=True):
        text = image.metadata.get('ome')
        if not text:
            continue
        source = ElementTree.fromstring(_in_namespace(text))
        found = list(_children(source, 'Image'))
        number = int(image.metadata.get('series', 0))
        if number >= len(found):
            continue
        _merge_image(target, found[number])
        if text not in taken:
            taken.add(text)
            _merge_root(root, source)
    _state_single(root, images)
    return ElementTree.tostring(root, 'unicode', xml_declaration=True)


def _state_single(root: ElementTree.Element, images: list[Image]) -> None:
    """State the axes of length 1, which OME-XML does not tell from axes that are not there."""
    stated = {i: axes for i, image in enumerate(images) if (axes := single_axes(image))}
    whole = next(_children(root, 'StructuredAnnotations'), None)
    if whole is None:
        whole = ElementTree.Element(f'{{{_NAMESPACE}}}StructuredAnnotations')
        root.insert(max(i for i, e in enumerate(root) if _name(e) == 'Image') + 1, whole)
    for old in [each for each in whole if each.get('Namespace') == _SINGLE]:
        whole.remove(old)
    for i, axes in stated.items():
        said = {'ID': f'Annotation:SingleAxes:{i}', 'Namespace': _SINGLE}
        place = ElementTree.SubElement(whole, f'{{{_NAMESPACE}}}CommentAnnotation', said)
        ElementTree.SubElement(place, f'{{{_NAMESPACE}}}Value').text = axes
    if not len(whole):
        root.remove(whole)


def _single(text: str, number: int) -> str:
    """Return the axes of length 1 that :func:`merged` stated of an image."""
    for element in ElementTree.fromstring(text).iter():
        known = element.get('Namespace') == _SINGLE
        if known and element.get('ID') == f'Annotation:SingleAxes:{number}':
            return ''.join(child.text or '' for child in element)
    return ''


def _merge_root(root: ElementTree.Element, source: ElementTree.Element) -> None:
    """Put entries of no single image beside the images, in the order of the schema."""
    before = [child for child in source if _name(child) in _BEFORE]
    after = [child for child in source if _name(child) in _AFTER]
    for place, child in enumerate(before):
        root.insert(place, child)
    root.extend(after)


def _merge_image(target: ElementTree.Element, source: ElementTree.Element) -> None:
    pixels, theirs = next(_children(target, 'Pixels')), next(_children(source, 'Pixels'))
    target.set('Name', source.get('Name', target.get('Name', '')))
    place = list(target).index(pixels)
    for child in [child for child in target if child is not pixels]:
        target.remove(child)
    place = 0
    for child in source:
        if _name(child) == 'Pixels':
            place = len(target)
            continue
        target.insert(place, copy.deepcopy(child))
        place += 1
    _merge_parts(pixels, theirs, 'Channel')
    if [pixels.get(f'Size{a}') for a in 'TCZ'] == [theirs.get(f'Size{a}') for a in 'TCZ']:
        _merge_planes(pixels, theirs)


def _merge_parts(target: ElementTree.Element, source: ElementTree.Element, name: str) -> None:
    """Copy the attributes that like elements lack, and their children."""
    pairs = list(zip(_children(target, name), _children(source, name), strict=False))
    if len(pairs) != len(list(_children(source, name))):
        return
    for new, old in pairs:
        for key, value in old.attrib.items():
            if key not in new.attrib:
                new.set(key, value)
        new[:] = [copy.deepcopy(child) for child in old]


def _merge_planes(target: ElementTree.Element, source: ElementTree.Element) -> None:
    """Copy the entries of planes: times, exposures and positions of the stage."""
    for plane in list(_children(target, 'Plane')):
        target.remove(plane)
    target.extend(copy.deepcopy(plane) for plane in _children(source, 'Plane'))


def _origin(pixels: Any, spacing: dict[str, tuple[float, str]]) -> dict[str, float]:
    plane = next(_children(pixels, 'Plane'), None)
    origin = {}
    for axis in 'XYZ':
        if plane is None or axis not in spacing or plane.get(f'Position{axis}') is None:
            continue
        unit = unit_name(plane.get(f'Position{axis}Unit', 'reference frame'))
        value = _number(plane.get(f'Position{axis}'))
        own = spacing[axis][1]
        place = value if unit == 'reference frame' and not own else converted(value, unit, own)
        if place:
            origin[axis] = place
    return origin


def _depths(image: Image) -> list[int]:
    """Return the position on Z of every plane in the order in which they are written."""
    order = [axis for axis in image.axes if axis in 'TCZ']
    depths = [0]
    for axis in order:
        length = image.length(axis)
        depths = [z if axis != 'Z' else i for z in depths for i in range(length)]
    return depths


def _nanometres(channel: Any, key: str) -> float | None:
    value = _number(channel.get(key))
    return converted(value, channel.get(f'{key}Unit', 'nm'), 'nm') if value else None


def _default(axis: str) -> str:
    return 's' if axis == 'T' else 'um'


def _children(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (child for child in element if _name(child) == name)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition('}')[2]


def _in_namespace(text: str) -> str:
    """Return OME-XML of any year in the namespace that is written."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        if '/Schemas/' in element.tag:
            element.tag = f'{{{_NAMESPACE}}}{_name(element)}'
    return ElementTree.tostring(root, 'unicode')
