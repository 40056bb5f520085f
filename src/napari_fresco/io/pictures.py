"""PNG, JPEG, GIF, WebP and other pictures that Pillow reads, without loss of bits."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from ..image.model import Array, Image
from ..image.prints import is_print
from ..image.units import converted
from ..silence import without_warnings
from . import colour, exif, label_table, png16
from .series import Series, pick

SUFFIXES = ('.png', '.jpg', '.jpeg')
"""Suffixes of the pictures that can be written."""

LOSSY = (
    'a JPEG changes every pixel a little, also those that were known; write .png or .tif to have '
    'them back bit for bit'
)
"""Said of a picture whose known pixels were to be kept, in place of which a JPEG is written."""

_PLAIN = ('L', 'LA', 'RGB', 'RGBA', 'F')
_CONVERTED = {'1': 'L', 'PA': 'RGBA', 'La': 'LA', 'RGBa': 'RGBA', 'RGBX': 'RGB'}
_XMP = 'XML:com.adobe.xmp'
_APART = (_XMP, label_table.CHUNK)  # texts of a PNG that are read as what they hold
_IPTC = 0x0404  # of the resources of Photoshop
_IPTC_PROFILE = 'Raw profile type iptc'  # of PNG, as ImageMagick and ExifTool name it
_IN_METRES = {1: 0.0, 2: 0.0254, 3: 0.01}  # units of EXIF
_TRANSPOSING = (5, 6, 7, 8)  # orientations that exchange rows and columns
_MOST = 65535  # dots per inch that JPEG holds


def read(path: Path, head: bytes, series: int | str | None) -> Image:
    """Return the picture in a file; frames of an animation lie along T."""
    # Warnings are on size and EXIF, none on the pixels.
    with without_warnings(), _open(path) as picture:
        if picture.format in ('GIF', 'WEBP', 'PNG') and getattr(picture, 'n_frames', 1) > 1:
            return _animation(path, picture, series)
        found = _frames(picture)
        number, said = pick(found, series, path)
        picture.seek(number)
        deep = png16.read_samples(path) if png16.is_deep(head) else None
        return _still(picture, deep, said)


def list_series(path: Path) -> list[Series]:
    """Return the images in a file."""
    with without_warnings(), _open(path) as picture:
        return _frames(picture)


def write(path: Path, image: Image) -> None:
    """Write a picture that is known to fit its format; its suffix chooses PNG or JPEG."""
    order = [image.axes.index(axis) for axis in 'YXS' if axis in image.axes]
    order = [*(i for i in range(image.ndim) if i not in order), *order]
    inner = 3 if image.length('S') > 1 else 2  # all other axes are of length 1
    pixels = np.asarray(image.data).transpose(order)
    pixels = pixels[..., 0] if 'S' in image.axes and inner == 2 else pixels
    pixels = pixels.reshape(pixels.shape[pixels.ndim - inner :])
    pixels = np.where(pixels, 255, 0).astype(np.uint8) if pixels.dtype == bool else pixels
    if path.suffix.lower() != '.png':
        _save_jpeg(path, Pillow.fromarray(np.ascontiguousarray(pixels)), image)
    elif pixels.dtype == np.uint16 and pixels.ndim == 3:
        png16.write_samples(path, pixels, lambda small, out: _save_png(out, small, image))
    else:
        _save_png(path, Pillow.fromarray(np.ascontiguousarray(pixels)), image)


def is_lossy(path: Path) -> bool:
    """Whether the format that a suffix chooses changes pixels."""
    return path.suffix.lower() in ('.jpg', '.jpeg')


def dots_per_inch(image: Image) -> tuple[float, float] | None:
    """Return the resolution along X and Y, where the spacing of both is a length."""
    steps = [image.spacing.get(axis, (0.0, '')) for axis in 'XY']
    inches = [converted(step, unit, 'in') if step and unit else None for step, unit in steps]
    return None if None in inches else (1 / (inches[0] or 1), 1 / (inches[1] or 1))


def _open(path: Path) -> Pillow.Image:
    limit, Pillow.MAX_IMAGE_PIXELS = Pillow.MAX_IMAGE_PIXELS, None  # walls have many pixels
    try:
        return Pillow.open(path)
    finally:
        Pillow.MAX_IMAGE_PIXELS = limit


def _frames(picture: Pillow.Image) -> list[Series]:
    """Return the images in a file that holds no animation, such as the two of an MPO."""
    if picture.format in ('GIF', 'WEBP', 'PNG'):
        return [Series('', 'YX', picture.size[::-1])]
    found = []
    for number in range(getattr(picture, 'n_frames', 1)):
        picture.seek(number)
        found.append(Series('', 'YX', picture.size[::-1]))
    picture.seek(0)
    return found


def _animation(path: Path, picture: Pillow.Image, series: int | str | None) -> Image:
    """Return all frames of an animation, in one mode."""
    pick([Series('', 'YX', picture.size[::-1])], series, path)
    metadata, frames, seconds = _belongings(picture, True), [], []
    for number in range(getattr(picture, 'n_frames', 1)):
        picture.seek(number)
        picture.load()
        seconds.append(picture.info.get('duration', 0) / 1000)
        frames.append(_simple(picture).convert('RGBA'))
    arrays = np.stack([np.asarray(frame) for frame in frames])
    opaque, gray = (arrays[..., 3] == 255).all(), (np.ptp(arrays[..., :3], axis=-1) == 0).all()
    arrays = arrays[..., :3] if opaque else arrays
    arrays = arrays[..., 0] if gray and opaque else arrays
    even = seconds[0] > 0 and len(set(seconds)) == 1
    return Image(
        arrays,
        'TYX' if arrays.ndim == 3 else 'TYXS',
        {'T': (seconds[0], 's')} if even else {},
        metadata=metadata,
    )


def _still(picture: Pillow.Image, deep: Array | None, said: tuple[str, ...]) -> Image:
    block, profile = exif.of_picture(picture), picture.info.get('icc_profile')
    orientation = block.get(exif.ORIENTATION, 1)
    steps, in_cm = _steps(picture), block.get(296) == 3
    if deep is None:
        pixels, profile, notes = _pixels(picture, profile)
    else:
        pixels, notes = deep, ()
    pixels = shown_upright(pixels, orientation)
    metadata = _belongings(picture, pixels.ndim == 3 and pixels.shape[-1] > 2, profile)
    if steps:
        metadata['resolution_unit'] = 'cm' if in_cm else 'inch'
    notes = (*said, *notes, *metadata.pop('warnings', ()))
    if orientation in range(2, 9):
        notes += (orientation_note(orientation),)
        steps = steps[::-1] if orientation in _TRANSPOSING else steps
    if notes:
        metadata['warnings'] = notes
    spacing = {axis: (step, 'mm') for axis, step in zip('YX', steps, strict=False)}
    return Image(pixels, 'YX' if pixels.ndim == 2 else 'YXS', spacing, metadata=metadata)


def shown_upright(pixels: Array, orientation: int) -> Array:
    """Return pixels whose first axes are Y and X as an orientation says that they are shown."""
    if orientation in _TRANSPOSING:
        pixels = pixels.swapaxes(0, 1)
    down, right = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return pixels[:: -1 if down else 1, :: -1 if right else 1]


def orientation_note(orientation: int) -> str:
    """Return the note on an image that was turned upright."""
    return (
        f'it was turned upright as its orientation tag ({orientation}) says; a mask has to be '
        'drawn on it as it is shown'
    )


def _pixels(
    picture: Pillow.Image, profile: bytes | None
) -> tuple[Array, bytes | None, tuple[str, ...]]:
    """Return the samples of a picture, the profile that holds for them, and notes."""
    mode = picture.mode
    if mode.startswith('I'):
        whole = mode.startswith('I;16') or picture.format == 'PNG'
        return np.asarray(picture).astype(np.uint16 if whole else np.int32), profile, ()
    if mode == 'CMYK':
        rgb, profile, how = colour.cmyk_to_rgb(np.asarray(picture), profile)
        return rgb, profile, (f'its CMYK was converted to RGB {how}',)
    if mode == 'LAB':
        return colour.lab_to_rgb(np.asarray(picture)), None, ('its L*a*b* was converted to sRGB',)
    return np.array(_simple(picture)), profile, ()


def _simple(picture: Pillow.Image) -> Pillow.Image:
    """Return a picture in a mode whose samples mean gray or RGB, perhaps with alpha."""
    mode, transparent = picture.mode, 'transparency' in picture.info
    if mode == 'P':
        table = np.reshape(picture.getpalette('RGB') or [0, 0, 0], (-1, 3))
        used = table[: int(np.asarray(picture).max(initial=0)) + 1]
        gray = (np.ptp(used, axis=-1) == 0).all()
        wanted = ('LA' if gray else 'RGBA') if transparent else ('L' if gray else 'RGB')
        return picture.convert(wanted)
    if transparent and mode in ('1', 'L', 'RGB'):
        return picture.convert('RGBA' if mode == 'RGB' else 'LA')
    return picture if mode in _PLAIN else picture.convert(_CONVERTED.get(mode, 'RGB'))


def _steps(picture: Pillow.Image) -> tuple[float, ...]:
    """Return the distances along Y and X in mm, where the file tells them."""
    block = exif.of_picture(picture)
    unit = _IN_METRES.get(block.get(296, 2), 0.0)
    try:
        counts = [float(block[tag]) for tag in (283, 282)]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        counts, unit = [], 0.0254
    if not counts and picture.info.get('dpi'):
        counts = [float(count) for count in picture.info['dpi'][::-1]]
    steps = tuple(1000 * unit / count for count in counts if count > 0)
    told = unit == _IN_METRES[3] and set(counts) != {1.0}  # 1 : 1 stands for none
    return steps if unit and len(steps) == 2 and (told or min(counts) > 1) else ()


def _belongings(
    picture: Pillow.Image, coloured: bool, profile: bytes | None = None
) -> dict[str, Any]:
    """Return the metadata of a file beside its pixels."""
    info = picture.info
    profile, notes = colour.kept_profile(profile or None, coloured)
    found: dict[str, Any] = {
        'format': picture.format,
        'icc_profile': profile,
        'exif': exif.upright_block(exif.of_picture(picture)),
        'xmp': exif.upright_xmp(info.get('xmp') or info.get(_XMP)),
        'iptc': _iptc(picture),
        'png_colour': _png_colour(picture),
        'text': _texts(picture),
        'warnings': notes,
    }
    found |= label_table.table_facts(getattr(picture, 'text', {}).get(label_table.CHUNK))
    return {key: value for key, value in found.items() if value}


def _png_colour(picture: Pillow.Image) -> dict[str, tuple[float, ...]] | None:
    """Return gamma and primaries that a PNG states in place of a profile."""
    info = picture.info
    if picture.format != 'PNG' or info.get('icc_profile'):
        return None
    told = {'gAMA': (info.get('gamma'),), 'cHRM': info.get('chromaticity', ())}
    return {key: values for key, values in told.items() if all(values) and values} or None


def _iptc(picture: Pillow.Image) -> bytes | None:
    profile = getattr(picture, 'text', {}).get(_IPTC_PROFILE)
    if isinstance(profile, str):
        return exif.iptc_of_profile(profile)
    resources = picture.info.get('photoshop')
    iptc = resources.get(_IPTC) if isinstance(resources, dict) else None
    return iptc if isinstance(iptc, bytes) else None


def _texts(picture: Pillow.Image) -> dict[str, str]:
    comment = picture.info.get('comment')
    texts = {'Comment': comment.decode('utf-8', 'replace')} if isinstance(comment, bytes) else {}
    for key, value in getattr(picture, 'text', {}).items():
        if key not in _APART and not key.startswith('Raw profile type'):
            texts[key] = str(value)
    return texts


def _save_png(out: Any, picture: Pillow.Image, image: Image) -> None:
    said: Mapping[str, Any] = image.metadata
    info = PngInfo()
    dpi, in_cm = dots_per_inch(image), not is_print(said)
    block = exif.block_for({'exif': said.get('exif')}, dpi if in_cm else None, in_cm)
    for key, value in {**exif.texts(block), **said.get('text', {})}.items():
        info.add_itxt(key, value) if not value.isascii() else info.add_text(key, value)
    if label_table.table_text(said):
        info.add_itxt(label_table.CHUNK, label_table.table_text(said), zip=True)
    if said.get('xmp'):
        info.add_itxt(_XMP, said['xmp'].decode('utf-8', 'replace'))
    for chunk, values in said.get('png_colour', {}).items() if not said.get('icc_profile') else ():
        numbers = [round(100000 * value) for value in values]
        info.add(chunk.encode(), struct.pack(f'>{len(numbers)}I', *numbers))
    if said.get('iptc'):
        info.add_text(_IPTC_PROFILE, exif.iptc_profile(said['iptc']), zip=True)
    extra: dict[str, Any] = {'dpi': dpi} if dpi else {}
    if len(block):
        extra['exif'] = block.tobytes()
    picture.save(out, format='PNG', pnginfo=info, icc_profile=said.get('icc_profile'), **extra)


def _save_jpeg(out: Path, picture: Pillow.Image, image: Image) -> None:
    said: Mapping[str, Any] = image.metadata
    dpi, in_cm = dots_per_inch(image), not is_print(said)
    whole = dpi is not None and all(abs(n - round(n)) < 1e-2 and 1 <= n <= _MOST for n in dpi)
    block = exif.block_for(said, None if whole and not in_cm else dpi, in_cm)
    extra: dict[str, Any] = {'dpi': tuple(map(round, dpi))} if dpi and whole else {}
    if len(block):
        extra['exif'] = block.tobytes()
    if said.get('iptc'):
        extra['extra'] = exif.iptc_segment(said['iptc'])
    if said.get('text', {}).get('Comment'):
        extra['comment'] = said['text']['Comment']
    for key in ('icc_profile', 'xmp'):
        if said.get(key):
            extra[key] = said[key]
    picture.save(out, format='JPEG', quality=95, subsampling=0, **extra)
