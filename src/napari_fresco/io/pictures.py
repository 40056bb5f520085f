"""PNG, JPEG and other pictures that Pillow reads, without loss of bits."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import FileError

Array = NDArray[Any]
Contents = tuple[Array, str, bool, dict[str, float], dict[str, str], dict[str, Any]]

SUFFIXES = ('.png', '.jpg', '.jpeg')
"""Suffixes of the pictures that can be written."""
KEPT = ('dpi', 'icc_profile')
"""Metadata that is carried over from picture to picture."""

_PNG_MAGIC = b'\x89PNG\r\n\x1a\n'
_MODES = ('L', 'RGB', 'RGBA', 'F')
_CONVERTED = {'1': 'L', 'LA': 'RGBA', 'PA': 'RGBA', 'La': 'RGBA', 'RGBa': 'RGBA', 'RGBX': 'RGB'}


def read(path: Path, head: bytes) -> Contents:
    """Return data, axes, whether it is RGB, no scale, no units, and metadata of a picture.

    Parameters
    ----------
    path : Path
        The file; `head` holds its first bytes.

    Raises
    ------
    FileError
        When the file holds more bits than Pillow reads.
    """
    # Pillow would silently drop the lower half of such samples.
    if head.startswith(_PNG_MAGIC) and head[24] == 16 and head[25] != 0:
        raise FileError(f'{path} is a 16-bit colour PNG, which cannot be read in full; use TIFF')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # remarks on size and EXIF, none on the pixels
        with Image.open(path) as picture:
            format_, info = picture.format, dict(picture.info)
            data = _pixels(ImageOps.exif_transpose(picture))
    metadata = {'format': format_, **{key: info[key] for key in KEPT if info.get(key)}}
    return data, 'YX' if data.ndim == 2 else 'YXS', data.ndim == 3, {}, {}, metadata


def write(path: Path, data: Array, axes: str, extra: Mapping[str, Any]) -> None:
    """Write a picture that is known to fit its format.

    Parameters
    ----------
    path : Path
        The file, which is replaced; its suffix chooses PNG or JPEG.
    data : ndarray
        Pixels with `axes` Y, X and perhaps S.
    axes : str
        A letter for each axis.
    extra : mapping
        The metadata in :data:`KEPT`.
    """
    upright = data.transpose([axes.index(axis) for axis in 'YXS' if axis in axes])
    picture = Image.fromarray(np.ascontiguousarray(upright))
    if path.suffix.lower() == '.png':
        picture.save(path, format='PNG', **extra)
    else:
        picture.save(path, format='JPEG', quality=95, subsampling=0, **extra)


def _pixels(picture: Image.Image) -> Array:
    mode = picture.mode
    if mode.startswith('I'):
        return np.asarray(picture).astype(np.uint16 if mode.startswith('I;16') else np.int32)
    if mode not in _MODES:
        transparent = 'transparency' in picture.info
        picture = picture.convert(_CONVERTED.get(mode, 'RGBA' if transparent else 'RGB'))
    return np.array(picture)
