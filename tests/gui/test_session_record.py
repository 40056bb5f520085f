"""What was done to layers is on record as a script, as recipes and in words."""

from __future__ import annotations

import gc
import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QFileDialog

import napari_fresco as fresco
from napari_fresco._napari import commands
from napari_fresco._napari.files import session_dialog
from napari_fresco._napari.files.session_dialog import ask_for_record
from napari_fresco.batch import BatchRecipe
from napari_fresco.errors import FileError, FrescoError
from napari_fresco.layers import (
    fill_losses,
    put_back,
    record_session,
    restore_layer,
    same_as_recorded,
    undo_fill,
)
from napari_fresco.layers.files.session_acts import acts_of

from .signals import pump

QUICK: dict[str, Any] = {'iterations': 2, 'device': 'cpu'}
DENOISED: dict[str, Any] = {'method': 'dpir', 'model': 'nlm', 'iterations': 1, 'device': 'cpu'}
FILLED: dict[str, Any] = {'method': 'dpir', 'model': 'nlm', **QUICK}
FIRST, SECOND = np.s_[4:6, 3:20], np.s_[12:14, 8:16]


def pixels(*shape: int, dtype: Any = np.uint8) -> Any:
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


def repeated(folder: Path) -> dict[str, Any]:
    """Run the script of a session; return its layers by name, which are those of the record."""
    scope = runpy.run_path(str(folder / 'session.py'))
    assert all(same_as_recorded(folder / 'session.json', scope['results']).values())
    return {layer.name: layer for layer in scope['results'].values()}


@pytest.fixture
def session() -> Any:
    """Fills, one of which was undone and another one filled again, and what was made of them."""
    viewer = ViewerModel()
    place = {'scale': (0.5, 0.5), 'translate': (2, 3), 'units': ('mm', 'mm')}
    wall = viewer.add_image(pixels(24, 32, 3), name='My wall!', rgb=True, **place)
    cracks = np.zeros((24, 32), np.uint8)
    cracks[FIRST] = cracks[SECOND] = 1
    mask = viewer.add_labels(cracks, name='cracks', **place)
    fill_losses(viewer, wall, mask=mask, mask_options={'grow': 1}, **FILLED)
    undo_fill(viewer, wall, 1)
    mask.data[...] = 0
    mask.data[18:20, 2:12] = 1
    fill_losses(viewer, wall, mask=mask, sigma=3, **FILLED)
    grown = fill_losses(viewer, wall, again=[2], seed=3, **FILLED)[-1]
    restore_layer(viewer, grown, part=np.s_[2:20, 4:30], full_size=True, **DENOISED)
    return viewer


def test_the_script_gives_every_result_bit_for_bit(session: Any, tmp_path: Path) -> None:
    record_session(session, tmp_path / 'session')
    again = repeated(tmp_path / 'session')
    assert set(again) == {'My wall! [filled]', 'My wall! [filled] [DPIR]'}
    for name, layer in again.items():
        own = session.layers[name]
        assert np.array_equal(layer.data, own.data)
        assert np.allclose(layer.data_to_world((1, 1)), own.data_to_world((1, 1)))
        assert layer.units == own.units
    saved = fresco.read(tmp_path / 'session' / 'results' / 'my_wall_filled.tif')
    assert np.array_equal(saved.data, session.layers['My wall! [filled]'].data)
    assert saved.spacing['Y'][0] == 0.5


def test_kernels_maps_stacks_and_what_is_gone_are_repeated(tmp_path: Path) -> None:
    viewer = ViewerModel()
    stack = viewer.add_image(pixels(3, 20, 24, dtype=np.uint16), name='class')
    kernel = viewer.add_image(
        fresco.kernels.gaussian(1.1),
        name='psf',
        metadata={'napari_fresco_kernel': {'source': 'drawn', 'made_of': {'model': 'scalar'}}},
    )
    sharp = restore_layer(viewer, stack, task='deblur', kernel=kernel, sigma=4, **DENOISED)[-1]
    noise = viewer.add_image(np.full((20, 24), 5.0) + pixels(20, 24) / 100, name='noise')
    restore_layer(viewer, sharp, sigma=noise, part=np.s_[1, :, :], **DENOISED)
    viewer.dims.order = (1, 0, 2)
    restore_layer(viewer, stack, sigma=7, **DENOISED)
    for name in ('class [DPIR]', 'psf', 'noise'):
        viewer.layers.remove(name)
    assert len(acts_of(viewer.layers)) == 3
    record_session(viewer, tmp_path / 'new' / 'session')
    again = repeated(tmp_path / 'new' / 'session')
    kept = [layer for layer in viewer.layers if layer.name != 'class']
    same = [np.array_equal(a.data, b.data) for a, b in zip(again.values(), kept, strict=True)]
    assert same == [True, True]
    words = (tmp_path / 'new' / 'session' / 'methods.md').read_text('utf-8')
    assert 'Blur kernel: drawn' in words
    assert 'Gibson' in words, 'the optics of a kernel are cited'


