"""Files keep their pixels, no failure harms an existing one, and faults are named."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from napari_fresco.errors import FileError, MaskError
from napari_fresco.image.model import Image
from napari_fresco.io import atomic, files
from napari_fresco.io.files import images_in, read, write
from napari_fresco.io.mask_files import read_mask

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
        ('a.tif', 'float16', (9, 12)),
        ('a.tif', 'int32', (9, 12)),
        ('a.tif', 'int64', (2, 9, 12)),
        ('a.TIF', 'uint8', (9, 12, 3)),
        ('a.tif', 'uint16', (9, 12, 3)),
        ('a.tif', 'uint8', (2, 9, 12, 4)),
        ('a.tif', 'uint16', (2, 3, 9, 12)),
        ('a.png', 'uint8', (9, 12)),
        ('a.png', 'uint16', (9, 12)),
        ('a.png', 'uint8', (9, 12, 3)),
        ('a.png', 'uint8', (9, 12, 4)),
        ('a.png', 'uint16', (9, 12, 3)),
        ('a.png', 'uint16', (9, 12, 4)),
        ('a.npy', 'float64', (2, 3, 9, 12)),
        ('a.npy', 'uint8', (9, 12, 3)),
        ('a.tif', 'uint8', (1, 7)),
    ],
)
def test_pixels_return_bit_for_bit(
    tmp_path: Path, name: str, dtype: str, shape: tuple[int, ...]
) -> None:
    data = pixels(dtype, *shape)
    write(tmp_path / name, data)
    back = read(tmp_path / name)
    assert back.dtype == data.dtype
    np.testing.assert_array_equal(back.data, data)
    assert back.axes == Image.of(data).axes


def test_jpeg_is_close(tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 2
    write(tmp_path / 'a.jpg', ramp)
    assert np.abs(read(tmp_path / 'a.jpg').data.astype(int) - ramp).max() <= 4


def test_masks(tmp_path: Path) -> None:
    damage = RANDOM.random((8, 9)) > 0.5
    gray = damage.astype(np.uint8) * 3
    write(tmp_path / 'gray.png', gray)
    write(tmp_path / 'red.png', np.stack([gray, 0 * gray, 0 * gray], -1))
    opaque = np.stack([gray, gray, gray, np.full_like(gray, 255)], -1)
    write(tmp_path / 'opaque.png', opaque)
    hidden = np.stack([np.full_like(gray, 9)] * 3 + [gray * 80], -1)
    write(tmp_path / 'hidden.png', hidden)
    np.save(tmp_path / 'a.npy', damage)
    for name in ('gray.png', 'red.png', 'opaque.png', 'hidden.png', 'a.npy'):
        np.testing.assert_array_equal(read_mask(tmp_path / name).data, damage)
    block = np.zeros((32, 32), np.uint8)
    block[8:24, 8:24] = 255
    write(tmp_path / 'a.jpg', block)
    np.testing.assert_array_equal(read_mask(tmp_path / 'a.jpg').data, block > 0)
    assert read_mask(tmp_path / 'a.jpg').metadata['coverage'] == 0.25


def test_the_print_resolution_of_a_mask_is_no_spacing(tmp_path: Path) -> None:
    Pillow.fromarray(pixels('uint8', 4, 5)).save(tmp_path / 'a.png', dpi=(72, 72))
    assert read(tmp_path / 'a.png').spacing['X'] == (pytest.approx(25.4 / 72, rel=1e-3), 'mm')
    assert read_mask(tmp_path / 'a.png').spacing == {}
    micro = dict.fromkeys('ZYX', (0.1, 'um'))
    write(tmp_path / 'a.ome.tif', Image(pixels('uint8', 2, 4, 5), 'ZYX', micro))
    assert read_mask(tmp_path / 'a.ome.tif').spacing == micro


def cut_short(path: Path) -> None:
    tifffile.imwrite(path, pixels('uint8', 64, 64))
    path.write_bytes(path.read_bytes()[:2000])


def cut_in_its_last_plane(path: Path) -> None:
    tifffile.imwrite(path, pixels('uint8', 5, 64, 64), imagej=True)
    path.write_bytes(path.read_bytes()[:-2000])


def words_as_array(path: Path) -> None:
    np.save(path.with_suffix('.npy'), np.array(['a']))
    path.with_suffix('.npy').rename(path)


def jpeg_cut_short(path: Path) -> None:
    Pillow.fromarray(pixels('uint8', 64, 64)).save(path, 'JPEG')
    path.write_bytes(path.read_bytes()[:-500])


def png_cut_short(path: Path) -> None:
    Pillow.fromarray(pixels('uint8', 64, 64)).save(path, 'PNG')
    path.write_bytes(path.read_bytes()[:-500])


def deep_png_cut_short(path: Path) -> None:
    write(path.with_suffix('.png'), pixels('uint16', 64, 64, 3))
    path.write_bytes(path.with_suffix('.png').read_bytes()[:-500])


@pytest.mark.parametrize(
    ('make', 'words'),
    [
        (lambda path: None, 'does not exist'),
        (lambda path: path.mkdir(), 'is a folder'),
        (lambda path: path.write_text('hello'), 'not an image'),
        (lambda path: path.write_bytes(b''), 'is empty'),
        (lambda path: path.write_bytes(bytes(700)), 'zeros only'),
        (lambda path: path.write_bytes(b'II*\0' + bytes(50)), 'image'),
        (lambda path: path.write_bytes(b'\x93NUMPY' + bytes(50)), 'cannot be read'),
        (lambda path: path.write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(50)), 'image'),
        (words_as_array, 'not numbers'),
        (lambda path: path.write_text('\n<!DOCTYPE html><html>'), 'a web page'),
        (lambda path: path.write_text('<HTML><body>404'), 'a web page'),
        (lambda path: path.write_text('version https://git-lfs.github.com/spec/v1'), 'Git LFS'),
        (lambda path: path.write_bytes(b'PK\x03\x04' + bytes(9)), 'a zip archive'),
        (lambda path: path.write_bytes(b'\x1f\x8b' + bytes(20)), 'a gzip archive'),
        (lambda path: path.write_bytes(b'%PDF-1.7'), 'a PDF'),
        (lambda path: path.write_bytes(b'\x89HDF\r\n\x1a\n'), 'HDF5'),
        (lambda path: path.write_bytes(b'ZISRAWFILE' + bytes(9)), 'CZI'),
        (lambda path: path.write_bytes(b'\0\0\0\x18ftypheic'), 'HEIC'),
        (lambda path: path.write_bytes(b'\0\5\x16\7\0\2\0\0Mac OS X'), 'shadow file'),
        (cut_short, 'cut off'),
        (cut_in_its_last_plane, 'cut off'),
        (jpeg_cut_short, 'cut off'),
        (png_cut_short, 'cut off'),
        (deep_png_cut_short, 'read'),
    ],
)
def test_unreadable_files(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / 'a.file'
    make(path)
    with pytest.raises(FileError, match=words) as error:
        read(path)
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize('suffix', ['.tif', '.ome.tif', '.ome.zarr', '.npy', '.png'])
@pytest.mark.parametrize(
    'image', [np.full((4, 4), None), np.array([['a', 'b'], ['c', 'd']]), np.zeros((0, 4))]
)
def test_what_is_no_image_is_not_written(tmp_path: Path, suffix: str, image: Any) -> None:
    with pytest.raises(FileError, match='give numbers'):
        write(tmp_path / f'a{suffix}', image)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('level', [logging.CRITICAL, logging.NOTSET])
def test_missing_pages_are_noticed_though_nobody_listens(tmp_path: Path, level: int) -> None:
    cut_in_its_last_plane(tmp_path / 'a.tif')
    logger = logging.getLogger('tifffile')
    before = logger.level
    logger.setLevel(level)
    try:
        with pytest.raises(FileError, match='cut off'):
            read(tmp_path / 'a.tif')
        assert logger.level == level
    finally:
        logger.setLevel(before)


def test_a_mask_that_is_nan_somewhere_is_refused(tmp_path: Path) -> None:
    write(tmp_path / 'a.tif', Image(np.array([[0, np.nan], [1, np.nan]], np.float32), 'YX'))
    with pytest.raises(MaskError, match=r'a\.tif holds 2 NaN'):
        read_mask(tmp_path / 'a.tif')


def test_hidden_files_are_no_images(tmp_path: Path) -> None:
    for name in (
        '._a.tif',
        'Thumbs.db',
        '.DS_Store',
        'a.tif',
        'B.PNG',
        'c.txt',
        '.hidden.png',
        '~$b.tif',
    ):
        (tmp_path / name).touch()
    assert [path.name for path in images_in(tmp_path)] == ['B.PNG', 'a.tif']


@pytest.mark.parametrize(
    ('name', 'data', 'words'),
    [
        ('a.gif', np.zeros((4, 4), np.uint8), 'suffix'),
        ('a', np.zeros((4, 4), np.uint8), 'suffix'),
        ('none/a.png', np.zeros((4, 4), np.uint8), 'no folder'),
        ('a.png', np.zeros((4, 4), np.float32), 'write .tif'),
        ('a.ome.tif', np.zeros((3, 4, 5), np.uint8), 'axes CSTXYZ, not QYX'),
        ('a.ome.tif', np.zeros((4, 5), np.int64), 'no int64'),
        ('a.jpg', np.zeros((4, 5, 3), np.uint16), 'uint8, not uint16'),
        ('a.png', np.zeros((2, 4, 5), np.uint8), 'one plane'),
        ('a.jpg', np.zeros((4, 4), np.uint16), 'uint8'),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, data: np.ndarray, words: str) -> None:
    with pytest.raises(FileError, match=words):
        write(tmp_path / name, data)
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'a.tif'
    first, second = pixels('uint8', 4, 4), pixels('uint8', 5, 5)
    write(path, first)
    with pytest.raises(FileError, match='exists'):
        write(path, second)
    write(path, second, overwrite=True)
    np.testing.assert_array_equal(read(path).data, second)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(tifffile.TiffWriter, 'write', full)
    with pytest.raises(FileError, match='No space left'):
        write(path, first, overwrite=True)
    np.testing.assert_array_equal(read(path).data, second)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('suffix', files.SUFFIXES)
def test_new_files_have_the_permissions_of_any_new_file(tmp_path: Path, suffix: str) -> None:
    (tmp_path / 'any').touch()
    for _ in range(2):
        write(tmp_path / f'a{suffix}', pixels('uint8', 4, 4), overwrite=True)
        inside = [path / 'zarr.json' if path.is_dir() else path for path in tmp_path.iterdir()]
        modes = {path.stat().st_mode for path in inside}
        assert (len(modes), len(list(tmp_path.iterdir()))) == (1, 2)


def test_two_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / 'a.txt'
    with atomic.atomic_path(target) as one, atomic.atomic_path(target) as other:
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
        atomic.write_atomically(target, half)
    assert target.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [target]


def test_only_old_leftovers_of_the_program_are_swept(tmp_path: Path) -> None:
    for name in ('.part-old', '.part-new', 'images'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'a.txt').touch()
        if name != '.part-new':
            for path in (tmp_path / name / 'a.txt', tmp_path / name):
                os.utime(path, (0, 0))
    atomic.remove_stale(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.part-new', 'images']


def test_transparency_does_not_fit_a_jpeg(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='alpha channel'):
        write(tmp_path / 'a.jpg', np.zeros((4, 4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_records(tmp_path: Path) -> None:
    files.write_json(tmp_path / 'a.json', {'unit': 'µm'})
    assert json.loads((tmp_path / 'a.json').read_text(encoding='utf-8')) == {'unit': 'µm'}
    with pytest.raises(FileError, match='exists'):
        files.write_json(tmp_path / 'a.json', {})
    with pytest.raises(FileError, match='suffix'):
        files.write_json(tmp_path / 'a.txt', {})
