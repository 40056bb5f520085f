"""Images as TIFF files with all their metadata: ImageJ, OME and plain ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ..errors import FileError
from ..image.letters import leading_first
from ..image.model import Array, Image, in_memory, single_axes
from . import calibration, exif, geotiff, label_table, ome
from .file_faults import unheld
from .pages import LARGE

_IMAGEJ_TYPES = ('uint8', 'uint16', 'float32')
_IMAGEJ_MOST = 2**32 - 2**20  # bytes
_TILE = 512  # sides of the tiles in which planes are written that are large themselves
_OURS = {'ADOBE_DEFLATE': 'zlib', 'DEFLATE': 'zlib', 'PIXAR_DEFLATE': 'zlib', 'LZMA': 'lzma'}
_CODECS = {'LZW': 'lzw', 'PACKBITS': 'packbits', 'ZSTD': 'zstd'}  # need imagecodecs
_INVERTED = 'inverted look-up table'
_NOT_IN_OME = ('float16', 'int64', 'uint64')
_OME_NAMES = ('.ome.tif', '.ome.tiff', '.ome.tf8', '.ome.btf')


def is_ome_name(path: Path) -> bool:
    """Whether the name of a file says that it is an OME-TIFF."""
    return path.name.lower().endswith(_OME_NAMES)


def write(path: Path, images: Sequence[Image]) -> None:
    """Write images of one flavour into a TIFF file, which is replaced.

    Raises FileError when an OME-TIFF cannot hold them.
    """
    flavour = _flavour(path, images)
    big = sum(int(np.prod(image.shape)) * image.dtype.itemsize for image in images) > _IMAGEJ_MOST
    big = big or any(image.metadata.get('bigtiff', False) for image in images)
    block = exif.block_for(images[0].metadata)
    flags: dict[str, Any] = {'imagej': flavour == 'imagej', 'ome': flavour == 'ome'}
    with tifffile.TiffWriter(path, bigtiff=big and flavour != 'imagej', **flags) as file:
        for image in images:
            image = _gray(image)
            axes = _stored_axes(image, flavour)
            shape = tuple(map(image.length, axes))
            dtype = np.dtype('u1') if image.dtype == bool else image.dtype
            options = _how(image, axes, dtype)
            options |= _flavour_options(image, axes, shape, flavour, len(images) > 1)
            options['extratags'] = options.get('extratags', []) + _tags(image, block)
            plane = image.length('Y') * image.length('X') * image.length('S') * dtype.itemsize
            tile = _TILE if plane > LARGE else None
            options |= {} if tile is None else {'tile': (tile, tile)}
            # Samples that are planes of their own are written together, but for tiles.
            apart = tile is None and options.get('planarconfig') == 'separate'
            parts = _parts(image, axes, axes.index('Y') - apart, tile)
            file.write(parts, shape=shape, dtype=dtype, software=_software(block), **options)
    exif.append_directories(path, block)
    if flavour == 'ome' and any(e.metadata.get('ome') or single_axes(e) for e in images):
        with tifffile.TiffFile(path) as written:
            text = ome.merged(str(written.ome_metadata), list(images))
        tifffile.tiffcomment(path, text.encode())


def check_ome(path: Path, dtype: np.dtype[Any], axes: str) -> None:
    """Make sure that OME-TIFF has words for the axes and type of an image.

    Raises FileError when it has none.
    """
    if not set(axes) <= ome.AXES:
        raise unheld(f'{path}: an OME-TIFF holds axes {"".join(sorted(ome.AXES))}', axes)
    if dtype.name in _NOT_IN_OME:
        raise FileError(f'{path}: an OME-TIFF holds no {dtype}; write .tif or .npy')


def _ome_holds(image: Image) -> bool:
    known = set(image.axes) <= ome.AXES and image.dtype.name not in _NOT_IN_OME
    return known and set(image.spacing) <= set('TZYX')


def _flavour(path: Path, images: Sequence[Image]) -> str:
    if is_ome_name(path):
        return 'ome'
    image = images[0]
    wanted = image.metadata.get('flavour')
    if wanted is None and (set(image.axes) & set('TZC')):
        wanted = 'imagej'
    if wanted == 'imagej' and (len(images) > 1 or not _imagej_holds(image)):
        wanted = None
    if wanted == 'ome' and not all(_ome_holds(each) for each in images):
        wanted = None
    return wanted or 'plain'


def _imagej_holds(image: Image) -> bool:
    small = int(np.prod(image.shape)) * image.dtype.itemsize < _IMAGEJ_MOST
    colour = 'S' not in image.axes or (image.dtype == np.uint8 and image.length('S') == 3)
    known = image.dtype.name in _IMAGEJ_TYPES and set(image.axes) <= set('TZCYXS')
    told = image.metadata.get('photometric') in (None, _INVERTED)
    plain = told and 'nodata' not in image.metadata
    return known and colour and small and plain and calibration.imagej_calibrates(image)


def _gray(image: Image) -> Image:
    """Return an image without samples where there is one alone."""
    if image.length('S') > 1 or 'S' not in image.axes:
        return image
    place = image.axes.index('S')
    key = tuple(0 if i == place else slice(None) for i in range(image.ndim))
    return replace(image, data=image.data[key], axes=image.axes.replace('S', ''))


def _stored_axes(image: Image, flavour: str) -> str:
    """Return the axes in the order in which they are stored, rows and columns together."""
    said = image.metadata
    axes, letter = leading_first(image.axes), said.get('sample_axis', 'S')
    if flavour == 'imagej':
        axes = ''.join(axis for axis in 'TZCYXS' if axis in axes)
    if 'S' not in axes and letter in axes and letter != 'S':
        axes = axes.replace(letter, '') + letter
    if axes[-1] not in 'YX' and said.get('planarconfig') == 'separate':
        axes = f'{axes[:-3]}{axes[-1]}YX'
    return axes


def _parts(image: Image, axes: str, leading: int, tile: int | None) -> Iterator[Array]:
    """Yield the pixels plane by plane, or tile by tile, so that no more of them is in memory.

    `leading`: how many of the axes are those of a stack of planes.
    """
    stack, page = axes[:leading], axes[leading:]
    rows, columns = image.length('Y'), image.length('X')
    white = image.metadata.get('photometric') == 'miniswhite' and image.dtype.kind in 'ui'
    for place in np.ndindex(*map(image.length, stack)):
        for row in range(0, rows, tile or rows):
            where: dict[str, Any] = dict(zip(stack, place, strict=True))
            where['Y'] = slice(row, row + (tile or rows))
            band = in_memory(image.data[tuple(where.get(axis, slice(None)) for axis in image.axes)])
            left = [axis for axis in image.axes if axis in page]
            band = band.transpose([left.index(axis) for axis in page])
            band = np.where(band, 255, 0).astype(np.uint8) if band.dtype == bool else band
            band = ~band if white else band
            for column in range(0, columns, tile or columns):
                part = band[:, column : column + tile] if tile else band
                yield np.ascontiguousarray(part)


def _how(image: Image, axes: str, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return the storage of samples: photometric interpretation and compression."""
    said = image.metadata
    sampled = axes[-1] not in 'YX' or (axes[-3:-2] == said.get('sample_axis', 'S'))
    kind = said.get('photometric') or 'minisblack'
    white = kind == _INVERTED or (kind == 'miniswhite' and dtype.kind in 'ui')
    plain = 'rgb' if kind == 'rgb' else 'minisblack'
    options: dict[str, Any] = {'photometric': 'miniswhite' if white else plain}
    if sampled and image.length('S') > 2:
        options['photometric'] = 'rgb'
    if sampled:
        options['planarconfig'] = 'contig' if axes[-1] not in 'YX' else 'separate'
        options['extrasamples'] = _extra(image, axes, options['photometric'])
    table = said.get('colormap')
    if table is not None and not sampled and table.shape[1] == 2 ** (8 * dtype.itemsize):
        options |= {'photometric': 'palette', 'colormap': table}
    return options | _compression(said, dtype)


