"""OME-Zarr: what other programs write, what is damaged, what we write."""

from __future__ import annotations

import builtins
import json
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import yaozarrs
import zarr

import napari_fresco as fresco
from napari_fresco.degrade import apply
from napari_fresco.errors import FileError
from napari_fresco.image.model import Image
from napari_fresco.io import zarr_reading
from napari_fresco.io.files import list_series, read, read_labels, write
from napari_fresco.io.mask_files import read_mask
from napari_fresco.io.zarr_writing import GrowingImage

from .command_line import call

RANDOM = np.random.default_rng(0)
QUICK = {'model': 'nlm', 'iterations': 1, 'sigma': 2}
MICRON = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}


def pixels(*shape: int, dtype: str = 'uint16') -> np.ndarray:
    return RANDOM.integers(1, 900, shape).astype(dtype)


def stored(
    folder: Path, data: np.ndarray, version: str = '0.5', axes: Any = 'czyx', **more: Any
) -> Path:
    """Write an OME-Zarr as other programs do."""
    group = zarr.open_group(str(folder), mode='w', zarr_format=3 if version == '0.5' else 2)
    array = group.create_array(
        '0', shape=data.shape, dtype=data.dtype, chunks=(1, 1, 8, 8)[-data.ndim :]
    )
    array[...] = data
    units = {'space': 'micrometer', 'time': 'second', 'channel': None}
    kinds = {'c': 'channel', 't': 'time'}
    listed = []
    for name in axes:
        kind = kinds.get(name, 'space')
        listed.append({'name': name, 'type': kind})
        if units[kind]:
            listed[-1]['unit'] = units[kind]
    multiscale = {'axes': listed, 'datasets': [dataset(*more.pop('scales', [[0.5] * data.ndim]))]}
    said = {'multiscales': [{**multiscale, **more.pop('multiscale', {})}], **more}
    if version == '0.5':
        group.attrs['ome'] = {'version': '0.5', **said}
    else:
        said['multiscales'][0]['version'] = version
        group.attrs.update(said)
    return folder


def dataset(scale: list[float], translation: list[float] | None = None) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{'type': 'scale', 'scale': scale}]
    if translation:
        steps.append({'type': 'translation', 'translation': translation})
    return {'path': '0', 'coordinateTransformations': steps}


@pytest.mark.parametrize('version', ['0.4', '0.5'])
def test_axes_spacing_and_channels_are_read(tmp_path: Path, version: str) -> None:
    data = pixels(2, 3, 20, 17)
    whole = [
        {'type': 'scale', 'scale': [1, 2, 1, 1]},
        {'type': 'translation', 'translation': [0, 1, 0, 0]},
    ]
    path = stored(
        tmp_path / 'a.zarr',
        data,
        version,
        scales=([1, 0.3, 0.1, 0.2], [0, 5, 0, 0]),
        multiscale={'coordinateTransformations': whole},
        omero={'channels': [{'label': 'DAPI'}, {'label': 'GFP'}]},
    )
    image = read(path)
    assert image.axes == 'CZYX'
    assert image.spacing == {'Z': (0.6, 'um'), 'Y': (0.1, 'um'), 'X': (0.2, 'um')}
    assert image.origin == {'Z': 11.0}
    assert image.channels == ('DAPI', 'GFP')
    np.testing.assert_array_equal(image.data, data)


@pytest.mark.parametrize('version', ['0.4', '0.5'])
@pytest.mark.parametrize('axes', ['yx', 'cyx', 'zyx'])
def test_the_contrast_that_a_file_shows_is_kept(tmp_path: Path, version: str, axes: str) -> None:
    window = {'min': 0.0, 'max': 4095.0, 'start': 100.0, 'end': 2000.0}
    channel = {'label': 'GFP', 'color': '00FF00', 'active': False, 'window': window}
    data = pixels(*[1 if axis == 'c' else 9 for axis in axes])
    image = read(stored(tmp_path / 'a.zarr', data, version, axes, omero={'channels': [channel]}))
    write(tmp_path / 'b.zarr', image.like(image.data, dtype=np.float32))
    group = zarr.open_group(str(tmp_path / 'b.zarr'), mode='r')
    assert group.attrs['ome']['omero']['channels'] == [channel]
    image.metadata['omero']['channels'][0]['window'] = {'start': 'low', 'end': None}
    write(tmp_path / 'c.zarr', image)
    group = zarr.open_group(str(tmp_path / 'c.zarr'), mode='r')
    shown = group.attrs['ome']['omero']['channels'][0]['window']
    assert (shown['start'], shown['end']) == (data.min(), data.max())


