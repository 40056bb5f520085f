"""Image files in and out, with all metadata of an image.

A file is written beside its place and then moved there, so that a failure never
leaves half a file or destroys an old one. No torch.

What a file says beside its pixels is in :attr:`Image.metadata` and goes back on writing:

======================  ==========================================================
``format``              'TIFF', 'OME-Zarr', 'PNG', 'JPEG', 'NPY', ...
``path``, ``series``    where it was read from
``warnings``            sentences that say what was converted or left out
``icc_profile``         bytes of the colour profile that holds for the pixels
``exif, xmp, iptc``     bytes of these blocks, upright and without thumbnail
``png_colour``          'gAMA' and 'cHRM': gamma and primaries that a PNG states
``text``                words by name, such as 'Description' or 'Comment'
``wavelengths``         (excitation, emission) in nm for each channel; ``colours``, RRGGBB
``objective``           'na' and 'refractive_index' of the immersion
``imagej``              LUTs, Ranges, Labels, Info, mode and more of ImageJ
``colormap``            look-up table ``(3, 256)`` by which intensities are shown
``ome``                 OME-XML of the whole file
``omero``               how OME-Zarr shows channels: labels, colours, windows
``labels``              True where the values are labels, with ``label_colours``, R G B
                        A from 0 to 255 by label, and ``label_classes``
``provenance``          how it was made; OME-Zarr holds it
``nodata, geotiff``     value of missing pixels; tags of a place on the ground, their 'size'
``flavour``             of a TIFF: 'imagej', 'ome' or 'plain'
``compression``         of a TIFF, with ``predictor`` and ``bigtiff``
``photometric``         where black is not zero or the samples are no colours, with
                        ``sample_axis``, ``extrasamples`` and ``planarconfig``
``resolution_unit``     'inch' or 'cm', in which a TIFF or EXIF counts; a print's is in inches
``page_name``           what a page of a TIFF is called (tag 285)
======================  ==========================================================
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import UnidentifiedImageError

from ..errors import FileError
from ..image.channels import ASKED_SERIES
from ..image.given import path_of
from ..image.model import Image, in_memory
from . import (
    ome_zarr,
    pictures,
    tiff_reading,
    tiff_writing,
    zarr_labels,
    zarr_reading,
    zarr_store,
    zarr_writing,
)
from .atomic import write_atomically
from .colour import kept_profile
from .file_faults import exists, fault, first_bytes, is_hidden
from .pages import LARGE
from .series import Series, main_series

TIFF = ('.tif', '.tiff')
SUFFIXES = (*TIFF, *pictures.SUFFIXES, '.npy', zarr_store.SUFFIX)
"""Suffixes of the image files that can be written."""
READ_ALONE = ('.gif', '.webp', '.bmp')
READABLE = (*SUFFIXES, *READ_ALONE)
"""Suffixes of the image files that folders are searched for, and those that are only read."""

_NUMPY_MAGIC = b'\x93NUMPY'


def read(path: str | Path, *, series: int | str | None = None) -> Image:
    """Read an image; its first bytes tell the kind of file.

    White-is-zero, palettes, CMYK and L*a*b* become gray or RGB; an orientation tag is
    honoured; what was converted is said in ``metadata['warnings']``. A large image stays
    in its file until it is looked at, where the file allows that.

    Parameters
    ----------
    path : str or Path
        TIFF (also ImageJ, OME, BigTIFF), OME-Zarr (a folder, or zipped), PNG, JPEG, GIF,
        WebP, NPY, or any picture that Pillow reads.
    series : int or str, optional
        Number or name of the image in a file of several. Without it a file may only hold
        one beside its thumbnails.

    Raises
    ------
    FileError
        When the file is missing, no image, damaged, or holds several images.

    Examples
    --------
    >>> image = read('cells.ome.tif')
    >>> image.axes, image.spacing['Z']
    ('CZYX', (0.3, 'um'))
    """
    path = path_of(path, "fresco.read('cells.tif'), a file after the other; arrays need no reading")
    image: Image = _parsed(path, lambda: _read(path, series))
    asked = {} if series is None else {ASKED_SERIES: series}
    return image.noted(path=str(path), **asked)


def read_levels(path: str | Path, *, series: int | str | None = None) -> list[Image]:
    """Return an image at full resolution, and at each lower one that an OME-Zarr holds.

    Raises
    ------
    FileError
        As :func:`read`.
    """
    path = Path(path)
    image = read(path, series=series)
    if image.metadata.get('format') != 'OME-Zarr':
        return [image]
    lower: list[Image] = _parsed(path, lambda: zarr_reading.read_levels(path, series)[1:])
    return [image, *lower]


def read_labels(path: str | Path, *, series: int | str | None = None) -> dict[str, list[Image]]:
    """Return the labels of an image in an OME-Zarr, by name, at each resolution."""
    path = Path(path)
    if not zarr_store.is_store(path):
        return {}
    found: dict[str, list[Image]] = _parsed(path, lambda: zarr_reading.read_labels(path, series))
    return found


def list_series(path: str | Path) -> list[tuple[int, str]]:
    """Return number and name of the images in a file, but for their thumbnails.

    Raises
    ------
    FileError
        As :func:`read`.
    """
    path = Path(path)
    found: list[Series] = _parsed(path, lambda: _list(path))
    return [(i, found[i].name or f'image {i}') for i in main_series(found)] if found else [(0, '')]


def write(path: str | Path, image: Any, *, overwrite: bool = False) -> None:
    """Write an image in the format of its suffix, with all its metadata.

    Nothing is converted: an image that the format cannot hold is an error. TIFF holds
    everything, OME-Zarr nearly so, and a large image part by part; PNG and JPEG hold one
    plane; NPY the pixels alone.

    Parameters
    ----------
    path : str or Path
        With suffix .tif, .tiff, .ome.tif, .ome.zarr, .png, .jpg, .jpeg or .npy. Integers, and
        masks, go into the labels of an OME-Zarr as ``'wall.ome.zarr/labels/cracks'``.
    image : Image, array-like, or list of Image
        What to write; a list becomes several images in a TIFF file.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileError
        When the file exists, its folder does not, or the format cannot hold
        the image. An existing file is then left as it was.

    Examples
    --------
    >>> write('out.ome.tif', read('cells.ome.tif'))
    """
    path = path_of(path, "fresco.write('cells.tif', image), the name first")
    several = isinstance(image, list | tuple) and all(isinstance(each, Image) for each in image)
    images = [_fitting(each) for each in (image if several else [Image.of(image)])]
    check_output(path, overwrite=overwrite)
    for each in images:
        check_holds(path, each.dtype, each.shape, each.axes)
    suffix = path.suffix.lower()
    if zarr_labels.is_place(path) and len(images) == 1:
        zarr_labels.write(path, images[0])
        return
    if len(images) > 1 and suffix not in TIFF:
        raise FileError(f'{path}: only a TIFF file holds several images; write .tif')
    if suffix == '.npy':
        _replace(path, lambda part: np.save(part, in_memory(images[0].data), allow_pickle=False))
    elif suffix in TIFF:
        _replace(path, lambda part: tiff_writing.write(part, images))
    elif suffix == zarr_store.SUFFIX:
        _replace(path, lambda part: zarr_writing.write(part, images[0]))
    else:
        _replace(path, lambda part: pictures.write(part, images[0]))


def write_json(path: str | Path, record: Mapping[str, Any], *, overwrite: bool = False) -> None:
    """Write `record` as JSON, with the same care as :func:`write`.

    Raises
    ------
    FileError
        When the file exists or cannot be written.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False) + '\n'
    write_text(path, text, suffixes=('.json',), overwrite=overwrite)


