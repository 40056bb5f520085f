"""What is on show of a picture, and the plane of a mask that lies over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_fresco.errors import MaskError
from napari_fresco.layers.images.excerpts import Excerpt
from napari_fresco.layers.images.regions import pixel_at, pixels_on_screen
from napari_fresco.layers.images.selection import select
from napari_fresco.layers.images.space import View
from napari_fresco.layers.masks.mask_plane import MaskPlane


def shown(low: Any, high: Any, ndim: int = 2, **more: Any) -> View:
    told = {'order': tuple(range(ndim)), 'ndisplay': 2, 'point': (0.0,) * ndim, 'units': None}
    return View(**{**told, 'reach': (low, high), **more})


def test_a_small_picture_is_looked_at_as_a_whole() -> None:
    wall = Image(np.zeros((60, 80)))
    view = shown((10, 10), (20, 20))
    assert Excerpt.on_show(wall, view, 60 * 80).shape == (60, 80)
    assert Excerpt.on_show(wall, view, 60 * 80 - 1).shape == (14, 14)


def test_small_moves_stay_within_what_is_looked_at() -> None:
    wall = Image(np.zeros((600, 800)))
    seen = Excerpt.on_show(wall, shown((100, 100), (199, 199)), 50_000)
    assert seen.holds(Excerpt.on_show(wall, shown((110, 90), (209, 189)), 50_000, margin=False))
    assert not seen.holds(Excerpt.on_show(wall, shown((120, 90), (219, 189)), 50_000, False))
    wall.data = wall.data.copy()
    again = Excerpt.on_show(wall, shown((110, 90), (209, 189)), 50_000, margin=False)
    assert not seen.holds(again), 'other pixels'


@pytest.mark.parametrize(('low', 'high'), [((0, 0), (999, 999)), ((900, 0), (1500, 200))])
def test_no_more_than_enough_is_looked_at_in_the_middle(low: Any, high: Any) -> None:
    wall = Image(np.zeros((1000, 1000)))
    seen = Excerpt.on_show(wall, shown(low, high), 10_000)
    assert 8_000 < np.prod(seen.shape) <= 10_000
    middle = [a + n / 2 for a, n in zip(seen.corner, seen.shape, strict=True)]
    expected = [(max(a, 0) + min(b, 999)) / 2 for a, b in zip(low, high, strict=True)]
    np.testing.assert_allclose(middle, expected, atol=30)


def test_gray_values_are_taken_as_they_are_drawn() -> None:
    data = np.array([[0.0, 100.0, 150.0], [200.0, 300.0, np.nan]])
    wall = Image(data, contrast_limits=(100, 200))
    pixels = Excerpt.whole(wall, shown((0, 0), (9, 9))).pixels()
    np.testing.assert_allclose(pixels, [[0, 0, 0.5], [1, 1, 0]])
    colours = np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    rgb = Image(colours, rgb=True)
    np.testing.assert_array_equal(Excerpt.whole(rgb, shown((0, 0), (9, 9))).pixels(), colours)


@pytest.mark.parametrize('flat', [False, True])
def test_a_mask_is_read_and_changed_where_the_plane_on_show_lies(flat: bool) -> None:
    data = np.random.default_rng(0).random((20, 30, 4))
    wall = Image(data, rgb=False)
    view = shown((0, 0), (40, 40), 3, order=(2, 0, 1), point=(0.0, 0.0, 3.0))
    seen = Excerpt.whole(wall, view)
    low, high = wall.contrast_limits
    np.testing.assert_allclose(seen.pixels(), (data[..., 3] - low) / (high - low), atol=1e-6)
    mask = Labels(np.zeros((20, 30) if flat else data.shape, np.uint8))
    plane = MaskPlane.of(mask, seen.part.cut((slice(5, 15), slice(10, 30))))
    labels = plane.read()
    assert labels.shape == (10, 20)
    labels[2, 3] = 7
    assert plane.write(labels) == 1
    expected = [7, 13] if flat else [7, 13, 3]
    assert np.argwhere(np.asarray(mask.data)).tolist() == [expected]
    found = np.zeros((10, 20), bool)
    found[2, 3:5] = True
    assert plane.add(found, 2) == 1
    assert (plane.read() == 7).sum() == (plane.read() == 2).sum() == 1
    assert plane.write(plane.read()) == 0
    mask.undo()
    assert np.argwhere(np.asarray(mask.data)).tolist() == [expected]


def test_a_mask_that_lies_elsewhere_or_in_a_file_is_not_changed() -> None:
    part = select(Image(np.zeros((20, 30)), scale=(2, 2), units=('um', 'um')))
    same = Labels(np.zeros((20, 30), np.uint8), scale=(0.002, 0.002), units=('mm', 'mm'))
    assert MaskPlane.of(same, part).read().shape == (20, 30)
    for space in ({}, {'scale': (2, 2), 'translate': (2, 0), 'units': ('um', 'um')}):
        with pytest.raises(MaskError, match='pixel on pixel'):
            MaskPlane.of(Labels(np.zeros((20, 30), np.uint8), **space), part)
    locked = np.zeros((20, 30), np.uint8)
    locked.flags.writeable = False
    with pytest.raises(MaskError, match='not in memory'):
        MaskPlane.of(Labels(locked, scale=(2, 2), units=('um', 'um')), part)


def test_clicks_and_the_screen_are_counted_in_pixels_of_the_picture() -> None:
    wall = Image(np.zeros((20, 30)), scale=(2, 2), translate=(10, 20), units=('um', 'um'))
    view = shown((0, 0), (9, 9), units=Image(np.zeros((2, 2)), units='nm').units)
    assert pixel_at(select(wall), view, (20_000, 30_000)) == (5, 5)
    assert pixels_on_screen(select(wall), view, 0.001) == pytest.approx(0.5)
