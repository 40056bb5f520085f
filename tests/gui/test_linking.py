"""What one method estimates, another one uses: variance maps, kernels, and both in one run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_fresco._napari.degradation import noise_section
from napari_fresco.errors import FrescoError
from napari_fresco.physics import kernels

from .conftest import Dock
from .linked import BICUBIC, enlarging, run_script


@pytest.fixture
def image(model: Any) -> Any:
    return model.add_image(
        np.random.default_rng(0).integers(0, 255, (24, 32), dtype=np.uint8), name='wall'
    )


def variance_layer(model: Any, data: np.ndarray, scale: int = 1) -> Any:
    metadata = {'napari_fresco_variance': True, 'napari_fresco': {'scale': scale}}
    return model.add_image(data, name='variance', metadata=metadata)


def kernel_layer(model: Any, facts: Any = BICUBIC, size: int = 7) -> Any:
    kernel = kernels.gaussian(1.2, size=size)
    metadata = {'napari_fresco_kernel': facts}
    return model.add_image(kernel, name='kernel', scale=(0.5, 0.5), metadata=metadata)


def with_map(panel: Any, image: Any, layer: Any) -> Any:
    panel.image.value = image
    panel.sigma.value = layer
    return panel


def test_the_root_of_a_variance_map_is_the_noise(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = variance_layer(model, np.arange(24.0 * 32).reshape(24, 32))
    panel = with_map(dock(model, 'drunet'), image, layer)
    assert 'square root' in panel.noise_section._root.field.text()
    assert panel.noise_section._root.shown
    asked = panel.request().arguments()['sigma'].data
    np.testing.assert_allclose(asked, np.sqrt(layer.data))
    np.testing.assert_array_equal(run_script(panel, model, monkeypatch)['sigma'].data, asked)
    panel.sigma.map.value = model.add_image(np.ones((24, 32)), name='sigma')
    assert not panel.noise_section._root.shown
    assert (panel.request().arguments()['sigma'].data == 1).all()


def test_a_variance_map_found_while_enlarging_is_thinned(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = np.repeat(np.repeat(np.arange(24.0 * 32).reshape(24, 32), 2, 0), 2, 1)
    panel = with_map(dock(model, 'dpir'), image, variance_layer(model, fine, scale=2))
    asked = panel.request().arguments()['sigma'].data
    np.testing.assert_allclose(asked**2, np.arange(24.0 * 32).reshape(24, 32))
    np.testing.assert_array_equal(run_script(panel, model, monkeypatch)['sigma'].data, asked)


def test_a_map_of_another_size_is_an_obstacle(model: Any, image: Any, dock: Dock) -> None:
    panel = with_map(dock(model, 'dpir'), image, variance_layer(model, np.ones((9, 9))))
    assert "'variance' has shape (9, 9)" in panel.bar.message.text()
    assert not panel.bar.button.isEnabled()
    with pytest.raises(FrescoError, match='same grid'):
        panel.request()
    panel.sigma.mode.value = noise_section.AUTO
    assert panel.problem() == ''


def test_maps_are_no_images_to_restore_and_latents_no_noise(model: Any, dock: Dock) -> None:
    for mark in ('kernel', 'variance', 'uncertainty', 'spread', 'latent', 'noise'):
        model.add_image(np.ones((9, 9)), name=mark, metadata={f'napari_fresco_{mark}': True})
    panel = dock(model, 'dpir')
    names = lambda box: {box.itemText(i) for i in range(box.count())}  # noqa: E731
    assert names(panel.image.native) == set()
    assert names(panel.sigma.map.native) == {'variance', 'noise'}
    assert names(panel.kernel.native) == {'(none)', 'kernel'}


@pytest.mark.parametrize('name', ['dpir', 'usrnet'])
def test_an_estimated_kernel_is_converted(
    model: Any, image: Any, dock: Dock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    layer = kernel_layer(model)
    panel = enlarging(dock(model, name), image, layer)
    panel.model.value = 'own.pth'
    assert 'FWHM 3.1 × 2.0 px at 30°' in panel.damage_section.kernel_note.text()
    asked = panel.request().arguments()
    np.testing.assert_allclose(asked['kernel'], kernels.direct_sampling(layer.data, 2))
    assert asked['kernel_position'] == 'shifted'
    call = run_script(panel, model, monkeypatch)
    np.testing.assert_allclose(call['kernel'], asked['kernel'])
    assert call['kernel_position'] == 'shifted'


def test_a_copy_edited_by_hand_is_converted_too(model: Any, image: Any, dock: Dock) -> None:
    original = kernel_layer(model)
    data, meta, kind = original.as_layer_data_tuple()
    edited = np.roll(data, 1, axis=0)
    copy = getattr(model, f'add_{kind}')(edited, **{**meta, 'name': 'edited'})
    panel = enlarging(dock(model, 'dpir'), image, copy)
    asked = panel.request().arguments()['kernel']
    np.testing.assert_allclose(asked, kernels.direct_sampling(edited, 2))


def test_a_kernel_of_another_scale_is_an_obstacle(model: Any, image: Any, dock: Dock) -> None:
    panel = enlarging(dock(model, 'dpir'), image, kernel_layer(model))
    panel.scale.value = 3
    assert 'made for × 2, but × 3 is asked' in panel.bar.message.text()
    panel.scale.value = 2
    assert panel.problem() == ''
    panel.kernel_position.value = 'centred'
    assert 'shifted to the upper left by 0.5 pixels' in panel.bar.message.text()
    panel.task.value = 'deblur'
    assert 'deblur the enlarged image' in panel.bar.message.text()


def test_the_kernel_of_an_enlarged_image_deblurs_it(model: Any, image: Any, dock: Dock) -> None:
    kernel = kernel_layer(model)
    large = model.add_image(np.ones((48, 64)), name='large', scale=(0.5, 0.5))
    panel = dock(model, 'dpir')
    panel.image.value = large
    panel.task.value = 'deblur'
    panel.kernel.value = kernel
    np.testing.assert_array_equal(panel.request().arguments()['kernel'], kernel.data)


def test_a_simulated_kernel_says_where_it_looks(model: Any, image: Any, dock: Dock) -> None:
    facts = {'downsampling': 'direct', 'scale': 2, 'position': 'centred'}
    panel = enlarging(dock(model, 'dpir'), image, kernel_layer(model, facts))
    asked = panel.request().arguments()
    assert asked['kernel_position'] == 'centred'
    np.testing.assert_array_equal(asked['kernel'], panel.kernel.value.data)
    panel.kernel_position.value = 'shifted'
    assert panel.request().arguments()['kernel_position'] == 'shifted'


def test_a_kernel_that_is_not_known_to_be_shifted_says_so(
    model: Any, image: Any, dock: Dock, tiny_networks: None
) -> None:
    panel = dock(model, 'dpir')
    panel.task.value = 'super_resolve'
    off = np.zeros((9, 9))
    off[3, 5] = 1.0
    panel.kernel.value = model.add_image(off, name='off', rgb=False)
    assert 'not known to be shifted' in panel.damage_section.kernel_note.text()
    panel.kernel_position.value = 'centred'
    assert 'not known' not in panel.damage_section.kernel_note.text()
