"""Distances of patches are what they say, and none that is near enough is passed over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fresco.physics.patch_distances import PATCH, PatchDistances

HALF = PATCH // 2


def drawn(seed: int, channels: int = 2) -> tuple[PatchDistances, np.ndarray, np.ndarray]:
    """Distances of all patches of a picture from those of another, and by their definition."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(PATCH, 16, 2)
    picture, wanted = rng.random((2, height, width, channels), np.float32)
    wanted = (picture + rng.choice([0.05, 1]) * (wanted - picture)).astype(np.float32)
    trust = rng.uniform(0.1, 1, (height, width)).astype(np.float32)
    middles = np.argwhere(np.ones((height - 2 * HALF, width - 2 * HALF), bool)) + HALF
    distances = PatchDistances(picture, trust, middles, middles)
    distances.look_for(wanted)

    def patch(of: np.ndarray, middle: np.ndarray) -> np.ndarray:
        row, column = middle - HALF
        return of[row : row + PATCH, column : column + PATCH].astype(float)

    true = np.empty((len(middles), len(middles)))
    for t, target in enumerate(middles):
        weight = patch(trust, target)[..., None] / patch(trust, target).sum()
        for s, source in enumerate(middles):
            change = patch(picture, source) - patch(wanted, target)
            true[s, t] = (weight * change**2).sum()
    source, target = (n.ravel() for n in np.indices(true.shape))
    return distances, np.stack([source, target]), true.ravel()


@pytest.mark.parametrize('channels', [1, 3, 5])
def test_a_distance_is_the_weighted_mean_of_squares(channels: int) -> None:
    distances, (source, target), true = drawn(0, channels)
    assert np.allclose(distances.of(source, target), true, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), share=st.floats(0.02, 1))
def test_exactly_those_that_are_nearer_are_found(seed: int, share: float) -> None:
    distances, (source, target), true = drawn(seed)
    than = np.full(len(true), np.quantile(true, share), np.float32)
    nearer, how_near = distances.nearer(source, target, than)
    exact = distances.of(source, target)
    assert np.array_equal(nearer, np.flatnonzero(exact < than))
    assert np.array_equal(how_near, exact[nearer])


def test_few_that_are_far_away_in_a_smooth_picture_are_looked_at_as_a_whole() -> None:
    rows, columns = np.indices((24, 24), np.float32)
    picture = np.stack([np.sin(rows / 5), np.cos(columns / 4)], axis=-1)
    middles = np.argwhere(np.ones((18, 18), bool)) + HALF
    distances = PatchDistances(picture, np.ones((24, 24), np.float32), middles, middles)
    distances.look_for(picture)
    source, target = (n.ravel() for n in np.indices((len(middles), len(middles))))
    exact = distances.of(source, target)
    far = exact > 1.5 * np.median(exact)
    bound = distances._bound(source[far], target[far])
    assert (bound > np.median(exact)).mean() > 0.9