def test_axes_are_told_by_name(tmp_path: Path) -> None:
    data = pixels(17, 20, 3)
    path = stored(tmp_path / 'a.zarr', data, axes='xyz', scales=([1, 2, 3],))
    assert (read(path).axes, read(path).spacing['Z']) == ('XYZ', (3.0, 'um'))


@pytest.mark.parametrize('inside', ['', 'a.zarr/'])
def test_a_zip_archive_is_read(tmp_path: Path, inside: str) -> None:
    data = pixels(2, 3, 20, 17)
    folder = stored(tmp_path / 'a.zarr', data)
    with ZipFile(tmp_path / 'a.zarr.zip', 'w') as archive:
        for file in folder.rglob('*'):
            if file.is_file():
                archive.write(file, inside + str(file.relative_to(folder)))
    np.testing.assert_array_equal(read(tmp_path / 'a.zarr.zip').data, data)


def test_several_images_are_listed_and_asked_for(tmp_path: Path) -> None:
    root = tmp_path / 'a.zarr'
    zarr.open_group(str(root), mode='w').attrs['ome'] = {
        'version': '0.5',
        'bioformats2raw.layout': 3,
    }
    datas = [pixels(1, 3, 20, 17), pixels(1, 3, 20, 18)]
    for i, data in enumerate(datas):
        stored(root / str(i), data)
    with pytest.raises(FileError, match=r'holds 2 images; choose one by series=: 0: 0 .*1: 1 '):
        read(root)
    assert [name for _, name in list_series(root)] == ['0', '1']
    np.testing.assert_array_equal(read(root, series='1').data, datas[1])
    np.testing.assert_array_equal(read(root / '0').data, datas[0])


def test_a_plate_is_refused_with_its_fields(tmp_path: Path) -> None:
    root, data = tmp_path / 'p.zarr', pixels(1, 1, 20, 17)
    group = zarr.open_group(str(root), mode='w')
    group.attrs['ome'] = {'version': '0.5', 'plate': {'wells': [{'path': 'A/1'}, {'path': 'B/2'}]}}
    for well in ('A/1', 'B/2'):
        group.create_group(well).attrs['ome'] = {'well': {'images': [{'path': '0'}]}}
        stored(root / well / '0', data)
    with pytest.raises(FileError, match='plate of 2 fields; choose one by series=: A/1/0, B/2/0'):
        read(root)
    np.testing.assert_array_equal(read(root, series='B/2/0').data, data)


def test_labels_are_a_mask(tmp_path: Path) -> None:
    write(tmp_path / 'a.zarr', pixels(20, 17))
    marked = pixels(20, 17) > 500
    (tmp_path / 'a.zarr/labels').mkdir()
    stored(tmp_path / 'a.zarr/labels/cells', marked.astype('int32'), axes='yx')
    np.testing.assert_array_equal(read_mask(tmp_path / 'a.zarr/labels/cells').data, marked)


def test_labels_are_written_beside_their_image(tmp_path: Path) -> None:
    store, spacing = tmp_path / 'a.ome.zarr', {'Y': (0.1, 'um'), 'X': (0.2, 'um')}
    write(store, Image(pixels(2, 300, 270), 'CYX', spacing))
    marked = pixels(300, 270) > 500
    write(store / 'labels/cracks', marked)
    cells = Image(marked * np.uint16(7), 'YX', metadata={'label_colours': {7: (255, 0, 0, 255)}})
    write(store / 'labels/cells', cells)
    write(store / 'labels/cells', cells, overwrite=True)
    yaozarrs.validate_zarr_store(str(store))
    found = read_labels(store)
    assert list(found) == ['cracks', 'cells']
    np.testing.assert_array_equal(found['cracks'][0].data, marked)
    # Of labels there are no means.
    np.testing.assert_array_equal(found['cells'][1].data, cells.data[::2, ::2])
    assert found['cells'][0].spacing == spacing
    assert found['cells'][0].metadata['label_colours'] == {7: (255, 0, 0, 255)}
    np.testing.assert_array_equal(read_mask(store / 'labels/cracks').data, marked)
    assert read(store).shape == (2, 300, 270)


NO_LABELS = {
    'exists': (np.zeros((20, 17), bool), 'exists'),
    'floats': (np.zeros((20, 17)), 'labels are integers'),
    'shape': (np.zeros((20, 16), bool), 'do not lie over the image'),
}


@pytest.mark.parametrize('case', NO_LABELS)
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, case: str) -> None:
    labels, said = NO_LABELS[case]
    write(tmp_path / 'a.zarr', pixels(20, 17))
    write(tmp_path / 'a.zarr/labels/exists', np.ones((20, 17), bool))
    with pytest.raises(FileError, match=said):
        write(tmp_path / 'a.zarr/labels' / case, labels)


