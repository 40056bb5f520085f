"""Small mistakes in scripted sessions are answered by what is meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco.errors import FrescoError
from napari_fresco.layers import fill_losses, restore_layer

PLANE = np.random.default_rng(0).normal(100, 5, (24, 24)).astype(np.float32)


@pytest.mark.parametrize(
    ('given', 'said'),
    [({'layer': PLANE}, 'a ndarray is no image layer'), ({'viewer': None}, 'viewer is a NoneType')],
)
def test_what_is_no_layer_or_viewer_is_told(given: dict[str, Any], said: str) -> None:
    viewer = ViewerModel()
    viewer.add_image(PLANE, name='cells')
    with pytest.raises(FrescoError, match=said):
        restore_layer(**{'viewer': viewer, 'layer': 'cells', 'method': 'ffdnet', **given})


def test_a_fill_that_is_not_there_is_not_filled_again() -> None:
    viewer = ViewerModel()
    viewer.add_image(PLANE, name='wall')
    viewer.add_labels(np.pad(np.ones((3, 3), int), ((9, 12), (9, 12))), name='loss')
    fill_losses(viewer, 'wall', mask='loss', iterations=1)
    with pytest.raises(FrescoError, match='there is no fill 9; there are 1'):
        fill_losses(viewer, 'wall', again=[9], iterations=1)
