"""Kernels made by hand: the right shape, calibrated, and usable at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari import commands
from napari_fresco._napari.kernel_kinds import KINDS
from napari_fresco._napari.kernel_panel import BEAD, FILE, KernelDialog, KernelPanel
from napari_fresco.physics import kernels


@pytest.fixture
def panel(model: Any, qtbot: Any) -> KernelPanel:
    model.add_image(np.zeros((64, 64)), name='cells', scale=(0.1, 0.1), units=('um', 'um'))
    panel = KernelPanel(model)
    qtbot.addWidget(panel)
    return panel


@pytest.mark.parametrize('title', KINDS)
def test_every_kind_makes_a_calibrated_kernel(panel: KernelPanel, model: Any, title: str) -> None:
    panel.kind.value = title
    layer = panel.add_layer()
    assert layer.data.sum() == pytest.approx(1)
    assert tuple(layer.scale) == (0.1, 0.1)
    assert layer.units == model.layers['cells'].units
    assert layer.metadata['napari_fresco_kernel']
    assert 'FWHM' in panel.message.text()
    assert not panel.picture.pixmap().isNull()


def test_the_numbers_are_taken(panel: KernelPanel) -> None:
    sigma = panel.fields['Gaussian']['sigma']
    sigma.value = 3.25
    kernel, _ = panel.kernel()
    np.testing.assert_allclose(kernel, kernels.gaussian(3.25))


def test_the_pixel_size_comes_from_the_image(panel: KernelPanel, model: Any) -> None:
    panel.kind.value = 'Microscope'
    size = panel.fields['Microscope']['pixel_size']
    assert size.value == 0.1
    nanometres = model.add_image(np.zeros((9, 9)), scale=(80, 80), units=('nm', 'nm'))
    panel.image.value = nanometres
    assert size.value == pytest.approx(0.08)


def test_coarse_pixels_are_warned_of_in_words(panel: KernelPanel) -> None:
    panel.kind.value = 'Microscope'
    size = panel.fields['Microscope']['pixel_size']
    size.value = 0.15
    assert 'undersamples' in panel.message.text()
    assert panel.add_button.isEnabled()


def test_a_file_is_read(panel: KernelPanel, tmp_path: Path) -> None:
    panel.kind.value = FILE
    assert 'Choose a file' in panel.message.text()
    assert not panel.add_button.isEnabled()
    np.save(tmp_path / 'k.npy', np.ones((3, 5)))
    panel.file.value = str(tmp_path / 'k.npy')
    assert panel.add_layer().data.shape == (3, 5)
    panel.file.value = str(tmp_path / 'gone.npy')
    assert 'gone.npy' in panel.message.text()


def test_a_bead_is_cut_from_the_image(panel: KernelPanel, model: Any) -> None:
    bead = np.full((41, 41), 10.0)
    bead[13:28, 16:31] += 1000 * kernels.gaussian(1.5, size=15)
    image = model.add_image(bead, name='beads', scale=(2, 2))
    model.add_shapes(
        [2 * np.array([[8.0, 11], [8, 35], [32, 35], [32, 11]])], shape_type='rectangle'
    )
    panel.image.value = image
    panel.kind.value = BEAD
    kernel, _ = panel.kernel()
    assert kernels.fwhm(kernel).major == pytest.approx(2.355 * 1.5, rel=0.1)
    assert np.unravel_index(kernel.argmax(), kernel.shape) == tuple(n // 2 for n in kernel.shape)


def test_the_kernel_made_for_a_panel_is_chosen_there(model: Any, qtbot: Any) -> None:
    model.add_image(np.zeros((64, 64)), name='cells')
    method_panel = commands.dpir(model)
    qtbot.addWidget(method_panel.native)
    method_panel.task.value = 'deblur'
    assert not method_panel.bar.button.isEnabled()
    method_panel.damage_section.make_kernel.click()
    (dialog,) = method_panel.native.findChildren(KernelDialog)
    made = dialog.panel.add_layer()
    assert method_panel.kernel.value.name == made.name
    assert method_panel.bar.button.isEnabled()