def test_labels_of_an_older_store_are_refused(tmp_path: Path) -> None:
    stored(tmp_path / 'a.zarr', pixels(20, 17), version='0.4', axes='yx')
    with pytest.raises(FileError, match=r'OME-Zarr 0\.5, which'):
        write(tmp_path / 'a.zarr/labels/cells', pixels(20, 17))


def test_plain_arrays_are_read(tmp_path: Path) -> None:
    data = pixels(3, 20, 17, dtype='>f4')
    zarr.create_array(str(tmp_path / 'a.zarr'), data=data, dimension_names=['z', 'y', 'x'])
    image = read(tmp_path / 'a.zarr')
    np.testing.assert_array_equal(image.data, data)
    assert (image.axes, image.dtype.isnative) == ('ZYX', True)


def test_large_images_stay_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pixels(3, 40, 30)
    write(tmp_path / 'a.zarr', Image(data, 'ZYX', MICRON))
    monkeypatch.setattr(zarr_reading, 'LARGE', 100)
    image = read(tmp_path / 'a.zarr')
    assert not isinstance(image.data, np.ndarray)
    np.testing.assert_array_equal(image.data[1, 3:9], data[1, 3:9])
    write(tmp_path / 'b.zarr', image)
    np.testing.assert_array_equal(read(tmp_path / 'b.zarr').data, data)


def test_a_spacing_of_zero_is_left_out_and_said(tmp_path: Path) -> None:
    image = read(stored(tmp_path / 'a.zarr', pixels(3, 20, 17), axes='zyx', scales=([0, 1, 1],)))
    assert set(image.spacing) == {'Y', 'X'}
    assert 'along Z is no distance' in image.metadata['warnings'][0]


def _lacks_array(path: Path) -> None:
    shutil.rmtree(path / '0')


def _lacks_chunks(path: Path) -> None:
    shutil.rmtree(path / '0/c/1')


def _damaged_chunk(path: Path) -> None:
    next(file for file in (path / '0/c').rglob('*') if file.is_file()).write_bytes(b'no')


def _cut_metadata(path: Path) -> None:
    (path / 'zarr.json').write_text('{"zarr_form')


def _no_axes(path: Path) -> None:
    said = json.loads((path / 'zarr.json').read_text())
    said['attributes']['ome']['multiscales'][0]['axes'] = [{'name': 'y'}]
    (path / 'zarr.json').write_text(json.dumps(said))


def _no_image(path: Path) -> None:
    (path / 'zarr.json').write_text('{"zarr_format": 3, "node_type": "group"}')


@pytest.mark.parametrize(
    ('harm', 'words'),
    [
        (_lacks_array, "lacks array '0'"),
        (_lacks_chunks, '1 of its 2 chunks are missing'),
        (_damaged_chunk, 'damaged: a chunk of array 0'),
        (_cut_metadata, 'no Zarr that can be opened'),
        (_no_axes, '1 axes are named for an array of 3'),
        (_no_image, 'holds no image'),
    ],
)
def test_damage_is_said_in_one_sentence(tmp_path: Path, harm: Any, words: str) -> None:
    path = tmp_path / 'a.zarr'
    write(path, Image(pixels(2, 20, 17), 'ZYX'))
    harm(path)
    with pytest.raises(FileError, match=words) as error:
        read(path)
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


def test_chunks_that_others_did_not_store_are_counted(tmp_path: Path) -> None:
    data = pixels(2, 16, 16)
    data[1] = 0
    image = read(stored(tmp_path / 'a.zarr', data, axes='zyx'))
    assert '4 of its 8 chunks are not stored and read as 0' in image.metadata['warnings'][0]
    write(tmp_path / 'b.zarr', Image(data, 'ZYX'))
    assert 'warnings' not in read(tmp_path / 'b.zarr').metadata


def test_without_the_packages_a_sentence_says_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / 'a.zarr', pixels(20, 17))
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == 'zarr':
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without)
    for use in (
        lambda: read(tmp_path / 'a.zarr'),
        lambda: write(tmp_path / 'b.zarr', pixels(9, 9)),
    ):
        with pytest.raises(FileError, match=r'pip install "napari-fresco\[zarr\]"'):
            use()


