"""Two images are compared in one layer, with one contrast."""

from __future__ import annotations

from typing import Any

import napari.components
import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari.comparing.compare_panel import ComparePanel
from napari_fresco.layers.comparing.compared import Planes
from napari_fresco.layers.comparing.looking import camera_of
from napari_fresco.layers.comparing.side_by_side import _columns, grid_of, is_named
from napari_fresco.layers.comparing.swipe import Swipe
from napari_fresco.layers.images.layer_kinds import may_be_restored
from napari_fresco.layers.images.space import View

from .signals import pump


def model(*images: np.ndarray, **look: Any) -> napari.components.ViewerModel:
    viewer = napari.components.ViewerModel()
    for number, image in enumerate(images):
        viewer.add_image(image, name='ab'[number], rgb=image.shape[-1] == 3, **look)
    return viewer


PLANE = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30)


def test_left_of_the_line_is_one_picture_and_right_of_it_the_other():
    viewer = model(PLANE, PLANE + 1000, scale=(0.5, 0.5), translate=(3, 4))
    swipe = Swipe(viewer, viewer.layers['a'], viewer.layers['b'])
    for share, column in ((0.5, 15), (0.1, 3), (0.9, 27), (0, 0), (1, 30), (7, 30)):
        swipe.at = share
        assert np.array_equal(swipe.layer.data[:, :column], PLANE[:, :column])
        assert np.array_equal(swipe.layer.data[:, column:], PLANE[:, column:] + 1000)
    assert tuple(swipe.layer.scale) == (0.5, 0.5)
    assert tuple(swipe.layer.translate) == (3, 4)
    assert swipe.layer.contrast_limits == viewer.layers['a'].contrast_limits
    assert viewer.layers[-1] is swipe.layer
    swipe.follow((5, 4 + 0.5 * 12))
    assert np.array_equal(swipe.layer.data[0, 10:14], [10, 11, 1012, 1013])
    assert viewer.layers['a'].data[0, 20] == 20, 'the pictures are not written to'
    swipe.close()
    assert [layer.name for layer in viewer.layers] == ['a', 'b']
    assert not swipe.is_open


def test_the_planes_on_show_are_compared():
    stack = np.stack([PLANE, PLANE + 1, PLANE + 2])
    viewer = model(stack, stack + 100)
    viewer.dims.set_current_step(0, 2)
    swipe = Swipe(viewer, *viewer.layers)
    assert np.array_equal(swipe.layer.data[:, :15], PLANE[:, :15] + 2)
    viewer.dims.set_current_step(0, 0)
    swipe.reload()
    assert np.array_equal(swipe.layer.data[:, 15:], PLANE[:, 15:] + 100)


def test_an_enlarged_image_is_compared_with_its_source():
    viewer = model(PLANE)
    viewer.add_image(PLANE.repeat(2, 0).repeat(2, 1), name='b', scale=(0.5, 0.5))
    planes = Planes.of(*viewer.layers, View.of(viewer))
    assert planes.first.shape == planes.second.shape == (40, 60)
    assert not planes.difference.any()
    assert tuple(planes.place['scale']) == (0.5, 0.5)
    assert planes.likeness().psnr == np.inf


def test_likeness_is_that_of_the_metrics():
    other = PLANE.astype(float) + np.where(PLANE % 2, 3.0, -3.0)
    viewer = model(other, PLANE.astype(float))
    like = Planes.of(*viewer.layers, View.of(viewer)).likeness()
    assert like.psnr == pytest.approx(20 * np.log10(599 / 3))
    assert like.largest == 3
    assert 0.9 < like.ssim <= 1


@pytest.mark.parametrize(
    ('other', 'words'),
    [
        (np.zeros((20, 31)), 'of one size'),
        (np.zeros((50, 75)), 'of one size'),
        (np.zeros((20, 30, 3), np.uint8), 'gray and a colour'),
    ],
)
def test_what_cannot_lie_over_each_other_is_refused_in_a_sentence(other, words):
    viewer = model(PLANE, other)
    with pytest.raises(fresco.FrescoError, match=words):
        Swipe(viewer, *viewer.layers)
    assert len(viewer.layers) == 2


def test_the_panel_compares(viewer: Any, dock: Any) -> None:
    viewer.add_image(PLANE, name='a')
    viewer.add_image(PLANE + 7, name='b')
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    panel.first.value, panel.second.value = 'a', 'b'
    panel.swipe.button.click()
    assert 'a | b' in viewer.layers
    panel.swipe.at.value = 0.2
    assert viewer.layers['a | b'].data[0, 6] == 6 + 7
    panel.measure.click()
    panel.work.wait()
    assert 'at most 7 apart' in panel.found.text()
    layer = panel.add_difference()
    assert (layer.data == -7).all()
    assert tuple(layer.contrast_limits) == (-7, 7)
    for compared in (layer, viewer.layers['a | b']):
        assert not may_be_restored(compared)
        assert not panel.first.offers(compared)
    panel.swipe.button.click()
    assert 'a | b' not in viewer.layers
    panel.swipe.button.click()
    viewer.layers.remove('b')
    assert not panel.swipe.button.isChecked()
    assert 'a | b' not in viewer.layers


