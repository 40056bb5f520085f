"""TIFF files of scanners, cameras, microscopes and maps, as a viewer would show them."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import xarray
from PIL import Image as Pillow

from napari_fresco.errors import FileError
from napari_fresco.image.model import Image
from napari_fresco.io import pages, tiff_reading, tiff_writing
from napari_fresco.io.files import list_series, read, write
from napari_fresco.io.mask_files import read_mask

RANDOM = np.random.default_rng(0)


def pixels(dtype: str, *shape: int) -> np.ndarray:
    return (RANDOM.random(shape) * 200).astype(dtype)


def test_white_is_zero_is_inverted_and_written_back(tmp_path: Path) -> None:
    for dtype in ('uint8', 'uint16', 'int16'):
        stored = pixels(dtype, 6, 5)
        tifffile.imwrite(tmp_path / 'a.tif', stored, photometric='miniswhite')
        image = read(tmp_path / 'a.tif')
        np.testing.assert_array_equal(image.data, ~stored)
        write(tmp_path / 'b.tif', image, overwrite=True)
        with tifffile.TiffFile(tmp_path / 'b.tif') as file:
            assert file.pages[0].photometric.name == 'MINISWHITE'
            np.testing.assert_array_equal(file.asarray(), stored)
    write(tmp_path / 'b.npy', image)
    np.testing.assert_array_equal(read(tmp_path / 'b.npy').data, image.data)


def test_an_inverted_look_up_table_of_imagej_keeps_intensities(tmp_path: Path) -> None:
    stored = pixels('uint8', 6, 5)
    tifffile.imwrite(tmp_path / 'a.tif', stored, imagej=True, photometric='miniswhite')
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(image.data, stored)
    for result in (image, image.like(stored, dtype=np.float32)):
        write(tmp_path / 'b.tif', result, overwrite=True)
        with tifffile.TiffFile(tmp_path / 'b.tif') as file:
            assert (file.pages[0].photometric.name, file.is_imagej) == ('MINISWHITE', True)
            np.testing.assert_array_equal(file.asarray(), stored)


def test_real_numbers_are_not_inverted(tmp_path: Path) -> None:
    stored = pixels('float32', 6, 5)
    tifffile.imwrite(tmp_path / 'a.tif', stored, photometric='miniswhite')
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(image.data, stored)
    assert 'zero is white' in image.metadata['warnings'][0]


def test_bilevel_pages_are_black_and_white(tmp_path: Path) -> None:
    lit = RANDOM.random((9, 16)) > 0.5
    Pillow.fromarray(lit).save(tmp_path / 'a.tif')
    np.testing.assert_array_equal(read(tmp_path / 'a.tif').data, np.where(lit, 255, 0))
    Pillow.fromarray(lit).save(tmp_path / 'b.tif', compression='group4')
    np.testing.assert_array_equal(read(tmp_path / 'b.tif').data, np.where(lit, 255, 0))


@pytest.mark.parametrize('how', [{}, {'metadata': None}, {'ome': True}, {'compression': 'zlib'}])
def test_true_is_white_in_what_tifffile_made_of_bool(tmp_path: Path, how: dict[str, Any]) -> None:
    marked = RANDOM.random((9, 16)) > 0.7
    tifffile.imwrite(tmp_path / 'a.tif', marked, **how)
    np.testing.assert_array_equal(read(tmp_path / 'a.tif').data, np.where(marked, 255, 0))
    np.testing.assert_array_equal(read_mask(tmp_path / 'a.tif').data, marked)


def test_palettes_are_colours(tmp_path: Path) -> None:
    picture = Pillow.fromarray(pixels('uint8', 9, 12, 3)).quantize(16)
    picture.save(tmp_path / 'a.tif')
    image = read(tmp_path / 'a.tif')
    assert image.axes == 'YXS'
    np.testing.assert_array_equal(image.data, np.asarray(picture.convert('RGB')))


@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
def test_cmyk_becomes_rgb(tmp_path: Path, dtype: str) -> None:
    ink = RANDOM.integers(0, np.iinfo(dtype).max, (6, 5, 4), dtype)
    tifffile.imwrite(tmp_path / 'a.tif', ink, photometric='separated', planarconfig='contig')
    image = read(tmp_path / 'a.tif')
    light = 1 - ink / np.iinfo(dtype).max
    expected = light[..., :3] * light[..., 3:] * np.iinfo(dtype).max
    assert np.abs(image.data - expected).max() <= 1
    assert 'CMYK' in image.metadata['warnings'][0]


def test_lab_becomes_srgb(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [138, 81, 70], [75, 68, 144], [0, 0, 0]]], np.uint8)
    tifffile.imwrite(tmp_path / 'a.tif', colours, photometric='cielab', planarconfig='contig')
    rgb = read(tmp_path / 'a.tif').data[0].astype(int)
    assert np.abs(rgb - [[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]]).max() < 12
    deep = colours.astype(np.uint16)
    deep[..., 0] *= 257
    deep[..., 1:] = colours[..., 1:].view(np.int8).astype(np.int16).view(np.uint16) << 8
    tifffile.imwrite(tmp_path / 'b.tif', deep, photometric='cielab', planarconfig='contig')
    assert np.abs(read(tmp_path / 'b.tif').data[0] // 257 - rgb).max() < 2


@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientations_are_turned_upright_as_pillow_does(tmp_path: Path, orientation: int) -> None:
    tag = (274, 'H', 1, orientation, True)
    stored = pixels('uint8', 4, 9)
    path = tmp_path / 'a.tif'
    tifffile.imwrite(
        path, stored, extratags=[tag], resolution=(300, 150), resolutionunit=2, metadata=None
    )
    image = read(path)
    picture = Pillow.fromarray(stored)
    exif = Pillow.Exif()
    exif[274] = orientation
    picture.save(tmp_path / 'a.png', exif=exif)
    np.testing.assert_array_equal(image.data, read(tmp_path / 'a.png').data)
    along = image.spacing['X'][0] * image.shape[1]
    assert along == pytest.approx(25.4 * (4 / 150 if orientation > 4 else 9 / 300))
    assert ('warnings' in image.metadata) == (orientation > 1)
    write(tmp_path / 'b.tif', image)
    again = read(tmp_path / 'b.tif')
    np.testing.assert_array_equal(again.data, image.data)
    assert 'warnings' not in again.metadata


@pytest.mark.parametrize('planar', ['contig', 'separate'])
@pytest.mark.parametrize(
    ('count', 'how', 'axis', 'samples'),
    [
        (5, {'photometric': 'minisblack'}, 'C', 5),
        (3, {'photometric': 'minisblack'}, 'C', 3),
        (2, {'photometric': 'minisblack', 'extrasamples': ['unspecified']}, 'C', 2),
        (2, {'photometric': 'minisblack', 'extrasamples': ['unassalpha']}, 'S', 2),
        (3, {'photometric': 'rgb'}, 'S', 3),
        (4, {'photometric': 'rgb', 'extrasamples': ['unassalpha']}, 'S', 4),
        (4, {'photometric': 'rgb', 'extrasamples': ['unspecified']}, 'S', 4),
        (5, {'photometric': 'rgb', 'extrasamples': ['unspecified'] * 2}, 'C', 5),
    ],
)
@pytest.mark.parametrize('stack', [(), (2,)])
def test_samples_keep_their_layout(
    tmp_path: Path, planar: str, count: int, how: dict[str, Any], axis: str, samples: int, stack
) -> None:
    shape = (*stack, 6, 5, count) if planar == 'contig' else (*stack, count, 6, 5)
    stored = pixels('uint16', *shape)
    tifffile.imwrite(tmp_path / 'a.tif', stored, planarconfig=planar, metadata=None, **how)
    image = read(tmp_path / 'a.tif')
    assert image.length(axis) == samples
    assert (image.length('Y'), image.length('X')) == (6, 5)
    np.testing.assert_array_equal(image.data, stored)
    write(tmp_path / 'b.tif', image)
    back = read(tmp_path / 'b.tif')
    assert (back.axes[-3:], back.shape) == (image.axes[-3:], image.shape)
    np.testing.assert_array_equal(back.data, stored)
    with tifffile.TiffFile(tmp_path / 'a.tif') as a, tifffile.TiffFile(tmp_path / 'b.tif') as b:
        for name in ('shape', 'photometric', 'extrasamples', 'planarconfig'):
            assert getattr(b.pages[0], name) == getattr(a.pages[0], name)


@pytest.mark.parametrize(
    ('axes', 'read_as'), [('ZYX', 'ZYX'), ('TYX', 'TYX'), ('CYX', 'CYX'), ('SYX', 'SYX')]
)
@pytest.mark.parametrize('count', [3, 4])
def test_axes_that_are_named_count_more_than_colours(
    tmp_path: Path, axes: str, read_as: str, count: int
) -> None:
    stored = pixels('uint8', count, 6, 5)
    tifffile.imwrite(tmp_path / 'a.tif', stored, metadata={'axes': axes}, photometric='rgb')
    image = read(tmp_path / 'a.tif')
    assert image.axes == read_as
    write(tmp_path / 'b.tif', image)
    back = read(tmp_path / 'b.tif')
    assert back.axes == read_as
    np.testing.assert_array_equal(back.data, stored)


@pytest.mark.parametrize(
    ('said', 'spacing'),
    [
        ({'spacing': 2.0, 'unit': 'micron', 'finterval': 3}, {'Z': (2.0, 'um')}),
        ({'PhysicalSizeX': 0.1, 'PhysicalSizeXUnit': 'nm'}, {'X': (0.1, 'nm')}),
        ({'spacing': [1, 2], 'origin': 3, 'channels': 'two', 'text': 'a'}, {}),
        ({'spacing': {'Z': 5}, 'PhysicalSizeZ': 4}, {'Z': (4.0, 'um')}),
    ],
)
def test_what_scripts_give_to_tifffile_is_no_obstacle(
    tmp_path: Path, said: dict[str, Any], spacing: dict[str, Any]
) -> None:
    stored = pixels('uint16', 5, 6, 7)
    tifffile.imwrite(tmp_path / 'a.tif', stored, metadata={'axes': 'ZYX', **said})
    image = read(tmp_path / 'a.tif')
    assert image.axes == 'ZYX'
    assert image.spacing == spacing
    np.testing.assert_array_equal(image.data, stored)


def test_premultiplied_alpha_is_undone(tmp_path: Path) -> None:
    stored = np.array([[[50, 100, 0, 128], [9, 9, 9, 0], [7, 8, 9, 255]]], np.uint8)
    tifffile.imwrite(
        tmp_path / 'a.tif', stored, photometric='rgb', extrasamples=['assocalpha'], metadata=None
    )
    found = read(tmp_path / 'a.tif').data[0]
    np.testing.assert_array_equal(found, [[100, 199, 0, 128], [0, 0, 0, 0], [7, 8, 9, 255]])


def test_axes_of_one_stay(tmp_path: Path) -> None:
    image = Image(pixels('uint16', 1, 2, 1, 6, 5), 'TCZYX')
    write(tmp_path / 'a.ome.tif', image)
    back = read(tmp_path / 'a.ome.tif')
    assert back.length('C') == 2
    np.testing.assert_array_equal(back.data.reshape(image.shape), image.data)


def test_fill_values_are_missing(tmp_path: Path) -> None:
    stored = pixels('int16', 6, 5)
    stored[1, 2] = -9999
    tifffile.imwrite(tmp_path / 'a.tif', stored, extratags=[(42113, 's', 0, '-9999', True)])
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(image.missing, stored == -9999)
    write(tmp_path / 'b.tif', image)
    np.testing.assert_array_equal(read(tmp_path / 'b.tif').missing, stored == -9999)


@pytest.mark.parametrize('value', ['-9999', '70000', '0.5', '1e400', 'nan', 'none'])
def test_fill_values_that_no_pixel_can_have_are_none(tmp_path: Path, value: str) -> None:
    stored = pixels('uint16', 6, 5)
    tifffile.imwrite(tmp_path / 'a.tif', stored, extratags=[(42113, 's', 0, value, True)])
    image = read(tmp_path / 'a.tif')
    assert image.missing is None
    np.testing.assert_array_equal(image.data, stored)


def test_a_colour_is_missing_where_all_its_samples_are(tmp_path: Path) -> None:
    stored = np.maximum(pixels('uint8', 6, 5, 3), 1)
    stored[1, 2], stored[3, 3] = (255, 0, 0), 0
    tags = [(42113, 's', 0, '0', True)]
    tifffile.imwrite(tmp_path / 'a.tif', stored, photometric='rgb', extratags=tags)
    np.testing.assert_array_equal(np.argwhere(read(tmp_path / 'a.tif').missing), [[3, 3]])
    array = xarray.DataArray(stored, dims=('y', 'x', 'rgb'), attrs={'_FillValue': 0})
    np.testing.assert_array_equal(np.argwhere(Image.of(array).missing), [[3, 3]])


def test_fill_values_are_those_of_the_stored_numbers(tmp_path: Path) -> None:
    stored = np.maximum(pixels('uint8', 6, 5), 1)
    stored[1, 2] = 0
    tags = [(42113, 's', 0, '0', True)]
    tifffile.imwrite(tmp_path / 'a.tif', stored, photometric='miniswhite', extratags=tags)
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(np.argwhere(image.missing), [[1, 2]])
    write(tmp_path / 'b.tif', image)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / 'b.tif'), stored)


def large(tmp_path: Path, **how: Any) -> tuple[Path, np.ndarray]:
    stored = pixels('uint16', 3, 2, 40, 50)
    metadata = {'axes': 'TZYX'}
    tifffile.imwrite(tmp_path / 'a.tif', stored, metadata=metadata, **how)
    return tmp_path / 'a.tif', stored


@pytest.mark.parametrize('how', [{'compression': 'zlib'}, {'imagej': True}, {'ome': True}, {}])
@pytest.mark.parametrize('orientation', [1, 6])
def test_large_files_are_read_when_they_are_looked_at(
    tmp_path: Path, how: dict[str, Any], orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = [(274, 'H', 1, orientation, True)]
    path, stored = large(tmp_path, **how, extratags=tags)
    monkeypatch.setattr(tiff_reading, 'LARGE', 1000)
    image = read(path)
    assert isinstance(image.data, da.Array | np.memmap)
    upright = stored if orientation == 1 else np.rot90(stored, -1, (2, 3))
    np.testing.assert_array_equal(np.asarray(image.data), upright)
    np.testing.assert_array_equal(np.asarray(image.data[1, 1]), upright[1, 1])
    assert image.axes == 'TZYX'


def test_lazy_pages_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, stored = large(tmp_path, compression='zlib')
    monkeypatch.setattr(tiff_reading, 'LARGE', 1000)
    image, seen = read(path), []
    page = pages._Pages._page
    monkeypatch.setattr(pages._Pages, '_page', lambda s, i: seen.append(i) or page(s, i))
    np.testing.assert_array_equal(np.asarray(image.data[2, 1]), stored[2, 1])
    assert seen == [5]


@pytest.mark.parametrize(('dtype', 'shape'), [('uint8', (8, 9, 3)), ('uint16', (8, 9))])
def test_lzw_is_read_without_imagecodecs(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pixels(dtype, *shape)
    Pillow.fromarray(data).save(tmp_path / 'a.tif', compression='tiff_lzw')
    np.testing.assert_array_equal(read(tmp_path / 'a.tif').data, data)

    def missing(*_: Any, **__: Any) -> None:
        raise ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPageSeries, 'asarray', missing)
    np.testing.assert_array_equal(read(tmp_path / 'a.tif').data, data)
    tifffile.imwrite(tmp_path / 'b.tif', pixels('uint16', 8, 9, 3), photometric='rgb')
    with pytest.raises(FileError, match='pip install imagecodecs'):
        read(tmp_path / 'b.tif')


def test_deep_colour_png_is_read_without_imagecodecs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pixels('uint16', 8, 9, 3) * 300
    write(tmp_path / 'a.png', data)
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == 'imagecodecs':
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, '__import__', without)
    np.testing.assert_array_equal(read(tmp_path / 'a.png').data, data)


def test_several_images_are_never_silently_the_first(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / 'positions.ome.tif') as file:
        for i in range(3):
            named = {'axes': 'YX', 'Name': f'position {i}'}
            file.write(np.full((6, 5), i, np.uint16), metadata=named)
    with pytest.raises(FileError, match=r'3 images.*position 1'):
        read(tmp_path / 'positions.ome.tif')
    assert list_series(tmp_path / 'positions.ome.tif')[2] == (2, 'position 2')
    for asked in (1, '1', 'position 1'):
        assert read(tmp_path / 'positions.ome.tif', series=asked).data.max() == 1
    with pytest.raises(FileError, match="no series 'position 7'; it holds 0: position 0"):
        read(tmp_path / 'positions.ome.tif', series='position 7')


def test_a_thumbnail_is_passed_over_and_said(tmp_path: Path) -> None:
    picture = pixels('uint8', 40, 64)
    with tifffile.TiffWriter(tmp_path / 'a.tif') as file:
        file.write(picture[::4, ::4])
        file.write(picture)
    image = read(tmp_path / 'a.tif')
    np.testing.assert_array_equal(image.data, picture)
    assert '16 x' not in image.metadata['warnings'][0].split('number')[1]
    assert len(list_series(tmp_path / 'a.tif')) == 1
    with tifffile.TiffWriter(tmp_path / 'b.tif') as file:
        file.write(picture)
        file.write(pixels('uint8', 40, 30))
    with pytest.raises(FileError, match='2 images'):
        read(tmp_path / 'b.tif')


def test_pages_of_one_size_are_a_stack(tmp_path: Path) -> None:
    stack = pixels('uint8', 3, 8, 9)
    first, *others = (Pillow.fromarray(page) for page in stack)
    first.save(tmp_path / 'a.tif', save_all=True, append_images=others, compression='tiff_lzw')
    np.testing.assert_array_equal(read(tmp_path / 'a.tif').data, stack)


@pytest.mark.parametrize(('unit', 'code', 'mm'), [('inch', 2, 25.4), ('cm', 3, 10.0)])
def test_print_resolution_is_a_spacing_and_kept(
    tmp_path: Path, unit: str, code: int, mm: float
) -> None:
    colour = pixels('uint16', 8, 9, 3)
    options = {'photometric': 'rgb', 'resolution': (300, 300), 'resolutionunit': code}
    tifffile.imwrite(tmp_path / 'in.tif', colour, **options)
    image = read(tmp_path / 'in.tif')
    assert image.spacing == {axis: (pytest.approx(mm / 300), 'mm') for axis in 'YX'}
    doubled = image.like(colour.repeat(2, 0).repeat(2, 1), scale=2)
    write(tmp_path / 'out.tif', doubled)
    with tifffile.TiffFile(tmp_path / 'out.tif') as file:
        tags = file.pages[0].tags
        count, per = tags['XResolution'].value
        assert (count / per, int(tags['ResolutionUnit'].value)) == (pytest.approx(600), code)
    assert read(tmp_path / 'out.tif').metadata['resolution_unit'] == unit


@pytest.mark.parametrize('axes', ['ZYX', 'YX', 'YXS', 'SYX'])
@pytest.mark.parametrize('name', ['a.tif', 'a.ome.tif'])
def test_large_planes_are_written_and_read_tile_by_tile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, axes: str, name: str
) -> None:
    data = pixels('uint16', *({'Z': 2, 'S': 3, 'Y': 1100, 'X': 700}[axis] for axis in axes))
    for module in (pages, tiff_reading, tiff_writing):
        monkeypatch.setattr(module, 'LARGE', 1000)
    read_at_once: list[int] = []

    class Watched:
        shape, dtype, ndim = data.shape, data.dtype, data.ndim

        def __getitem__(self, key: Any) -> np.ndarray:
            read_at_once.append(data[key].size)
            return data[key]

    planar = {'planarconfig': 'separate'} if axes == 'SYX' else {}
    image = Image(Watched(), axes, metadata={'compression': 'ADOBE_DEFLATE', **planar})
    write(tmp_path / name, image)
    assert max(read_at_once) <= 512 * 700 * (3 if axes == 'YXS' else 1)
    with tifffile.TiffFile(tmp_path / name) as file:
        assert file.pages[0].is_tiled
    back = read(tmp_path / name)
    assert isinstance(back.data, da.Array)
    assert max(back.data.chunksize) <= 1100
    assert back.axes == axes
    np.testing.assert_array_equal(back.data, data)
    np.testing.assert_array_equal(back.data[..., 5:60, 1:3], data[..., 5:60, 1:3])
