"""Image files in and out: TIFF, PNG, JPEG and NPY, with scale and units kept.

A file is written beside its place and then moved there, so that a failure never
leaves half a file or destroys an old one. No torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import UnidentifiedImageError

from ..errors import FileError
from . import pictures, tiff
from .atomic import put

Array = NDArray[Any]

TIFF = ('.tif', '.tiff')
SUFFIXES = (*TIFF, *pictures.SUFFIXES, '.npy')
"""Suffixes of the image files that can be written."""

_NUMPY_MAGIC = b'\x93NUMPY'


@dataclass(frozen=True, eq=False)
class ImageFile:
    """What a file holds.

    Attributes
    ----------
    data : ndarray
        Pixels as stored.
    axes : str or None
        A letter for each axis, such as ``'ZYX'`` or ``'YXS'`` (S: colour
        samples); None where the file does not say (NPY).
    rgb : bool or None
        Whether axis S holds RGB or RGBA; None where the file does not say.
    scale : mapping of str to float
        Distance of two samples along an axis, for the axes that have one.
    units : mapping of str to str
        Unit of `scale` by axis, such as ``'µm'``.
    metadata : mapping
        What :func:`write_image` carries over: 'flavour' of a TIFF, 'dpi' and
        'icc_profile' of a picture.
    """

    data: Array
    axes: str | None = None
    rgb: bool | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def read_image(path: str | Path) -> ImageFile:
    """Read an image; the kind of file is told by its first bytes.

    A photograph is turned upright as its EXIF orientation says.

    Parameters
    ----------
    path : str or Path
        TIFF (also ImageJ and OME), PNG, JPEG, NPY, or any picture that Pillow
        reads.

    Raises
    ------
    FileError
        When the file is missing, not an image, damaged, or holds more bits
        than can be read.
    """
    path = Path(path)
    head = _head(path)
    try:
        if head.startswith(_NUMPY_MAGIC):
            return ImageFile(np.load(path, allow_pickle=False))
        if head.startswith(tiff.MAGIC):
            return ImageFile(*tiff.read(path))
        return ImageFile(*pictures.read(path, head))
    except FileError:
        raise
    except UnidentifiedImageError:
        raise FileError(f'{path} is not an image; give a TIFF, PNG, JPEG or NPY file') from None
    except Exception as error:  # parsers meet damaged files with any kind of error
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise FileError(f'{path} cannot be read as an image: {reason}') from None


def read_mask(path: str | Path) -> NDArray[np.bool_]:
    """Read a mask: True where the picture is nonzero.

    In a colour picture any colour counts, transparent pixels do not; a JPEG
    is nonzero where it is brighter than half, since its compression leaves no
    exact zeros.

    Parameters
    ----------
    path : str or Path
        Any file that :func:`read_image` reads.

    Raises
    ------
    FileError
        As :func:`read_image`.
    """
    file = read_image(path)
    marked = file.data > 127 if file.metadata.get('format') == 'JPEG' else file.data != 0
    if not file.rgb or file.axes is None:
        return np.asarray(marked)
    samples = np.moveaxis(marked, file.axes.index('S'), -1)
    opaque = samples[..., 3] if samples.shape[-1] == 4 else True
    return np.asarray(samples[..., :3].any(axis=-1) & opaque)


def write_image(
    path: str | Path,
    data: Array,
    *,
    like: ImageFile | None = None,
    scale_factor: float = 1,
    overwrite: bool = False,
) -> None:
    """Write an image, as what its suffix says.

    Nothing is converted: an image that the format cannot hold is an error.

    Parameters
    ----------
    path : str or Path
        With suffix .tif, .tiff, .png, .jpg, .jpeg or .npy.
    data : ndarray
        Pixels: the axes of `like`, perhaps with three samples more at the end.
    like : ImageFile, optional
        File whose axes, scale, units and colour profile are carried over.
    scale_factor : float
        How many times more pixels there are along Y and X than in `like`.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileError
        When the file exists, its folder does not, or the format cannot hold
        the image. An existing file is then left as it was.
    """
    path = Path(path)
    like = ImageFile(data) if like is None else like
    axes = _axes_of(data, like)
    check_output(path, overwrite=overwrite)
    check_holds(path, data.dtype, data.shape, axes)
    suffix = path.suffix.lower()
    if suffix == '.npy':
        _replace(path, lambda part: np.save(part, data, allow_pickle=False))
    elif suffix in TIFF:
        scale = {k: v / scale_factor if k in 'YX' else v for k, v in like.scale.items()}
        ome = path.name.lower().endswith(('.ome.tif', '.ome.tiff'))
        flavour = 'ome' if ome else like.metadata.get('flavour', 'plain')
        profile = {'iccprofile': like.metadata.get('icc_profile')}
        _replace(
            path, lambda part: tiff.write(part, data, axes, scale, like.units, flavour, profile)
        )
    else:
        extra: dict[str, Any] = {k: like.metadata[k] for k in pictures.KEPT if k in like.metadata}
        if 'dpi' in extra:
            extra['dpi'] = tuple(float(n) * scale_factor for n in like.metadata['dpi'])
        _replace(path, lambda part: pictures.write(part, data, axes, extra))


def write_json(path: str | Path, record: Mapping[str, Any], *, overwrite: bool = False) -> None:
    """Write `record` as JSON, with the same care as :func:`write_image`.

    Raises
    ------
    FileError
        When the file exists or cannot be written.
    """
    path = Path(path)
    check_output(path, suffixes=('.json',), overwrite=overwrite)
    text = json.dumps(record, indent=2, ensure_ascii=False) + '\n'
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
    if path.suffix.lower() not in suffixes:
        raise FileError(f'{path} has no suffix that can be written; choose {", ".join(suffixes)}')
    if path.is_dir():
        raise FileError(f'{path} is a folder; give the name of a file')
    if not path.parent.is_dir():
        raise FileError(f'{path} cannot be written: there is no folder {path.parent}')
    if path.exists() and not overwrite:
        raise FileError(f'{path} exists; choose another name, or allow it to be overwritten')
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileError(f'{path} cannot be written: the folder {path.parent} is read-only')


def check_holds(path: str | Path, dtype: np.dtype[Any], shape: tuple[int, ...], axes: str) -> None:
    """Make sure that the format of `path` holds such an image, before any work is done.

    Raises
    ------
    FileError
        When it does not; the message says which formats do.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in pictures.SUFFIXES:
        return
    kind = 'PNG' if suffix == '.png' else 'JPEG'
    stacked = set(axes) - set('YXS')
    if stacked:
        raise FileError(
            f'{path}: a {kind} file holds one plane, not a stack with axes {axes}; '
            'write .tif or .npy'
        )
    if kind == 'JPEG' and 'S' in axes and shape[axes.index('S')] == 4:
        raise FileError(f'{path}: a JPEG file holds no alpha channel; write .png, .tif or .npy')
    deep = suffix == '.png' and 'S' not in axes
    allowed = ('uint8', 'uint16') if deep else ('uint8',)
    if dtype.name not in allowed:
        colour = 'colour' if 'S' in axes else 'gray'
        raise FileError(
            f'{path}: a {colour} {kind} file holds {" or ".join(allowed)}, not {dtype}; '
            'write .tif or .npy'
        )


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


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise FileError(f'{path} is a folder; give a file')
    try:
        with path.open('rb') as file:
            return file.read(32)
    except FileNotFoundError:
        raise FileError(f'{path} does not exist') from None
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror}') from None


def _axes_of(data: Array, like: ImageFile) -> str:
    """Return the axes of `data`, which are those of `like` and perhaps samples."""
    if like.axes is not None:
        return like.axes + 'S' * (data.ndim - len(like.axes))
    colour = data.ndim > 2 and data.shape[-1] in (3, 4)
    tail = 'YXS' if colour else 'YX'
    return 'Q' * (data.ndim - len(tail)) + tail


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file beside `path`, then move it there."""
    try:
        put(path, write)
    except OSError as error:
        raise FileError(f'{path} cannot be written: {error.strerror or error}') from None
