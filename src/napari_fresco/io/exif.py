"""EXIF, XMP and IPTC blocks of photographs, carried between formats."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Pillow
from PIL import TiffImagePlugin

from ..silence import without_warnings

if TYPE_CHECKING:
    import tifffile

ORIENTATION = 274
_RESOLUTION = (282, 283, 296)
_DIRECTORIES = {34665: 'EXIF', 34853: 'GPS'}
# What describes a picture in the first directory of a TIFF; other tags describe its pixels.
_DESCRIBING = (270, 271, 272, 305, 306, 315, 316, 33432, *range(40091, 40096), *_DIRECTORIES)
_TEXTS = {'Description': 270, 'Author': 315, 'Copyright': 33432, 'Software': 305}
_PHOTOSHOP = b'Photoshop 3.0\0'
_IRB = b'8BIM\x04\x04'  # a resource of it that holds IPTC data


def upright_block(exif: Pillow.Exif) -> bytes | None:
    """Return an EXIF block without thumbnail, whose orientation is upright; None if it is empty."""
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    for tag in _RESOLUTION:  # the spacing tells it, and is written anew
        exif.pop(tag, None)
    return exif.tobytes() if len(exif) else None


def of_picture(picture: Pillow.Image) -> Pillow.Exif:
    """Return the EXIF of a picture; nothing of a damaged one, which harms no pixel."""
    try:
        return picture.getexif()
    except Exception:  # Pillow raises whatever its parser stumbles over
        return Pillow.Exif()


def block_of_tiff(path: Path, file: tifffile.TiffFile) -> bytes | None:
    """Return the first directory of a TIFF as an EXIF block of its picture.

    Of one that Pillow cannot parse - damaged, or a BigTIFF of big-endian order - the texts.
    """
    try:
        exif = _block_by_pillow(path, file)
    except Exception:  # Pillow raises whatever its parser stumbles over
        exif, tags = Pillow.Exif(), file.pages.first.tags
        for tag in _DESCRIBING:
            if tag in tags and tag != _TEXTS['Description'] and isinstance(tags[tag].value, str):
                exif[tag] = tags[tag].value
    return upright_block(exif) if len(exif) or exif.get_ifd(34665) else None


def _block_by_pillow(path: Path, file: tifffile.TiffFile) -> Pillow.Exif:
    exif, found = Pillow.Exif(), Pillow.Exif()
    found.endian, found.bigtiff = file.byteorder, file.is_bigtiff
    with path.open('rb') as opened, without_warnings():  # on tags that are damaged
        found.load_from_fp(opened, file.pages.first.offset)
        for tag in _DESCRIBING:
            if tag in _DIRECTORIES and tag in found:
                exif.get_ifd(tag).update(found.get_ifd(tag))
            elif tag in found and tag != _TEXTS['Description']:
                exif[tag] = found[tag]
    return exif


def texts(exif: Pillow.Exif) -> dict[str, str]:
    """Return the entries of an EXIF block that other formats hold as text."""
    return {name: exif[tag] for name, tag in _TEXTS.items() if isinstance(exif.get(tag), str)}


def load(block: bytes | None) -> Pillow.Exif:
    """Return an EXIF block to look into."""
    exif = Pillow.Exif()
    if block:
        exif.load(block)
    return exif


def block_for(
    metadata: Mapping[str, Any], dpi: tuple[float, float] | None = None, in_cm: bool = False
) -> Pillow.Exif:
    """Return the EXIF to write: as it was read, with the texts of other formats and resolution.

    `in_cm`: whether that counts by the centimetre, which is not that of a print.
    """
    exif = load(metadata.get('exif'))
    for name, tag in _TEXTS.items():
        if tag not in exif and metadata.get('text', {}).get(name):
            exif[tag] = metadata['text'][name]
    if dpi is not None:
        counts = [float(n) / 2.54 if in_cm else float(n) for n in dpi]
        exif[282], exif[283] = map(TiffImagePlugin.IFDRational, counts)
        exif[296] = 3 if in_cm else 2
    return exif


def tiff_tags(exif: Pillow.Exif) -> list[tuple[Any, ...]]:
    """Return the plain tags of an EXIF block as extra tags of tifffile."""
    texts = [tag for tag in _DESCRIBING if isinstance(exif.get(tag), str)]
    texts = [tag for tag in texts if tag not in (270, 305)]  # arguments of tifffile
    return [(tag, 's', 0, exif[tag].encode('utf-8', 'replace'), True) for tag in texts]


def append_directories(path: Path, exif: Pillow.Exif) -> None:
    """Put the EXIF and GPS directories of a block into a TIFF file that lacks them."""
    import tifffile

    for tag in _DIRECTORIES:
        content = dict(exif.get_ifd(tag))
        if not content:
            continue
        with tifffile.TiffFile(path) as file:
            if file.is_bigtiff:
                return
            order, entry = file.byteorder, file.pages.first.tags[tag - 1]
        directory = TiffImagePlugin.ImageFileDirectory_v2(prefix=b'II' if order == '<' else b'MM')
        for name, value in content.items():
            if not isinstance(value, dict):
                directory[name] = value
        with path.open('r+b') as out:
            end = out.seek(0, 2)
            end = out.seek(end + end % 2)
            out.write(directory.tobytes(end))
            out.seek(entry.offset)
            out.write(struct.pack(f'{order}H', tag))
            out.seek(entry.valueoffset)
            out.write(struct.pack(f'{order}I', end))


def directories(exif: Pillow.Exif) -> list[tuple[Any, ...]]:
    """Return places for the directories that :func:`append_directories` puts in.

    tifffile writes no such tags, so they are the numbers before.
    """
    return [(tag - 1, 'I', 1, 0, True) for tag in _DIRECTORIES if exif.get_ifd(tag)]


def upright_xmp(xmp: Any) -> bytes | None:
    """Return an XMP packet whose orientation is upright."""
    if not xmp:
        return None
    packet = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    packet = re.sub(rb'(tiff:Orientation\s*=\s*["\'])\d', rb'\g<1>1', packet)
    return re.sub(rb'(<tiff:Orientation>)\d', rb'\g<1>1', packet)


def iptc_segment(iptc: bytes) -> bytes:
    """Return IPTC data as an APP13 segment of a JPEG file."""
    body = _PHOTOSHOP + _resource(iptc)
    return b'\xff\xed' + struct.pack('>H', len(body) + 2) + body


def iptc_profile(iptc: bytes) -> str:
    """Return IPTC data as PNG files have them in a text: ImageMagick's "raw profile", in hex."""
    data = _resource(iptc)
    digits = data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return '\n'.join(['', 'iptc', f'{len(data):8d}', *lines, ''])


def iptc_of_profile(profile: str) -> bytes | None:
    """Invert :func:`iptc_profile`; None for other profiles."""
    try:
        data = bytes.fromhex(''.join(profile.split()[2:]))
        if not data.startswith(_IRB):
            return data if data.startswith(b'\x1c') else None
        start = len(_IRB) + 6  # an empty name, and the length
        (length,) = struct.unpack('>I', data[start - 4 : start])
        return data[start : start + length]
    except (ValueError, struct.error):
        return None


def _resource(iptc: bytes) -> bytes:
    """Return IPTC data as a resource of Photoshop."""
    return _IRB + b'\0\0' + struct.pack('>I', len(iptc)) + iptc + b'\0' * (len(iptc) % 2)
