"""Running, cancelling, failing and closing: nothing is lost, nothing leaks, nothing hangs."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from napari.utils import progress

from napari_fresco._napari import commands
from napari_fresco._napari.running.run_bar import CANCEL, CANCELLING, RUN
from napari_fresco.errors import WeightsError
from napari_fresco.layers.jobs.job import Job, Work
from napari_fresco.layers.jobs.layer_restoration import running

from .conftest import Dock, FakeSolver, Finish
from .fresh_process import run_fresh
from .signals import PATIENCE, pump, until


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


class SlowLayer:
    """A layer that napari slices in a thread of its own."""

    visible, loaded = True, False


def test_a_job_has_not_ended_before_its_layers_are_on_show(qtbot: Any) -> None:
    layer, ended = SlowLayer(), []

    def work(cancel: threading.Event) -> Generator[Any, None, None]:
        yield

    job: Job[None] = Job('slow', work, lambda result: [layer])
    job.ended.connect(lambda: ended.append(layer.loaded))
    job.start()
    pump(lambda: bool(job.layers))
    qtbot.wait(100)
    assert not job.done
    layer.loaded = True
    pump(lambda: job.done)
    assert ended == [True]


def test_a_job_does_not_wait_for_hidden_layers_nor_for_ever(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(cancel: threading.Event) -> Generator[Any, None, None]:
        yield

    hidden, stuck = SlowLayer(), SlowLayer()
    hidden.visible = False
    monkeypatch.setattr('napari_fresco.layers.jobs.job._LONGEST', 0.1)
    for layer in (hidden, stuck):
        job: Job[None] = Job('slow', work, lambda result, layer=layer: [layer])
        job.start()
        pump(lambda job=job: job.done)
        assert job.layers == [layer]


def all_dead(solver: FakeSolver) -> bool:
    gc.collect()
    return not any(tensor() is not None for tensor in solver.tensors)


def test_a_run_adds_the_result_like_its_source(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    solver.variance = True
    panel = dock(viewer, 'dpir')
    finish(panel)
    names = sorted(layer.name for layer in viewer.layers)
    assert names == ['camera', 'camera [DPIR]', 'camera [DPIR] variance']
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
    assert 'Done after 1.5 s on CPU' in panel.bar.message.text()
    assert 'Data-consistent' in panel.bar.message.text()
    assert panel.bar.button.text() == RUN
    assert solver.threads
    assert threading.get_ident() not in solver.threads


def test_enlarging_divides_the_scale_and_keeps_the_field_of_view(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    panel = dock(viewer, 'dpir')
    panel.task.value = 'super_resolve'
    panel.scale.value = 3
    finish(panel)
    result = viewer.layers['camera [DPIR]']
    assert result.data.shape == (60, 90)
    np.testing.assert_allclose(result.scale, image.scale / 3)
    # Both reach from half a pixel before the first to half a pixel behind the last.
    for mine, its in (((-0.5, -0.5), (-0.5, -0.5)), ((59.5, 89.5), (19.5, 29.5))):
        np.testing.assert_allclose(result.data_to_world(mine), image.data_to_world(its))


@pytest.mark.parametrize('whole', [False, True])
def test_a_slice_of_a_stack_is_put_back_into_its_plane(
    viewer: Any, dock: Dock, solver: FakeSolver, finish: Finish, whole: bool
) -> None:
    stack = viewer.add_image(
        np.arange(4 * 8 * 9).reshape(4, 8, 9), name='stack', scale=(3, 1, 1), translate=(5, 0, 0)
    )
    viewer.dims.set_point(0, 5 + 3 * 2)
    panel = dock(viewer, 'ffdnet')
    panel.extent.value = 'Whole stack' if whole else 'Current slice'
    finish(panel)
    result = viewer.layers['stack [FFDNet]']
    assert result.data.shape == (4 if whole else 1, 8, 9)
    plane = 0 if whole else 2
    np.testing.assert_array_equal(result.data[0], stack.data[plane] * 2)
    np.testing.assert_allclose(result.data_to_world((0, 0, 0)), stack.data_to_world((plane, 0, 0)))


def test_cancel_keeps_the_best_estimate_and_frees_the_rest(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated, solver.steps = True, 100
    panel = dock(viewer, 'dpir')
    panel.bar.button.click()
    assert panel.bar.button.text() == CANCEL
    with until(running.reported):
        solver.allow()
    panel.bar.button.click()
    assert panel.bar.button.text() == CANCELLING
    assert not panel.bar.button.isEnabled()
    with until(running.ended):
        solver.allow()
    assert viewer.layers[-1].name == 'camera [DPIR] partial'
    assert viewer.layers[-1].metadata['napari_fresco']['finish'] == 'cancelled'
    assert 'Cancelled' in panel.bar.message.text()
    assert panel.bar.button.text() == RUN
    assert len(solver.tensors) == 3
    assert all_dead(solver)


def test_a_window_names_no_command(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = WeightsError('run "weights get drunet"', 'choose others in the panel')
    finish(dock(viewer, 'dpir'))
    solver.error = None  # which keeps the window
    assert notes.errors == ['DPIR on camera stopped: choose others in the panel']


def test_a_runtime_error_reaches_the_user_and_leaves_no_tensors(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish, notes: Any
) -> None:
    solver.error = RuntimeError('CUDA error: out of luck\nsecond line')
    panel = dock(viewer, 'dpir')
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


def test_jobs_that_overlap_leave_warnings_as_they_were(qapp: Any) -> None:
    before = list(warnings.filters), warnings.showwarning
    first_may_end, second_may_end = threading.Event(), threading.Event()

    def waiting_for(event: threading.Event) -> Work[None]:
        def work(cancelled: threading.Event) -> Generator[str, None, None]:
            yield 'started'
            assert event.wait(PATIENCE)

        return work

    first = Job('first', waiting_for(first_may_end), lambda result: [])
    second = Job('second', waiting_for(second_may_end), lambda result: [])
    for job in (first, second):
        with until(job.reported):
            job.start()
    first_may_end.set()
    first.wait(PATIENCE)
    second_may_end.set()
    second.wait(PATIENCE)
    assert (list(warnings.filters), warnings.showwarning) == before


def test_the_source_may_be_deleted_meanwhile(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    scale = tuple(image.scale)
    dock(viewer, 'dpir').run()
    with until(running.reported):
        solver.allow()
    viewer.layers.remove('camera')
    with until(running.ended):
        solver.allow(2)
    assert viewer.layers['camera [DPIR]'].scale == pytest.approx(scale)


def test_the_dock_may_be_closed_while_it_runs(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    panel = dock(viewer, 'dpir')
    panel.run()
    with until(running.reported):
        solver.allow()
    viewer.window.remove_dock_widget(panel.native)
    panel.native.deleteLater()
    qtbot.wait(20)
    viewer.add_image(np.zeros((4, 4)))
    with until(running.ended):
        solver.allow(2)
    assert 'camera [DPIR]' in viewer.layers


def test_a_floating_dock_may_be_closed_while_it_runs(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    panel = dock(viewer, 'dpir')
    floating = next(iter(viewer.window._wrapped_dock_widgets.values()))
    floating.setFloating(True)
    panel.run()
    with until(running.reported):
        solver.allow()
    floating.destroyOnClose()
    qtbot.wait(20)
    with until(running.ended):
        solver.allow(2)
    assert 'camera [DPIR]' in viewer.layers


@pytest.mark.parametrize('how', ['replaced', 'in place', 'elsewhere'])
def test_pixels_that_change_during_a_run_are_said(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, how: str
) -> None:
    solver.gated = True
    other = viewer.add_image(np.zeros((20, 30)), name='other')
    panel = dock(viewer, 'dpir')
    panel.image.value = image
    panel.run()
    if how == 'replaced':
        image.data = image.data + 1
    else:
        (image if how == 'in place' else other).data[3, 4] += 1
    with until(running.ended):
        solver.allow(3)
    said = viewer.layers['camera [DPIR]'].metadata['napari_fresco']['warnings']
    changed = how != 'elsewhere'
    assert any('while this ran' in text for text in said) is changed
    assert ('while this ran' in panel.bar.message.text()) is changed


def test_closing_the_viewer_ends_the_job_and_frees_its_memory(
    make_napari_viewer: Any, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated, solver.steps = True, 100
    viewer = make_napari_viewer()
    viewer.add_image(np.ones((8, 8)), name='camera')
    panel = commands.dpir(viewer)
    viewer.window.add_dock_widget(panel)
    panel.run()
    with until(running.reported):
        solver.allow()
    job = running.restoration.job
    viewer.close()
    pump(job.cancelled.is_set)  # before the step that runs has ended
    solver.allow(2)
    pump(lambda: running.restoration is None)
    assert solver.clean.is_set()
    assert all_dead(solver)


def test_a_result_for_a_viewer_closed_behind_its_back_is_dropped(
    make_napari_viewer: Any, solver: FakeSolver, qtbot: Any
) -> None:
    solver.gated = True
    viewer = make_napari_viewer()
    viewer.add_image(np.ones((8, 8)), name='camera')
    panel = commands.dpir(viewer)
    viewer.window.add_dock_widget(panel)
    other = make_napari_viewer()
    panel.run()
    viewer.close()
    with until(running.changed):
        solver.allow(3)
    pump(lambda: running.restoration is None)
    assert not other.layers


@pytest.mark.parametrize(('size', 'rgb'), [((1, 1), False), ((25, 25), True)])
def test_small_images_are_drawn_as_what_they_are(
    viewer: Any, dock: Dock, solver: FakeSolver, finish: Finish, size: tuple[int, int], rgb: bool
) -> None:
    viewer.add_image(np.ones((*size, 3) if rgb else size, np.uint8), name='tiny', rgb=rgb)
    finish(dock(viewer, 'ffdnet'))
    result = viewer.layers['tiny [FFDNet]']
    assert result.rgb == rgb
    assert result.ndim == 2


def test_a_mask_drawn_on_a_turned_image_marks_what_it_covers(
    viewer: Any, image: Any, dock: Dock, solver: FakeSolver, finish: Finish
) -> None:
    box = [image.data_to_world(c) for c in ((3.6, 5.6), (3.6, 9.4), (7.4, 9.4), (7.4, 5.6))]
    shapes = viewer.add_shapes([np.array(box)], shape_type='polygon', name='loss')
    panel = dock(viewer, 'deepred')
    panel.image.value = image
    panel.mask.value = shapes
    finish(panel)
    expected = np.zeros((20, 30), bool)
    expected[4:8, 6:10] = True
    np.testing.assert_array_equal(solver.calls[0]['mask'], expected)
    assert solver.calls[0]['keep_known'] is True


def test_python_may_end_while_a_job_runs() -> None:
    code = (
        'import sys, time\n'
        'from qtpy.QtWidgets import QApplication\n'
        'app = QApplication([])\n'
        'from napari_fresco.layers.jobs.job import Job\n'
        'def work(cancel):\n'
        '    while not cancel.is_set():\n'
        '        time.sleep(0.01)\n'
        '        yield\n'
        'job = Job("long", work, lambda result: []).start()\n'
        'app.processEvents()\n'
        'sys.exit(0)\n'
    )
    assert 'deleted' not in run_fresh(code).stderr
