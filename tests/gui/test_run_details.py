"""Previews, read-outs, names and places of results: with a viewer that has no window."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from napari_fresco._napari.restoring import panel as panel_module
from napari_fresco._napari.running import run_bar
from napari_fresco._napari.running.run_bar import CANCEL
from napari_fresco._napari.widgets.settings import Preferences
from napari_fresco.errors import FrescoError, ImageError
from napari_fresco.layers.jobs import layer_restoration, step_reports
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import Dock, FakeSolver, Finish
from .signals import pump, until


@pytest.fixture
def viewer(model: Any) -> Any:
    return model


@pytest.fixture
def image(viewer: Any) -> Any:
    return viewer.add_image(
        np.random.default_rng(0).integers(0, 90, (20, 30), dtype=np.uint16),
        name='camera',
        scale=(0.5, 2.0),
        translate=(7, -3),
        rotate=30,
        units=('um', 'um'),
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Time that passes only when the test says so."""

    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

        def advance(self, seconds: float) -> None:
            self.now += seconds

    fake = Clock()
    monkeypatch.setattr(step_reports, 'time', fake)
    return fake


def test_results_of_two_runs_have_names_of_their_own(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    panel = dock(viewer, 'dpir')
    finish(panel)
    finish(panel)
    assert len({layer.name for layer in viewer.layers}) == 3


def test_a_region_is_put_back_where_it_was(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    box = [image.data_to_world(c) for c in ((4, 6), (4, 12), (9, 12), (9, 6))]
    shapes = viewer.add_shapes([np.array(box)], shape_type='polygon', name='roi')
    panel = dock(viewer, 'ffdnet')
    panel.image.value = image
    panel.region.value = shapes
    finish(panel)
    result = viewer.layers['camera [FFDNet]']
    np.testing.assert_array_equal(result.data, image.data[4:10, 6:13] * 2)
    np.testing.assert_allclose(result.data_to_world((1, 2)), image.data_to_world((5, 8)))


@pytest.mark.parametrize('size', [(1, 1), (3, 3), (25, 25)])
@pytest.mark.parametrize('rgb', [False, True])
def test_small_images_stay_what_they_are(
    viewer: Any, dock: Dock, solver: FakeSolver, finish: Finish, size: tuple[int, int], rgb: bool
) -> None:
    shape = (*size, 3) if rgb else size
    viewer.add_image(np.ones(shape, np.uint8), name='tiny', rgb=rgb)
    panel = dock(viewer, 'ffdnet')
    finish(panel)
    result = viewer.layers['tiny [FFDNet]']
    assert result.rgb == rgb
    assert result.data.shape == shape
    assert solver.calls[0]['axes'] == ('YXS' if rgb else 'YX')


def test_a_wrong_image_gives_its_own_sentence(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = ImageError('image holds 3 NaN')
    finish(dock(viewer, 'ffdnet'))
    assert notes.errors == ['FFDNet on camera stopped: image holds 3 NaN']


def test_an_error_that_is_kept_keeps_no_tensors(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver
) -> None:
    solver.error = RuntimeError('out of luck')
    steps = layer_restoration.Restoration(dock(viewer, 'dpir').request(), viewer).job.steps()
    next(steps)
    with pytest.raises(FrescoError, match='out of luck') as kept:
        next(steps)
    solver.error = None
    gc.collect()
    assert [tensor() for tensor in solver.tensors] == [None, None]
    assert kept.value.__context__ is None


def test_too_little_memory_is_said_in_plain_words(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = MemoryError()
    finish(dock(viewer, 'ffdnet'))
    assert 'not enough memory' in notes.errors[0]


def test_other_panels_say_who_is_busy(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    first, other = dock(viewer, 'dpir'), dock(viewer, 'ffdnet')
    first.run()
    assert 'Busy: DPIR on camera' in other.bar.message.text()
    assert not other.bar.button.isEnabled()
    assert first.bar.button.text() == CANCEL
    with until(running.ended):
        solver.allow(3)
    assert other.bar.button.isEnabled()
    assert not other.bar.message.text()
    assert len(solver.calls) == 1


def test_a_second_panel_of_the_method_can_cancel(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    dock(viewer, 'dpir').run()
    second = dock(viewer, 'dpir')
    assert second.bar.button.text() == CANCEL
    second.bar.button.click()
    with until(running.ended):
        solver.allow()
    assert viewer.layers[-1].name.endswith('partial')


def test_what_was_not_finished_is_not_blamed_on_its_settings(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated, solver.steps = True, 100
    solver.facts = {'warnings': ['the kernel is too wide']}
    panel = dock(viewer, 'dpir')
    panel.run()
    with until(running.reported):
        solver.allow()
    panel.cancel()
    assert panel.bar.read_out.text() == 'The present step ends first …'
    assert panel.bar.time.text() == ''
    with until(running.ended):
        solver.allow()
    assert 'too wide' not in panel.bar.message.text()
    assert 'let the run end' in panel.bar.message.text()
    assert 'too wide' in panel.bar.message.toolTip()


def test_a_run_says_that_it_is_alive_before_its_first_step(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_bar, '_SECOND', 1)
    solver.gated = True
    panel = dock(viewer, 'dpir')
    panel.run()
    pump(lambda: panel.bar.read_out.text() == 'Working … 9 s')
    with until(running.ended):
        solver.allow(3)
    assert panel.bar.read_out.text().startswith('Step')


def test_the_preview_is_drawn_in_place_and_then_removed(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated, solver.steps = True, 5
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(True)
    panel.run()
    shown = []
    for _ in range(2):
        clock.advance(0.3)
        with until(running.reported):
            solver.allow()
        layer = viewer.layers['camera [DPIR] preview']
        shown.append((layer.unique_id, int(layer.data.max())))
    assert viewer.layers.selection.active.name == 'camera'
    peak = int(image.data.max())
    assert shown == [(shown[0][0], peak), (shown[0][0], 2 * peak)]
    np.testing.assert_allclose(layer.data_to_world((3, 4)), image.data_to_world((3, 4)))
    with until(running.ended):
        solver.allow(3)
    assert [layer.name for layer in viewer.layers] == ['camera', 'camera [DPIR]']


def test_previews_come_at_most_four_times_a_second(
    viewer: Any,
    image: Any,
    dock: Dock,
    solver: FakeSolver,
    qtbot: Any,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(panel_module, 'read_preferences', lambda: Preferences(preview_rate=60))
    solver.gated, solver.steps = True, 10
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(True)
    reports: list[Any] = []
    running.reported.connect(reports.append)
    panel.run()
    for _ in range(9):
        clock.advance(0.1)
        with until(running.reported):
            solver.allow()
    running.reported.disconnect(reports.append)
    assert [report.preview is not None for report in reports] == [True, False, False] * 3
    assert [report.residual is not None for report in reports] == [True, False, False] * 3
    with until(running.ended):
        solver.allow()


def test_a_deleted_preview_stays_away(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated = True
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(True)
    panel.run()
    for step in range(2):
        clock.advance(0.3)
        with until(running.reported):
            solver.allow()
        if step == 0:
            viewer.layers.remove('camera [DPIR] preview')
    assert [layer.name for layer in viewer.layers] == ['camera']
    with until(running.ended):
        solver.allow()
    assert [layer.name for layer in viewer.layers] == ['camera', 'camera [DPIR]']


def test_light_that_adds_up_is_not_shown_twice(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    image.blending = 'additive'
    solver.gated, solver.steps = True, 3
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(True)

    def seen() -> list[str]:
        return [layer.name for layer in viewer.layers if layer.visible]

    panel.run()
    with until(running.reported):
        solver.allow()
    assert seen() == ['camera [DPIR] preview']
    viewer.layers.remove('camera [DPIR] preview')
    clock.advance(0.3)
    with until(running.reported):
        solver.allow()
    assert seen() == ['camera']
    with until(running.ended):
        solver.allow()
    assert seen() == ['camera [DPIR]']
    panel.run()
    with until(running.ended):
        solver.allow(3)
    assert len(viewer.layers) == 3
    assert seen() == [viewer.layers[-1].name]


def test_an_image_that_was_hidden_for_a_preview_comes_back_without_a_result(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    image.blending = 'additive'
    solver.gated, solver.steps, solver.error = True, 3, ValueError('no light')
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(True)
    panel.run()
    with until(running.reported):
        solver.allow()
    assert not image.visible
    with until(running.ended):
        solver.allow()
    assert [layer.name for layer in viewer.layers if layer.visible] == ['camera']


def test_without_a_tick_there_is_no_preview(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    names: list[str] = []
    viewer.layers.events.inserted.connect(lambda event: names.append(event.value.name))
    panel = dock(viewer, 'dpir')
    panel.bar.preview.setChecked(False)
    finish(panel)
    assert names == ['camera [DPIR]']


def test_read_outs_follow_the_run(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated, solver.steps = True, 4
    truth = viewer.add_image(image.data, name='truth')
    panel = dock(viewer, 'dpir')
    panel.image.value = image
    panel.reference.value = truth
    panel.run()
    assert panel.bar.progress.maximum() == 0
    for _ in range(3):
        clock.advance(2)
        with until(running.reported):
            solver.allow()
    assert panel.bar.progress.value() == 3
    assert panel.bar.time.text() == '2.0 s left'
    assert panel.bar.curve.values == pytest.approx((1, 1 / 2, 1 / 3))
    assert panel.bar.read_out.text() == 'Step 3 of 4'
    assert panel.bar.numbers.text().startswith('residual 0.3333 · PSNR')
    with until(running.ended):
        solver.allow()
    assert 'PSNR' in panel.bar.message.text()
    assert panel.bar.progress.isHidden()


def test_the_preview_rate_is_a_preference(
    viewer: Any,
    image: Any,
    dock: Dock,
    solver: FakeSolver,
    qtbot: Any,
    clock: Any,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(panel_module, 'read_preferences', lambda: Preferences(preview_rate=1))
    solver.gated, solver.steps = True, 5
    panel = dock(viewer, 'dpir')
    reports: list[Any] = []
    running.reported.connect(reports.append)
    panel.run()
    for _ in range(4):
        clock.advance(0.5)
        with until(running.reported):
            solver.allow()
    running.reported.disconnect(reports.append)
    assert [report.preview is not None for report in reports] == [True, False, True, False]
    with until(running.ended):
        solver.allow()
