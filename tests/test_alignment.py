"""Masks and maps are put on the planes of an image by the names of their axes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

from napari_fresco.errors import MaskError
from napari_fresco.image.alignment import aligned
from napari_fresco.image.letters import leading_first
from napari_fresco.image.model import Image

SIZES = {'T': 2, 'C': 3, 'Z': 4, 'Y': 5, 'X': 6, 'S': 3}
AXES = st.sets(st.sampled_from('TCZS')).flatmap(
    lambda more: st.permutations(sorted({*more, *'YX'}))
)


def image_of(axes: str, **more) -> Image:
    return Image(np.zeros([SIZES[a] for a in axes]), axes, **more)


def align(other, image: Image):
    return aligned(other, image, what='mask', error=MaskError)


def marks(axes: str) -> np.ndarray:
    return np.random.default_rng(0).random([SIZES[a] for a in axes]) > 0.5


@given(AXES)
def test_an_array_in_the_order_of_the_image_is_transposed(axes: list[str]) -> None:
    image = image_of(''.join(axes))
    mask = marks(image.axes)
    expected = mask.transpose([image.axes.index(a) for a in leading_first(image.axes)])
    expected = expected.any(-1) if 'S' in image.axes else expected
    np.testing.assert_array_equal(align(mask, image), expected)
    without = image.axes.replace('S', '')
    flat = marks(without)
    expected = flat.transpose([without.index(a) for a in leading_first(without)])
    np.testing.assert_array_equal(align(flat, image), expected)


@given(AXES, st.data())
def test_an_image_is_aligned_by_names(axes: list[str], data) -> None:
    image = image_of(''.join(axes))
    kept = [a for a in axes if a in 'YX' or data.draw(st.booleans())]
    mask = Image(marks(''.join(kept)), ''.join(kept))
    shuffled = ''.join(data.draw(st.permutations(kept)))
    other = Image(mask.data.transpose([kept.index(a) for a in shuffled]), shuffled)
    found, planes = align(mask, image), leading_first(image.axes.replace('S', ''))
    np.testing.assert_array_equal(found, align(other, image))
    assert found.shape == tuple(SIZES[a] if a in kept else 1 for a in planes)
    assert np.broadcast_shapes(found.shape, [SIZES[a] for a in planes]) == tuple(
        SIZES[a] for a in planes
    )


@given(AXES, st.data())
def test_the_dimensions_of_an_xarray_count_like_names(axes: list[str], data) -> None:
    image = image_of(''.join(axes))
    shuffled = ''.join(data.draw(st.permutations(axes)))
    mask = marks(shuffled)
    labelled = xarray.DataArray(mask, dims=[axis.lower() for axis in shuffled])
    np.testing.assert_array_equal(align(labelled, image), align(Image(mask, shuffled), image))
    unnamed = marks(image.axes)
    np.testing.assert_array_equal(align(xarray.DataArray(unnamed), image), align(unnamed, image))


def test_fewer_axes_are_the_last_of_the_leading_first_order() -> None:
    image = image_of('TYXZ')
    assert align(marks('ZYX'), image).shape == (1, 4, 5, 6)
    assert align(marks('YX'), image).shape == (1, 1, 5, 6)
    assert align(marks('YX')[None, None], image_of('YX')).shape == (5, 6)
    assert align(marks('YXZ')[None, None, None, None], image_of('YXZ')).shape == (4, 5, 6)


def test_axes_of_one_and_unknown_meaning() -> None:
    image = image_of('ZYX')
    assert align(Image(marks('ZYX')[:, None], 'ZTYX'), image).shape == (4, 5, 6)
    np.testing.assert_array_equal(align(Image(marks('ZYX'), 'QYX'), image), marks('ZYX'))
    unknown = Image(np.zeros((5, 6, 4)), 'YXQ')
    np.testing.assert_array_equal(align(Image(marks('YXZ'), 'YXZ'), unknown).shape, (4, 5, 6))
    gray = Image(np.zeros((5, 6, 1)), 'YXS')
    np.testing.assert_array_equal(align(marks('YX'), gray), marks('YX'))
    np.testing.assert_array_equal(align(marks('YX')[..., None], gray), marks('YX'))


def test_alpha_marks_nothing() -> None:
    image = Image(np.zeros((5, 6, 4)), 'YXS')
    mask = np.zeros((5, 6, 4))
    mask[..., 3] = 255
    mask[2, 3, 1] = 1
    assert align(Image(mask, 'YXS'), image).sum() == 1


@pytest.mark.parametrize(
    ('other', 'axes', 'match'),
    [
        (marks('YX').T, 'YX', r'mask \(6, 5\).*image \(5, 6\)'),
        (marks('ZYX'), 'YXZ', r'mask \(4, 5, 6\).*YXZ.*\(4, 5, 6\) in the order ZYX'),
        (Image(marks('TYX'), 'TYX'), 'ZYX', 'TYX does not match image .* ZYX'),
        (Image(marks('ZYX')[:2], 'ZYX'), 'ZYX', 'ZYX'),
        (np.zeros((1, 6)), 'YX', 'mask'),
        (np.zeros(6), 'YX', 'mask'),
    ],
)
def test_what_does_not_fit_is_refused_with_shapes_and_orders(other, axes, match) -> None:
    with pytest.raises(MaskError, match=match):
        align(other, image_of(axes))


def test_spacings_agree_in_any_unit() -> None:
    image = image_of('YX', spacing={'Y': (0.5, 'um'), 'X': (0.5, 'um')})
    align(Image(marks('YX'), 'YX', {'Y': (500, 'nm')}), image)
    align(Image(marks('YX'), 'YX', {'Y': (3, '')}), image)
    with pytest.raises(MaskError, match='spacing of 550 nm'):
        align(Image(marks('YX'), 'YX', {'Y': (550, 'nm')}), image)
    with pytest.raises(MaskError, match='spacing of 1 s'):
        align(Image(marks('YX'), 'YX', {'Y': (1, 's')}), image)


def test_a_mask_that_would_fit_turned_is_told_why() -> None:
    image = Image(np.zeros((20, 30, 3), np.uint8), 'YXS')
    for turned in (np.ones((30, 20), bool), np.ones((30, 20, 3), np.uint8)):
        with pytest.raises(MaskError, match=r'turned by 90°: .* orientation tag'):
            aligned(turned, image, what='mask', error=MaskError)
    with pytest.raises(MaskError, match=r'give a mask of \(20, 30\)'):
        aligned(np.ones((20, 29), bool), image, what='mask', error=MaskError)
