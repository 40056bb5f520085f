"""PNG files with 16 bits for each sample of a colour, which Pillow cuts to 8."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from ..image.model import Array

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # colour type by samples


def is_deep(head: bytes) -> bool:
    """Whether these are the first bytes of a PNG that Pillow does not read in full."""
    return head.startswith(_SIGNATURE) and head[24] == 16 and head[25] in (2, 4, 6)


def read_samples(path: Path) -> Array:
    """Return the samples ``(H, W, 2, 3 or 4)`` of such a file, uint16."""
    try:
        import imagecodecs
    except ImportError:
        return _read_slowly(path)
    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


def write_samples(path: Path, samples: Array, save: Callable[[Pillow.Image, object], None]) -> None:
    """Write ``(H, W, 2, 3 or 4)`` uint16 samples.

    `path`: the file.
    `samples`: what it is to hold.
    `save`: saves a picture with everything that belongs to this one; its pixels are replaced.
    """
    rows, columns, count = samples.shape
    small = io.BytesIO()
    save(Pillow.new({2: 'LA', 3: 'RGB', 4: 'RGBA'}[count], (1, 1)), small)
    header = struct.pack('>IIBBBBB', columns, rows, 16, _KINDS[count], 0, 0, 0)
    bytes_ = np.ascontiguousarray(samples, '>u2').reshape(rows, -1).view(np.uint8)
    up = np.diff(bytes_, axis=0, prepend=np.zeros_like(bytes_[:1]))  # wraps, as the filter does
    lines = np.concatenate([np.full((rows, 1), 2, np.uint8), up], axis=1)
    new = {b'IHDR': header, b'IDAT': zlib.compress(lines.tobytes(), 6)}
    with path.open('wb') as file:
        file.write(_SIGNATURE)
        for kind, content in _chunks(small.getvalue()):
            body = kind + new.get(kind, content)
            file.write(struct.pack('>I', len(body) - 4) + body)
            file.write(struct.pack('>I', zlib.crc32(body)))


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], len(_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack('>I', png[place : place + 4])
        found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += length + 12
    return found


def _read_slowly(path: Path) -> Array:
    import png

    with path.open('rb') as file:
        columns, rows, lines, facts = png.Reader(file=file).read()
        flat = np.vstack([np.asarray(line, np.uint16) for line in lines])
    return flat.reshape(rows, columns, facts['planes'])
