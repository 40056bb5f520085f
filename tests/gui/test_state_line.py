"""One line says how a run will be computed, and why; preferences reach the library."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari import commands
from napari_fresco._napari.widgets.settings import Preferences, apply_to_library
from napari_fresco.declare.options import MEMORY_VARIABLE
from napari_fresco.layers.images.layer_kinds import KERNEL
from napari_fresco.layers.jobs import pace
from napari_fresco.layers.jobs.pace import Pace
from napari_fresco.weights.store import FOLDER_VARIABLE

NETWORK = {'arithmetic': 'float32', 'tile': None, 'halo': 16, 'bytes_per_pixel': 1000}


@pytest.fixture
def panel(model: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pace, '_PACES', {})
    model.add_image(np.zeros((500, 400), np.uint8), name='frame')
    found = commands.ffdnet(model)
    qtbot.addWidget(found.native)
    return found


def said(panel: Any, last: Pace | None = None) -> tuple[str, str]:
    if last is not None:
        pace._PACES['ffdnet', 'denoise'] = last
    panel.refresh()
    return panel.state.native.text(), panel.state.native.toolTip()


def test_before_the_first_run_only_what_is_chosen_is_said(panel: Any) -> None:
    assert 'first run' in said(panel)[0]
    panel.device.value, panel.tile.value = 'cpu', 128
    text, why = said(panel)
    assert text == 'CPU · tiles of 128 px'
    assert 'as chosen' in why


def test_after_a_run_the_next_one_is_foretold(panel: Any) -> None:
    text, why = said(panel, Pace(1e-4, 'cpu', (NETWORK,)))
    assert text == 'CPU, no GPU found · float32 · in one piece · about 20 s · 0.2 GB'
    assert 'bfloat16 is not fast here' in why
    tiled = {**NETWORK, 'tile': 100, 'arithmetic': 'bfloat16', 'bytes_per_pixel': 10_000}
    text, why = said(panel, Pace(None, 'cuda:0', (tiled,)))
    assert text == 'CUDA:0 · bfloat16 · tiles of 100 px · 0.2 GB'
    assert 'hides its rounding' in why
    text, _ = said(panel, Pace(None, 'cpu', (NETWORK,), around=True))
    assert text == 'CPU, no GPU found · float32 · around the losses'


def test_of_a_volume_that_is_restored_as_one_all_planes_count(
    model: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = model.add_image(np.zeros((30, 100, 100), np.uint8), name='stack')
    panel = commands.dpir(model)
    qtbot.addWidget(panel.native)
    panel.image.value = stack
    panel.task.value = 'deblur'
    monkeypatch.setattr(pace, '_PACES', {('dpir', 'deblur'): Pace(1e-4, 'cpu', ())})
    for shape, words in (((5, 5), 'about 1.0 s'), ((3, 5, 5), 'about 30 s')):
        known = {'name': f'kernel {len(shape)}', 'metadata': {KERNEL: {}}, 'rgb': False}
        panel.kernel.value = model.add_image(np.ones(shape) / np.prod(shape), **known)
        panel.refresh()
        assert words in panel.state.native.text()


def test_a_run_is_noted_as_its_provenance_has_it(
    model: Any, panel: Any, finish: Callable[[Any], None]
) -> None:
    panel.region.value = 'Visible part'
    panel.device.value, panel.tile.value = 'cpu', 200
    finish(panel)
    record = model.layers[-1].metadata['napari_fresco']['computing'][0]
    assert (record['arithmetic'], record['tile']) == ('float32', 200)
    assert pace.pace_of('ffdnet', 'denoise').networks == (record,)


def test_preferences_reach_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (MEMORY_VARIABLE, FOLDER_VARIABLE):
        monkeypatch.setenv(name, '')
    apply_to_library(Preferences())
    assert not os.environ[MEMORY_VARIABLE]
    apply_to_library(Preferences(memory=2.5, weights_folder='/w'))
    assert (os.environ[MEMORY_VARIABLE], os.environ[FOLDER_VARIABLE]) == ('2.5', '/w')


def test_where_the_network_may_not_be_used_nothing_can_be_fetched(panel: Any) -> None:
    offered = []
    panel.solver_section.offer_get = lambda shown, at_work: offered.append(shown)
    known = SimpleNamespace(urls=('https://x',), bundled=False)
    panel.header.show = lambda *_: None
    for allowed in ('ask', 'never'):
        panel.preferences = Preferences(network=allowed)
        with pytest.MonkeyPatch.context() as patch:
            from napari_fresco._napari.restoring import panel as module

            patch.setattr(type(panel.choices), 'checkpoint', known)
            patch.setattr(module, 'is_here', lambda known: False)
            patch.setattr(module, 'kind_of', lambda method, known: 'feed-forward')
            patch.setattr(type(panel.choices), 'doubt', '')
            panel._show_what_it_is()
    assert offered == [True, False]