def write_text(
    path: str | Path, text: str, *, suffixes: tuple[str, ...] = ('.html',), overwrite: bool = False
) -> None:
    """Write text with the same care as :func:`write`."""
    path = Path(path)
    check_output(path, suffixes=suffixes, overwrite=overwrite)
    _replace(path, lambda part: part.write_text(text, encoding='utf-8'))


def check_output(
    path: str | Path, *, suffixes: tuple[str, ...] = SUFFIXES, overwrite: bool = False
) -> None:
    """Make sure that a file can be written, before any work is done.

    Raises
    ------
    FileError
        When the suffix is not one of `suffixes`, the file exists and
        `overwrite` is false, or its folder cannot be written.
    """
    path = Path(path)
    if suffixes == SUFFIXES and zarr_labels.is_place(path):
        if path.exists() and not overwrite:
            raise exists(path)
        return
    if path.suffix.lower() not in suffixes:
        raise FileError(f'{path} has no suffix that can be written; choose {", ".join(suffixes)}')
    if path.suffix.lower() == zarr_store.SUFFIX:
        zarr_store.zarr_package(path)
    # What is replaced is removed: nobody's folder of other things.
    if path.is_dir() and not (path.suffix.lower() in suffixes and zarr_store.is_store(path)):
        raise FileError(f'{path} is a folder; give the name of a file')
    if not path.parent.is_dir():
        raise FileError(f'{path} cannot be written: there is no folder {path.parent}')
    if path.exists() and not overwrite:
        raise exists(path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileError(f'{path} cannot be written: the folder {path.parent} is read-only')


def check_holds(path: str | Path, dtype: np.dtype[Any], shape: tuple[int, ...], axes: str) -> None:
    """Make sure that the format of `path` holds such an image, before any work is done.

    Raises
    ------
    FileError
        When it does not; the message says which formats do.
    """
    path = Path(path)
    if zarr_labels.is_place(path):
        zarr_labels.check(path, dtype, shape, axes)
        return
    suffix = path.suffix.lower()
    lengths = dict(zip(axes, shape, strict=True))
    if tiff_writing.is_ome_name(path):
        tiff_writing.check_ome(path, dtype, axes)
    if suffix == zarr_store.SUFFIX:
        ome_zarr.check_holds(path, axes if lengths.get('S') != 1 else axes.replace('S', ''))
    if suffix not in pictures.SUFFIXES:
        return
    kind, samples = 'PNG' if suffix == '.png' else 'JPEG', lengths.get('S', 1)
    if any(lengths[axis] > 1 for axis in axes if axis not in 'YXS'):
        raise FileError(
            f'{path}: a {kind} file holds one plane, not a stack with axes {axes}; '
            'write .tif or .npy'
        )
    if kind == 'JPEG' and samples in (2, 4):
        raise FileError(f'{path}: a JPEG file holds no alpha channel; write .png, .tif or .npy')
    allowed = ('bool', 'uint8', 'uint16') if kind == 'PNG' else ('bool', 'uint8')
    if dtype.name not in allowed:
        raise FileError(
            f'{path}: a {kind} file holds {" or ".join(allowed[1:])}, not {dtype}; '
            'write .tif or .npy'
        )


def images_in(folder: str | Path, suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """Return the image files in a folder, without those that systems hide there."""
    inside = sorted(Path(folder).iterdir())
    return [p for p in inside if p.suffix.lower() in suffixes and not is_hidden(p)]


def make_folder(path: str | Path) -> None:
    """Make a folder for results, unless it is there already.

    Raises
    ------
    FileError
        When it cannot be made.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f'folder {path} cannot be made: {error.strerror}') from None


def _fitting(image: Image) -> Image:
    """Return an image of numbers without a colour profile that does not hold for its samples."""
    if image.dtype.kind not in 'buifc' or 0 in image.shape:
        raise FileError(f'{image} cannot be written; give numbers, at least a row and a column')
    profile = image.metadata.get('icc_profile')
    kept, _ = kept_profile(profile, image.rgb)
    if kept == profile:
        return image
    return replace(image, metadata={**image.metadata, 'icc_profile': None})


def _read(path: Path, series: int | str | None) -> Image:
    if zarr_store.is_store(path):
        return zarr_reading.read(path, series)
    head = first_bytes(path)
    if head.startswith(_NUMPY_MAGIC):
        mapped = 'r' if path.stat().st_size > LARGE else None
        array = np.load(path, mapped, allow_pickle=False)  # type: ignore[arg-type]
        return Image.of(_known_type(path, array)).noted(format='NPY')
    if head.startswith(tiff_reading.MAGIC):
        return tiff_reading.read(path, series)
    return pictures.read(path, head, series)


def _known_type(path: Path, array: Any) -> Any:
    if array.dtype.kind not in 'buifc':
        raise FileError(f'{path} holds {array.dtype}, not numbers')
    return array


def _list(path: Path) -> list[Series]:
    if zarr_store.is_store(path):
        return zarr_reading.list_series(path)
    head = first_bytes(path)
    if head.startswith(_NUMPY_MAGIC):
        return []
    if head.startswith(tiff_reading.MAGIC):
        return tiff_reading.list_series(path)
    return pictures.list_series(path)


def _parsed(path: Path, parse: Callable[[], Any]) -> Any:
    """Return the output of `parse` for a file; damaged files make parsers raise any error."""
    try:
        return parse()
    except FileError:
        raise
    except UnidentifiedImageError:
        raise FileError(
            f'{path} is not an image; give a TIFF, OME-Zarr, PNG, JPEG or NPY'
        ) from None
    except Exception as error:
        raise fault(path, error) from None


def _replace(path: Path, write_to: Callable[[Path], object]) -> None:
    """Let `write_to` write a file beside `path`, then move it there."""
    try:
        write_atomically(path, write_to)
    except OSError as error:
        raise FileError(f'{path} cannot be written: {error.strerror or error}') from None
