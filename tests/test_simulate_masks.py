"""Damage is drawn where and how much it should be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_fresco.degrade import damage_masks
from napari_fresco.errors import FrescoError, ParameterError

DRAWN = (damage_masks.craquelure, damage_masks.flakes, damage_masks.text)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_lines_and_grids_are_drawn_where_they_should_be() -> None:
    lines = damage_masks.lines((32, 20), spacing=8, width=3)
    assert lines.dtype == bool
    assert lines.mean() == 3 / 8
    assert np.all(lines == lines[:, :1])
    grid = damage_masks.grid((32, 24), spacing=8, width=2)
    assert grid.mean() == 1 - (6 / 8) ** 2
    np.testing.assert_array_equal(grid, damage_masks.grid((24, 32), spacing=8, width=2).T)
    assert damage_masks.lines((600, 4), spacing=7.3, width=2).mean() == pytest.approx(
        2 / 7.3, rel=0.02
    )


@pytest.mark.parametrize('draw', DRAWN)
@given(
    st.integers(1, 40), st.integers(1, 40), st.floats(0.001, 0.9), st.floats(1, 60), st.integers(0)
)
@settings(max_examples=25, deadline=None)
def test_the_wanted_fraction_is_damaged(
    draw: Callable[..., np.ndarray], rows: int, cols: int, fraction: float, size: float, seed: int
) -> None:
    mask = draw((rows, cols), fraction, size, seeded(seed))
    assert mask.dtype == bool
    assert mask.shape == (rows, cols)
    assert mask.sum() == max(round(fraction * rows * cols), 1)


def test_craquelure_is_a_network_of_thin_cracks() -> None:
    mask = damage_masks.craquelure((200, 240), 0.08, 2.0, seeded())
    assert not ndimage.binary_erosion(mask, iterations=6).any()
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    largest = np.bincount(labels.ravel())[1:].max()
    assert largest > 0.3 * mask.sum(), 'most of a network hangs together'
    assert mask.sum() / count > 30
    quarters = [mask[r : r + 100, c : c + 120].any() for r in (0, 100) for c in (0, 120)]
    assert all(quarters)


def test_wider_cracks_are_fewer() -> None:
    thin, wide = (damage_masks.craquelure((200, 240), 0.1, width, seeded()) for width in (1.5, 6.0))
    depth = [ndimage.distance_transform_edt(m).max() for m in (thin, wide)]
    assert depth[1] > 1.6 * depth[0]


def test_flakes_are_rounded_patches_of_their_size() -> None:
    mask = damage_masks.flakes((300, 300), 0.1, 24.0, seeded())
    labels, count = ndimage.label(mask)
    areas = np.bincount(labels.ravel())[1:]
    diameter = np.sqrt(4 * np.median(areas[areas > 20]) / np.pi)
    assert 12 < diameter < 48
    assert 5 < count < 60
    assert ndimage.binary_opening(mask, iterations=3).sum() > 0.8 * mask.sum()


def test_text_is_printed_in_lines() -> None:
    mask = damage_masks.text((240, 320), 0.12, 24.0, seeded())
    rows = mask.mean(axis=1)
    assert np.mean(rows == 0) > 0.1, 'there are gaps between the lines'
    _, count = ndimage.label(mask)
    assert count > 30, 'and between the letters'
    bold = damage_masks.text((240, 320), 0.5, 24.0, seeded())
    assert np.all(bold.mean(axis=1).max() > rows.max())


def test_clouds_are_smooth_and_of_unit_variance() -> None:
    drawn = np.stack([damage_masks.cloud((80, 80), 6, seeded(s)) for s in range(30)])
    assert drawn.mean() == pytest.approx(0, abs=0.1)
    assert drawn.std() == pytest.approx(1, abs=0.15)
    assert np.abs(np.diff(drawn, axis=1)).mean() < 0.2


@pytest.mark.parametrize('draw', DRAWN)
def test_seeds_repeat(draw: Callable[..., np.ndarray]) -> None:
    first, again, other = (draw((60, 70), 0.2, 8, seeded(s)) for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize(
    ('call', 'error'),
    [
        (lambda: damage_masks.lines((8, 8), spacing=2, width=2), ParameterError),
        (lambda: damage_masks.flakes((8, 8), 0, 4, seeded()), ParameterError),
        (lambda: damage_masks.flakes((8, 8), 0.1, 0, seeded()), ParameterError),
        (lambda: damage_masks.text((8, 8), 1.1, 4, seeded()), ParameterError),
        (lambda: damage_masks.craquelure((8, 8), 0.1, -1, seeded()), ParameterError),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[FrescoError]) -> None:
    with pytest.raises(error):
        call()
