"""Masks fall on the pixels that they cover in the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes

from napari_fresco.errors import ImageError, MaskError
from napari_fresco.layers.mask_layers import marked, mask_array, region_of, visible_box
from napari_fresco.layers.outlines import polygon, stroke
from napari_fresco.layers.selection import Space, select

SQUARE = np.array([[10.0, 20.0], [10.0, 40.0], [25.0, 40.0], [25.0, 20.0]])


def image(**space: Any) -> Image:
    return Image(np.zeros((60, 80)), name='wall', **space)


def in_world(layer: Image, corners: np.ndarray) -> np.ndarray:
    return np.array([layer.data_to_world(corner) for corner in corners])


SPACES = [
    {},
    {'scale': (2, 0.5), 'translate': (100, -50)},
    {'scale': (2, 0.5), 'rotate': 35, 'shear': [0.3]},
    {'affine': np.array([[0, 1.5, 4], [-1, 0, 9], [0, 0, 1]])},
]


@pytest.mark.parametrize('space', SPACES)
def test_a_polygon_covers_the_same_pixels_under_any_transform(space: dict[str, Any]) -> None:
    wall = image(**space)
    shapes = Shapes([in_world(wall, SQUARE)], shape_type='polygon')
    mask = mask_array(wall, shapes)
    expected = np.zeros((60, 80), bool)
    expected[10:26, 20:41] = True
    # Which of the pixels on the outline count is left to rounding.
    assert (mask ^ expected).sum() <= 72
    assert mask[11:25, 21:40].all()
    assert not mask[:10].any()
    assert not mask[:, 41:].any()


def test_a_moved_shapes_layer_moves_the_mask() -> None:
    shapes = Shapes([SQUARE], shape_type='rectangle', translate=(20, 30))
    mask = mask_array(image(), shapes)
    assert mask[38, 60]
    assert not mask[18, 30]


def test_an_ellipse_is_no_rectangle() -> None:
    shapes = Shapes([SQUARE], shape_type='ellipse')
    mask = mask_array(image(), shapes)
    assert mask[17, 30]
    assert not mask[11, 21]
    assert mask.sum() == pytest.approx(np.pi / 4 * 15 * 20, rel=0.08)


def test_a_path_is_as_wide_as_it_is_drawn_in_image_pixels() -> None:
    wall = image(scale=(3, 3))
    path = Shapes([np.array([[30.0, 30.0], [30.0, 150.0]])], shape_type='path', edge_width=9)
    mask = mask_array(wall, path)
    assert mask[:, 30].sum() == 3


def test_shapes_of_a_stack_stay_in_their_plane() -> None:
    wall = Image(np.zeros((4, 60, 80)))
    flat = np.column_stack([np.full(4, 2.0), SQUARE])
    shapes = Shapes([flat], shape_type='polygon')
    mask = mask_array(wall, shapes)
    assert mask.shape == (4, 60, 80)
    assert mask.any(axis=(1, 2)).tolist() == [False, False, True, False]
    part = select(wall, point=(2, 0, 0))
    chosen = marked(wall, shapes, part).load()
    assert chosen.shape == (1, 60, 80)
    assert chosen.sum() == mask.sum()


def test_labels_of_the_same_grid_are_taken_as_they_are() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[5, 6], labels[7, 8] = 1, 2
    wall, layer = image(), Labels(labels)
    assert mask_array(wall, layer).sum() == 2
    assert np.argwhere(mask_array(wall, layer, label=2)).tolist() == [[7, 8]]


@pytest.mark.parametrize('space', SPACES)
def test_labels_elsewhere_are_looked_up_in_the_world(space: dict[str, Any]) -> None:
    wall = image(**space)
    labels = np.zeros((20, 30), np.uint8)
    labels[3:6, 10:13] = 1
    crop = Labels(labels, **Space.of(wall).part((10, 20), (1, 1)))
    expected = np.zeros((60, 80), bool)
    expected[13:16, 30:33] = True
    np.testing.assert_array_equal(mask_array(wall, crop), expected)


def test_coarse_labels_cover_all_their_pixels() -> None:
    labels = np.zeros((30, 40), np.uint8)
    labels[2, 3] = 1
    coarse = Labels(labels, **Space.of(image()).part((0.5, 0.5), (0.5, 0.5)))
    assert np.argwhere(mask_array(image(), coarse)).tolist() == [[4, 6], [4, 7], [5, 6], [5, 7]]


def test_a_flat_mask_serves_all_planes() -> None:
    wall = Image(np.zeros((4, 60, 80)))
    labels = np.zeros((60, 80), np.uint8)
    labels[5, 6] = 1
    assert np.argwhere(mask_array(wall, Labels(labels))).tolist() == [[5, 6]]


def test_a_mask_of_another_stack_is_refused() -> None:
    with pytest.raises(MaskError, match='New'):
        mask_array(Image(np.zeros((4, 8, 8))), Labels(np.ones((5, 8, 8), np.uint8)))


def test_growing_and_inverting() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[30, 40] = 1
    wall, layer = image(), Labels(labels)
    assert mask_array(wall, layer, grow=1).sum() == 5
    assert mask_array(wall, layer, invert=True).sum() == 60 * 80 - 1


def test_the_part_is_cut_from_the_grown_mask() -> None:
    labels = np.zeros((60, 80), np.uint8)
    labels[30, 40] = 1
    part = select(image(), box=(slice(31, 40), slice(35, 45)))
    mask = marked(image(), Labels(labels), part, grow=2).load()
    assert mask.shape == (9, 10)
    assert mask[0, 5]


def test_the_region_is_the_selected_shape() -> None:
    wall = image(scale=(2, 2), translate=(5, 5))
    shapes = Shapes([in_world(wall, SQUARE), in_world(wall, SQUARE + 10)], shape_type='rectangle')
    assert region_of(wall, shapes) == (slice(20, 36), slice(30, 51))
    shapes.selected_data = {0}
    assert region_of(wall, shapes) == (slice(10, 26), slice(20, 41))


def test_a_region_is_cut_at_the_border() -> None:
    shapes = Shapes([np.array([[-5.0, -5], [-5, 9], [9, 9], [9, -5]])], shape_type='rectangle')
    assert region_of(image(), shapes) == (slice(0, 10), slice(0, 10))


def test_a_region_beside_the_image_is_refused() -> None:
    with pytest.raises(MaskError, match='beside'):
        region_of(image(), Shapes([SQUARE + 500], shape_type='rectangle'))
    with pytest.raises(MaskError, match='no rectangle'):
        region_of(image(), Shapes())


def test_strokes_and_polygons_beyond_the_plane_are_cut() -> None:
    line = np.array([[5.0, -50.0], [5.0, 50.0]])
    assert stroke((10, 10), line, 3).sum() == 30
    assert polygon((10, 10), np.array([[-9.0, -9], [-9, 99], [99, 99], [99, -9]])).all()


def test_the_visible_part_lies_within_the_image() -> None:
    wall = Image(np.zeros((3, 60, 80)))
    wall.corner_pixels = np.array([[0, -4, 10], [2, 20, 99]])
    assert visible_box(wall) == (slice(0, 21), slice(10, 80))
    wall.corner_pixels = np.array([[0, 70, 10], [2, 90, 99]])
    with pytest.raises(ImageError, match='on show'):
        visible_box(wall)
    pyramid = Image([np.zeros((60, 80)), np.zeros((30, 40))], multiscale=True)
    pyramid.data_level = 1
    pyramid.corner_pixels = np.array([[2, 3], [9, 9]])
    assert visible_box(pyramid) == (slice(4, 20), slice(6, 20))
