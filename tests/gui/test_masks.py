"""Masks fall on the pixels that they cover in the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels, Shapes
from napari.utils.transforms import Affine

from napari_fresco.errors import ImageError, MaskError
from napari_fresco.layers.images.regions import chosen_part, region_of, visible_box
from napari_fresco.layers.images.selection import select
from napari_fresco.layers.images.space import Space, View
from napari_fresco.layers.masks.mask_images import as_labels, holds_mask
from napari_fresco.layers.masks.mask_layers import align_mask, lay_over, marked
from napari_fresco.layers.masks.outlines import polygon, stroke

SQUARE = np.array([[10.0, 20.0], [10.0, 40.0], [25.0, 40.0], [25.0, 20.0]])


def image(**space: Any) -> Image:
    return Image(np.zeros((60, 80)), name='wall', **space)


def mask_array(wall: Image, layer: Any, **options: Any) -> np.ndarray:
    return marked(select(wall), layer, **options).load()


def in_world(layer: Image, corners: np.ndarray) -> np.ndarray:
    return np.array([layer.data_to_world(corner) for corner in corners])


def test_a_mask_without_a_place_lies_where_its_image_is() -> None:
    wall = image(scale=(0.5, 0.5), units=('mm', 'mm'), translate=(3, 4))
    loose, placed = (Labels(np.ones((60, 80), np.uint8)) for _ in range(2))
    small, sized = Labels(np.ones((6, 8), np.uint8)), Image(np.eye(60, 80), units=('um', 'um'))
    placed.translate = (1, 1)
    for layer in (loose, placed, small, sized):
        lay_over(wall, layer)
    assert loose.units == wall.units
    np.testing.assert_allclose(loose.extent.world, wall.extent.world)
    assert tuple(placed.translate) == (1, 1)
    assert tuple(small.scale) == tuple(sized.scale) == (1, 1), 'others are left to the user'


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
    part = select(wall).narrowed((2, slice(None), slice(None)))
    chosen = marked(part, shapes).load()
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
    mask = marked(part, Labels(labels), grow=2).load()
    assert mask.shape == (9, 10)
    assert mask[0, 5]


def test_the_region_is_the_selected_shape() -> None:
    wall = image(scale=(2, 2), translate=(5, 5))
    shapes = Shapes([in_world(wall, SQUARE), in_world(wall, SQUARE + 10)], shape_type='rectangle')
    assert region_of(select(wall), shapes) == (slice(20, 36), slice(30, 51))
    shapes.selected_data = {0}
    assert region_of(select(wall), shapes) == (slice(10, 26), slice(20, 41))


def test_a_region_is_cut_at_the_border() -> None:
    shapes = Shapes([np.array([[-5.0, -5], [-5, 9], [9, 9], [9, -5]])], shape_type='rectangle')
    assert region_of(select(image()), shapes) == (slice(0, 10), slice(0, 10))


def test_a_region_beside_the_image_is_refused() -> None:
    with pytest.raises(MaskError, match='beside'):
        region_of(select(image()), Shapes([SQUARE + 500], shape_type='rectangle'))
    with pytest.raises(MaskError, match='no rectangle'):
        region_of(select(image()), Shapes())


def test_strokes_and_polygons_beyond_the_plane_are_cut() -> None:
    line = np.array([[5.0, -50.0], [5.0, 50.0]])
    assert stroke((10, 10), line, 3).sum() == 30
    assert polygon((10, 10), np.array([[-9.0, -9], [-9, 99], [99, 99], [99, -9]])).all()


def shown(low: tuple[float, ...], high: tuple[float, ...], ndim: int = 2, **more: Any) -> View:
    return View(
        **{
            'order': tuple(range(ndim)),
            'ndisplay': 2,
            'point': (0.0,) * ndim,
            'units': None,
            'reach': (low, high),
            **more,
        }
    )


def test_the_visible_part_lies_within_the_image() -> None:
    wall = select(Image(np.zeros((3, 60, 80))))
    assert visible_box(wall, shown((-4, 10), (20, 99), 3)) == (slice(0, 21), slice(10, 80))
    with pytest.raises(ImageError, match='on show'):
        visible_box(wall, shown((70, 10), (90, 99), 3))
    pyramid = Image([np.zeros((60, 80)), np.zeros((30, 40))], multiscale=True, scale=(2, 2))
    assert visible_box(select(pyramid), shown((8, 12), (38, 38))) == (slice(4, 20), slice(6, 20))


def test_the_visible_part_of_a_turned_image_holds_all_that_is_on_show() -> None:
    wall = image(rotate=90)  # rows run along the columns of the screen
    box = visible_box(select(wall), shown((-30.0, 10.0), (-10.0, 40.0)))
    assert box == (slice(10, 41), slice(10, 31))


def test_the_visible_part_is_measured_in_units() -> None:
    wall = image(scale=(2, 2), units=('um', 'um'))
    view = shown((8000, 12000), (38000, 38000), units=Image(np.zeros((2, 2)), units='nm').units)
    assert visible_box(select(wall), view) == (slice(4, 20), slice(6, 20))


def in_units(wall: Image, unit: str) -> dict[str, Any]:
    """The place of `wall`, told in another unit."""
    factor = float((1 * wall.units[0]).to(unit).magnitude)
    keywords = Space.of(wall).part((0, 0), (1, 1))
    affine = np.array(keywords['affine'])
    affine[:-1, -1] *= factor
    return {
        **keywords,
        'scale': keywords['scale'] * factor,
        'translate': keywords['translate'] * factor,
        'affine': affine,
        'units': (unit, unit),
    }


UNITS = [('nm', 'um'), ('um', 'nm'), ('mm', 'cm'), ('um', 'um')]


@settings(deadline=None, max_examples=40)
@given(
    units=st.sampled_from(UNITS),
    scale=st.tuples(st.floats(0.1, 30), st.floats(0.1, 30)),
    angle=st.floats(-180, 180),
    shear=st.floats(-0.5, 0.5),
    moved=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    turn=st.floats(-180, 180),
)
def test_what_lies_below_a_mask_is_marked_wherever_both_lie(
    units: tuple[str, str],
    scale: tuple[float, float],
    angle: float,
    shear: float,
    moved: tuple[float, float],
    turn: float,
) -> None:
    space = {'scale': scale, 'rotate': angle, 'shear': [shear], 'translate': moved}
    place = {**space, 'units': (units[0],) * 2, 'affine': Affine(rotate=turn, translate=moved)}
    wall = Image(np.zeros((24, 31)), **place)
    labels = np.random.default_rng(0).integers(0, 2, (24, 31)).astype(np.uint8)
    same = in_units(wall, units[1])
    np.testing.assert_array_equal(mask_array(wall, Labels(labels, **same)), labels > 0)
    # A crop, enlarged by two, whose pixels lie within those of the image.
    crop = np.repeat(np.repeat(labels[4:14, 5:20], 2, axis=0), 2, axis=1)
    there = Image(np.zeros((1, 1)), **same)
    fine = Labels(crop, **Space.of(there).part((3.75, 4.75), (2, 2)))
    expected = np.zeros(labels.shape, bool)
    expected[4:14, 5:20] = labels[4:14, 5:20]
    mask = mask_array(wall, fine)
    np.testing.assert_array_equal(mask, expected)


@settings(deadline=None, max_examples=20)
@given(units=st.sampled_from(UNITS), angle=st.floats(-180, 180), scale=st.floats(0.1, 30))
def test_outlines_in_other_units_mark_what_lies_below_them(
    units: tuple[str, str], angle: float, scale: float
) -> None:
    wall = image(scale=(scale, 2 * scale), rotate=angle, units=(units[0],) * 2)
    other = Image(np.zeros((60, 80)), **in_units(wall, units[1]))
    corners = SQUARE + np.array([[-0.4, -0.4], [-0.4, 0.4], [0.4, 0.4], [0.4, -0.4]])
    shapes = Shapes([in_world(other, corners)], shape_type='polygon', units=(units[1],) * 2)
    expected = np.zeros((60, 80), bool)
    expected[10:26, 20:41] = True
    np.testing.assert_array_equal(mask_array(wall, shapes), expected)
    assert region_of(select(wall), shapes) == (slice(10, 26), slice(20, 41))


def test_layers_that_measure_different_things_are_compared_as_they_are_drawn() -> None:
    wall = image(scale=(2, 2), units=('um', 'um'))
    labels = np.zeros((60, 80), np.uint8)
    labels[5, 6] = 1
    mask = mask_array(wall, Labels(labels, scale=(2, 2)))  # in pixels
    assert np.argwhere(mask).tolist() == [[5, 6]]
    nm = Labels(labels, scale=(2000, 2000), units=('nm', 'nm'))
    assert np.argwhere(mask_array(wall, nm)).tolist() == [[5, 6]]
    raw = shown((0, 0), (1, 1))  # a third layer has no units: napari draws without them
    with pytest.raises(MaskError, match='does not cover'):
        marked(select(wall), Labels(labels, scale=(2, 2), units=('nm', 'nm')))
    assert marked(select(wall), Labels(labels, scale=(2, 2), units=('nm', 'nm')), view=raw)


@pytest.mark.parametrize('shape', [(64, 64), (96, 96), (59, 80), (60, 81)])
@pytest.mark.parametrize('space', [{}, {'scale': (0.2, 0.2), 'units': ('um', 'um')}])
def test_a_mask_of_another_size_is_refused_with_a_remedy(
    shape: tuple[int, int], space: dict[str, Any]
) -> None:
    other = Labels(np.ones(shape, np.uint8), name='of another', **space)
    with pytest.raises(MaskError, match=f"{shape[0]} × {shape[1]} pixels .*60 × 80.*'?Align"):
        mask_array(image(**space), other)
    wall = image(**space)
    align_mask(wall, other)
    assert mask_array(wall, other).all()


def test_a_mask_without_a_place_over_an_image_that_has_one_is_refused() -> None:
    wall = image(scale=(0.2, 0.2))
    with pytest.raises(MaskError, match='does not cover'):
        mask_array(wall, Labels(np.ones((60, 80), np.uint8)))


def test_a_mask_of_half_the_size_that_covers_the_image_is_looked_up() -> None:
    labels = np.zeros((30, 40), np.uint8)
    labels[2, 3] = 1
    wall = image(scale=(0.5, 0.5), translate=(-0.25, -0.25))
    assert np.argwhere(mask_array(wall, Labels(labels))).tolist() == [
        [4, 6],
        [4, 7],
        [5, 6],
        [5, 7],
    ]


def test_a_crop_says_that_it_covers_another_area() -> None:
    part = select(image())
    crop = Labels(np.ones((20, 30), np.uint8), name='crop', translate=(10, 20))
    assert 'covers another area' in marked(part, crop).note
    assert marked(part, Labels(np.ones((60, 80), np.uint8))).note == ''


def test_a_picture_of_a_mask_serves_as_one() -> None:
    gray = np.zeros((60, 80), np.uint8)
    gray[5:7, 6] = 255
    colour = np.zeros((60, 80, 4), np.uint8)
    colour[..., 3] = 255
    colour[5, 6, 1] = colour[9, 9] = 200
    colour[9, 9, 3] = 0  # not to be seen
    assert np.argwhere(mask_array(image(), Image(gray))).tolist() == [[5, 6], [6, 6]]
    assert np.argwhere(mask_array(image(), Image(colour, rgb=True))).tolist() == [[5, 6]]


def test_a_mask_follows_the_axes_of_its_image() -> None:
    bands = Image(np.zeros((60, 80, 5)), name='bands', rgb=False)
    view = shown((0, 0), (1, 1), 3, order=(2, 0, 1), point=(0, 0, 3))
    part = chosen_part(bands, view, shown=True)
    assert part.axes == 'YXQ'
    assert part.index == (slice(0, 60), slice(0, 80), slice(3, 4))
    labels = np.zeros((60, 80, 5), np.uint8)
    labels[5, 6, 3] = labels[8, 8, 2] = 1
    mask = marked(part, Labels(labels), view=view).image()
    assert mask.axes == 'QYX'
    assert np.argwhere(np.asarray(mask.data)).tolist() == [[0, 5, 6]]
    flat = np.zeros((60, 80), np.uint8)
    flat[5, 6] = 1
    plane = marked(part, Labels(flat), view=view).image()
    assert plane.axes == 'YX'
    assert np.argwhere(np.asarray(plane.data)).tolist() == [[5, 6]]


def test_the_slice_of_a_mask_with_more_axes_is_the_one_on_show() -> None:
    labels = np.zeros((4, 60, 80), np.uint8)
    labels[2, 5, 6] = 1
    with pytest.raises(MaskError, match='more axes'):
        mask_array(image(), Labels(labels))
    for place, count in ((2.0, 1), (1.0, 0)):
        view = shown((0, 0), (1, 1), 3, point=(place, 0, 0))
        assert marked(select(image()), Labels(labels), view=view).load().sum() == count


@pytest.mark.parametrize('ground', [0, 255])
@pytest.mark.parametrize('gray', [0, 120, 255])
def test_paint_on_a_transparent_ground_is_a_mask_whatever_its_colour(
    gray: int, ground: int
) -> None:
    painted = np.zeros((24, 30), bool)
    painted[6:12, 8:20] = True
    samples = np.full((24, 30, 4), ground, np.uint8)
    samples[painted] = gray
    samples[..., 3] = 255 * painted
    layer = Image(samples, rgb=True)
    assert holds_mask(layer)
    assert np.array_equal(as_labels(layer, (24, 30), 0, 1) != 0, painted)
    part = select(Image(np.full((24, 30), 90, np.uint8)))
    assert np.array_equal(marked(part, layer).load(), painted)
