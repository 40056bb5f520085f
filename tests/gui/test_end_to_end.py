"""The whole way, without a stand-in: from the button to the layer."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

from napari_fresco.evidence import metrics
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.physics import kernels

from .conftest import Dock
from .signals import until


def scene(size: int = 64) -> np.ndarray:
    return data.camera()[96 : 96 + size, 190 : 190 + size]


def tensors() -> int:
    gc.collect()
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())


def test_dpir_deblurs_a_layer(viewer: Any, dock: Dock, qtbot: Any) -> None:
    random = np.random.default_rng(0)
    truth, psf = scene() / 255, kernels.gaussian(1.6)
    blurred = ndimage.convolve(truth, psf, mode='wrap') + random.normal(0, 0.01, truth.shape)
    viewer.add_image(truth, name='truth')
    image = viewer.add_image(blurred.astype(np.float32), name='camera', scale=(0.2, 0.2))
    kernel = viewer.add_image(psf, name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(viewer, 'dpir')
    panel.image.value = image
    panel.reference.value = viewer.layers['truth']
    panel.task.value = 'deblur'
    panel.kernel.value = kernel
    panel.sigma.value = 0.01
    panel.iterations.value = 4
    with until(running.ended):
        panel.run()
    result = viewer.layers['camera [DPIR]']
    gain = metrics.psnr(result.data, truth) - metrics.psnr(blurred, truth)
    assert gain > 2
    assert result.data.dtype == np.float32
    assert tuple(result.scale) == (0.2, 0.2)
    record = result.metadata['napari_fresco']
    assert record['parameters']['iterations'] == 4
    assert record['weights'][0]['name'] == 'drunet_compact_gray'
    assert len(record['weights'][0]['sha256']) == 64
    told = f'PSNR {metrics.psnr(result.data, truth, data_range=1):.2f} dB'
    assert told in panel.bar.message.text()


def test_deepred_is_cancelled_within_a_step_and_forgets_its_network(
    viewer: Any, dock: Dock, qtbot: Any
) -> None:
    image = viewer.add_image(scene(32), name='wall')
    labels = np.zeros((32, 32), np.uint8)
    labels[10:14, 5:25] = 1
    viewer.add_labels(labels, name='damage')
    panel = dock(viewer, 'deepred')
    panel.image.value = image
    panel.prior.value = 'none'
    panel.network.value = 'small'
    panel.iterations.value = 50_000
    before = tensors()
    with until(running.reported):
        panel.run()
    assert tensors() > before
    with until(running.ended):
        running.restoration.cancel()
    result = viewer.layers['wall [DeepRED] partial']
    assert result.metadata['napari_fresco']['steps'] < 1000
    np.testing.assert_array_equal(result.data[labels == 0], image.data[labels == 0])
    assert not np.array_equal(result.data, image.data)
    assert tensors() <= before


def test_pixels_without_a_value_come_back_without_one(
    model: Any, dock: Dock, qtbot: Any, notes: Any
) -> None:
    broken = np.ones((32, 32), np.float32)
    broken[3, 4] = np.nan
    model.add_image(broken, name='broken')
    panel = dock(model, 'dpir')
    with until(running.ended):
        panel.run()
    assert not notes.errors
    result = model.layers['broken [DPIR]']
    np.testing.assert_array_equal(np.isnan(result.data), np.isnan(broken))


def test_a_wrong_mask_is_explained_in_one_sentence(
    model: Any, dock: Dock, qtbot: Any, notes: Any
) -> None:
    image = model.add_image(scene(32), name='wall')
    model.add_labels(np.ones((32, 32), np.uint8), name='damage')
    panel = dock(model, 'dpir')
    panel.image.value = image
    panel.task.value = 'inpaint'
    with until(running.ended):
        panel.run()
    assert notes.errors[0].startswith('DPIR on wall stopped: mask is full: every pixel')
    assert len(model.layers) == 2


@pytest.mark.parametrize('shape', [(3, 24, 20), (24, 20, 3)])
def test_stacks_and_colours_come_back_in_shape(
    model: Any, dock: Dock, qtbot: Any, shape: tuple[int, ...]
) -> None:
    rgb = shape[-1] == 3
    noisy = np.random.default_rng(0).normal(120, 25, shape).clip(0, 255).astype(np.uint8)
    model.add_image(noisy, name='noisy', rgb=rgb)
    panel = dock(model, 'dpir')
    panel.extent.value = 'Whole stack'
    panel.model.value = 'nlm'
    with until(running.ended):
        panel.run()
    result = model.layers['noisy [DPIR]']
    assert result.data.shape == shape
    assert result.rgb == rgb
    assert result.data.std() < noisy.std()
