"""Results lie where their source lies, whatever its transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from napari_fresco.errors import ImageError
from napari_fresco.layers.selection import Space, is_stack, select, select_same

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
    part = select(layer, point=(10 + 3 * 2.1, 0, 0))
    assert part.index == (slice(2, 3), slice(0, 6), slice(0, 7))
    np.testing.assert_array_equal(part.load(), layer.data[2:3])


def test_a_slice_beside_the_stack_is_refused() -> None:
    with pytest.raises(ImageError, match='outside'):
        select(plain_stack(), point=(99, 0, 0))


def plain_stack() -> Image:
    return Image(np.zeros((3, 8, 9)), name='stack')


def test_axes_labelled_y_and_x_are_rows_and_columns() -> None:
    layer = Image(np.zeros((8, 9, 3)), axis_labels=('y', 'x', 't'), rgb=False)
    part = select(layer, point=(0, 0, 1))
    assert part.spatial == (0, 1)
    assert part.axes == 'YXQ'
    assert part.load_ordered().shape == (1, 8, 9)
    assert part.unordered(part.load_ordered()).shape == (8, 9, 1)


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
    part = select(layer, point=(7, 0, 0))
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
