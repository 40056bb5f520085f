"""Edits of masks obey laws, and change no class that they are not told to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.errors import MaskError, ParameterError

damage = fresco.damage
MASKS = arrays(np.uint8, (17, 23), elements=st.sampled_from([0, 0, 0, 0, 1, 2, 5]))
SEVERAL = settings(max_examples=40, deadline=None)

EDITS: list[Callable[[Any], Any]] = [
    lambda mask: damage.grow(mask, 2.5, [1]),
    lambda mask: damage.shrink(mask, 1, [1]),
    lambda mask: damage.fill_holes(mask, [1]),
    lambda mask: damage.remove_small(mask, 5, [1]),
    lambda mask: damage.separate(mask, 5, 7, [1]),
    lambda mask: damage.separate(mask, 2, 7, [1], by='width'),
    lambda mask: damage.merge(mask, 7, [1]),
    lambda mask: damage.clear(mask, [1]),
    lambda mask: damage.invert(mask, 1),
]


@SEVERAL
@given(mask=MASKS, edit=st.sampled_from(EDITS))
def test_an_edit_leaves_other_classes_and_its_input_alone(mask: Any, edit: Any) -> None:
    before = mask.copy()
    after = edit(mask)
    assert after.dtype == mask.dtype
    assert after.shape == mask.shape
    np.testing.assert_array_equal(mask, before)
    for other in (2, 5):
        np.testing.assert_array_equal(after == other, mask == other)


@SEVERAL
@given(mask=MASKS, pixels=st.floats(0, 6))
def test_growing_marks_exactly_what_lies_within_reach(mask: Any, pixels: float) -> None:
    after = damage.grow(mask, pixels)
    near = ndimage.distance_transform_edt(mask == 0) <= pixels if mask.any() else mask != 0
    np.testing.assert_array_equal(after != 0, near)
    assert set(after[near]) == set(mask[mask != 0])


@SEVERAL
@given(mask=MASKS, pixels=st.floats(0, 4))
def test_shrinking_what_was_grown_loses_nothing(mask: Any, pixels: float) -> None:
    closed = damage.shrink(damage.grow(mask, pixels), pixels)
    np.testing.assert_array_equal(closed[mask != 0], mask[mask != 0])
    opened = damage.grow(damage.shrink(mask, pixels), pixels)
    assert not opened[mask == 0].any()


def test_shrinking_and_growing_keeps_large_pieces_and_drops_thin_ones() -> None:
    mask = np.zeros((60, 80), bool)
    rows, columns = np.mgrid[:60, :80]
    disk = np.hypot(rows - 30, columns - 30) <= 14
    mask |= disk
    mask[5, :] = True  # a line
    opened = damage.grow(damage.shrink(mask, 3), 3)
    assert opened[disk].mean() > 0.97
    assert not opened[5, 50:].any()


@SEVERAL
@given(mask=MASKS)
def test_repeating_an_edit_changes_nothing_more(mask: Any) -> None:
    for edit in (
        damage.fill_holes,
        damage.clear,
        lambda m: damage.merge(m, 1),
        lambda m: damage.remove_small(m, 4),
        lambda m: damage.separate(m, 4, 2),
    ):
        once = edit(mask)
        np.testing.assert_array_equal(edit(once), once)
    np.testing.assert_array_equal(damage.invert(damage.invert(mask, 1), 1), mask)


@SEVERAL
@given(mask=MASKS, limit=st.integers(0, 30))
def test_separating_and_merging_mark_the_same_pixels(mask: Any, limit: int) -> None:
    apart = damage.separate(mask, limit, 9)
    np.testing.assert_array_equal(apart != 0, mask != 0)
    large = damage.remove_small(mask, limit + 1)
    np.testing.assert_array_equal(apart == 9, large != 0)
    together = damage.merge(mask, 3)
    assert np.count_nonzero(together == 3) == np.count_nonzero(mask)


def test_width_tells_cracks_from_losses_where_area_does_not() -> None:
    mask = np.zeros((60, 90), np.uint8)
    mask[10:13, :] = 1  # 3 pixels wide, 270 in all
    mask[30:42, 20:32] = 1  # 12 pixels wide, 144 in all
    np.testing.assert_array_equal(
        np.argwhere(damage.separate(mask, 6, 2, by='width') == 2)[0], (30, 20)
    )
    assert (damage.separate(mask, 6, 2, by='width') == 2).sum() == 144
    assert (damage.separate(mask, 200, 2) == 2).sum() == 270


def test_holes_are_filled_up_to_a_size_and_only_where_nothing_is_marked() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[5:30, 5:30] = 1
    mask[8:10, 8:10] = 0
    mask[15:25, 15:25] = 0
    mask[18, 18] = 5
    assert damage.fill_holes(mask)[5:30, 5:30].astype(bool).all()
    assert damage.fill_holes(mask)[18, 18] == 5
    small = damage.fill_holes(mask, 1, largest=10)
    assert small[8, 8] == 1
    assert small[16, 16] == 0


def test_a_mask_of_true_and_false_stays_one() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert damage.grow(mask, 1).dtype == bool
    assert damage.grow(mask, 1).sum() == 5
    assert damage.invert(mask, 1).sum() == 80


def test_what_is_no_mask_or_no_distance_is_refused() -> None:
    with pytest.raises(MaskError, match='plane'):
        damage.grow(np.zeros((3, 4, 5), np.uint8), 1)
    with pytest.raises(MaskError, match='float'):
        damage.clear(np.zeros((3, 4)))
    with pytest.raises(ParameterError, match='0 or more'):
        damage.shrink(np.ones((3, 4), bool), -1)
    with pytest.raises(ParameterError, match="'area'"):
        damage.separate(np.ones((3, 4), bool), 1, 2, by='length')  # type: ignore[arg-type]
