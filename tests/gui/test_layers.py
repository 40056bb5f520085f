"""Results lie where their source lies, whatever its transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_fresco.errors import ImageError
from napari_fresco.layers.images.selection import is_stack, select, select_same
from napari_fresco.layers.images.space import Space, View

TURN = np.array([[0.0, -1.0, 3.0], [1.0, 0.0, -2.0], [0.0, 0.0, 1.0]])


IN_PLANE = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])


def plain() -> Image:
    return Image(
        np.zeros((20, 30)),
        name='plain',
        scale=(0.5, 2.0),
        translate=(7, -3),
        units=('um', 'um'),
        axis_labels=('y', 'x'),
    )


def turned() -> Image:
    return Image(
        np.zeros((20, 30)),
        scale=(0.5, 2.0),
        translate=(7, -3),
        rotate=30,
        shear=[0.4],
        affine=TURN,
    )


def stack() -> Image:
    return Image(
        np.arange(5 * 6 * 7).reshape(5, 6, 7),
        scale=(3, 0.5, 0.25),
        translate=(10, 1, 2),
        rotate=IN_PLANE,
    )


@pytest.mark.parametrize('make', [plain, turned, stack])
def test_a_part_of_a_layer_lies_where_it_was_cut(make: Any) -> None:
    layer = make()
    origin = np.array([1, 4, 2])[-layer.ndim :]
    factor = np.array([1, 2, 2])[-layer.ndim :]
    part = Image(np.zeros((2, 8, 8)[-layer.ndim :]), **Space.of(layer).part(origin, factor))
    for point in np.random.default_rng(0).uniform(0, 8, (5, layer.ndim)):
        there = layer.data_to_world(point / factor + origin)
        np.testing.assert_allclose(part.data_to_world(point), there, atol=1e-9)


def test_units_and_labels_are_copied() -> None:
    layer = plain()
    keywords = Space.of(layer).part((0, 0), (1, 1))
    copy = Image(np.zeros((20, 30)), **keywords)
    assert copy.units == layer.units
    assert copy.axis_labels == ('y', 'x')


def test_a_space_outlives_changes_of_its_layer() -> None:
    layer = plain()
    space = Space.of(layer)
    layer.scale = (9, 9)
    np.testing.assert_array_equal(space.scale, (0.5, 2.0))


def test_the_slice_on_show_is_found_in_world_coordinates() -> None:
    layer = stack()
    part = select(layer, view=at(10 + 3 * 2.1, 0, 0), shown=True)
    assert part.index == (slice(2, 3), slice(0, 6), slice(0, 7))
    np.testing.assert_array_equal(part.load(), layer.data[2:3])


def test_a_slice_beside_the_stack_is_refused() -> None:
    with pytest.raises(ImageError, match='outside'):
        select(plain_stack(), view=at(99, 0, 0), shown=True)


def at(*point: float, **more: Any) -> View:
    view = {'order': tuple(range(len(point))), 'ndisplay': 2, 'point': point, 'units': None}
    return View(**{**view, **more})


def plain_stack() -> Image:
    return Image(np.zeros((3, 8, 9)), name='stack')


def test_axes_labelled_y_and_x_are_rows_and_columns() -> None:
    layer = Image(np.zeros((8, 9, 3)), axis_labels=('y', 'x', 't'), rgb=False)
    part = select(layer, view=at(0, 0, 1), shown=True)
    assert part.spatial == (0, 1)
    assert part.axes == 'YXT'
    assert part.load_ordered().shape == (1, 8, 9)
    assert part.unordered(part.load_ordered()).shape == (8, 9, 1)


@pytest.mark.parametrize('view', [None, at(0, 0, 0), at(0, 5, 0)])
def test_a_last_axis_of_one_holds_samples(view: View | None) -> None:
    part = select(Image(np.zeros((8, 9, 1)), rgb=False), view=view, shown=view is not None)
    assert part.spatial == (0, 1)
    assert part.load_ordered().shape == (1, 8, 9)
    assert select(Image(np.zeros((3, 8, 9, 1)), rgb=False)).spatial == (1, 2)
    assert select(Image(np.zeros((8, 1)))).spatial == (0, 1)
    assert select(Image(np.zeros((3, 1, 9)))).spatial == (1, 2)


def test_a_pyramid_gives_its_finest_level() -> None:
    layer = Image([np.ones((64, 64)), np.ones((32, 32))], multiscale=True)
    assert select(layer).load().shape == (64, 64)


def test_dask_is_sliced_before_it_is_computed() -> None:
    computed: list[Any] = []

    def block(block_id: Sequence[int]) -> np.ndarray:
        computed.append(block_id)
        return np.full((1, 8, 8), block_id[0], float)

    data = da.map_blocks(
        block, chunks=((1,) * 50, (8,), (8,)), dtype=float, meta=np.zeros((0, 0, 0))
    )
    layer = Image(data, contrast_limits=(0, 50))
    computed.clear()
    part = select(layer, view=at(7, 0, 0), shown=True)
    assert not computed
    assert (part.load() == 7).all()
    assert len(computed) == 1


@pytest.mark.parametrize(('shape', 'rgb'), [((8, 9, 3), True), ((8, 9), False), ((1, 8, 9), False)])
def test_one_plane_is_no_stack(shape: tuple[int, ...], rgb: bool) -> None:
    assert not is_stack(Image(np.zeros(shape), rgb=rgb))


def test_rgb_of_any_size_keeps_its_channels() -> None:
    part = select(Image(np.zeros((5, 6, 3)), rgb=True), box=(slice(1, 4), slice(2, 6)))
    assert part.load().shape == (3, 4, 3)
    assert part.axes == 'YXS'


def test_a_map_of_the_plane_goes_with_a_stack() -> None:
    part = select(plain_stack(), box=(slice(2, 5), slice(1, 4)))
    assert select_same(Image(np.zeros((8, 9))), part).load().shape == (3, 3)
    with pytest.raises(ImageError, match='same grid'):
        select_same(Image(np.zeros((8, 8)), name='map'), part)


def units(*names: str) -> tuple[Any, ...]:
    return Image(np.zeros((2,) * len(names)), units=names).units


def test_a_layer_is_an_image_with_names_spacing_and_origin() -> None:
    layer = Image(
        np.zeros((4, 5, 6, 3), np.uint8),
        rgb=True,
        scale=(2, 0.5, 0.25),
        translate=(10, 1, 2),
        units=('s', 'um', 'um'),
        axis_labels=('t', 'y', 'x'),
        metadata={'napari_fresco_file': {'dpi': (300, 300)}},
    )
    image = select(layer).image()
    assert image.axes == 'TYXS'
    assert image.spacing == {'T': (2.0, 's'), 'Y': (0.5, 'um'), 'X': (0.25, 'um')}
    assert image.origin == {'T': 10.0, 'Y': 1.0, 'X': 2.0}
    assert image.metadata['dpi'] == (300, 300)
    part = select(layer).narrowed((3, slice(1, 5), slice(2, 4))).image()
    assert part.shape == (1, 4, 2, 3)
    assert part.origin == {'T': 16.0, 'Y': 1.5, 'X': 2.5}


def test_a_layer_without_a_place_has_no_spacing() -> None:
    image = select(Image(np.zeros((3, 4, 5)))).image()
    assert (image.axes, image.spacing, image.origin) == ('QYX', {}, {})


def test_the_dimensions_of_an_xarray_name_the_axes() -> None:
    xarray = pytest.importorskip('xarray')
    data = np.arange(2 * 3 * 4.0).reshape(3, 4, 2)
    coordinates = {'y': [0.0, 0.5, 1.0]}
    layer = Image(xarray.DataArray(data, dims=('y', 'x', 'T'), coords=coordinates), rgb=False)
    image = select(layer).image()
    assert image.axes == 'YXT'
    assert image.spacing['Y'] == (0.5, '')
    part = select(layer, view=at(0, 0, 1), shown=True)
    np.testing.assert_array_equal(np.asarray(part.image().data), data[..., 1:])


def test_lazy_data_stay_lazy() -> None:
    data = da.zeros((4, 5, 6), chunks=(1, 5, 6))
    image = select(Image(data, contrast_limits=(0, 1)), view=at(2, 0, 0), shown=True).image()
    assert isinstance(image.data, da.Array)
    assert image.shape == (1, 5, 6)


MINUTES = pytest.mark.parametrize(
    ('own', 'world', 'point'),
    [('minute', 's', 60.0), ('s', 's', 1.0), ('s', 'ms', 1000.0), ('h', 'minute', 60.0)],
)


@MINUTES
def test_the_frame_on_show_is_found_in_the_units_of_the_viewer(
    own: str, world: str, point: float
) -> None:
    film = Image(np.zeros((90, 5, 6)), units=(own, 'um', 'um'))
    view = at(point, 0, 0, units=units(world, 'um', 'um'))
    assert select(film, view=view, shown=True).index[0] == slice(1, 2)


@pytest.mark.parametrize(
    ('order', 'labels', 'spatial', 'fixed', 'axes'),
    [
        ((0, 1, 2), None, (1, 2), {0: 1}, 'QYX'),
        ((0, 2, 1), None, (1, 2), {0: 1}, 'QYX'),  # transposed
        ((1, 0, 2), None, (0, 2), {1: 2}, 'YQX'),  # an XZ view
        ((2, 0, 1), None, (0, 1), {2: 3}, 'YXQ'),  # rolled
        ((2, 1, 0), None, (0, 1), {2: 3}, 'YXQ'),
        ((1, 0, 2), ('z', 'y', 'x'), (0, 2), {1: 2}, 'YQX'),
        ((2, 0, 1), ('y', 'x', 'c'), (0, 1), {2: 3}, 'YXC'),
        ((0, 1, 2), ('z', 'y', 'x'), (1, 2), {0: 1}, 'ZYX'),
    ],
)
def test_the_plane_on_show_is_the_one_that_is_chosen(
    order: tuple[int, ...],
    labels: tuple[str, ...] | None,
    spatial: tuple[int, int],
    fixed: dict[int, int],
    axes: str,
) -> None:
    layer = Image(np.zeros((4, 5, 6)), axis_labels=labels, rgb=False)
    part = select(layer, view=at(1, 2, 3, order=order), shown=True)
    assert (part.spatial, part.axes) == (spatial, axes)
    for axis, place in fixed.items():
        assert part.index[axis] == slice(place, place + 1)
    assert part.size == np.prod([n for i, n in enumerate((4, 5, 6)) if i not in fixed])


def test_the_volume_on_show_is_chosen_whole() -> None:
    layer = Image(np.zeros((2, 4, 5, 6)), axis_labels=('t', 'z', 'y', 'x'))
    part = select(layer, view=at(1, 2, 3, 4, ndisplay=3), shown=True)
    assert part.index == (slice(1, 2), slice(0, 4), slice(0, 5), slice(0, 6))
    assert part.axes == 'TZYX'


def test_a_layer_with_fewer_axes_than_the_viewer_is_shown_whole() -> None:
    layer = Image(np.zeros((5, 6)))
    for order in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        assert select(layer, view=at(1, 2, 3, order=order), shown=True).size == 30


@MINUTES
@pytest.mark.parametrize('order', [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_a_viewer_shows_the_plane_that_is_chosen(
    own: str, world: str, point: float, order: tuple[int, ...]
) -> None:
    del point
    film = np.arange(4 * 5 * 6.0).reshape(4, 5, 6)
    model = ViewerModel()
    layer = model.add_image(film, units=(own, 'um', 'um'), scale=(1, 0.5, 2), translate=(1, 2, 3))
    model.add_image(film, units=(world, 'um', 'nm'))  # napari takes the smallest units
    model.dims.order = order
    hidden = order[0]
    there = layer.data_to_world((2, 2, 2))[hidden] * layer.units[hidden]
    model.dims.set_point(hidden, there.to(model.dims.units[hidden]).magnitude)
    part = select(layer, view=View.of(model), shown=True)
    assert part.index[hidden] == slice(2, 3)
    drawn = np.asarray(layer._slice.image.raw)
    np.testing.assert_array_equal(np.sort(part.load().ravel()), np.sort(drawn.ravel()))
