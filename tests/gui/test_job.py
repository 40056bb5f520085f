"""Running, cancelling, failing and closing: nothing is lost, nothing leaks, nothing hangs."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.utils import progress

from napari_fresco._napari import panel as panel_module
from napari_fresco._napari.run_bar import CANCEL, CANCELLING, RUN
from napari_fresco._napari.runner import runner
from napari_fresco._napari.settings import Preferences
from napari_fresco.types import ImageError

from .conftest import FakeSolver

Dock = Callable[[str], Any]
Finish = Callable[[Any], None]

WAIT = 10_000


@pytest.fixture
def image(viewer: Any) -> Any:
    return viewer.add_image(
        np.random.default_rng(0).integers(0, 90, (20, 30), dtype=np.uint16),
        name='camera',
        scale=(0.5, 2.0),
        translate=(7, -3),
        rotate=30,
        units=('um', 'um'),
        axis_labels=('y', 'x'),
        contrast_limits=(5, 77),
        colormap='green',
        gamma=0.8,
    )


def all_dead(solver: FakeSolver) -> bool:
    gc.collect()
    return not any(tensor() is not None for tensor in solver.tensors)


def test_a_run_adds_the_result_like_its_source(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    solver.variance = True
    panel = dock('dpir')
    finish(panel)
    assert [layer.name for layer in viewer.layers] == [
        'camera',
        'camera [DPIR] variance',
        'camera [DPIR]',
    ]
    result = viewer.layers['camera [DPIR]']
    np.testing.assert_array_equal(result.data, image.data * 2)
    assert result.data.dtype == np.uint16
    for name in ('scale', 'translate', 'rotate', 'shear'):
        np.testing.assert_allclose(getattr(result, name), getattr(image, name))
    assert result.units == image.units
    assert result.axis_labels == ('y', 'x')
    assert tuple(result.contrast_limits) == (5, 77)
    assert result.colormap.name == 'green'
    assert result.gamma == 0.8
    record = result.metadata['napari_fresco']
    assert record['method'] == 'dpir'
    assert record['source'] == {'layer': 'camera', 'start': [0, 0], 'stop': [20, 30]}
    variance = viewer.layers['camera [DPIR] variance']
    assert variance.units == image.units
    assert 'Done after 1.5 s on cpu' in panel.bar.message.text()
    assert 'Data-consistent' in panel.bar.message.text()
    assert panel.bar.button.text() == RUN
    assert solver.threads
    assert threading.get_ident() not in solver.threads


def test_results_of_two_runs_have_names_of_their_own(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    panel = dock('dpir')
    finish(panel)
    finish(panel)
    assert len({layer.name for layer in viewer.layers}) == 3


def test_enlarging_divides_the_scale_and_keeps_the_field_of_view(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    panel = dock('dpir')
    panel.input.task = 'super_resolve'
    panel.damage.scale.setValue(3)
    finish(panel)
    result = viewer.layers['camera [DPIR]']
    assert result.data.shape == (60, 90)
    np.testing.assert_allclose(result.scale, image.scale / 3)
    # Both reach from half a pixel before the first to half a pixel behind the last.
    for mine, its in (((-0.5, -0.5), (-0.5, -0.5)), ((59.5, 89.5), (19.5, 29.5))):
        np.testing.assert_allclose(result.data_to_world(mine), image.data_to_world(its))


def test_a_region_is_put_back_where_it_was(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    box = [image.data_to_world(c) for c in ((4, 6), (4, 12), (9, 12), (9, 6))]
    shapes = viewer.add_shapes([np.array(box)], shape_type='polygon', name='roi')
    panel = dock('ffdnet')
    panel.input.image.value = image
    panel.input.region.value = shapes
    finish(panel)
    result = viewer.layers['camera [FFDNet]']
    np.testing.assert_array_equal(result.data, image.data[4:10, 6:13] * 2)
    np.testing.assert_allclose(result.data_to_world((1, 2)), image.data_to_world((5, 8)))


@pytest.mark.parametrize('whole', [False, True])
def test_a_slice_of_a_stack_is_put_back_into_its_plane(
    viewer: Any, dock: Dock, solver: FakeSolver, finish: Finish, whole: bool
) -> None:
    stack = viewer.add_image(
        np.arange(4 * 8 * 9).reshape(4, 8, 9), name='stack', scale=(3, 1, 1), translate=(5, 0, 0)
    )
    viewer.dims.set_point(0, 5 + 3 * 2)
    panel = dock('ffdnet')
    panel.input.extent.setCurrentIndex(int(whole))
    finish(panel)
    result = viewer.layers['stack [FFDNet]']
    assert result.data.shape == (4 if whole else 1, 8, 9)
    plane = 0 if whole else 2
    np.testing.assert_array_equal(result.data[0], stack.data[plane] * 2)
    np.testing.assert_allclose(result.data_to_world((0, 0, 0)), stack.data_to_world((plane, 0, 0)))


@pytest.mark.parametrize('size', [(1, 1), (3, 3), (25, 25)])
@pytest.mark.parametrize('rgb', [False, True])
def test_small_images_stay_what_they_are(
    viewer: Any, dock: Dock, solver: FakeSolver, finish: Finish, size: tuple[int, int], rgb: bool
) -> None:
    shape = (*size, 3) if rgb else size
    viewer.add_image(np.ones(shape, np.uint8), name='tiny', rgb=rgb)
    panel = dock('ffdnet')
    finish(panel)
    result = viewer.layers['tiny [FFDNet]']
    assert result.rgb == rgb
    assert result.data.shape == shape
    assert solver.calls[0]['axes'] == ('YXS' if rgb else 'YX')


def test_cancel_keeps_the_best_estimate_and_frees_the_rest(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated, solver.steps = True, 100
    panel = dock('dpir')
    panel.bar.button.click()
    assert panel.bar.button.text() == CANCEL
    with qtbot.waitSignal(runner().reported, timeout=WAIT):
        solver.allow()
    panel.bar.button.click()
    assert panel.bar.button.text() == CANCELLING
    assert not panel.bar.button.isEnabled()
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
    assert viewer.layers[-1].name == 'camera [DPIR] partial'
    assert viewer.layers[-1].metadata['napari_fresco']['finish'] == 'cancelled'
    assert 'Cancelled' in panel.bar.message.text()
    assert panel.bar.button.text() == RUN
    assert len(solver.tensors) == 3
    assert all_dead(solver)


def test_a_runtime_error_reaches_the_user_and_leaves_no_tensors(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = RuntimeError('CUDA error: out of luck\nsecond line')
    panel = dock('dpir')
    panel.bar.preview.setChecked(True)
    before = [layer.name for layer in viewer.layers]
    finish(panel)
    solver.error = None
    assert notes.errors == ['DPIR on camera stopped: RuntimeError: CUDA error: out of luck']
    assert panel.bar.message.text() == notes.errors[0]
    assert [layer.name for layer in viewer.layers] == before
    assert not list(progress._all_instances)
    assert panel.bar.button.text() == RUN
    assert panel.bar.button.isEnabled()
    assert all_dead(solver)
    finish(panel)
    assert viewer.layers[-1].name == 'camera [DPIR]'


def test_a_wrong_image_gives_its_own_sentence(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = ImageError('image holds 3 NaN')
    finish(dock('ffdnet'))
    assert notes.errors == ['FFDNet on camera stopped: image holds 3 NaN']


def test_a_warning_as_an_exception_is_no_crash(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = MemoryError()
    finish(dock('ffdnet'))
    assert 'not enough memory' in notes.errors[0]


def test_other_panels_say_who_is_busy(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    first, other = dock('dpir'), dock('ffdnet')
    first.run()
    assert 'Busy: DPIR on camera' in other.bar.message.text()
    assert not other.bar.button.isEnabled()
    assert first.bar.button.text() == CANCEL
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow(3)
    assert other.bar.button.isEnabled()
    assert not other.bar.message.text()
    assert len(solver.calls) == 1


def test_a_second_panel_of_the_method_can_cancel(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    dock('dpir').run()
    second = dock('dpir')
    assert second.bar.button.text() == CANCEL
    second.bar.button.click()
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
    assert viewer.layers[-1].name.endswith('partial')


def test_the_source_may_be_deleted_meanwhile(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    scale = tuple(image.scale)
    dock('dpir').run()
    with qtbot.waitSignal(runner().reported, timeout=WAIT):
        solver.allow()
    viewer.layers.remove('camera')
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow(2)
    assert viewer.layers['camera [DPIR]'].scale == pytest.approx(scale)


def test_the_preview_is_drawn_in_place_and_then_removed(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated, solver.steps = True, 5
    panel = dock('dpir')
    panel.bar.preview.setChecked(True)
    panel.run()
    shown = []
    for _ in range(2):
        clock.advance(0.3)
        with qtbot.waitSignal(runner().reported, timeout=WAIT):
            solver.allow()
        layer = viewer.layers['camera [DPIR] preview']
        shown.append((layer.unique_id, int(layer.data.max())))
    assert viewer.layers.selection.active.name == 'camera'
    peak = int(image.data.max())
    assert shown == [(shown[0][0], peak), (shown[0][0], 2 * peak)]
    np.testing.assert_allclose(layer.data_to_world((3, 4)), image.data_to_world((3, 4)))
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow(3)
    assert [layer.name for layer in viewer.layers] == ['camera', 'camera [DPIR]']


def test_previews_come_at_most_four_times_a_second(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated, solver.steps = True, 10
    panel = dock('dpir')
    panel.bar.preview.setChecked(True)
    reports: list[Any] = []
    runner().reported.connect(reports.append)
    panel.run()
    for _ in range(9):
        clock.advance(0.1)
        with qtbot.waitSignal(runner().reported, timeout=WAIT):
            solver.allow()
    runner().reported.disconnect(reports.append)
    assert [report.preview is not None for report in reports] == [True, False, False] * 3
    assert [report.residual is not None for report in reports] == [True, False, False] * 3
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()


def test_a_deleted_preview_stays_away(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated = True
    panel = dock('dpir')
    panel.bar.preview.setChecked(True)
    panel.run()
    for step in range(2):
        clock.advance(0.3)
        with qtbot.waitSignal(runner().reported, timeout=WAIT):
            solver.allow()
        if step == 0:
            viewer.layers.remove('camera [DPIR] preview')
    assert [layer.name for layer in viewer.layers] == ['camera']
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
    assert [layer.name for layer in viewer.layers] == ['camera', 'camera [DPIR]']


def test_without_a_tick_there_is_no_preview(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    names: list[str] = []
    viewer.layers.events.inserted.connect(lambda event: names.append(event.value.name))
    panel = dock('dpir')
    panel.bar.preview.setChecked(False)
    finish(panel)
    assert names == ['camera [DPIR]']


def test_read_outs_follow_the_run(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any
) -> None:
    solver.gated, solver.steps = True, 4
    truth = viewer.add_image(image.data, name='truth')
    panel = dock('dpir')
    panel.input.image.value = image
    panel.input.reference.value = truth
    panel.run()
    assert panel.bar.progress.maximum() == 0
    for _ in range(3):
        clock.advance(2)
        with qtbot.waitSignal(runner().reported, timeout=WAIT):
            solver.allow()
    assert panel.bar.progress.value() == 3
    assert panel.bar.time.text() == '2.0 s left'
    assert panel.bar.curve.values == pytest.approx((1, 1 / 2, 1 / 3))
    assert panel.bar.read_out.text().startswith('Step 3 of 4 · residual 0.3333 · PSNR')
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
    assert 'PSNR' in panel.bar.message.text()
    assert panel.bar.progress.isHidden()


def test_the_dock_may_be_closed_while_it_runs(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    panel = dock('dpir')
    panel.run()
    with qtbot.waitSignal(runner().reported, timeout=WAIT):
        solver.allow()
    viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    qtbot.wait(20)
    viewer.add_image(np.zeros((4, 4)))
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow(2)
    assert 'camera [DPIR]' in viewer.layers


def test_closing_the_viewer_ends_the_job_and_frees_its_memory(
    make_napari_viewer: Any, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated, solver.steps = True, 100
    viewer = make_napari_viewer()
    viewer.add_image(np.ones((8, 8)), name='camera')
    from napari_fresco._napari import commands

    panel = commands.dpir(viewer)
    viewer.window.add_dock_widget(panel)
    panel.run()
    with qtbot.waitSignal(runner().reported, timeout=WAIT):
        solver.allow()
    viewer.close()
    solver.allow(2)
    qtbot.waitUntil(lambda: runner().request is None, timeout=WAIT)
    assert solver.clean.is_set()
    assert all_dead(solver)


def test_a_result_for_a_viewer_closed_behind_its_back_is_dropped(
    make_napari_viewer: Any, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    viewer = make_napari_viewer()
    viewer.add_image(np.ones((8, 8)), name='camera')
    from napari_fresco._napari import commands

    panel = commands.dpir(viewer)
    viewer.window.add_dock_widget(panel)
    other = make_napari_viewer()
    panel.run()
    viewer.close()
    with qtbot.waitSignal(runner().changed, timeout=WAIT):
        solver.allow(3)
    qtbot.waitUntil(lambda: runner().request is None, timeout=WAIT)
    assert not other.layers


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Time that passes only when the test says so."""
    from napari_fresco._napari import job

    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

        def advance(self, seconds: float) -> None:
            self.now += seconds

    fake = Clock()
    monkeypatch.setattr(job, 'time', fake)
    return fake


def test_the_preview_rate_is_a_preference(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any, clock: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(panel_module, 'read_preferences', lambda: Preferences(preview_rate=1))
    solver.gated, solver.steps = True, 5
    panel = dock('dpir')
    reports: list[Any] = []
    runner().reported.connect(reports.append)
    panel.run()
    for _ in range(4):
        clock.advance(0.5)
        with qtbot.waitSignal(runner().reported, timeout=WAIT):
            solver.allow()
    runner().reported.disconnect(reports.append)
    assert [report.preview is not None for report in reports] == [True, False, True, False]
    with qtbot.waitSignal(runner().ended, timeout=WAIT):
        solver.allow()
