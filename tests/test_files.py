"""Files keep pixels, axes, scale and units, and no failure harms an existing one."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_fresco.errors import FileError
from napari_fresco.io import atomic, files
from napari_fresco.io.files import ImageFile, read_image, read_mask, write_image

RANDOM = np.random.default_rng(0)


def pixels(dtype: str, *shape: int) -> np.ndarray:
    return (RANDOM.random(shape) * 200).astype(dtype)


@pytest.mark.parametrize(
    ('name', 'dtype', 'shape'),
    [
        ('a.tif', 'uint8', (9, 12)),
        ('a.tiff', 'uint16', (9, 12)),
        ('a.tif', 'float32', (5, 9, 12)),
        ('a.tif', 'float64', (9, 12)),
        ('a.tif', 'int32', (9, 12)),
        ('a.TIF', 'uint8', (9, 12, 3)),
        ('a.tif', 'uint16', (9, 12, 3)),
        ('a.tif', 'uint8', (2, 9, 12, 4)),
        ('a.tif', 'uint16', (2, 3, 9, 12)),
        ('a.png', 'uint8', (9, 12)),
        ('a.png', 'uint16', (9, 12)),
        ('a.png', 'uint8', (9, 12, 3)),
        ('a.png', 'uint8', (9, 12, 4)),
        ('a.npy', 'float64', (2, 3, 9, 12)),
        ('a.npy', 'uint8', (9, 12, 3)),
        ('a.ome.tif', 'uint16', (3, 9, 12)),
        ('a.tif', 'uint8', (1, 7)),
    ],
)
def test_pixels_return_bit_for_bit(
    tmp_path: Path, name: str, dtype: str, shape: tuple[int, ...]
) -> None:
    data = pixels(dtype, *shape)
    write_image(tmp_path / name, data)
    back = read_image(tmp_path / name)
    assert back.data.dtype == data.dtype
    np.testing.assert_array_equal(back.data, data)
    assert back.rgb in (None, shape[-1] in (3, 4))


def test_jpeg_is_close(tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 2
    write_image(tmp_path / 'a.jpg', ramp)
    assert np.abs(read_image(tmp_path / 'a.jpg').data.astype(int) - ramp).max() <= 4


def imagej(path: Path) -> None:
    tifffile.imwrite(
        path,
        pixels('uint16', 3, 4, 8, 9),
        imagej=True,
        resolution=(5, 4),
        metadata={'spacing': 0.3, 'unit': 'um', 'axes': 'TZYX', 'finterval': 2.0},
    )


def ome(path: Path) -> None:
    sizes = {
        'PhysicalSizeX': 0.2,
        'PhysicalSizeY': 0.25,
        'PhysicalSizeZ': 0.3,
        'TimeIncrement': 2.0,
    }
    units = {f'{key}Unit': 'µm' for key in sizes if key != 'TimeIncrement'}
    metadata = {'axes': 'TZYX', **sizes, **units, 'TimeIncrementUnit': 's'}
    tifffile.imwrite(path, pixels('float32', 3, 4, 8, 9), ome=True, metadata=metadata)


@pytest.mark.parametrize('make', [imagej, ome])
def test_microscope_scale_and_units_are_kept(tmp_path: Path, make: Any) -> None:
    make(tmp_path / 'in.tif')
    image = read_image(tmp_path / 'in.tif')
    assert image.axes == 'TZYX'
    assert dict(image.scale) == pytest.approx({'Y': 0.25, 'X': 0.2, 'Z': 0.3, 'T': 2.0})
    assert dict(image.units) == {'Y': 'µm', 'X': 'µm', 'Z': 'µm', 'T': 's'}
    larger = image.data.repeat(2, axis=-1).repeat(2, axis=-2)
    write_image(tmp_path / 'out.tif', larger, like=image, scale_factor=2)
    back = read_image(tmp_path / 'out.tif')
    np.testing.assert_array_equal(back.data, larger)
    assert (back.axes, back.metadata) == (image.axes, image.metadata)
    assert dict(back.scale) == pytest.approx({'Y': 0.125, 'X': 0.1, 'Z': 0.3, 'T': 2.0})
    assert back.units == image.units


@pytest.mark.parametrize(('unit', 'code', 'size'), [('inch', 2, 1 / 300), ('cm', 3, 1 / 300)])
def test_print_resolution_is_kept(tmp_path: Path, unit: str, code: int, size: float) -> None:
    colour = pixels('uint16', 8, 9, 3)
    options = {'photometric': 'rgb', 'resolution': (300, 300), 'resolutionunit': code}
    tifffile.imwrite(tmp_path / 'in.tif', colour, **options)
    image = read_image(tmp_path / 'in.tif')
    assert image.scale == pytest.approx({'Y': size, 'X': size})
    write_image(tmp_path / 'out.tif', colour, like=image)
    back = read_image(tmp_path / 'out.tif')
    assert back.scale == pytest.approx(image.scale)
    assert back.units == {'Y': unit, 'X': unit}


def test_micrometres_survive_in_a_plain_tiff(tmp_path: Path) -> None:
    like = ImageFile(
        pixels('float64', 8, 9), 'YX', False, {'Y': 0.5, 'X': 0.25}, {'Y': 'µm', 'X': 'µm'}
    )
    write_image(tmp_path / 'out.tif', like.data, like=like)
    back = read_image(tmp_path / 'out.tif')
    assert (back.scale['Y'], back.units['Y']) == (pytest.approx(0.5e-4), 'cm')


def test_a_mosaic_gains_samples(tmp_path: Path) -> None:
    raw = ImageFile(pixels('uint8', 8, 9), 'YX', False)
    write_image(tmp_path / 'out.tif', pixels('uint8', 8, 9, 3), like=raw)
    back = read_image(tmp_path / 'out.tif')
    assert (back.axes, back.rgb) == ('YXS', True)


def test_samples_first_are_written_last(tmp_path: Path) -> None:
    planes = pixels('uint8', 3, 8, 9)
    tifffile.imwrite(tmp_path / 'in.tif', planes, photometric='rgb', planarconfig='separate')
    image = read_image(tmp_path / 'in.tif')
    assert (image.axes, image.rgb) == ('SYX', True)
    for name in ('out.tif', 'out.png'):
        write_image(tmp_path / name, image.data, like=image)
        np.testing.assert_array_equal(read_image(tmp_path / name).data, np.moveaxis(planes, 0, -1))


def test_two_samples_are_channels(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / 'a.tif',
        pixels('uint8', 8, 9, 2),
        extrasamples=['unspecified'],
        photometric='minisblack',
        planarconfig='contig',
    )
    image = read_image(tmp_path / 'a.tif')
    assert (image.axes, image.rgb) == ('YXC', False)


@pytest.mark.parametrize(('dtype', 'shape'), [('uint8', (8, 9, 3)), ('uint16', (8, 9))])
def test_lzw_tiff_is_read(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    data = pixels(dtype, *shape)
    Image.fromarray(data).save(tmp_path / 'a.tif', compression='tiff_lzw')
    np.testing.assert_array_equal(read_image(tmp_path / 'a.tif').data, data)


def test_lzw_stack_is_read(tmp_path: Path) -> None:
    pages = pixels('uint8', 3, 8, 9)
    first, *others = (Image.fromarray(page) for page in pages)
    first.save(tmp_path / 'a.tif', save_all=True, append_images=others, compression='tiff_lzw')
    np.testing.assert_array_equal(read_image(tmp_path / 'a.tif').data, pages)


def test_colour_profile_and_resolution_of_pictures_are_kept(tmp_path: Path) -> None:
    Image.fromarray(pixels('uint8', 8, 9, 3)).save(
        tmp_path / 'in.png', dpi=(300, 300), icc_profile=b'profile'
    )
    image = read_image(tmp_path / 'in.png')
    for name in ('out.png', 'out.jpg'):
        write_image(tmp_path / name, image.data, like=image)
        kept = read_image(tmp_path / name).metadata
        assert kept['icc_profile'] == b'profile'
        assert kept['dpi'] == pytest.approx((300, 300), abs=0.5)
    write_image(tmp_path / 'out.tif', image.data, like=image)
    assert read_image(tmp_path / 'out.tif').metadata['icc_profile'] == b'profile'


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    picture = Image.fromarray(pixels('uint8', 4, 9))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / 'a.png', exif=exif)
    assert read_image(tmp_path / 'a.png').data.shape == (9, 4)


@pytest.mark.parametrize('mode', ['1', 'P', 'LA', 'CMYK', 'I;16'])
def test_rare_modes_become_gray_or_rgb(tmp_path: Path, mode: str) -> None:
    base = Image.fromarray(pixels('uint8', 8, 9))
    picture = base.convert('I').convert(mode) if mode == 'I;16' else base.convert(mode)
    name = 'a.jpg' if mode == 'CMYK' else 'a.png'
    picture.save(tmp_path / name)
    image = read_image(tmp_path / name)
    assert image.data.shape[:2] == (8, 9)
    assert image.data.dtype in (np.uint8, np.uint16, np.int32)


def test_masks(tmp_path: Path) -> None:
    damage = RANDOM.random((8, 9)) > 0.5
    gray = damage.astype(np.uint8) * 3
    write_image(tmp_path / 'gray.png', gray)
    write_image(tmp_path / 'red.png', np.stack([gray, 0 * gray, 0 * gray], -1))
    opaque = np.stack([gray, gray, gray, np.full_like(gray, 255)], -1)
    write_image(tmp_path / 'opaque.png', opaque)
    hidden = np.stack([np.full_like(gray, 9)] * 3 + [gray * 80], -1)
    write_image(tmp_path / 'hidden.png', hidden)
    np.save(tmp_path / 'a.npy', damage)
    for name in ('gray.png', 'red.png', 'opaque.png', 'hidden.png', 'a.npy'):
        np.testing.assert_array_equal(read_mask(tmp_path / name), damage)
    block = np.zeros((32, 32), np.uint8)
    block[8:24, 8:24] = 255
    write_image(tmp_path / 'a.jpg', block)
    np.testing.assert_array_equal(read_mask(tmp_path / 'a.jpg'), block > 0)


def colour_png_of_16_bits(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        )

    header = struct.pack('>IIBBBBB', 2, 1, 16, 2, 0, 0, 0)
    body = chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(bytes(13))) + chunk(b'IEND', b'')
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + body)


def cut_short(path: Path) -> None:
    tifffile.imwrite(path, pixels('uint8', 64, 64))
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ('make', 'words'),
    [
        (lambda path: None, 'does not exist'),
        (lambda path: path.mkdir(), 'is a folder'),
        (lambda path: path.write_text('hello'), 'not an image'),
        (lambda path: path.write_bytes(b''), 'not an image'),
        (lambda path: path.write_bytes(b'II*\0' + bytes(50)), 'cannot be read'),
        (lambda path: path.write_bytes(b'\x93NUMPY' + bytes(50)), 'cannot be read'),
        (lambda path: path.write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(50)), 'image'),
        (cut_short, 'cannot be read'),
        (colour_png_of_16_bits, '16-bit colour PNG'),
    ],
)
def test_unreadable_files(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / 'a.file'
    make(path)
    with pytest.raises(FileError, match=words) as error:
        read_image(path)
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ('name', 'data', 'words'),
    [
        ('a.gif', np.zeros((4, 4), np.uint8), 'suffix'),
        ('a', np.zeros((4, 4), np.uint8), 'suffix'),
        ('none/a.png', np.zeros((4, 4), np.uint8), 'no folder'),
        ('a.png', np.zeros((4, 4), np.float32), 'write .tif'),
        ('a.png', np.zeros((4, 4, 3), np.uint16), 'uint8, not uint16'),
        ('a.png', np.zeros((2, 4, 5), np.uint8), 'one plane'),
        ('a.jpg', np.zeros((4, 4), np.uint16), 'uint8'),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, data: np.ndarray, words: str) -> None:
    with pytest.raises(FileError, match=words):
        write_image(tmp_path / name, data)
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'a.tif'
    first, second = pixels('uint8', 4, 4), pixels('uint8', 5, 5)
    write_image(path, first)
    with pytest.raises(FileError, match='exists'):
        write_image(path, second)
    write_image(path, second, overwrite=True)
    np.testing.assert_array_equal(read_image(path).data, second)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(tifffile, 'imwrite', full)
    with pytest.raises(FileError, match='No space left'):
        write_image(path, first, overwrite=True)
    np.testing.assert_array_equal(read_image(path).data, second)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('suffix', files.SUFFIXES)
def test_new_files_have_the_permissions_of_any_new_file(tmp_path: Path, suffix: str) -> None:
    (tmp_path / 'any').touch()
    for _ in range(2):
        write_image(tmp_path / f'a{suffix}', pixels('uint8', 4, 4), overwrite=True)
        modes = {path.stat().st_mode for path in tmp_path.iterdir()}
        assert (len(modes), len(list(tmp_path.iterdir()))) == (1, 2)


def test_two_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / 'a.txt'
    with atomic.arriving(target) as one, atomic.arriving(target) as other:
        assert one != other
        assert one.name == other.name == target.name
        one.write_text('one')
        assert not target.exists()
        one.replace(target)
        other.write_text('other')
        assert target.read_text() == 'one'
        other.replace(target)
    assert target.read_text() == 'other'
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError, ValueError])
def test_what_breaks_off_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / 'a.txt'
    target.write_text('old')

    def half(path: Path) -> None:
        path.write_text('ne')
        raise error

    with pytest.raises(error):
        atomic.put(target, half)
    assert target.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [target]


def test_only_old_leftovers_of_the_program_are_swept(tmp_path: Path) -> None:
    for name in ('.part-old', '.part-new', 'images'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'a.txt').touch()
        if name != '.part-new':
            for path in (tmp_path / name / 'a.txt', tmp_path / name):
                os.utime(path, (0, 0))
    atomic.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.part-new', 'images']


def test_transparency_does_not_fit_a_jpeg(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='alpha channel'):
        write_image(tmp_path / 'a.jpg', np.zeros((4, 4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_records(tmp_path: Path) -> None:
    files.write_json(tmp_path / 'a.json', {'unit': 'µm'})
    assert json.loads((tmp_path / 'a.json').read_text(encoding='utf-8')) == {'unit': 'µm'}
    with pytest.raises(FileError, match='exists'):
        files.write_json(tmp_path / 'a.json', {})
    with pytest.raises(FileError, match='suffix'):
        files.write_json(tmp_path / 'a.txt', {})