def _extra(image: Image, axes: str, photometric: str) -> list[int] | None:
    letter = axes[-1] if axes[-1] not in 'YX' else axes[-3]
    count = image.length(letter) - (3 if photometric == 'rgb' else 1)
    given = list(image.metadata.get('extrasamples') or ())
    if count < 1:
        return None
    return given if len(given) == count else [2 if letter == 'S' else 0] * count


def _compression(said: Any, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return the compression of the source; without loss, and with the codecs at hand."""
    name = said.get('compression')
    if not name:
        return {}
    codecs = find_spec('imagecodecs') is not None
    chosen = _OURS.get(name) or (_CODECS.get(name) if codecs else None) or 'zlib'
    fits = dtype.kind in 'ui' or (dtype.kind == 'f' and codecs)
    fits = fits and chosen in ('zlib', 'lzw', 'zstd', 'lzma')
    return {'compression': chosen, 'predictor': bool(said.get('predictor')) and fits}


def _flavour_options(
    image: Image, axes: str, shape: tuple[int, ...], flavour: str, several: bool
) -> dict[str, Any]:
    """Return the entries of the flavour for axes and calibration."""
    if flavour == 'imagej':
        return calibration.imagej_arguments(image, axes)
    if flavour == 'ome':
        return {'metadata': {'axes': axes, **ome.arguments(image)}}
    options = {'metadata': None, **calibration.resolution_arguments(image)}
    if several or calibration.needs_description(image, axes):
        text = calibration.plain_text(image, axes, shape)
    else:
        text = image.metadata.get('text', {}).get('Description')
    return options | ({'description': text} if text else {})


def _tags(image: Image, block: Any) -> list[tuple[Any, ...]]:
    said = image.metadata
    tags = [*exif.tiff_tags(block), *exif.directories(block), *geotiff.tags(image)]
    for key, tag in (('xmp', 700), ('iptc', 33723), ('icc_profile', 34675)):
        if said.get(key):
            tags.append((tag, 7 if tag != 700 else 1, len(said[key]), said[key], True))
    if said.get('nodata') is not None:
        tags.append((42113, 's', 0, f'{said["nodata"]:.17g}', True))
    if label_table.table_text(said):
        tags.append((label_table.TAG, 's', 0, label_table.table_text(said), True))
    if said.get('page_name'):
        tags.append((285, 's', 0, said['page_name'].encode('utf-8', 'replace'), True))
    return tags


def _software(block: Any) -> str:
    return str(block.get(305) or 'napari-fresco')
