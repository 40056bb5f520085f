"""Apply to folder …: the recipe of what a panel does, and running it beside the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari.running.folder_dialog import FolderDialog
from napari_fresco.batch import BatchRecipe, crews
from napari_fresco.layers.jobs.layer_restoration import running

from ..quick_session import PAUSE, QuickSession
from .signals import pump


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(crews, 'Session', QuickSession)
    (tmp_path / 'in').mkdir()
    for i in range(3):
        fresco.write(tmp_path / f'in/{i}.tif', np.full((16, 16), 40 * i, np.uint8))
    return tmp_path


def dialog_of(panel: Any, folder: Path) -> FolderDialog:
    dialog = panel.apply_to_folder()
    assert dialog is not None
    dialog.images.setText(str(folder / 'in'))
    dialog.output.setText(str(folder / 'out'))
    return dialog


def test_the_recipe_is_what_the_panel_does(dock: Any, model: Any, folder: Path) -> None:
    model.add_image(np.eye(32, dtype=np.float32), name='cells')
    kernel = np.outer([1.0, 2, 1], [1, 2, 1])
    model.add_image(kernel, name='psf', metadata={'napari_fresco_kernel': True})
    panel = dock(model, 'dpir')
    panel.image.value = model.layers['cells']
    panel.task.value = 'deblur'
    panel.kernel.value = model.layers['psf']
    panel.sigma.value = 3.0
    panel.iterations.value = 5
    dialog = dialog_of(panel, folder)
    (folder / 'recipes').mkdir()
    dialog.write_recipe(folder / 'recipes/night.yaml')
    found = BatchRecipe.read(folder / 'recipes/night.yaml')
    assert (found.method, found.task, found.parameters) == ('dpir', 'deblur', {'iterations': 5})
    assert found.options['sigma'] == 3
    job = fresco.batch.plan(found).files[0]
    np.testing.assert_allclose(np.load(job.sides()['kernel']), kernel)


def test_a_folder_is_restored_beside_the_window(
    dock: Any, model: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAUSE, '0.1')
    model.add_image(np.eye(32, dtype=np.float32), name='cells')
    panel = dock(model, 'ffdnet')
    dialog = dialog_of(panel, folder)
    dialog._look()
    assert 'Images: 3.' in dialog.said.text()
    dialog.begin()
    assert dialog.run is not None
    assert 'FFDNet on 3 files' in panel.problem()
    assert panel.bar.folder.isEnabled()
    assert panel.apply_to_folder() is dialog, 'the one at work is shown again'
    pump(lambda: dialog.run is None)
    assert 'summary.csv' in dialog.message.text()
    assert dialog.message.text().startswith('Restored: 3 of 3. Doubtful, see the table: 3.')
    assert sorted(p.name for p in (folder / 'out').iterdir()) == ['0.tif', '1.tif', '2.tif']
    assert running.busy_text == ''
    dialog.begin()
    pump(lambda: dialog.run is None)
    assert '0 of 3, 3 finished before' in dialog.message.text()


def test_a_folder_can_be_cancelled_and_goes_on(
    dock: Any, model: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAUSE, '0.3')
    model.add_image(np.eye(32, dtype=np.float32), name='cells')
    dialog = dialog_of(dock(model, 'ffdnet'), folder)
    dialog.begin()
    dialog._on_pressed()
    pump(lambda: dialog.run is None)
    assert 'Run goes on with the rest' in dialog.message.text()
    dialog.begin()
    pump(lambda: dialog.run is None)
    assert len(list((folder / 'out').iterdir())) == 3


def test_what_is_missing_is_said(dock: Any, model: Any, folder: Path) -> None:
    model.add_image(np.eye(32, dtype=np.float32), name='cells')
    dialog = dialog_of(dock(model, 'ffdnet'), folder)
    dialog.output.setText('')
    dialog.begin()
    assert dialog.message.text() == 'Choose a folder of results.'
    dialog.output.setText(str(folder / 'in'))
    dialog.begin()
    assert 'over an original' in dialog.message.text()
    assert dialog.run is None


def test_a_mask_of_the_layer_serves_all(dock: Any, model: Any, folder: Path) -> None:
    model.add_image(np.eye(16, dtype=np.float32), name='wall')
    damage = np.zeros((16, 16), np.uint8)
    damage[3:5, 4] = 1
    model.add_labels(damage, name='cracks')
    panel = dock(model, 'dpir')
    panel.task.value = 'inpaint'
    panel.mask.value = model.layers['cracks']
    recipe = dialog_of(panel, folder).recipe(folder)
    mask = fresco.batch.plan(recipe).files[0].sides()['mask']
    assert (np.asarray(fresco.read(mask).data) > 0).sum() == 2
