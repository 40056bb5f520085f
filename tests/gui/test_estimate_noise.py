"""The button *Estimate*: it fills in what a run would find, and never anything worse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari.restoring.estimate_noise import noise_at_a_glance
from napari_fresco.layers.images.selection import select

from .conftest import Dock
from .signals import pump


def scene(size: int = 96) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] / size
    return 40 * (1 + np.sin(9 * rows) * np.cos(7 * columns)) + 2


def frame(seed: int = 0, gain: float = 2.0, offset: float = 100.0) -> np.ndarray:
    """Return a camera frame: photon noise on an offset, and read noise of 3."""
    random = np.random.default_rng(seed)
    values = gain * random.poisson(scene()) + offset + random.normal(0, 3, (96, 96))
    return np.rint(values).astype(np.uint16)


def white(sigma: float, seed: int = 0) -> np.ndarray:
    return (scene() + np.random.default_rng(seed).normal(0, sigma, (96, 96))).astype(np.float32)


def estimate(panel: Any) -> None:
    panel.noise_section.estimate_button.click()
    pump(panel.noise_section.estimate_button.isEnabled)


@pytest.mark.parametrize('method', ['ffdnet', 'dpir'])
def test_a_camera_is_filled_in_and_gives_what_a_run_gives_by_itself(
    model: Any, dock: Dock, method: str
) -> None:
    image = frame()
    model.add_image(image, name='frame')
    panel = dock(model, method)
    estimate(panel)
    assert panel.noise.value == 'poisson-gaussian'
    assert panel.gain.value == pytest.approx(2, rel=0.2)
    found = panel.request().parameters
    assert set(found) == {'noise', 'gain', 'offset', 'read_noise'}
    task = panel.task.value
    if task == 'denoise':
        alone = fresco.restore(image, method=method, task=task).image
        told = fresco.restore(image, method=method, task=task, **found).image
        np.testing.assert_allclose(told.astype(float), alone.astype(float), atol=1)
    assert not panel.noise_section.estimate_button.isHidden()
    assert 'Photon noise' in panel.noise_section.said


def test_white_noise_is_a_number_and_no_model(model: Any, dock: Dock) -> None:
    model.add_image(white(7), name='wall')
    panel = dock(model, 'drunet')
    estimate(panel)
    assert panel.noise.value == 'auto'
    assert panel.sigma.value == pytest.approx(7, rel=0.15)
    assert panel.request().parameters == {}


def test_a_gray_frame_in_colours_has_the_camera_of_the_gray_one(model: Any, dock: Dock) -> None:
    gray = model.add_image(frame(), name='gray')
    coloured = model.add_image(np.stack([frame()] * 3, axis=-1), rgb=True, name='coloured')
    panel, found = dock(model, 'ffdnet'), []
    for layer in (gray, coloured):
        panel.image.value = layer
        estimate(panel)
        glance = noise_at_a_glance(select(layer))
        found.append((panel.gain.value, panel.offset.value, panel.read_noise.value, glance))
    assert found[0] == found[1]
    assert found[0][0] == pytest.approx(2, rel=0.2)


def test_one_number_does_not_stand_for_planes_of_different_noise(model: Any, dock: Dock) -> None:
    model.add_image(np.stack([white(3), white(12, 1)]), name='film')
    panel = dock(model, 'drunet')
    panel.extent.value = 'Whole stack'
    estimate(panel)
    assert panel.sigma.value == 'auto'
    assert 'from plane to plane' in panel.noise_section.said


def test_what_is_damaged_or_lacks_a_kernel_is_estimated_all_the_same(
    model: Any, dock: Dock
) -> None:
    image = white(7)
    image[20:60, 10:80] = 0
    damage = np.zeros(image.shape, int)
    damage[20:60, 10:80] = 1
    model.add_image(image, name='wall')
    mask = model.add_labels(damage)
    panel = dock(model, 'dpir')
    panel.task.value, panel.mask.value = 'inpaint', mask
    estimate(panel)
    assert panel.sigma.value == pytest.approx(7, rel=0.2)
    panel.task.value = 'deblur'
    estimate(panel)
    assert panel.sigma.value != 'auto'


def test_a_found_camera_does_not_outlive_its_image(model: Any, dock: Dock) -> None:
    first = model.add_image(frame(), name='frame')
    second = model.add_image(white(5), name='other')
    panel = dock(model, 'ffdnet')
    panel.image.value = first
    estimate(panel)
    panel.image.value = second
    assert panel.noise.value == 'auto'
    assert panel.gain.value is None
    assert panel.sigma.value == 'auto'
    panel.image.value = first
    estimate(panel)
    panel.gain.value = 3
    panel.image.value = second
    assert panel.gain.value == 3  # which somebody has typed
    assert panel.noise_section.said == ''


def test_estimating_again_starts_afresh(model: Any, dock: Dock) -> None:
    layer = model.add_image(frame(), name='frame')
    panel = dock(model, 'ffdnet')
    estimate(panel)
    layer.data = white(5)
    estimate(panel)
    assert panel.noise.value == 'auto'
    assert panel.sigma.value == pytest.approx(5, rel=0.2)
