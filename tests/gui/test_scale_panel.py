"""Two points and their distance give the size of a pixel, which files keep."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.reports.scale_panel import ScalePanel
from napari_fresco.errors import FrescoError
from napari_fresco.layers.images.layer_kinds import KERNEL, SCALE, SWEEP
from napari_fresco.layers.images.pixel_size import mm_per_pixel
from napari_fresco.layers.masks.guide_layers import new_guides


def photograph() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)


@pytest.fixture
def panel(model: Any, qtbot: Any) -> ScalePanel:
    model.add_image(photograph(), name='wall', rgb=True)
    panel = commands.scale_from_points(model)
    qtbot.addWidget(panel)
    return panel


def mark(panel: ScalePanel, points: Any, mm: float) -> None:
    panel.start_marking()
    panel.marks.value.data = np.array(points, dtype=float)
    panel.distance.value = mm


def dots(path: Path) -> float:
    with Pillow.open(path) as picture:
        return float(picture.info['dpi'][0])


def test_what_is_missing_is_said(model: Any, panel: ScalePanel) -> None:
    assert 'Press "Mark"' in panel.found.text()
    assert not panel.button.isEnabled()
    mark(panel, [[1, 1]], 100)
    assert 'no two points' in panel.found.text()
    panel.marks.value.data = np.array([[1.0, 1], [1.2, 1]])
    assert 'same pixel' in panel.found.text()
    panel.marks.value.data = np.array([[1.0, 1], [41, 31]])
    assert panel.button.isEnabled()


def test_the_uncertainty_is_that_of_two_clicks(panel: ScalePanel) -> None:
    mark(panel, [[9, 9], [10, 10], [10 + 30, 10 + 40]], 25)  # the last two count
    found = panel.measured()
    assert found.pixels == pytest.approx(50)
    assert found.mm_per_pixel == pytest.approx(0.5)
    assert found.uncertainty == pytest.approx(0.5 * math.sqrt(2) / 50)
    assert '50.0 pixels apart: 0.500 ± 0.014 mm per pixel (2.83%' in panel.found.text()


def test_what_lies_over_the_picture_follows(model: Any, panel: ScalePanel) -> None:
    wall = model.layers['wall']
    labels = model.add_labels(np.zeros((60, 80), np.uint8), name='mask')
    crop = model.add_image(
        np.zeros((10, 20)), name='wall [DPIR]', translate=(5, 6),
        metadata={'napari_fresco': {}},
    )  # fmt: skip
    outline = model.add_shapes([[[2, 3], [20, 30]]], shape_type='rectangle', name='outline')
    other = model.add_image(np.zeros((500, 400)), name='another')
    layers = (labels, crop, outline)
    places = [layer.data_to_world((4, 5)) for layer in layers]
    mark(panel, [[0, 0], [0, 40]], 10)
    panel.button.click()
    assert mm_per_pixel(wall) == pytest.approx(0.25)
    assert [str(unit) for unit in wall.units] == ['millimeter', 'millimeter']
    for layer, place in zip(layers, places, strict=True):
        np.testing.assert_allclose(layer.data_to_world((4, 5)), np.array(place) * 0.25)
        assert layer.units == wall.units
    assert tuple(other.scale) == (1, 1)
    assert wall.metadata[SCALE]['mm_per_pixel'] == pytest.approx(0.25)
    assert 'mask' in panel.message.text()
    assert panel.measured().pixels == pytest.approx(40), 'the two points followed'
    panel.distance.value = 20
    panel.button.click()  # measured again, in millimetres this time
    assert mm_per_pixel(wall) == pytest.approx(0.5)
    np.testing.assert_allclose(labels.data_to_world((4, 5)), np.array(places[0]) * 0.5)


def test_all_that_is_there_is_counted_in_the_same_units(model: Any, panel: ScalePanel) -> None:
    wall = model.layers['wall']
    guides = new_guides(model, wall)  # nothing is drawn yet
    model.add_shapes([[[-9, 3], [20, 99]]], shape_type='line', name='beyond the border')
    model.add_image(np.ones((9, 9)), name='kernel', metadata={KERNEL: True})
    model.add_image(np.ones((60, 80)), name='sweep', translate=(0, 90), metadata={SWEEP: {}})
    mark(panel, [[0, 0], [0, 40]], 10)
    panel.button.click()
    assert {layer.units for layer in model.layers} == {wall.units}
    assert model.layers.extent.units is not None, 'napari draws with units'
    guides.add_lines([[[0, 0], [0, 40]]])
    np.testing.assert_allclose(guides.data_to_world((0, 40)), (0, 10))
    assert panel.marks.value.mode == 'pan_zoom', 'another click is no third place'


def test_what_is_drawn_over_another_picture_keeps_its_scale(model: Any, panel: ScalePanel) -> None:
    other = model.add_image(np.zeros((500, 400)), name='another', scale=(2, 2))
    lines = new_guides(model, other)
    mark(panel, [[0, 0], [0, 40]], 10)
    panel.button.click()
    assert tuple(lines.scale) == tuple(other.scale) == (2, 2)


def test_a_line_and_pixels_that_are_not_square(model: Any, qtbot: Any) -> None:
    wall = model.add_image(photograph(), name='wall', rgb=True, scale=(200, 100), units=('um',) * 2)
    line = model.add_shapes(
        [[[0, 0], [3000, 4000]]], shape_type='line', name='ruler', units=('um',) * 2
    )
    panel = commands.scale_from_points(model)
    qtbot.addWidget(panel)
    panel.image.value, panel.marks.value, panel.distance.value = wall, line, 10.0
    panel.run()
    np.testing.assert_allclose(wall.scale, (0.4, 0.2))  # 5 mm of the layer are 10 on the wall
    np.testing.assert_allclose(line.scale, (0.002, 0.002))


@pytest.mark.parametrize('suffix', ['.tif', '.png', '.jpg'])
@pytest.mark.parametrize('printed', [False, True])
def test_files_keep_the_scale(
    make_napari_viewer_proxy: Any, tmp_path: Path, suffix: str, printed: bool
) -> None:
    viewer, source = make_napari_viewer_proxy(), tmp_path / f'wall{suffix}'
    dpi = {'dpi': (300, 300)} if printed else {}
    Pillow.fromarray(photograph()).save(source, **dpi)
    (wall,) = viewer.open(source, plugin='napari-fresco')
    assert mm_per_pixel(wall) is None, 'the resolution of a print is not that of a wall'
    panel = commands.scale_from_points(viewer)
    viewer.window.add_dock_widget(panel)
    mark(panel, [[0, 0], [0, 40]], 9.375)
    panel.run()
    saved = tmp_path / f'saved{suffix}'
    wall.save(str(saved), plugin='napari-fresco')
    viewer.layers.clear()
    (back,) = viewer.open(saved, plugin='napari-fresco')
    assert mm_per_pixel(back) == pytest.approx(9.375 / 40, rel=1e-4)
    read = fresco.read(saved)
    assert read.spacing['X'] == (pytest.approx(9.375 / 40, rel=1e-4), 'mm')
    if suffix != '.tif':
        expected = 25.4 / (9.375 / 40)
        assert dots(saved) == pytest.approx(expected, abs=0.51)
    if suffix != '.jpg':
        np.testing.assert_array_equal(np.asarray(back.data), photograph())


def test_a_photograph_in_inches_stays_one(make_napari_viewer_proxy: Any, tmp_path: Path) -> None:
    viewer = make_napari_viewer_proxy()
    for suffix in ('.png', '.jpg'):
        Pillow.fromarray(photograph()).save(tmp_path / f'a{suffix}', dpi=(300, 300))
        (wall,) = viewer.open(tmp_path / f'a{suffix}', plugin='napari-fresco')
        wall.save(str(tmp_path / f'b{suffix}'), plugin='napari-fresco')
        (back,) = viewer.open(tmp_path / f'b{suffix}', plugin='napari-fresco')
        assert mm_per_pixel(back) is None
        assert dots(tmp_path / f'b{suffix}') == pytest.approx(300, abs=0.01)


def test_a_picture_that_a_format_cannot_hold_is_refused(model: Any, tmp_path: Path) -> None:
    from napari_fresco._napari.files.readers_writers import write_picture

    layer = model.add_image(np.random.default_rng(0).normal(size=(20, 30)))
    data, meta, _ = layer.as_layer_data_tuple()
    with pytest.raises(FrescoError, match='float'):
        write_picture(str(tmp_path / 'a.png'), data, meta)