def test_what_is_written_is_valid_and_its_pyramid_holds_means_where_they_lie(
    tmp_path: Path,
) -> None:
    data = pixels(2, 2, 600, 301)
    image = Image(data, 'ZCYX', MICRON, {'X': 4.0}, ('a', 'b'), metadata={'provenance': {'m': 1}})
    write(tmp_path / 'a.ome.zarr', image)
    yaozarrs.validate_zarr_store(str(tmp_path / 'a.ome.zarr'))
    group = zarr.open_group(str(tmp_path / 'a.ome.zarr'), mode='r')
    assert group.attrs['napari_fresco']['provenance'] == {'m': 1}
    assert 'napari_fresco' not in group.attrs['ome']
    assert group['0'].metadata.dimension_names == ('c', 'z', 'y', 'x')
    means = data.transpose(1, 0, 2, 3)[..., :300].reshape(2, 2, 300, 2, 150, 2).mean((3, 5))
    np.testing.assert_allclose(group['1'][..., :150], means, atol=0.5)
    level = group.attrs['ome']['multiscales'][0]['datasets'][2]['coordinateTransformations']
    assert level[0]['scale'] == pytest.approx([1, 0.3, 0.4, 0.4])
    assert level[1]['translation'] == pytest.approx([0, 0, 0.15, 4.15])
    window = group.attrs['ome']['omero']['channels'][1]['window']
    assert (window['start'], window['end']) == (data[:, 1].min(), data[:, 1].max())
    back = read(tmp_path / 'a.ome.zarr')
    assert back.metadata['provenance'] == {'m': 1}
    assert 'level 0 of its 3 resolutions' in back.metadata['warnings'][0]


@pytest.mark.parametrize('char', 'lqLQbhHiIefd')
def test_every_number_of_c_is_stored(tmp_path: Path, char: str) -> None:
    stored = np.arange(20).reshape(4, 5).astype(char)
    write(tmp_path / 'a.ome.zarr', Image(stored, 'YX'))
    back = read(tmp_path / 'a.ome.zarr')
    assert back.dtype.name == stored.dtype.name
    assert (np.asarray(back.data) == stored).all()


def test_an_image_that_grows_says_so_until_it_is_complete(tmp_path: Path) -> None:
    data = pixels(3, 1100, 10, dtype='float32')
    growing = GrowingImage(tmp_path / 'a.zarr', Image(np.empty_like(data), 'ZYX', MICRON))
    growing[(2, slice(0, 1024), slice(0, 10))] = data[2, :1024]
    image = read(tmp_path / 'a.zarr')
    yaozarrs.validate_zarr_store(str(tmp_path / 'a.zarr'))
    assert image.metadata['warnings'] == (
        'it is not complete: it is being written, or its writing broke off',
    )
    np.testing.assert_array_equal(image.data[2, :1024], data[2, :1024])
    assert not image.data[0].any()
    for z in range(3):
        growing[(z,)] = data[z]
    growing.finish({'provenance': {'method': 'x'}})
    image = read(tmp_path / 'a.zarr')
    np.testing.assert_array_equal(image.data, data)
    assert image.metadata['provenance'] == {'method': 'x'}


def test_only_a_store_is_replaced_and_whole(tmp_path: Path) -> None:
    path = tmp_path / 'a.zarr'
    path.mkdir()
    (path / 'diary.txt').touch()
    with pytest.raises(FileError, match='is a folder'):
        write(path, pixels(9, 9), overwrite=True)
    (path / 'diary.txt').unlink()
    path.rmdir()
    write(path, pixels(9, 9))
    with pytest.raises(FileError, match='exists'):
        write(path, pixels(9, 9))
    with pytest.raises(FileError, match='holds axes TCZYX'):
        write(path, Image(pixels(2, 9, 9), 'QYX'), overwrite=True)
    assert read(path).shape == (9, 9)
    write(path, pixels(9, 8), overwrite=True)
    assert read(path).shape == (9, 8)
    assert [p.name for p in tmp_path.iterdir()] == ['a.zarr']


@pytest.mark.parametrize('face', ['python', 'command'])
def test_what_is_reduced_and_enlarged_again_lies_where_it_lay(tmp_path: Path, face: str) -> None:
    spacing, place = {'Y': (0.4, 'um'), 'X': (0.2, 'um')}, {'Y': 3.0, 'X': 4.0}
    image = Image(pixels(24, 32), 'YX', spacing, place)
    made = apply(image, 'bicubic', {'scale': 2}).image
    assert made.origin == pytest.approx({'Y': 3.2, 'X': 4.1})
    if face == 'python':
        result = fresco.restore(made, method='dpir', task='super_resolve', scale=2, **QUICK).image
    else:
        write(tmp_path / 'a.zarr', made)
        options = [text for key, value in QUICK.items() for text in (f'--{key}', value)]
        task = ('-m', 'dpir', '-t', 'super_resolve', '--scale', 2)
        assert call('restore', tmp_path / 'a.zarr', '-o', tmp_path / 'b.zarr', *task, *options) == 0
        result = read(tmp_path / 'b.zarr')
    assert result.origin == pytest.approx(place)
    assert result.spacing == image.spacing