def boxes(viewer: Any, *names: str) -> list[tuple[int, int]]:
    """Return the boxes of layers in napari's grid, which counts hidden layers before 0.9."""
    grid, layers = grid_of(viewer), viewer.layers
    among = layers if hasattr(viewer, 'canvas') else len(layers)
    return [grid.position(layers.index(name), among) for name in names]


def test_the_grid_shows_both_with_one_contrast_and_gives_all_back(viewer: Any) -> None:
    viewer.add_image(PLANE, name='a')
    viewer.add_image(PLANE + 700, name='b', contrast_limits=(0, 99))
    viewer.add_image(PLANE, name='other')
    viewer.add_labels(np.zeros(PLANE.shape, int), name='mask', visible=False)
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    panel.first.value, panel.second.value = 'a', 'b'
    panel.swipe.button.click()
    camera = camera_of(viewer)
    camera.zoom, camera.center = 7.5, (0, 3.0, 4.0)

    panel.grid.button.click()
    assert camera.zoom != 7.5, 'all of both is seen'
    grid = panel.grid.shown.grid
    assert [layer.name for layer in viewer.layers if layer.visible] == ['a', 'b']
    assert not panel.swipe.button.isChecked()
    assert boxes(viewer, 'a', 'b') == [(0, 0), (0, 1)], 'left is left'
    viewer.layers['a'].contrast_limits = (10, 20)
    assert tuple(viewer.layers['b'].contrast_limits) == (10, 20)
    has_names = hasattr(viewer.layers['a'], 'name_overlay')  # from napari 0.9 on
    pump(lambda: [x.name for x in viewer.layers if is_named(x)] == [*'ab' * has_names])

    panel.grid.button.click()
    assert not grid.enabled
    assert not any(map(is_named, viewer.layers))
    assert (camera.zoom, camera.center) == (7.5, (0, 3, 4))
    assert [layer.name for layer in viewer.layers if layer.visible] == ['a', 'b', 'other']
    viewer.layers['a'].contrast_limits = (30, 40)
    assert tuple(viewer.layers['b'].contrast_limits) == (10, 20)

    panel.first.value, panel.second.value = 'b', 'a'
    panel.grid.button.click()
    assert boxes(viewer, 'b', 'a') == [(0, 0), (0, 1)]
    grid.enabled = False  # napari's own button
    assert not panel.grid.button.isChecked()
    assert viewer.layers['other'].visible
    panel.grid.button.click()
    viewer.layers.remove('b')
    assert not panel.grid.button.isChecked()
    assert not grid.enabled


def test_colours_have_no_contrast_to_share(viewer: Any) -> None:
    viewer.add_image(np.zeros((32, 32, 3), np.uint8), rgb=True)
    viewer.add_image(PLANE)
    viewer.add_image(np.ones((32, 32, 3), np.uint8), rgb=True)
    viewer.add_image(PLANE + 1)
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    for first, second, shared in ((0, 2, False), (0, 1, False), (1, 2, False), (1, 3, True)):
        panel.first.value, panel.second.value = viewer.layers[first], viewer.layers[second]
        assert panel.one_contrast.enabled is shared


def test_one_image_is_not_compared(viewer: Any) -> None:
    viewer.add_image(PLANE, name='a')
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    buttons = (panel.swipe.button, panel.grid.button, panel.measure, panel.profile.button)
    assert 'Choose two images' in panel.found.text()
    assert not any(each.isEnabled() for each in buttons)
    viewer.add_image(PLANE, name='b')
    panel.second.value = 'b'
    assert not panel.found.text()
    assert all(each.isEnabled() for each in buttons)
    panel.profile.button.click()
    panel.second.value = 'a'
    assert [each.isEnabled() for each in buttons] == [False, False, False, True]
    panel.profile.button.click()
    assert len(viewer.layers) == 2


@pytest.mark.parametrize(
    ('boxes', 'columns'),
    [('11', 2), ('110', 2), ('0110', 3), ('101', 3), ('01001', 5), ('1101', 4), ('0011', 2)],
)
def test_before_napari_0_9_each_picture_has_a_box_too(boxes: str, columns: int) -> None:
    assert _columns([each == '1' for each in boxes]) == columns
