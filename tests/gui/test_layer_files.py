"""Files become layers with everything that belongs to them, and layers become files again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import yaozarrs
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.colormaps import DirectLabelColormap
from npe2 import PluginManifest
from PIL import Image as Picture
from PIL import ImageCms

import napari_fresco as fresco
from napari_fresco._napari.files.readers_writers import image_reader, write_picture, write_tiff
from napari_fresco.cli import run_record
from napari_fresco.io import zarr_reading
from napari_fresco.layers import fill_losses, restore_layer, undo_fill
from napari_fresco.layers.files import kept_record
from napari_fresco.layers.files.layer_files import file_layers, image_of, layer_as_image
from napari_fresco.layers.files.session_acts import acts_of, strangers
from napari_fresco.layers.fills.documenting import Documented
from napari_fresco.layers.images.layer_kinds import FILLS, record_of
from napari_fresco.layers.images.related_layers import source_of


def layers_of(path: Path) -> list[Any]:
    return [Layer.create(*data) for data in file_layers(path)]


def saved(layer: Any, path: Path) -> fresco.Image:
    data, meta, _ = layer.as_layer_data_tuple()
    write_tiff(str(path), data, meta)
    return fresco.read(path)


def saved_result(path: Path) -> Any:
    """Return a layer that was restored, and written to a file."""
    viewer = ViewerModel()
    viewer.add_image(np.full((24, 24), 100, np.uint8), name='cells')
    (result,) = restore_layer(viewer, 'cells', method='ffdnet', sigma=5)
    saved(result, path)
    return result


def test_a_volume_in_time_has_scale_units_and_labels(tmp_path: Path) -> None:
    data = np.arange(2 * 3 * 8 * 9, dtype=np.uint16).reshape(2, 3, 8, 9)
    spacing = {'T': (1.5, 's'), 'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    fresco.write(tmp_path / 'cells.ome.tif', fresco.Image(data, 'TZYX', spacing))
    (layer,) = layers_of(tmp_path / 'cells.ome.tif')
    assert layer.name == 'cells'
    assert layer.axis_labels == ('t', 'z', 'y', 'x')
    assert [f'{unit:~}' for unit in layer.units] == ['s', 'µm', 'µm', 'µm']
    np.testing.assert_allclose(layer.scale, (1.5, 0.3, 0.1, 0.1))
    back = saved(layer, tmp_path / 'out.ome.tif')
    assert back.axes == 'TZYX'
    assert {axis: (round(step, 9), unit) for axis, (step, unit) in back.spacing.items()} == spacing


@pytest.mark.parametrize('name', ['a.ome.tif', 'a.tif', 'a.ome.zarr'])
def test_a_place_in_the_world_comes_and_goes(tmp_path: Path, name: str) -> None:
    spacing, origin = {'Y': (0.1, 'um'), 'X': (0.2, 'um')}, {'Y': 25.0, 'X': 7.5}
    image = fresco.Image(np.ones((8, 9), np.uint16), 'YX', spacing, origin)
    fresco.write(tmp_path / name, image)
    (layer,) = layers_of(tmp_path / name)
    np.testing.assert_allclose(layer.translate, (25.0, 7.5))
    data, meta, _ = layer.as_layer_data_tuple()
    for again in (image_of(layer), layer_as_image(data, meta)):
        fresco.write(tmp_path / f'again.{name}', again, overwrite=True)
        assert fresco.read(tmp_path / f'again.{name}').origin == pytest.approx(origin)
    layer.rotate = 10  # a place alone does not say where it lies
    assert image_of(layer).origin == {}


def test_named_channels_are_layers_with_their_names(tmp_path: Path) -> None:
    data = np.arange(2 * 8 * 9, dtype=np.uint16).reshape(2, 8, 9)
    image = fresco.Image(data, 'CYX', channels=('DAPI', 'GFP'))
    fresco.write(tmp_path / 'cells.ome.tif', image)
    layers = layers_of(tmp_path / 'cells.ome.tif')
    assert [layer.name for layer in layers] == ['cells DAPI', 'cells GFP']
    assert {str(layer.blending) for layer in layers} == {'additive'}
    assert layers[0].colormap.name != layers[1].colormap.name
    np.testing.assert_array_equal(layers[1].data, data[1])
    saved(layers[1], tmp_path / 'gfp.ome.tif')
    with tifffile.TiffFile(tmp_path / 'gfp.ome.tif') as file:
        assert 'GFP' in (file.ome_metadata or '')


def test_an_ome_zarr_comes_and_goes_through_the_viewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npe2pm: Any
) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    data = np.random.default_rng(0).integers(0, 900, (2, 3, 300, 310)).astype('u2')
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    omero = {'channels': [{'color': 'FF8000', 'window': {'start': 5, 'end': 50}}] * 2}
    image = fresco.Image(data, 'CZYX', spacing, {'X': 4.0}, ('a', 'b'), metadata={'omero': omero})
    fresco.write(tmp_path / 'cells.ome.zarr', image)
    monkeypatch.setattr(zarr_reading, 'LARGE', 1000)
    viewer = ViewerModel()
    layers = viewer.open(tmp_path / 'cells.ome.zarr', plugin='napari-fresco')
    assert [layer.name for layer in layers] == ['cells a', 'cells b']
    assert [layer.multiscale for layer in layers] == [True, True]
    assert [level.shape for level in layers[1].data] == [(3, 300, 310), (3, 150, 155)]
    np.testing.assert_array_equal(layers[1].data[0], data[1])
    np.testing.assert_allclose(layers[0].scale, (0.3, 0.1, 0.1))
    np.testing.assert_allclose(layers[0].translate, (0, 0, 4))
    assert [f'{unit:~}' for unit in layers[0].units] == ['µm'] * 3
    assert layers[0].axis_labels == ('z', 'y', 'x')
    np.testing.assert_allclose(layers[0].colormap.colors[-1], (1, 128 / 255, 0, 1))
    layers[0].metadata['napari_fresco'] = {'method': 'dpir'}
    assert layers[1].save(str(tmp_path / 'b.ome.zarr'), plugin='napari-fresco')
    back = fresco.read(tmp_path / 'b.ome.zarr')
    assert (back.axes, back.channels) == ('CZYX', ('b',))
    np.testing.assert_array_equal(back.data[0], data[1])
    layers[0].save(str(tmp_path / 'a.ome.zarr'), plugin='napari-fresco')
    assert fresco.read(tmp_path / 'a.ome.zarr').metadata['provenance'] == {'method': 'dpir'}


def test_a_channel_keeps_its_own_wavelengths(tmp_path: Path) -> None:
    waves = ((405.0, 460.0), (488.0, 520.0))
    data = np.zeros((2, 6, 5), np.uint16)
    image = fresco.Image(data, 'CYX', channels=('a', 'b'), metadata={'wavelengths': waves})
    fresco.write(tmp_path / 'two.ome.tif', image)
    layers = file_layers(tmp_path / 'two.ome.tif')
    assert [m['metadata']['napari_fresco_file']['wavelengths'] for _, m, _ in layers] == [
        (waves[0],),
        (waves[1],),
    ]


def test_channels_without_names_stay_a_stack(tmp_path: Path) -> None:
    fresco.write(tmp_path / 'bands.tif', fresco.Image(np.zeros((5, 8, 9), np.uint16), 'CYX'))
    (layer,) = layers_of(tmp_path / 'bands.tif')
    assert layer.data.shape == (5, 8, 9)
    assert layer.axis_labels == ('c', 'y', 'x')


def test_look_up_tables_and_ranges_colour_the_layers(tmp_path: Path) -> None:
    ramp, none = np.arange(256, dtype=np.uint8), np.zeros(256, np.uint8)
    tables = [np.stack([none, ramp, none]), np.stack([ramp, none, ramp])]
    tifffile.imwrite(
        tmp_path / 'ij.tif',
        np.zeros((2, 8, 9), np.uint16),
        imagej=True,
        metadata={'axes': 'CYX', 'mode': 'composite', 'LUTs': tables, 'Ranges': (0, 10, 5, 2000)},
    )
    green, magenta = layers_of(tmp_path / 'ij.tif')
    np.testing.assert_allclose(green.colormap.colors[-1, :3], (0, 1, 0))
    np.testing.assert_allclose(magenta.colormap.colors[-1, :3], (1, 0, 1))
    assert tuple(magenta.contrast_limits) == (5, 2000)


def test_contrast_and_colour_of_a_layer_go_into_its_file(tmp_path: Path, npe2pm: Any) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    data = np.arange(72, dtype=np.uint16).reshape(8, 9)
    tifffile.imwrite(tmp_path / 'ij.tif', data, imagej=True, metadata={'min': 3.0, 'max': 50.0})
    (layer,) = layers_of(tmp_path / 'ij.tif')
    assert tuple(layer.contrast_limits) == (3, 50)
    layer.contrast_limits, layer.colormap = (7, 41), 'green'
    for name in ('a.tif', 'a.ome.zarr', 'a.ome.tif'):
        assert layer.save(str(tmp_path / name), plugin='napari-fresco')
        (back,) = layers_of(tmp_path / name)
        if name != 'a.ome.tif':  # which has no words for contrast
            assert tuple(back.contrast_limits) == (7, 41)
        if name != 'a.tif':  # nor ImageJ for a colour alone
            np.testing.assert_allclose(back.colormap.colors[-1, :3], (0, 1, 0))


def test_contrast_that_nobody_moved_stays_that_of_each_channel(tmp_path: Path) -> None:
    ranges = (0.0, 10.0, 5.0, 2000.0)
    data = np.zeros((2, 8, 9), np.uint16)
    kept = {'axes': 'CYX', 'mode': 'grayscale', 'Ranges': ranges}
    tifffile.imwrite(tmp_path / 'ij.tif', data, imagej=True, metadata=kept)
    (layer,) = layers_of(tmp_path / 'ij.tif')
    assert image_of(layer).metadata['imagej']['Ranges'] == ranges
    layer.contrast_limits = (0, 30)
    assert image_of(layer).metadata['imagej']['Ranges'] == (0, 30, 0, 30)


def test_several_images_of_a_file_are_several_layers(tmp_path: Path) -> None:
    plane = np.arange(72, dtype=np.uint16).reshape(8, 9)
    with tifffile.TiffWriter(tmp_path / 'positions.ome.tif') as file:
        for number in range(3):
            file.write(plane + number, metadata={'axes': 'YX', 'Name': f'position {number}'})
    layers = layers_of(tmp_path / 'positions.ome.tif')
    assert [layer.name for layer in layers] == [f'positions position {n}' for n in range(3)]
    np.testing.assert_array_equal(layers[2].data, plane + 2)


@pytest.mark.parametrize('dpi', [300, 72])
def test_a_print_keeps_its_resolution_and_profile(tmp_path: Path, dpi: int) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    path = tmp_path / 'photo.tif'
    tifffile.imwrite(
        path,
        np.zeros((8, 9, 3), np.uint8),
        photometric='rgb',
        resolution=(dpi, dpi),
        resolutionunit='INCH',
        iccprofile=profile,
    )
    (layer,) = layers_of(path)
    assert layer.rgb
    assert tuple(layer.scale) == (1, 1)  # a mask painted elsewhere lies on it
    back = saved(layer, tmp_path / 'out.tif')
    assert back.metadata['icc_profile'] == profile
    assert back.spacing['Y'] == (pytest.approx(25.4 / dpi), 'mm')


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_a_photograph_becomes_a_tiff_with_its_resolution(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'photo{suffix}'
    Picture.fromarray(np.zeros((8, 9, 3), np.uint8)).save(path, dpi=(300, 300))
    (layer,) = layers_of(path)
    saved(layer, tmp_path / 'out.tif')
    with Picture.open(tmp_path / 'out.tif') as picture:
        assert picture.info['dpi'] == pytest.approx((300, 300), rel=1e-4)


def test_a_photograph_is_shown_upright(tmp_path: Path) -> None:
    pixels = np.zeros((8, 12), np.uint8)
    pixels[:4, :4] = 255
    exif = Picture.Exif()
    exif[274] = 6
    Picture.fromarray(pixels).save(tmp_path / 'p.png', exif=exif)
    (layer,) = layers_of(tmp_path / 'p.png')
    assert layer.data.shape == (12, 8)
    assert layer.data[0, -1] == 255


@pytest.mark.parametrize('samples', [1, 2, 4])
def test_samples_that_are_no_colours_are_planes(tmp_path: Path, samples: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 9, samples), dtype=np.uint8)
    mode = {1: 'L', 2: 'LA', 4: 'RGBA'}[samples]
    Picture.fromarray(pixels.squeeze(), mode).save(tmp_path / 'p.png')
    (layer,) = layers_of(tmp_path / 'p.png')
    assert layer.rgb == (samples == 4)
    assert layer.data.shape == {1: (8, 9), 2: (2, 8, 9), 4: (8, 9, 4)}[samples]


def test_what_is_no_image_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr('napari_fresco._napari.files.readers_writers.show_error', told.append)
    (tmp_path / 'p.tif').write_bytes(b'no image at all')
    assert image_reader(str(tmp_path / 'p.tif')) is None
    assert 'p.tif' in told[0]
    assert image_reader([str(tmp_path / 'p.tif')]) is None


def test_an_image_and_its_labels_come_and_go_through_one_store(tmp_path: Path, npe2pm: Any) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    viewer = ViewerModel()
    place = {'scale': (0.3, 0.1, 0.1), 'units': ('um',) * 3, 'axis_labels': ('z', 'y', 'x')}
    pixels = np.random.default_rng(0).integers(0, 900, (3, 20, 24)).astype('u2')
    image = viewer.add_image(pixels, name='cells', **place)
    red = DirectLabelColormap(color_dict={None: (0, 0, 0, 0), 7: (1, 0, 0, 1)})
    nuclei = viewer.add_labels(7 * (pixels > 450), name='cells nuclei', colormap=red, **place)
    damage = viewer.add_labels((pixels < 9).astype('u1'), name='damage', **place)
    path = tmp_path / 'cells.ome.zarr'
    viewer.layers.selection = {image, nuclei, damage}
    assert viewer.layers.save(str(path), selected=True, plugin='napari-fresco') == [str(path)]
    yaozarrs.validate_zarr_store(str(path))
    layers = ViewerModel().open(path, plugin='napari-fresco')
    assert [(layer.name, layer._type_string) for layer in layers] == [
        ('cells', 'image'),
        ('cells nuclei', 'labels'),
        ('cells damage', 'labels'),
    ]
    for one, other in zip(layers, (image, nuclei, damage), strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        np.testing.assert_allclose(one.scale, other.scale)
    np.testing.assert_allclose(layers[1].get_color(7), (1, 0, 0, 1))


@pytest.mark.parametrize('name', ['filled.tif', 'filled.png', 'filled.ome.zarr'])
def test_a_result_that_is_opened_again_says_how_it_was_made(
    tmp_path: Path, name: str, npe2pm: Any
) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    viewer, path = ViewerModel(), tmp_path / name
    wall = np.random.default_rng(0).integers(0, 255, (48, 40, 3), dtype=np.uint8)
    viewer.add_image(wall, name='wall')
    mask = np.zeros((48, 40), int)
    mask[20:23, 5:30] = 1
    (filled,) = fill_losses(viewer, 'wall', mask=mask, iterations=1)
    filled.save(str(path), plugin='napari-fresco')
    day = ViewerModel()
    photograph = day.add_image(wall, name='wall')
    again = day.open(path, plugin='napari-fresco')[0]
    np.testing.assert_array_equal(again.data, filled.data)
    assert record_of(again)['fills'] == json.loads(json.dumps(record_of(filled)['fills']))
    assert source_of(again, day.layers) is photograph
    if not name.endswith('.zarr'):
        told = Documented.of(again, photograph)
        np.testing.assert_array_equal(told.filled, mask > 0)
        told.intervention().save(tmp_path / 'wall.json')
        fresco.write(tmp_path / 'wall.png', wall)
        assert fresco.intervention.repeat(tmp_path / 'wall.json', tmp_path / 'wall.png').same


def test_losses_are_filled_further_on_another_day(tmp_path: Path, npe2pm: Any) -> None:
    npe2pm.register(PluginManifest.from_file(Path(fresco.__file__).with_name('napari.yaml')))
    wall = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    mask = np.zeros(wall.shape[:2], int)
    mask[20:23, 5:30] = mask[30:34, 5:8] = mask[5:7, 50:60] = 1
    viewer = ViewerModel()
    viewer.add_image(wall, name='wall')
    (filled,) = fill_losses(viewer, 'wall', mask=mask, iterations=10)
    undo_fill(viewer, filled, 2)
    before = filled.metadata[FILLS]
    filled.save(str(tmp_path / 'filled.tif'), plugin='napari-fresco')
    day = ViewerModel()
    day.add_image(255 - wall, name='another')
    day.add_image(wall, name='a new name')
    again = day.open(tmp_path / 'filled.tif', plugin='napari-fresco')[0]
    mask[40:43, 40:44] = 1
    (other,) = fill_losses(day, 'another', mask=mask, iterations=1)
    assert other is not again
    (grown,) = fill_losses(day, 'a new name', mask=mask, iterations=1)
    fills = grown.metadata[FILLS]
    assert grown is again
    np.testing.assert_array_equal(np.where(fills.numbers == 4, 0, fills.numbers), before.numbers)
    assert fills.undone == {2}
    assert before.errors.items() == {n: e for n, e in fills.errors.items() if n < 4}.items() > set()
    assert [run['numbers'] for run in fills.runs] == [[1, 3], [4, 4]]
    undo_fill(day, 'a new name', 1)
    assert not acts_of(day.layers)[1:]  # of the other picture alone
    assert list(strangers(day.layers)) == [grown.name]
    Documented.of(grown, day.layers['a new name']).intervention().save(tmp_path / 'wall.json')
    fresco.write(tmp_path / 'wall.png', wall)
    assert fresco.intervention.repeat(tmp_path / 'wall.json', tmp_path / 'wall.png').same


def test_a_jpeg_of_a_fill_is_said_to_change_what_was_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr('napari_fresco._napari.files.readers_writers.show_warning', told.append)
    viewer, mask = ViewerModel(), np.zeros((32, 32), int)
    mask[9:12] = 1
    wall = viewer.add_image(np.full((32, 32), 100, np.uint8), name='wall')
    (filled,) = fill_losses(viewer, 'wall', mask=mask, iterations=1)
    for layer, name in ((wall, 'a.jpg'), (filled, 'b.png'), (filled, 'c.jpg')):
        data, meta, _ = layer.as_layer_data_tuple()
        write_picture(str(tmp_path / name), data, meta)
    assert [each.split(':')[0] for each in told] == ['c.jpg']


def test_nothing_is_known_of_pixels_that_were_changed_since(tmp_path: Path) -> None:
    path = tmp_path / 'clean.tif'
    result = saved_result(path)
    assert record_of(layers_of(path)[0])['method'] == 'ffdnet'
    assert [each['method'] for each in run_record.records_of(path)] == ['ffdnet']
    changed = np.array(result.data)
    changed[3, 3] += 1
    fresco.write(path, changed, overwrite=True)
    assert not record_of(layers_of(path)[0])
    (tmp_path / 'clean.tif.json').write_text('[]')
    assert not record_of(layers_of(path)[0])


def test_a_large_result_is_known_by_its_size_and_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_record, '_WHOLE', 100)
    monkeypatch.setattr(kept_record, 'content_sha256', pytest.fail)
    path = tmp_path / 'clean.tif'
    saved_result(path)
    assert record_of(layers_of(path)[0])['method'] == 'ffdnet'
    fresco.write(path, np.zeros((99, 99)), overwrite=True)
    assert not record_of(layers_of(path)[0])
