"""Results know the image that they were made of, whatever it and others are called meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco.layers import fill_losses, restore_layer, undo_fill
from napari_fresco.layers.images.identity import key_of
from napari_fresco.layers.images.layer_kinds import MADE_OF, TRUTH_ID
from napari_fresco.layers.images.related_layers import family, source_of, truth_of
from napari_fresco.layers.results.result_names import called_apart
from napari_fresco.layers.results.result_turns import next_result

PIXELS = np.random.default_rng(0).integers(0, 60000, (24, 32), dtype=np.uint16)
QUICK: dict[str, Any] = {'method': 'dpir', 'model': 'nlm', 'iterations': 1, 'sigma': 500}


@pytest.fixture
def viewer() -> ViewerModel:
    """A restored image that was renamed, and a restored one with its former name."""
    viewer = ViewerModel()
    for name in ('renamed', 'wall'):
        layer = viewer.add_image(PIXELS, name='wall', blending='additive')
        restore_layer(viewer, layer, **QUICK)
        layer.name = name
        layer.visible = True
    return viewer


def test_results_are_found_placed_and_hidden_by_the_identity_of_their_image(
    viewer: ViewerModel,
) -> None:
    old, first, wall, other = viewer.layers
    assert [source_of(each, viewer.layers) for each in (first, other)] == [old, wall]
    assert family(viewer.layers, old) == [old, first]
    again = restore_layer(viewer, old, **{**QUICK, 'sigma': 900})[-1]
    assert list(viewer.layers) == [old, first, again, wall, other]
    assert [each.visible for each in viewer.layers] == [False, False, True, True, True]
    twice = restore_layer(viewer, first, **QUICK)[-1]
    assert list(viewer.layers) == [old, first, twice, again, wall, other]
    assert restore_layer(viewer, old, **{**QUICK, 'sigma': 700})[-1] is viewer.layers[4]


def test_results_of_one_image_are_leafed_through_and_told_from_each_other(
    viewer: ViewerModel,
) -> None:
    old, first, _, other = viewer.layers
    again = restore_layer(viewer, old, **{**QUICK, 'sigma': 900})[-1]
    viewer.layers.selection.active = first
    assert [next_result(viewer), next_result(viewer)] == [again, first]
    assert other.visible
    assert called_apart(other, viewer.layers) == other.name, 'it has no twin of its own image'
    assert 'sigma 500' in called_apart(first, viewer.layers)


def test_a_result_whose_image_is_gone_is_not_that_of_another_one(viewer: ViewerModel) -> None:
    wall, other = viewer.layers[2:]
    viewer.layers.remove(wall)
    viewer.add_image(PIXELS, name='wall')
    assert source_of(other, viewer.layers) is None


def test_of_a_result_from_a_file_the_name_decides(viewer: ViewerModel) -> None:
    wall, other = viewer.layers[2:]
    del other.metadata[MADE_OF]
    assert source_of(other, viewer.layers) is wall
    assert family(viewer.layers, wall) == [wall, other]


def test_the_truth_is_known_by_its_identity_where_there_is_one() -> None:
    viewer = ViewerModel()
    truth = viewer.add_image(PIXELS, name='truth')
    record = {'napari_fresco': {'truth': 'truth'}}
    sample = viewer.add_image(PIXELS, name='sample', metadata=record)
    made = viewer.add_image(PIXELS, metadata={**record, TRUTH_ID: key_of(truth)})
    assert truth_of(sample, viewer.layers) is truth_of(made, viewer.layers) is truth
    truth.name = 'kept'
    assert truth_of(sample, viewer.layers) is None
    assert truth_of(made, viewer.layers) is truth


def test_numbers_of_fills_follow_the_layer_that_grows_not_its_name() -> None:
    viewer = ViewerModel()
    mask = np.zeros(PIXELS.shape, np.uint8)
    mask[8:12, 8:12] = 1
    wall = viewer.add_image(PIXELS, name='wall')
    *_, numbers, grown = fill_losses(
        viewer, wall, mask=mask, filled=True, method='dpir', model='nlm', iterations=1
    )
    beside = viewer.add_image(PIXELS, name='renamed numbers')
    grown.name = 'renamed'
    undo_fill(viewer, grown, 1)
    assert not numbers.data.any()
    np.testing.assert_array_equal(beside.data, PIXELS)
