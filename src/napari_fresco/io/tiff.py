"""TIFF files with axes, scale and units: ImageJ, OME and plain ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from ..errors import FileError

Array = NDArray[Any]
Contents = tuple[Array, str, bool, dict[str, float], dict[str, str], dict[str, Any]]

MAGIC = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
"""First bytes of TIFF and BigTIFF files."""

_RESOLUTION_UNITS = {2: 'inch', 3: 'cm'}
_IN_CENTIMETRES = {
    'cm': 1.0,
    'centimeter': 1.0,
    'inch': 2.54,
    'in': 2.54,
    'mm': 0.1,
    'm': 100.0,
    'µm': 1e-4,
    'um': 1e-4,
    'micron': 1e-4,
    'micrometer': 1e-4,
    'nm': 1e-7,
    'nanometer': 1e-7,
}
_OME_AXES = {'X': 'PhysicalSizeX', 'Y': 'PhysicalSizeY', 'Z': 'PhysicalSizeZ', 'T': 'TimeIncrement'}


def read(path: Path) -> Contents:
    """Return data, axes, whether it is RGB, scale, units and metadata of a TIFF file.

    Raises
    ------
    FileError
        When the file is compressed in a way that needs another package.
    """
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        axes, scale, units, flavour = series.axes, *_calibration(file)
        metadata: dict[str, Any] = {'flavour': flavour}
        if 'InterColorProfile' in file.pages.first.tags:
            metadata['icc_profile'] = file.pages.first.tags['InterColorProfile'].value
        try:
            data = series.asarray()
        except ValueError as error:
            if 'imagecodecs' not in str(error):
                raise
            data = _read_with_pillow(path, series)
    rgb = 'S' in axes and data.shape[axes.index('S')] in (3, 4)
    axes = axes if rgb else axes.replace('S', 'C' if 'C' not in axes else 'Q')
    return data, axes, rgb, scale, units, metadata


def write(
    path: Path,
    data: Array,
    axes: str,
    scale: Mapping[str, float],
    units: Mapping[str, str],
    flavour: str,
    extra: Mapping[str, Any],
) -> None:
    """Write a TIFF file of the given flavour, or of the nearest one that holds the image.

    Parameters
    ----------
    path : Path
        The file, which is replaced.
    data : ndarray
        Pixels, with the letters of their `axes`.
    axes : str
        Such as ``'ZYX'`` or ``'YXS'``.
    scale, units : mapping of str
        Distance of samples and its unit, by axis.
    flavour : {'imagej', 'ome', 'plain'}
        Conventions of the metadata.
    extra : mapping
        Further arguments of ``tifffile.imwrite``.
    """
    options: dict[str, Any] = {**extra, 'photometric': 'minisblack'}
    if 'S' in axes:
        data = np.moveaxis(data, axes.index('S'), -1)
        axes = axes.replace('S', '') + 'S'
        options |= {'photometric': 'rgb', 'planarconfig': 'contig'}
    if flavour == 'imagej' and _imagej_holds(data, axes):
        options |= {'imagej': True, 'metadata': _imagej_metadata(axes, scale, units)}
        options |= _resolution(scale, dict.fromkeys('YX', ''))
        data, options['metadata']['axes'] = _imagej_order(data, axes)
    elif flavour == 'ome' and set(axes) <= set('TCZYXS'):
        options |= {'ome': True, 'metadata': {'axes': axes, **_ome_metadata(scale, units)}}
    else:
        options |= {'metadata': {'axes': axes}, **_resolution(scale, units)}
    tifffile.imwrite(path, data, **options)


def _calibration(file: tifffile.TiffFile) -> tuple[dict[str, float], dict[str, str], str]:
    """Return scale and units by axis, and the flavour of the file."""
    if file.is_ome:
        return (*_ome_calibration(file.ome_metadata or ''), 'ome')
    tags = file.pages.first.tags
    scale, units = {}, {}
    unit = _RESOLUTION_UNITS.get(tags['ResolutionUnit'].value if 'ResolutionUnit' in tags else 0)
    imagej = file.imagej_metadata if file.is_imagej else None
    if imagej is not None:
        unit = _micro(str(imagej.get('unit', 'pixel')))
    for axis, name in (('Y', 'YResolution'), ('X', 'XResolution')):
        if name in tags and unit not in (None, 'pixel'):
            count, per = tags[name].value
            if count and per:
                scale[axis], units[axis] = per / count, str(unit)
    if imagej is not None:
        if 'spacing' in imagej and scale:
            scale['Z'], units['Z'] = float(imagej['spacing']), str(unit)
        if imagej.get('finterval'):
            scale['T'], units['T'] = float(imagej['finterval']), str(imagej.get('tunit', 's'))
    return scale, units, 'plain' if imagej is None else 'imagej'


def _ome_calibration(text: str) -> tuple[dict[str, float], dict[str, str]]:
    image = tifffile.xml2dict(text)['OME'].get('Image', {})
    pixels = (image[0] if isinstance(image, list) else image).get('Pixels', {})
    scale = {axis: float(pixels[key]) for axis, key in _OME_AXES.items() if pixels.get(key)}
    default = {'T': 's'}
    units = {
        axis: _micro(str(pixels.get(f'{_OME_AXES[axis]}Unit', default.get(axis, 'µm'))))
        for axis in scale
    }
    return scale, units


def _ome_metadata(scale: Mapping[str, float], units: Mapping[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for axis, size in scale.items():
        if axis in _OME_AXES:
            metadata[_OME_AXES[axis]] = size
            metadata[f'{_OME_AXES[axis]}Unit'] = units[axis]
    return metadata


def _imagej_holds(data: Array, axes: str) -> bool:
    colour = 'S' in axes and data.dtype != np.uint8
    small = data.nbytes < 2**32 - 2**20
    types = ('uint8', 'uint16', 'float32')
    return data.dtype.name in types and not colour and small and set(axes) <= set('TZCYXS')


def _imagej_order(data: Array, axes: str) -> tuple[Array, str]:
    order = [axes.index(axis) for axis in 'TZCYXS' if axis in axes]
    return data.transpose(order), ''.join(axes[i] for i in order)


def _imagej_metadata(
    axes: str, scale: Mapping[str, float], units: Mapping[str, str]
) -> dict[str, Any]:
    metadata: dict[str, Any] = {'axes': axes}
    if 'X' in units:
        metadata['unit'] = units['X'].replace('µ', 'u')  # what ImageJ itself writes is ASCII
    if 'Z' in scale:
        metadata['spacing'] = scale['Z']
    if 'T' in scale:
        metadata |= {'finterval': scale['T'], 'tunit': units['T']}
    return metadata


def _resolution(scale: Mapping[str, float], units: Mapping[str, str]) -> dict[str, Any]:
    """Return the resolution tags: pixels per unit, or per cm where the unit is a length."""
    if not {'X', 'Y'} <= set(scale):
        return {}
    unit = units['X']
    if unit not in _IN_CENTIMETRES:
        return {'resolution': (1 / scale['X'], 1 / scale['Y'])}
    inch = unit in ('inch', 'in')
    length = 1.0 if inch else _IN_CENTIMETRES[unit]
    resolution = tuple(1 / (scale[axis] * length) for axis in 'XY')
    return {'resolution': resolution, 'resolutionunit': 'INCH' if inch else 'CENTIMETER'}


def _micro(unit: str) -> str:
    """Return `unit` with one spelling of the micrometre."""
    plain = unit.replace('\\u00B5', 'µ').replace('\u03bc', 'µ')
    return 'µm' if plain in ('um', 'micron', 'microns', 'µm', 'micrometer') else plain


def _read_with_pillow(path: Path, series: tifffile.TiffPageSeries) -> Array:
    """Read a compression that tifffile leaves to imagecodecs, where Pillow keeps every bit."""
    samples = series.shape[series.axes.index('S')] if 'S' in series.axes else 1
    if series.dtype.itemsize > 1 and samples > 1:
        raise FileError(
            f'{path} is compressed in a way that needs another package: '
            'python -m pip install imagecodecs, or save it without compression'
        )
    with Image.open(path) as picture:
        pages = [np.array(page) for page in ImageSequence.Iterator(picture)]
    stack = np.stack(pages[: max(1, math.prod(series.shape) // pages[0].size)])
    return stack.reshape(series.shape).astype(series.dtype, copy=False)
