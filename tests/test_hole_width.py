"""How wide a hole is, is said by one piece of code, whoever asks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_fresco.image import hole_width
from napari_fresco.image.hole_width import widest, widest_in_strips, widths_of


@pytest.mark.parametrize('width', [1, 3, 7, 21])
def test_a_band_is_as_wide_as_it_is(width: int) -> None:
    lost = np.zeros((60, 50), bool)
    lost[20 : 20 + width] = True
    assert widest(lost) == width
    assert widest(lost.T) == width
    assert widest(np.zeros((9, 9), bool)) == 0


def test_a_hole_at_the_border_goes_on_unless_told() -> None:
    lost = np.zeros((40, 40), bool)
    lost[:5] = True
    assert widest(lost) == 9  # as deep on both sides of its first row
    assert widest(lost, 'constant') == 5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_strips_say_what_the_whole_says(seed: int) -> None:
    lost = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(90, 40)), 3) > 0.05
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hole_width, '_STRIP', 16)
        patch.setattr(hole_width, '_REACH', 90)
        assert widest_in_strips(lost) == pytest.approx(widest(lost))


def test_pieces_have_widths_of_their_own() -> None:
    lost = np.zeros((40, 40), bool)
    lost[2:5, 2:30] = lost[10:21, 10:21] = lost[38:, 38:] = True
    pieces, count = ndimage.label(lost)
    np.testing.assert_array_equal(widths_of(lost, pieces, count), [3, 11, 1])
    assert widths_of(np.zeros((5, 5), bool), np.zeros((5, 5), int), 0).size == 0


@pytest.mark.parametrize('level', [0.02, 0.16])
@pytest.mark.parametrize('cut', [False, True])
def test_widths_by_holes_are_those_of_the_whole(level: float, cut: bool) -> None:
    for seed in range(8):
        field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(90, 120)), 2)
        lost = field > level
        pieces, count = ndimage.label(lost, np.ones((3, 3)))
        if cut:  # a later fill beside an earlier one
            count += 1
            pieces[45:] = np.where(pieces[45:] > 0, count, 0)
        depth = ndimage.distance_transform_edt(np.pad(lost, 1))[1:-1, 1:-1]
        deepest = [depth[pieces == n].max(initial=0) for n in range(1, count + 1)]
        np.testing.assert_array_equal(widths_of(lost, pieces, count), 2 * np.array(deepest) - 1)


def test_a_few_holes_of_a_large_picture_are_looked_at_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = np.zeros((200, 200), bool)
    lost[20:24, 30:60] = lost[150:160, 90:100] = True
    pieces, count = ndimage.label(lost, np.ones((3, 3)))
    sizes, depth_of = [], hole_width.depth_of
    monkeypatch.setattr(
        hole_width,
        'depth_of',
        lambda part, beyond: sizes.append(part.size) or depth_of(part, beyond),
    )
    np.testing.assert_array_equal(widths_of(lost, pieces, count), [3, 9])
    assert sum(sizes) < lost.size / 20
