"""Kernels made by hand: the right shape, calibrated, and usable at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.degradation.kernel_kinds import KINDS
from napari_fresco._napari.degradation.kernel_panel import BEAD, FILE, KernelDialog, KernelPanel
from napari_fresco._napari.files.readers_writers import read_kernels
from napari_fresco.errors import FrescoError
from napari_fresco.layers.images.selection import select
from napari_fresco.layers.requests.kernel_choice import chosen_kernel, with_depth
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
    assert not panel.preview.plane.pixmap().isNull()


def test_the_numbers_are_taken(panel: KernelPanel) -> None:
    panel.kind.value = 'Gaussian'
    sigma = panel.fields['Gaussian']['sigma']
    sigma.value = 3.25
    np.testing.assert_allclose(panel.kernel().values, kernels.gaussian(3.25))


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
    assert '⚠ pixel_size = 0.15 undersamples' in panel.message.text()
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
    kernel = panel.kernel().values
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
    assert dialog.panel.kind.value == 'Gaussian'
    made = dialog.panel.add_layer()
    assert not made.visible, 'it would cover the image'
    assert model.layers.selection.active.name == 'cells'
    assert method_panel.kernel.value.name == made.name
    assert method_panel.bar.button.isEnabled()


def volume(model: Any, **facts: Any) -> Any:
    """Add a volume as a file of a confocal microscope opens."""
    said = {'wavelengths': ((488.0, 520.0),), 'objective': {'na': 1.2, 'refractive_index': 1.333}}
    keywords = {
        'name': 'volume', 'scale': (200, 80, 80), 'units': ('nm',) * 3,
        'axis_labels': ('z', 'y', 'x'), 'metadata': {'napari_fresco_file': said},
    }  # fmt: skip
    return model.add_image(np.zeros((24, 64, 64)), **{**keywords, **facts})


def test_a_micrograph_begins_with_the_kernel_of_a_microscope(model: Any, qtbot: Any) -> None:
    for units, scale, kind in ((('um', 'um'), 0.1, 'Microscope'), (('mm', 'mm'), 0.2, 'Gaussian')):
        image = model.add_image(np.zeros((9, 9)), scale=(scale, scale), units=units)
        panel = KernelPanel(model, image)
        qtbot.addWidget(panel)
        assert panel.kind.value == kind
    panel.kind.value = 'Gaussian'
    panel.image.value = model.layers[0]
    assert panel.kind.value == 'Gaussian', 'what was chosen stays'


def test_a_volume_gets_the_kernel_of_its_voxels_and_channel(panel: KernelPanel, model: Any) -> None:
    panel.image.value = volume(model)
    assert panel.kind.value == 'Microscope'
    fields = panel.fields['Microscope']
    wanted = {
        'pixel_size': 0.08, 'z_step': 0.2, 'wavelength': 0.52, 'excitation': 0.488, 'na': 1.2,
        'refractive_index': 1.333,
    }  # fmt: skip
    assert {name: fields[name].value for name in wanted} == pytest.approx(wanted)
    assert not panel._rows['Microscope']['pinhole'].shown
    fields['kind'].value = 'confocal'
    assert panel._rows['Microscope']['pinhole'].shown
    fields['planes'].value, fields['size'].value = 9, 21
    layer = panel.add_layer()
    assert layer.data.shape == (9, 21, 21)
    np.testing.assert_allclose(layer.scale, (200, 80, 80))
    assert layer.units == model.layers['volume'].units
    assert layer.axis_labels == ('z', 'y', 'x')
    facts = layer.metadata['napari_fresco_kernel']
    assert facts['made_of']['pinhole'] == 1
    assert facts['made_of']['wavelength'] == pytest.approx(0.52)
    assert 'confocal' in facts['source']
    assert any('coarser' in note for note in facts['notes'])
    assert not panel.preview.section.isHidden()
    assert not panel.preview.section.pixmap().isNull()
    panel.image.value = model.layers['cells']
    assert fields['z_step'].value is None
    assert panel.kernel().ndim == 2
    assert panel.preview.section.isHidden()


def test_beads_of_a_volume_are_measured(panel: KernelPanel, model: Any) -> None:
    psf = kernels.microscope(
        1.0, 0.52, 0.08, 1.333, size=21, z_step=0.2, planes=15, kind='confocal'
    )
    beads = np.full((24, 64, 64), 100.0)
    for row, column in ((20, 20), (20, 44), (44, 32)):
        beads[4:19, row - 10 : row + 11, column - 10 : column + 11] += 4e4 * psf.values
    beads = np.random.default_rng(0).poisson(beads).astype(np.uint16)
    panel.image.value = volume(model, name='beads', metadata={})
    model.layers['beads'].data = beads
    panel.kind.value = BEAD
    panel.diameter.value = 0.1
    kernel = panel.kernel()
    assert kernel.ndim == 3
    assert kernel.metadata['diameter'] == 0.1
    assert 'of 3 beads were used' in panel.remarks.text()
    layer = panel.add_layer()
    np.testing.assert_allclose(layer.scale, (200, 80, 80))
    model.layers['beads'].data = np.zeros((24, 64, 64))
    panel.refresh()
    assert 'rises above the noise' in panel.message.text()


def test_a_kernel_of_a_volume_is_offered_and_checked(model: Any, qtbot: Any) -> None:
    image = volume(model)
    method_panel = commands.dpir(model)
    qtbot.addWidget(method_panel.native)
    method_panel.task.value = 'deblur'
    made = KernelPanel(model, image)
    qtbot.addWidget(made)
    made.kind.value = 'Microscope'
    layer = made.add_layer()
    assert method_panel.damage_section.kernel_row.offers(layer)
    method_panel.kernel.value = layer
    chosen = method_panel.damage_section.chosen_kernel('deblur')
    assert chosen is not None
    assert chosen.array.spacing['Z'] == (200, 'nm')
    layer.scale = (300, 80, 80)
    with pytest.raises(FrescoError, match='spacing of 300 nm on axis Z'):
        method_panel.damage_section.chosen_kernel('deblur')
    method_panel.image.value = model.add_image(np.zeros((64, 64)), name='plane')
    with pytest.raises(FrescoError, match='no planes along z'):
        method_panel.damage_section.chosen_kernel('deblur')


def test_an_axis_without_a_name_is_depth_where_the_kernel_has_one(model: Any) -> None:
    part = select(volume(model, axis_labels=('-3', '-2', '-1')))
    assert part.axes[0] != 'Z'
    assert with_depth(part, np.ones((3, 3, 3))).image().axes == 'ZYX'
    assert with_depth(part, np.ones((3, 3))) is part
    named = select(volume(model, axis_labels=('t', 'y', 'x'), name='times'))
    assert with_depth(named, np.ones((3, 3, 3))).axes == 'TYX'


def test_numbers_that_nobody_told_are_said_to_be_assumed(model: Any, qtbot: Any) -> None:
    said = {'wavelengths': ((488.0, 670.0),), 'objective': {'na': 1.2, 'refractive_index': 1.333}}
    place: dict[str, Any] = {'scale': (0.08, 0.08), 'units': ('um', 'um')}
    known = model.add_image(np.zeros((32, 32)), metadata={'napari_fresco_file': said}, **place)
    bare = model.add_image(np.zeros((32, 32)), **place)
    panel = KernelPanel(model, known)
    qtbot.addWidget(panel)
    fields = panel.fields['Microscope']
    assert 'assumed' not in panel.kernel().metadata
    panel.image.value = bare  # of which nothing of the other image holds
    assert fields['wavelength'].value == 0.52
    assert panel.kernel().metadata['assumed'] == ['na', 'refractive_index', 'wavelength']
    assert 'assumed numbers' in panel.message.text()
    assert 'NA 1.4, emission 0.52 µm' in panel.message.text()
    fields['na'].value, fields['wavelength'].value = 0.8, 0.6
    assert 'assumed numbers' not in panel.message.text()
    layer = panel.add_layer()
    assert layer.metadata['napari_fresco_kernel']['made_of']['assumed'] == ['refractive_index']


def test_a_kernel_file_brings_its_spacing_and_its_light(
    panel: KernelPanel, model: Any, tmp_path: Path
) -> None:
    spacing = {'Z': (0.3, 'um'), 'Y': (0.08, 'um'), 'X': (0.08, 'um')}
    image = fresco.Image(
        np.ones((3, 5, 5), np.float32), 'ZYX', spacing, metadata={'wavelengths': ((405.0, 460.0),)}
    )
    fresco.write(tmp_path / 'psf.ome.tif', image)
    panel.kind.value = FILE
    panel.file.value = str(tmp_path / 'psf.ome.tif')
    assert 'Made for excitation 405 nm, wavelength 460 nm.' in panel.remarks.text()
    assert 'Spacing Z 0.3 um, Y 0.08 um, X 0.08 um.' in panel.remarks.text()
    layer = panel.add_layer()
    assert tuple(layer.scale) == (0.3, 0.08, 0.08)
    chosen = chosen_kernel(layer, None, 'deblur', scale=1).array
    assert (chosen.spacing, chosen.metadata) == (
        spacing,
        {'excitation': 0.405, 'wavelength': 0.46},
    )
    ((_, facts, _),) = read_kernels(tmp_path / 'psf.ome.tif')
    assert facts['scale'] == [0.3, 0.08, 0.08]
    assert facts['metadata'] == layer.metadata
