"""A kernel layer with three axes restores a volume as one: nothing else is to be chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco.errors import FrescoError
from napari_fresco.layers import restore_layer
from napari_fresco.layers.jobs.layer_restoration import running

from ..test_volumes import KERNEL, restored, volume
from .conftest import Dock
from .signals import until

STEPS = {'scale': (0.3, 0.1, 0.1), 'units': ('um', 'um', 'um')}
QUICK = {'method': 'richardson_lucy', 'task': 'deblur', 'sigma': 10.0, 'iterations': 5}


def psf(viewer: Any, name: str = 'psf', **more: Any) -> Any:
    told = {**STEPS, **more}
    return viewer.add_image(KERNEL, name=name, metadata={'napari_fresco_kernel': True}, **told)


@pytest.mark.parametrize('labels', [('z', 'y', 'x'), ('-3', '-2', '-1')])
def test_a_script_restores_a_volume(labels: tuple[str, ...]) -> None:
    viewer, image = ViewerModel(), volume(9, 24, 24)
    source = viewer.add_image(image, name='cells', axis_labels=labels, **STEPS)
    psf(viewer)
    (layer,) = restore_layer(viewer, 'cells', kernel='psf', **QUICK)
    expected = restored(image, 'richardson_lucy', sigma=10.0, iterations=5).image
    np.testing.assert_allclose(layer.data, expected, rtol=1e-5)
    assert layer.name == 'cells [Richardson-Lucy]'
    np.testing.assert_array_equal(layer.scale, source.scale)
    assert layer.units == source.units
    record = layer.metadata['napari_fresco']
    assert record['kernel']['shape'] == list(KERNEL.shape)
    assert record['input_axes'] == 'ZYX'


def test_another_distance_of_planes_is_refused() -> None:
    viewer = ViewerModel()
    viewer.add_image(volume(9, 24, 24), name='cells', axis_labels=('z', 'y', 'x'), **STEPS)
    psf(viewer, scale=(0.5, 0.1, 0.1))
    with pytest.raises(FrescoError, match=r'0\.5 um on axis Z'):
        restore_layer(viewer, 'cells', kernel='psf', **QUICK)


def test_a_panel_restores_a_volume(viewer: Any, dock: Dock) -> None:
    source = viewer.add_image(volume(9, 24, 24), name='cells', **STEPS)
    kernel = psf(viewer)
    panel = dock(viewer, 'richardson_lucy')
    panel.image.value = source
    extent = panel.input_section.rows['extent']
    panel.kernel.value = None
    assert extent.shown
    panel.kernel.value = kernel
    assert not extent.shown, 'there is no slice to choose'
    panel.sigma.value = 10.0
    panel.iterations.value = 8
    with until(running.ended):
        panel.run()
    result = viewer.layers['cells [Richardson-Lucy]']
    assert result.data.shape == source.data.shape
    np.testing.assert_array_equal(result.scale, source.scale)
    assert result.metadata['napari_fresco']['kernel']['shape'] == list(KERNEL.shape)
