"""Small mistakes in scripted sessions are answered by what is meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco.errors import FrescoError
from napari_fresco.layers import fill_losses, image_of, restore_layer

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


@pytest.mark.parametrize(
    ('role', 'task', 'layer', 'said'),
    [
        ('layer', 'denoise', 'labels', 'is a layer of labels; name one to restore'),
        ('mask', 'inpaint', 'points', 'is a layer of points; give labels, outlines'),
        ('kernel', 'deblur', 'labels', 'is a layer of labels; give an image layer'),
        ('sigma', 'denoise', 'labels', 'is a layer of labels; give a number'),
        ('region', 'denoise', 'points', 'is a layer of points; draw a rectangle'),
    ],
)
@pytest.mark.parametrize('named', [True, False])
def test_layers_of_a_kind_that_has_not_the_role_are_told_by_it(
    role: str, task: str, layer: str, said: str, named: bool
) -> None:
    viewer = ViewerModel()
    viewer.add_image(PLANE, name='cells')
    viewer.add_points(np.ones((2, 2)), name='points')
    viewer.add_labels(np.ones((24, 24), int), name='labels')
    given: Any = layer if named else viewer.layers[layer]
    asked = {'viewer': viewer, 'layer': 'cells', 'method': 'dpir', 'task': task, role: given}
    with pytest.raises(FrescoError, match=said):
        restore_layer(**asked)


def test_no_layer_is_no_image() -> None:
    with pytest.raises(FrescoError, match="'cells' is no layer; give one"):
        image_of('cells')  # type: ignore[arg-type]


def test_a_fill_that_is_not_there_is_not_filled_again() -> None:
    viewer = ViewerModel()
    viewer.add_image(PLANE, name='wall')
    viewer.add_labels(np.pad(np.ones((3, 3), int), ((9, 12), (9, 12))), name='loss')
    fill_losses(viewer, 'wall', mask='loss', iterations=1)
    with pytest.raises(FrescoError, match='there is no fill 9; there are 1'):
        fill_losses(viewer, 'wall', again=[9], iterations=1)


def test_a_layer_takes_one_kernel(model: Any) -> None:
    model.add_image(np.zeros((2, 48, 48)), name='two channels')
    kernels = {0: np.ones((3, 3)), 1: np.ones((5, 5))}
    with pytest.raises(FrescoError, match='each channel as a layer of its own'):
        restore_layer(model, 'two channels', method='wiener', task='deblur', kernel=kernels)


def test_a_preset_may_name_the_method_and_without_either_it_is_asked_for() -> None:
    viewer = ViewerModel()
    viewer.add_image(PLANE, name='cells')
    with pytest.raises(FrescoError, match='name a method, or a preset that does'):
        restore_layer(viewer, 'cells')
    (layer,) = restore_layer(viewer, 'cells', preset='few-photons')
    assert layer.name == 'cells [DRUNet]'