def test_recipes_give_the_same_from_files(tmp_path: Path) -> None:
    image = tmp_path / 'cells.tif'
    fresco.write(image, fresco.Image(pixels(20, 24), 'YX', {'Y': (0.1, 'um'), 'X': (0.1, 'um')}))
    viewer = ViewerModel()
    data = fresco.read(image).data
    cells = viewer.add_image(data, name='cells', metadata={'napari_fresco_file': {'path': image}})
    first = restore_layer(viewer, cells, task='deblur', kernel=fresco.kernels.gaussian(1.0),
                          sigma=4, **DENOISED)[-1]  # fmt: skip
    second = restore_layer(viewer, first, sigma=6, **DENOISED)[-1]
    folder = tmp_path / 'session'
    written = {path.name for path in record_session(viewer, folder)}
    assert not {'cells.tif'} & written, 'a file that holds the same pixels is not copied'
    assert "fresco.read(here / '../cells.tif')" in (folder / 'session.py').read_text('utf-8')
    for number, layer in ((1, first), (2, second)):
        recipe = BatchRecipe.read(folder / f'recipe-{number}.yaml')
        fresco.batch.run(recipe, workers=1)
        made = fresco.read(folder / f'batch-{number}' / 'cells.tif')
        assert np.array_equal(made.data, layer.data)


def test_what_no_recipe_tells_is_said(session: Any, tmp_path: Path) -> None:
    small = session.add_image(pixels(20, 22), name='small')
    known = {'napari_fresco_kernel': {'scale': 2, 'downsampling': 'bicubic'}}
    kernel = session.add_image(fresco.kernels.gaussian(1.2), name='kernel', metadata=known)
    options = {'task': 'super_resolve', 'scale': 2, 'kernel': kernel, 'sigma': 3}
    enlarged = restore_layer(session, small, **{**DENOISED, **options})[-1]
    written = record_session(session, tmp_path / 'session')
    assert not [path for path in written if path.suffix == '.yaml']
    words = (tmp_path / 'session' / 'methods.md').read_text('utf-8')
    for why in ('run after run', 'a part of its image', 'negative entries'):
        assert why in words
    again = repeated(tmp_path / 'session')[enlarged.name]
    assert np.array_equal(again.data, enlarged.data)


def test_what_cannot_be_repeated_is_said(tmp_path: Path) -> None:
    viewer = ViewerModel()
    with pytest.raises(FrescoError, match='no layer is a result'):
        record_session(viewer, tmp_path / 'none')
    wall = viewer.add_image(pixels(20, 24), name='wall')
    part = restore_layer(viewer, wall, part=np.s_[4:16, :], sigma=5, **DENOISED)[-1]
    data, keywords, _ = put_back(part, into=wall)
    viewer.add_image(data, **{**keywords, 'name': 'whole'})
    other = restore_layer(viewer, wall, sigma=6, **DENOISED)[-1]
    other.data = other.data + 1
    lost = viewer.add_image(pixels(20, 24), name='lost')
    restore_layer(viewer, lost, sigma=6, **DENOISED)
    viewer.layers.remove(lost)
    viewer.layers.selection.active = wall
    del lost
    gc.collect()
    record_session(viewer, tmp_path / 'session')
    known = json.loads((tmp_path / 'session' / 'session.json').read_text('utf-8'))
    told = ' '.join(known['left'])
    for name, why in (('whole', 'put together'), (other.name, 'changed'), ('lost [', 'is gone')):
        assert any(name in each and why in each for each in known['left']), told
    repeated(tmp_path / 'session')
    with pytest.raises(FileError, match='not empty'):
        record_session(viewer, tmp_path / 'session')
    with pytest.raises(FileError, match='no record of a session'):
        same_as_recorded(tmp_path / 'session' / 'methods.md', {})


def test_a_deleted_image_gives_its_memory_back() -> None:
    viewer = ViewerModel()
    wall = viewer.add_image(pixels(20, 24), name='wall')
    (made,) = restore_layer(viewer, wall, sigma=5, **DENOISED)
    source = made.metadata['napari_fresco_made'].source
    assert source.pixels() is wall.data
    viewer.layers.remove(wall)
    viewer.layers.selection.active = made
    del wall
    gc.collect()
    assert source.pixels() is None


def test_the_command_writes_what_panels_did(
    model: Any, dock: Any, finish: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add_image(pixels(32, 40, 3), name='wall', rgb=True)
    model.add_labels(np.pad(np.ones((2, 9), np.uint8), ((9, 21), (9, 22))), name='damage')
    restoring, filling = dock(model, 'dpir'), commands.fill_losses(model)
    restoring.task.value, restoring.sigma.value = 'denoise', 4
    for panel in (restoring, filling):
        panel.image.value, panel.iterations.value = 'wall', 1
        panel.model.value = 'nlm'
        finish(panel)
        panel.wait()
    told: list[str] = []
    monkeypatch.setattr(session_dialog, 'show_info', told.append)
    chosen = str(tmp_path / 'session')
    monkeypatch.setattr(QFileDialog, 'getSaveFileName', lambda *_: (chosen, ''))
    assert ask_for_record(model) is not None
    pump(lambda: bool(told))
    again = repeated(tmp_path / 'session')
    assert set(again) == {'wall [DPIR]', 'wall [filled]'}
    assert all(np.array_equal(made.data, model.layers[name].data) for name, made in again.items())
