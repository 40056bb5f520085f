"""Axes, planes and intensities: whatever comes in goes out in kind."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_fresco.errors import ImageError, ParameterError
from napari_fresco.image.anscombe import Anscombe
from napari_fresco.image.given import as_array
from napari_fresco.image.intensity import Affine, Stabilised, intensity_range, working_range
from napari_fresco.image.layout import Layout
from napari_fresco.image.model import Image
from napari_fresco.image.output import to_dtype


@pytest.mark.parametrize(
    ('shape', 'axes', 'rgb', 'leading', 'plane', 'samples'),
    [
        ((20, 30), None, None, (), (20, 30), 0),
        ((20, 30, 3), None, None, (), (20, 30), 3),
        ((20, 30, 4), None, None, (), (20, 30), 4),
        ((20, 30, 3), None, False, (20,), (30, 3), 0),
        ((5, 20, 30), None, None, (5,), (20, 30), 0),
        ((2, 5, 20, 30, 3), None, None, (2, 5), (20, 30), 3),
        ((20, 30, 7), 'YXZ', None, (7,), (20, 30), 0),
        ((3, 20, 30), 'SYX', None, (), (20, 30), 3),
        ((3, 20, 30), 'CYX', None, (3,), (20, 30), 0),
        ((3, 20, 30), 'CYX', True, (), (20, 30), 3),
        ((20, 30, 3), 'YXS', False, (3,), (20, 30), 0),
    ],
)
def test_layout(shape, axes, rgb, leading, plane, samples) -> None:
    layout = Layout.of(Image.of(np.zeros(shape), axes=axes, rgb=rgb))
    assert (layout.leading, layout.plane_shape, layout.samples) == (leading, plane, samples)


@pytest.mark.parametrize('axes', ['ZYX', 'YZX', 'XYZ', 'YXZ', 'SYX', 'XSY'])
def test_planes_written_back_make_the_image_again(axes: str) -> None:
    image = np.arange(3 * 4 * 3).reshape([{'Y': 4}.get(a, 3) for a in axes])
    layout = Layout.of(Image.of(image, axes=axes))
    array, view = layout.empty(1, layout.samples)
    for index in layout.planes():
        view[index] = layout.read(image, index)
    np.testing.assert_array_equal(array, image)


def test_super_resolved_and_demosaiced_shapes() -> None:
    layout = Layout.of(Image.of(np.zeros((4, 7, 5)), axes='YXZ'))
    assert layout.empty(3, 0)[0].shape == (12, 21, 5)
    assert Layout.of(Image.of(np.zeros((2, 4, 6)))).empty(1, 3)[0].shape == (2, 4, 6, 3)


@pytest.mark.parametrize(
    'make',
    [
        lambda a: a,
        lambda a: da.from_array(a, chunks=3),
        torch.from_numpy,
        lambda a: a[::-1, ::-1],
        np.asfortranarray,
        lambda a: a.tolist(),
    ],
    ids=['numpy', 'dask', 'torch', 'strided', 'fortran', 'list'],
)
def test_every_kind_of_array_is_read(make) -> None:
    image = np.arange(12.0).reshape(3, 4)
    given_image = as_array(make(image))
    expected = np.asarray(given_image)
    np.testing.assert_array_equal(Layout.of(Image.of(given_image)).read(given_image, ()), expected)


def test_a_read_only_image_stays_untouched() -> None:
    image = np.arange(12.0).reshape(3, 4)
    image.flags.writeable = False
    layout = Layout.of(Image.of(image))
    assert Affine(0, 11).to_working(layout.read(image, ())).max() == 1


@pytest.mark.parametrize(
    ('image', 'match'),
    [
        (np.zeros(5), r'shape \(5,\)'),
        (np.zeros((0, 5)), r'shape \(0, 5\)'),
        (np.zeros((4, 4), bool), 'type bool'),
        (np.zeros((4, 4), complex), 'type complex'),
        (np.array([['a', 'b']]), 'type'),
    ],
)
def test_images_that_cannot_be_restored(image, match) -> None:
    with pytest.raises(ImageError, match=match):
        Layout.of(Image.of(image))


@pytest.mark.parametrize('axes', ['YX', 'ZZX', 'ZYXC', 'Y'])
def test_axes_that_do_not_fit(axes: str) -> None:
    with pytest.raises(ImageError, match='axes'):
        Image.of(np.zeros((3, 4, 5)), axes=axes)


def test_nan_and_inf_are_counted() -> None:
    image = np.ones((6, 6))
    image[0, :3] = np.nan
    image[1, 1] = np.inf
    with pytest.raises(ImageError, match='3 NaN and 1 infinite'):
        intensity_range(image, Layout.of(Image.of(image)))


@pytest.mark.parametrize(
    ('image', 'low', 'high'),
    [
        (np.full((4, 4), 7, np.uint8), 0, 255),
        (np.linspace(0, 1, 16).reshape(4, 4), 0, 1),
        (np.full((4, 4), 7.0), 7, 8),
        (np.linspace(100, 4000, 16, dtype=np.uint16).reshape(4, 4), 100, 4000),
        (np.linspace(-1, 1, 16).reshape(4, 4), -1, 1),
    ],
)
def test_range(image, low, high) -> None:
    found = intensity_range(image, Layout.of(Image.of(image)))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_hot_pixel_does_not_stretch_the_range() -> None:
    image = np.random.default_rng(0).integers(100, 3000, (100, 100)).astype(np.uint16)
    image[50, 50] = 65535
    assert intensity_range(image, Layout.of(Image.of(image))).high < 6000


@pytest.mark.parametrize(
    ('low', 'high', 'dtype', 'expected'),
    [
        (3, 250, np.uint8, (0, 255)),
        (5, 25, np.uint8, (5, 25)),
        (5, 25, np.uint16, (5, 25)),
        (7, 7, np.uint8, (0, 255)),
        (0.02, 0.9, np.float32, (0, 1)),
        (0.02, 0.1, np.float32, (0.02, 0.1)),
        (1e-7, 3e-7, np.float64, (1e-7, 3e-7)),
        (3e-7, 3e-7, np.float64, (3e-7, 6e-7)),
        (0, 0, np.uint16, (0, 1)),
        (-5, -5, np.int16, (-5, 0)),
    ],
)
def test_a_plane_is_mapped_from_the_range_that_it_uses(low, high, dtype, expected) -> None:
    found = working_range(low, high, np.dtype(dtype))
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(('low', 'high'), [(0, 1e20), (-1e20, 0), (0, 1e-25)])
def test_values_whose_squares_single_precision_cannot_hold_are_refused(low, high) -> None:
    with pytest.raises(ImageError, match='multiply it so that they lie between 1e-18 and'):
        working_range(low, high, np.dtype(float))


@pytest.mark.parametrize('bad', [(1, 1), (2, 1), (0, np.nan), (0,), 'ab', 5])
def test_bad_data_range(bad) -> None:
    image = np.zeros((4, 4))
    with pytest.raises(ParameterError, match='data_range'):
        intensity_range(image, Layout.of(Image.of(image)), bad)


@given(hnp.arrays(np.uint16, (5, 6)))
def test_the_way_there_and_back_is_exact_for_integers(image) -> None:
    affine = intensity_range(image, Layout.of(Image.of(image)))
    back, clipped = to_dtype(affine.to_image(affine.to_working(image)), image.dtype)
    np.testing.assert_array_equal(back, image)
    assert clipped == 0


@given(st.floats(0.2, 5), st.floats(-50, 50), st.floats(0, 20))
def test_stabilised_noise_has_unit_sigma_before_the_affine_map(gain, offset, read) -> None:
    intensity = Stabilised.of(Anscombe(gain, offset, read), Affine(offset, offset + 1000))
    assert intensity.sigma == pytest.approx(1 / intensity.affine.span)
    working = intensity.to_working(np.array([offset, offset + 1000.0]))
    np.testing.assert_allclose(working, [0, 1], atol=1e-9)


def test_integers_are_rounded_and_clipping_is_counted() -> None:
    values, clipped = to_dtype(np.array([-3.0, 0.5, 1.5, 254.6, 300.0]), np.dtype(np.uint8))
    np.testing.assert_array_equal(values, [0, 0, 2, 255, 255])
    assert clipped == 2
