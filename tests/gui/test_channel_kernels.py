"""Kernels of channels apart: chosen by name and light, changed, and repeated elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco.errors import FrescoError
from napari_fresco.layers import restore_layer
from napari_fresco.layers.files.session_record import record_session
from napari_fresco.layers.requests.folder_recipe import recipe_of

from .test_session_record import repeated

PLACE: dict[str, Any] = {'scale': (0.1, 0.1), 'units': ('um', 'um')}
NARROW, WIDE = fresco.kernels.gaussian(0.8, size=9), fresco.kernels.gaussian(1.6, size=9)


def cells(model: Any, **more: Any) -> Any:
    """Return a layer with an axis of two channels."""
    data = np.random.default_rng(0).poisson(60, (2, 40, 44)).astype(np.float32)
    told = {'axis_labels': ('channel', 'y', 'x'), 'units': ('pixel', 'um', 'um'), 'name': 'cells'}
    return model.add_image(data, scale=(1, 0.1, 0.1), **told, **more)


def kernel(model: Any, values: Any, name: str, wavelength: float | None = None) -> Any:
    """Return a kernel layer on the pixels of the cells."""
    made = {'source': 'drawn', **({'made_of': {'wavelength': wavelength}} if wavelength else {})}
    return model.add_image(values, name=name, metadata={'napari_fresco_kernel': made}, **PLACE)


def of_python(data: Any, **kernels: Any) -> Any:
    image = fresco.Image(data, 'CYX')
    return fresco.restore(image, method='wiener', task='deblur', sigma=8, **kernels).image.data


@pytest.fixture
def dock(model: Any, qtbot: Any) -> Any:
    def made() -> Any:
        panel = commands.wiener(model)
        qtbot.addWidget(panel.native)
        return panel

    return made


@pytest.mark.parametrize('by', ['name', 'light'])
def test_kernels_of_channels_are_chosen_shown_and_used(model: Any, dock: Any, by: str) -> None:
    said = {'wavelengths': ((None, 461.0), (None, 670.0))} if by == 'light' else {}
    layer = cells(model, metadata={'napari_fresco_file': said})
    light, names = (
        ((0.461, 0.67), ('a', 'b'))
        if by == 'light'
        else ((None,) * 2, ('psf channel 0', 'psf Channel 1'))
    )
    first = kernel(model, NARROW, names[0], light[0])
    second = kernel(model, WIDE, names[1], light[1])
    panel = dock()
    panel.image.value = layer
    rows = panel.damage_section.channel_kernels
    assert [row.label for row in rows] == ['Channel 0', 'Channel 1']
    assert [row.value for row in rows] == [first, second]
    panel.sigma.value, panel.extent.value = 8, 'Whole stack'
    panel.run()
    made = panel.wait()[-1]
    own = of_python(layer.data, kernel={0: NARROW, 1: WIDE})
    np.testing.assert_allclose(made.data, own, rtol=1e-5, atol=1e-3)
    rows[0].value = None
    panel.kernel.value = second
    assert set(panel.request().kernel) == {'0', '1'}
    rows[1].value = None
    assert panel.request().kernel.ndim == 2


def test_a_channel_without_a_kernel_is_named(model: Any, dock: Any) -> None:
    layer = cells(model)
    kernel(model, NARROW, 'psf channel 1')
    panel = dock()
    panel.image.value = layer
    panel.kernel.value, panel.extent.value = None, 'Whole stack'
    with pytest.raises(FrescoError, match="Channel 0 of 'cells' has no kernel"):
        panel.request()
    panel.image.value = model.add_image(np.zeros((40, 44)), name='plane', **PLACE)
    assert not any(
        panel.damage_section.rows[r.name].shown for r in panel.damage_section.channel_kernels
    )


def test_scripts_sessions_and_folders_keep_the_kernel_of_each_channel(tmp_path: Path) -> None:
    viewer = ViewerModel()
    layer = cells(viewer)
    kernel(viewer, NARROW, 'narrow')
    told: dict[str, Any] = {'method': 'wiener', 'task': 'deblur', 'sigma': 8}
    (made,) = restore_layer(viewer, 'cells', kernel={0: 'narrow', 1: WIDE}, **told)
    own = of_python(layer.data, kernel={0: NARROW, 1: WIDE})
    np.testing.assert_allclose(made.data, own, rtol=1e-5, atol=1e-3)
    (one,) = restore_layer(viewer, 'cells', kernel={0: 'narrow', 1: WIDE}, part=1, **told)
    np.testing.assert_allclose(np.squeeze(one.data), made.data[1], rtol=1e-5, atol=1e-3)
    record_session(viewer, tmp_path / 'session')
    again = repeated(tmp_path / 'session')
    assert np.array_equal(again['cells [Wiener]'].data, made.data)
    request = made.metadata['napari_fresco_made'].request
    recipe = recipe_of(request, images='in', output='out', beside=tmp_path / 'recipe')
    found = {n: fresco.read(path).data for n, path in recipe.options['kernel'].items()}
    np.testing.assert_allclose(found['0'], NARROW, atol=1e-7)
    np.testing.assert_allclose(found['1'], WIDE, atol=1e-7)
