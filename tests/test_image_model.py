"""One image type: what arrays of every kind become at the door."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import torch
import xarray
from hypothesis import given
from hypothesis import strategies as st

import napari_fresco as fresco
from napari_fresco.errors import ImageError
from napari_fresco.image.letters import leading_first
from napari_fresco.image.model import Image


@pytest.mark.parametrize(
    ('shape', 'axes'),
    [
        ((5, 6), 'YX'),
        ((5, 6, 3), 'YXS'),
        ((5, 6, 1), 'YXS'),
        ((1, 5, 6, 1), 'QYXS'),
        ((2, 5, 6), 'QYX'),
        ((2, 3, 5, 6), 'QPYX'),
        ((2, 3, 5, 6, 4), 'QPYXS'),
        ((5, 6, 2), 'QYX'),
        ((5, 6, 1, 1), 'YXQS'),
        ((2, 5, 6, 1, 1), 'QYXPS'),
        ((5, 1, 1), 'YXS'),
    ],
)
def test_axes_of_arrays_are_guessed(shape: tuple[int, ...], axes: str) -> None:
    assert Image.of(np.zeros(shape)).axes == axes


@pytest.mark.parametrize(
    ('shape', 'advice'), [((20, 24, 5), 'axes="YXC"'), ((3, 20, 24, 2), 'axes="QYXC"')]
)
def test_strips_that_may_be_channels_are_doubted(shape: tuple[int, ...], advice: str) -> None:
    said = fresco.restore(np.full(shape, 7.0), method='wiener', kernel=np.ones((1, 1)), sigma=1)
    assert any(advice in each for each in said.provenance['warnings'])
    for known in ({'axes': 'ZYX'}, {'rgb': True}):
        assert not Image.of(np.zeros((20, 24, 3)), **known).metadata
    assert not Image.of(np.zeros((20, 24, 17))).metadata
    assert not Image.of(np.zeros((3, 9, 5))).metadata


def test_an_image_passes_through_with_what_is_overridden() -> None:
    image = fresco.Image(np.zeros((2, 5, 6)), 'ZYX', {'Z': (1, 'micron')}, {'Z': 4.0})
    assert Image.of(image) is image
    turned = Image.of(image, axes='TYX', spacing={'Y': (2, 'px'), 'T': (3, 'minute')})
    assert turned.spacing == {'T': (3.0, 'min'), 'Y': (2.0, '')}
    assert turned.origin == {'T': 4.0}
    assert Image.of(np.zeros((5, 6, 3)), axes='yxc', rgb=True).axes == 'YXS'
    assert Image.of(fresco.Image(np.zeros((5, 6, 3)), 'YXS'), rgb=False).axes == 'YXC'


def test_masked_arrays_bring_their_missing_pixels() -> None:
    hidden = np.zeros((4, 5, 2), bool)
    hidden[1, 2, 1] = True
    image = Image.of(np.ma.array(np.ones((4, 5, 2)), mask=hidden), axes='YXZ')
    np.testing.assert_array_equal(image.missing, hidden.transpose(2, 0, 1))
    colour = Image.of(np.ma.array(np.ones((4, 5, 3)), mask=np.dstack([hidden, hidden[..., :1]])))
    assert colour.axes == 'YXS'
    np.testing.assert_array_equal(colour.missing, hidden.any(-1))
    lazy = Image.of(da.ma.masked_equal(da.from_array(hidden[..., 1].astype(int), chunks=2), 1))
    assert not isinstance(lazy.data, np.ndarray)
    np.testing.assert_array_equal(np.asarray(lazy.missing), hidden[..., 1])


def test_xarray_brings_dimensions_coordinates_and_fill_values() -> None:
    values = np.zeros((2, 3, 4, 5), np.int16)
    values[1, 2, 3, 4] = -1
    array = xarray.DataArray(
        values,
        dims=('time', 'channel', 'y', 'x'),
        coords={
            'time': np.array(['2020-01-01T00:00', '2020-01-01T00:01'], 'datetime64[ns]'),
            'channel': ['a', 'b', 'c'],
            'y': ('y', 2.0 + 0.5 * np.arange(4), {'units': 'µm'}),
            'x': [0, 1, 3, 7, 8],
        },
        attrs={'_FillValue': -1},
    )
    image = Image.of(array)
    assert image.axes == 'TCYX'
    assert image.spacing == {'T': (60.0, 's'), 'Y': (0.5, 'um')}
    assert image.origin == {'Y': 2.0}
    assert image.channels == ('a', 'b', 'c')
    np.testing.assert_array_equal(image.missing, values == -1)
    assert Image.of(xarray.DataArray(np.zeros((2, 3, 7)), dims=('u', 'v', 'w'))).axes == 'QYX'
    assert Image.of(xarray.DataArray(np.zeros((4, 5, 3)), dims=('y', 'x', 'rgb'))).axes == 'YXS'
    assert Image.of(array, axes='ZCYX').channels == ('a', 'b', 'c')


def test_a_larger_image_lies_where_the_one_it_was_made_of_lies() -> None:
    spacing = {'Z': (2.0, 'um'), 'Y': (0.4, 'um'), 'X': (0.2, 'um')}
    image = Image(np.zeros((2, 4, 6)), 'ZYX', spacing, {'Z': 5.0, 'Y': 3.0})
    larger = image.like(np.zeros((2, 8, 12)), scale=2, shift=(-0.25, -0.25))
    assert larger.origin == pytest.approx({'Z': 5.0, 'Y': 2.9, 'X': -0.05})
    back = larger.like(np.zeros((2, 4, 6)), scale=0.5, shift=(0.5, 0.5))
    assert back.origin == pytest.approx(image.origin)
    nowhere = Image(np.zeros((2, 4, 6)), 'ZYX', spacing, {'Z': 5.0})
    assert nowhere.like(np.zeros((2, 8, 12)), scale=2, shift=(-0.25, -0.25)).origin == {'Z': 5.0}


def test_types_are_numpys() -> None:
    assert Image.of(torch.zeros(3, 4, dtype=torch.uint8)).dtype == np.uint8
    assert Image.of(torch.zeros(3, 4, dtype=torch.bfloat16)).dtype == np.float32


@pytest.mark.parametrize(
    'wrong',
    [
        lambda a: Image(a, 'YX'),
        lambda a: Image(a, 'YYX'),
        lambda a: Image(a, 'ZCX'),
        lambda a: Image(a, 'zyx'),
        lambda a: Image(a, 'CYX', channels=('a',)),
        lambda a: Image(a, 'ZYX', {'T': (1, 's')}),
        lambda a: Image(a, 'ZYX', {'Z': (0, 'um')}),
        lambda a: Image(a, 'ZYX', {'Z': 3}),
        lambda a: Image.of(a, axes='ZZYX'),
        lambda a: Image.of(a[0], rgb=True),
    ],
)
def test_what_does_not_fit_is_refused(wrong) -> None:
    with pytest.raises(ImageError):
        wrong(np.zeros((2, 3, 4)))


def test_a_result_is_like_its_image() -> None:
    missing = np.zeros((1, 4, 5), bool)
    missing[0, 1, 2] = True
    image = Image(
        np.zeros((2, 4, 5), np.uint8),
        'CYX',
        {'Y': (1, 'um'), 'X': (2, 'um')},
        {'Y': 7.0},
        ('a', 'b'),
        missing,
        {'format': 'TIFF'},
    )
    result = image.like(np.zeros((2, 8, 10)), scale=2, dtype=np.float32)
    assert (result.axes, result.dtype, result.channels) == ('CYX', np.float32, ('a', 'b'))
    assert result.spacing == {'Y': (0.5, 'um'), 'X': (1.0, 'um')}
    assert result.missing.sum() == 4
    assert result.missing[0, 3, 5]
    assert image.like(np.zeros((2, 4, 5, 3))).axes == 'CYXS'
    assert image.like(np.zeros((4, 5)), axes='YX').channels == ()


@given(st.permutations('TCZYXS'))
def test_leading_first_ends_in_the_plane(axes: list[str]) -> None:
    order = leading_first(''.join(axes))
    assert order.endswith('YXS')
    assert [a for a in axes if a in 'TCZ'] == list(order[:3])
