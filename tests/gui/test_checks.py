"""What is said of a result: verified, doubtful or neither, and what was newly painted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco._napari.widgets import texts
from napari_fresco.layers import restore_layer
from napari_fresco.layers.jobs.step_reports import LayerOutcome
from napari_fresco.types import Result

from .conftest import Dock, FakeSolver, Finish
from .signals import pump

PASSED = SimpleNamespace(name='light', ok=True, message='')
FAILED = SimpleNamespace(name='noise', ok=False, message='the residual is not white; give sigma')
SAID = 'The residual is not white; give sigma.'


def outcome(
    *checks: Any, warnings: tuple[str, ...] = (), finish: Any = 'completed'
) -> LayerOutcome:
    record = {'seconds': 1.0, 'device': 'cpu', 'kind': 'data-consistent', 'warnings': [*warnings]}
    return LayerOutcome(Result(np.zeros((2, 2)), None, None, finish, record, checks=checks))


@pytest.mark.parametrize(
    ('found', 'word', 'doubts'),
    [
        (outcome(PASSED), 'checked', []),
        (outcome(), 'not checked', []),
        (outcome(PASSED, FAILED), 'see below', [SAID]),
        (outcome(PASSED, warnings=('3 were clipped',)), 'see below', ['3 were clipped.']),
        (outcome(FAILED, warnings=(FAILED.message,)), 'see below', [SAID]),
        (outcome(PASSED, finish='cancelled'), 'partial', []),
    ],
)  # fmt: skip
def test_only_what_has_passed_every_check_is_green(
    found: LayerOutcome, word: str, doubts: list[str]
) -> None:
    verdict = texts.verdict(found)
    assert verdict.text == word
    assert texts.doubts(found) == doubts
    assert (verdict.colour == texts.verdict(outcome(PASSED)).colour) == (word == 'checked')
    assert all(
        colour != texts.verdict(outcome(PASSED)).colour for colour, _ in texts.KINDS.values()
    )


def test_warnings_are_listed_beside_the_badge(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    model.add_image(np.zeros((20, 30)), name='wall')
    panel = dock(model, 'drunet')
    finish(panel)
    assert panel.bar.badge.text() == 'not checked'
    solver.facts = {'warnings': ['7 values < 0 were clipped']}
    finish(panel)
    assert panel.bar.badge.text() == 'see below'
    assert '7 values &lt; 0 were clipped.' in panel.bar.message.text()
    panel.image.value = model.add_image(np.zeros((20, 30)), name='other')
    assert panel.bar.badge.isHidden()


@pytest.mark.parametrize('kind', ['region', 'slice'])
def test_a_part_is_put_back_where_that_is_asked(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish, kind: str
) -> None:
    data = np.arange(2 * 20 * 30, dtype=np.uint16).reshape(2, 20, 30)
    model.add_image(data, name='film')
    panel = dock(model, 'drunet')
    panel.extent.value = 'Current slice' if kind == 'slice' else 'Whole stack'
    assert panel.full_size.native.isHidden() == (kind == 'region')
    if kind == 'region':
        square = np.array([[0, 3, 4], [0, 3, 9], [0, 9, 9], [0, 9, 4]], float)
        panel.region.value = model.add_shapes([square], name='there')
    assert not panel.full_size.native.isHidden()
    assert "'full_size'" not in panel.script()
    panel.full_size.value = True
    assert 'full_size=True' in panel.script()
    finish(panel)
    result = model.layers['film [DRUNet]'].data
    assert result.shape == data.shape
    wanted = data.copy()
    wanted[panel.request().image.index] *= 2
    np.testing.assert_array_equal(result, wanted)


def test_enlarged_parts_cannot_be_put_back(model: Any, dock: Dock) -> None:
    model.add_image(np.zeros((2, 20, 30)), name='film')
    panel = dock(model, 'dpir')
    panel.full_size.value = True
    panel.task.value = 'super_resolve'
    assert panel.full_size.native.isHidden()
    assert not panel.request().full_size


def test_a_part_put_back_keeps_the_fractions_that_were_asked_for() -> None:
    viewer = ViewerModel()
    noisy = np.random.default_rng(0).normal(100, 9, (2, 24, 32)).astype(np.uint8)
    viewer.add_image(noisy, name='film')
    (layer,) = restore_layer(
        viewer, 'film', method='ffdnet', sigma=9, part=(0, slice(None), slice(None)),
        full_size=True, dtype='float32',
    )  # fmt: skip
    assert layer.data.dtype == np.float32
    assert (layer.data[0] % 1).any()
    np.testing.assert_array_equal(layer.data[1], noisy[1])


def test_what_was_painted_is_a_layer_unless_that_is_not_wanted(
    model: Any, dock: Dock, solver: FakeSolver, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add_image(np.zeros((20, 30)), name='wall', scale=(2, 3))
    damage = np.zeros((20, 30), int)
    damage[4:9, 5:7] = 1
    mask = model.add_labels(damage, scale=(2, 3))
    iterate = solver.iterate

    def filling(image: Any, **given: Any) -> Any:
        result = yield from iterate(image, **given)
        return replace(result, filled=damage > 0)

    monkeypatch.setattr(solver, 'iterate', filling)
    panel = dock(model, 'dpir')
    panel.task.value, panel.mask.value = 'inpaint', mask
    pump(lambda: not panel.problem())
    finish(panel)
    assert 'filled=True' in panel.script()
    (layer,) = (each for each in model.layers if each.name.endswith(' filled'))
    np.testing.assert_array_equal(layer.data, damage)
    np.testing.assert_allclose(layer.scale, (2, 3))
    panel.filled.value = False
    assert 'filled' not in panel.script()
    model.layers.remove(layer)
    finish(panel)
    assert not [each for each in model.layers if each.name.endswith(' filled')]
    panel.task.value = 'denoise'
    assert panel.filled.native.isHidden()
    assert 'filled' not in panel.script()
