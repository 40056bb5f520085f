"""One sentence for each kind of file that is no image or cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..errors import FileError
from ..image.letters import UNNAMED

_HEADS = {
    b'version https://git-lfs': 'the pointer of a file kept by Git LFS; fetch it with git lfs pull',
    b'/annex/objects': 'the pointer of a file kept by git-annex; fetch it with git annex get',
    b'<!doctype html': 'a web page; the download went wrong',
    b'<html': 'a web page; the download went wrong',
    b'<?xml': 'an XML text; give the image itself',
    b'<svg': 'a vector drawing (SVG); export it as PNG',
    b'%pdf': 'a PDF document; export its pictures',
    b'%!ps': 'a PostScript document; export it as TIFF',
    b'pk\x03\x04': 'a zip archive; unpack it first',
    b'rar!': 'a rar archive; unpack it first',
    b'7z\xbc\xaf': 'a 7z archive; unpack it first',
    b'\x1f\x8b': 'a gzip archive; unpack it first',
    b'\x89hdf': 'an HDF5 file (Imaris, MATLAB, NetCDF); export it as TIFF',
    b'zisrawfile': 'a Zeiss CZI file; export it as OME-TIFF',
    b'\xda\xce\xbe\n': 'a Nikon ND2 file; export it as OME-TIFF',
    b'\x70\0\0\0': 'a Leica LIF file; export it as OME-TIFF',
    b'\0\x05\x16\x07': 'a shadow file of macOS; give the image beside it',
    b'\x80\x02': 'a Python pickle, which is not opened; save it with numpy.save',
    b'\x80\x04': 'a Python pickle, which is not opened; save it with numpy.save',
}
_BRANDS = (b'ftypheic', b'ftypheix', b'ftypmif1', b'ftyphevc', b'ftypcrx')
_HIDDEN = ('thumbs.db', 'desktop.ini', 'ehthumbs.db')


def is_hidden(path: Path) -> bool:
    """Whether a file is one that systems or editors put beside others, such as ``._a.tif``."""
    return path.name.startswith(('.', '~$')) or path.name.lower() in _HIDDEN


def first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file.

    Raises FileError when there are none, or they tell that it is no image; the message says what it
        is.
    """
    if path.is_dir():
        raise FileError(f'{path} is a folder and no OME-Zarr; give a file')
    try:
        with path.open('rb') as file:
            head = file.read(512)
    except FileNotFoundError:
        raise FileError(f'{path} does not exist') from None
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror}') from None
    if not head:
        raise FileError(f'{path} is empty: it has no bytes')
    lower = head.lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    for start, what in _HEADS.items():
        if lower.startswith(start) or head.lower().startswith(start):
            raise FileError(f'{path} is not an image but {what}')
    if head[4:12] in _BRANDS:
        raise FileError(f'{path} is a HEIC or raw photograph; export it as 16-bit TIFF or JPEG')
    if head[:4] == b'II*\0' and head[8:10] == b'CR':
        raise FileError(f'{path} is a raw photograph; develop it and export it as 16-bit TIFF')
    if not head.strip(b'\0'):
        raise FileError(f'{path} holds zeros only: it was never written, or its disk is damaged')
    return head


def fault(path: Path, error: Exception) -> FileError:
    """Return the error of a parser in one sentence."""
    reason = ' '.join(str(error).split()) or type(error).__name__
    short = ('truncat', 'broken data stream', 'reshape', 'unexpected end', 'too small', 'buffer')
    if isinstance(error, EOFError | IndexError) or any(word in reason.lower() for word in short):
        size = os.path.getsize(path)
        return FileError(f'{path} is cut off or damaged ({size} bytes): {reason}; copy it again')
    return FileError(f'{path} cannot be read as an image: {reason}')


def unheld(held: str, axes: str) -> FileError:
    """Return the error of axes for which a format has no words.

    `held`: which file, and what its format holds.
    `axes`: those of the image.
    """
    unnamed = [axis for axis in axes if axis in UNNAMED]
    said = f'{held}, not {axes}'
    if not unnamed:
        return FileError(f'{said}; give other axes, or write .tif')
    free = iter([axis for axis in 'ZTC' if axis not in axes])
    named = ''.join(next(free, axis) if axis in unnamed else axis for axis in axes)
    said += f', where {" and ".join(unnamed)} is an axis that nobody has named; say which it is'
    return FileError(
        f'{said}, such as axes={named!r}, or write .tif',
        in_shell=f'{said}, such as --axes {named}, or write .tif',
    )


def is_unfinished(path: Path) -> bool:
    """Say whether a path is a store of this program's that has not been written to its end."""
    try:
        said = json.loads((path / 'zarr.json').read_text())['attributes']['napari_fresco']
        return said['complete'] is False
    except (OSError, ValueError, KeyError, TypeError):
        return False


def exists(path: Path) -> FileError:
    """Return the error of a file that is there already."""
    there = f'{path} exists'
    if is_unfinished(path):
        there += ', not complete: it is being written, or its writing broke off'
    said = f'{there}; choose another name'
    return FileError(f'{said}, or add overwrite=True', said, f'{said}, or add --overwrite')
