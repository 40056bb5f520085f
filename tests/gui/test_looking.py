"""The canvas shows the layers it is asked for, whatever else there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco.layers.comparing.looking import camera_of, look_at


@pytest.fixture
def viewer() -> Any:
    viewer = ViewerModel()
    if not hasattr(viewer, 'canvas'):
        pytest.skip('napari before 0.9 shows all layers')
    viewer.add_image(np.zeros((400, 600)), name='wall', units='mm')
    place = {'scale': (0.1, 0.1), 'units': 'um', 'translate': (500, 300)}
    viewer.add_image(np.zeros((40, 80)), name='cells', **place)
    return viewer


def test_layers_are_seen_whole_in_the_units_of_the_world(viewer: Any) -> None:
    camera, box = camera_of(viewer), np.array(viewer.canvas.viewbox_size(viewer.layers))
    for name, unit in (('wall', 1000), ('cells', 1)):
        layer = viewer.layers[name]
        look_at(viewer, layer)
        size = unit * np.array(layer.data.shape) * layer.scale
        assert (box / camera.zoom / size).min() == pytest.approx(1 / 0.95)
        middle = unit * layer.extent.world.mean(0)
        np.testing.assert_allclose(camera.center[-2:], middle)


def test_layers_that_hold_nothing_are_no_matter(viewer: Any) -> None:
    empty, camera = viewer.add_points(np.zeros((0, 2)), name='none', units='um'), camera_of(viewer)
    look_at(viewer, viewer.layers['cells'])
    told = camera.center, camera.zoom
    look_at(viewer, empty, viewer.layers['cells'])
    assert (camera.center, camera.zoom) == told
    look_at(viewer, empty)
    assert np.isfinite([*camera.center, camera.zoom]).all()
