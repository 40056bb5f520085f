"""Every method restores the samples offline, with no setting changed.

One exception: DeepRED, which would take an hour, is told to stop after a few iterations. That is
enough to fill damage better than not at all, and too few to deblur.
"""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_fresco import weights
from napari_fresco._napari.files import sample_data
from napari_fresco._napari.methods.offered_models import checkpoint, first_scale, is_served
from napari_fresco._napari.methods.validation import absent
from napari_fresco._napari.running import fetch_weights
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import WeightsError
from napari_fresco.evidence.metrics import psnr
from napari_fresco.layers.images.layer_kinds import KERNEL, TRUTH
from napari_fresco.layers.jobs.layer_restoration import running
from napari_fresco.weights import store

from .conftest import Dock
from .signals import until

WAIT = 300_000
ITERATIONS = 10
LIKENESS = 20  # dB
PARTS = {'mural': np.s_[128:192, 368:432], 'micrograph': np.s_[88:152, 96:160]}
OPEN = {'mural': cache(sample_data.mural), 'micrograph': cache(sample_data.micrograph)}
TASKS = {('mural', 'mask'): 'inpaint', ('micrograph', 'kernel'): 'deblur'}


def needs_kernel(name: str, sample: str) -> bool:
    """Return whether a method needs a blur kernel whatever it does, and the sample has none."""
    method = METHODS[name]
    return sample == 'mural' and all('kernel' in method.needs.get(t, ()) for t in method.tasks)


def default(name: str, channels: int = 3) -> weights.Entry | None:
    method = METHODS[name]
    task = method.tasks[0]
    scale = first_scale(method) if task == 'super_resolve' else 1
    return checkpoint(method, task, model='auto', channels=channels, scale=scale)


ABSENT = [name for name in METHODS if (known := default(name)) and not known.bundled]
OFFLINE = [name for name in METHODS if name not in ABSENT]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let nobody reach the network, or find weights that were fetched before."""

    def refuse(*args: Any, **keywords: Any) -> Any:
        raise OSError('the network was asked')

    for name in ('getaddrinfo', 'create_connection'):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.delenv(store.FOLDER_VARIABLE, raising=False)
    for module in (store, weights):
        monkeypatch.setattr(module, 'cache_folder', lambda: tmp_path)


def open_part(viewer: Any, sample: str) -> tuple[Any, Any]:
    """Open a part of a sample; return the layers of the image and of its truth."""
    for data, keywords, kind in OPEN[sample]():
        kernel = KERNEL in keywords.get('metadata', {})
        part = data if kernel else data[PARTS[sample]]
        place = {} if kernel else {'translate': np.multiply((3, 5), keywords['scale'])}
        getattr(viewer, f'add_{kind}')(part, **keywords, **place)
    return viewer.layers[sample], viewer.layers[f'{sample} truth']


def run(panel: Any, qtbot: Any) -> None:
    assert panel.bar.button.isEnabled(), panel.bar.message.text()
    with until(running.ended):
        panel.bar.button.click()


def quality(image: np.ndarray, truth: np.ndarray) -> float:
    return psnr(image, truth, data_range=float(np.ptp(truth)))


@pytest.mark.parametrize('name', OFFLINE)
def test_each_method_restores_both_samples_with_its_defaults(
    viewer: Any, qtbot: Any, name: str
) -> None:
    title = METHODS[name].title
    for sample in [sample for sample in OPEN if not needs_kernel(name, sample)]:
        viewer.layers.clear()
        image, truth = open_part(viewer, sample)
        dock, panel = viewer.window.add_plugin_dock_widget('napari-fresco', title)
        if name == 'deepred':
            panel.iterations.value = ITERATIONS
        assert panel.image.value.name == sample
        run(panel, qtbot)
        result = viewer.layers[f'{sample} [{title}]']
        scale = panel.choices.scale
        assert np.isfinite(result.data).all()
        assert result.data.dtype == image.data.dtype
        assert result.data.shape[:2] == tuple(n * scale for n in image.data.shape[:2])
        assert result.data.shape[2:] == image.data.shape[2:]
        assert result.units == image.units
        np.testing.assert_allclose(result.scale, image.scale / scale)
        corner = (-0.5, -0.5)
        np.testing.assert_allclose(result.data_to_world(corner), image.data_to_world(corner))
        np.testing.assert_allclose(result.contrast_limits, image.contrast_limits)
        if scale == 1:
            check_quality(panel, result, image, truth)
        viewer.window.remove_dock_widget(dock)


def check_quality(panel: Any, result: Any, image: Any, truth: Any) -> None:
    """The result is nearer to the truth than the image was, as the panel says.

    The noise of the mural alone is lighter than what networks are made for that are not told
    how strong it is, and takes fine texture along: there a likeness must do.
    """
    assert panel.reference.value.name == truth.name
    assert 'dB before)' in panel.bar.message.text()
    light_noise = image.name == 'mural' and panel.task.value == 'denoise'
    cut_short = panel.method.name == 'deepred' and panel.task.value == 'deblur'
    if light_noise:
        assert quality(result.data, image.data) > LIKENESS
    elif not cut_short:
        assert quality(result.data, truth.data) > quality(image.data, truth.data)


@pytest.mark.parametrize('sample', OPEN)
def test_the_task_is_the_one_that_the_sample_was_made_for(
    model: Any, dock: Dock, sample: str
) -> None:
    early = {name: dock(model, name) for name in METHODS}
    open_part(model, sample)
    ready = [TASKS.get((sample, need)) for need in ('mask', 'kernel')]
    for name, method in METHODS.items():
        tasks = [task for task in method.tasks if is_served(method, task)]
        served = [task for task in tasks if task in ready]
        unaided = [task for task in tasks if not method.needs.get(task)]
        for panel in (early[name], dock(model, name)):
            assert panel.image.value.name == sample
            assert panel.task.value == [*served, *unaided, *tasks][0], name
            unmet = 'weights' in panel.problem() or needs_kernel(name, sample)
            assert unmet or 'needs' not in panel.bar.message.text()


def test_the_task_follows_the_image_until_it_is_chosen_by_hand(model: Any, dock: Dock) -> None:
    panel = dock(model, 'dpir')
    mural, _ = open_part(model, 'mural')
    micrograph, _ = open_part(model, 'micrograph')
    assert panel.task.value == 'inpaint'
    panel.image.value = micrograph
    assert panel.task.value == 'deblur'
    assert panel.kernel.value.name == 'micrograph PSF'
    panel.task.native.activated.emit(0)
    panel.image.value = mural
    assert panel.task.value == 'deblur'


def test_labels_of_cells_and_kernels_of_other_images_change_no_task(model: Any, dock: Dock) -> None:
    image = model.add_image(np.zeros((24, 32)), name='cells', scale=(0.1, 0.1))
    model.add_labels(np.ones((24, 32), int), name='nuclei', scale=(0.1, 0.1))
    model.add_image(np.ones((5, 5)), name='psf', metadata={KERNEL: True}, scale=(0.2, 0.2))
    enlarging = {'downsampling': 'bicubic', 'scale': 2}
    model.add_image(np.ones((5, 5)), name='k', metadata={KERNEL: enlarging}, scale=(0.1, 0.1))
    assert dock(model, 'deepred').task.value == 'inpaint'  # which is what it is for
    panel = dock(model, 'dpir')
    assert panel.image.value.name == image.name
    assert panel.task.value == 'denoise'


def test_a_truth_is_compared_with_and_not_restored(model: Any, dock: Dock) -> None:
    panel = dock(model, 'ffdnet')
    _, truth = open_part(model, 'mural')
    assert TRUTH in truth.metadata
    offered = [panel.image.native.itemText(i) for i in range(panel.image.native.count())]
    assert offered == ['mural']
    assert panel.reference.value.name == truth.name


@pytest.mark.parametrize(
    ('name', 'chosen'),
    [('dncnn', 'dncnn_25'), ('usrgan', 'usrgan'), *((name, 'auto') for name in ABSENT)],
)
def test_a_method_without_weights_says_which_file_it_needs(
    model: Any, dock: Dock, name: str, chosen: str, tmp_path: Path
) -> None:
    open_part(model, 'micrograph')
    names = [layer.name for layer in model.layers]
    panel = dock(model, name)
    panel.model.value = chosen
    known = panel.choices.checkpoint
    said = panel.bar.message.text()
    assert known.file in said
    assert str(tmp_path) in said
    assert not panel.bar.button.isEnabled()
    assert not panel.solver_section.get.isHidden()
    panel.run()
    assert [layer.name for layer in model.layers] == names
    assert dock(model, 'ffdnet').solver_section.get.isHidden()


def test_what_to_do_about_missing_weights_is_what_can_be_done() -> None:
    known = next(each for each in weights.registry().values() if each.urls and not each.bundled)
    method = METHODS['dpir']
    assert 'Press "Get …" beside the model, or' in absent(method, known)
    assert 'below Advanced' in absent(method, known, folded=True)
    never = absent(method, known, may_fetch=False)
    assert 'Get …' not in never
    assert {'"never"', known.urls[0]} <= {*never.split()}
    by_hand = next(each for each in weights.registry().values() if each.page and not each.urls)
    assert 'choose it with "File …" beside the model' in absent(method, by_hand)


@pytest.mark.parametrize('problem', [WeightsError('no route to host'), RuntimeError('boom'), None])
def test_weights_are_fetched_only_when_the_user_agrees(
    model: Any, dock: Dock, qtbot: Any, monkeypatch: pytest.MonkeyPatch, problem: Exception | None
) -> None:
    asked: list[str] = []
    told: list[str] = []
    answers = iter((False, True))

    def get(name: str, progress: bool) -> None:
        asked.append(name)
        if problem is not None:
            raise problem

    monkeypatch.setattr(weights, 'get', get)
    monkeypatch.setattr(fetch_weights, 'agreed', lambda parent, known: next(answers))
    monkeypatch.setattr(fetch_weights, 'show_error', told.append)
    monkeypatch.setattr(fetch_weights, 'show_info', told.append)
    model.add_image(np.zeros((24, 32)), name='cells')
    panel = dock(model, 'usrgan')
    panel.model.value = 'usrgan'
    panel.solver_section.get.click()
    assert not asked
    panel.solver_section.get.click()
    assert not panel.solver_section.get.isEnabled()
    qtbot.waitUntil(lambda: not panel.fetcher.at_work, timeout=WAIT)
    assert asked == ['usrgan']
    assert panel.solver_section.get.isEnabled()
    assert str(problem or 'here now') in told[0]
    assert (RuntimeError, str(problem)) != (type(problem), told[0])


def test_the_question_says_whence_and_under_which_licence(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []

    def question(parent: Any, title: str, text: str) -> Any:
        said.append(text)
        return fetch_weights.QMessageBox.StandardButton.No

    monkeypatch.setattr(fetch_weights.QMessageBox, 'question', question)
    known = weights.entry('usrgan')
    assert not fetch_weights.agreed(None, known)
    for part in (known.file, known.urls[0], known.licence, known.describe_size(), str(tmp_path)):
        assert part in said[0]


def test_the_badge_follows_the_weights(model: Any, dock: Dock) -> None:
    open_part(model, 'mural')
    panel = dock(model, 'bsrgan')
    assert panel.badge.text() == 'feed-forward'
    assert 'Feed-forward.' in panel.about.text()
    for model_name in ('bsrgan_x2', 'somebodys.pth'):
        panel.model.value = model_name
        assert panel.badge.text() == 'generative'
        assert 'Generative.' in panel.about.text()


def test_the_result_is_hidden_while_before_is_held_down(
    viewer: Any, dock: Dock, qtbot: Any
) -> None:
    open_part(viewer, 'micrograph')
    panel = dock(viewer, 'ffdnet')
    assert panel.bar.compare.isHidden()
    run(panel, qtbot)
    layer = viewer.layers['micrograph [FFDNet]']
    assert not panel.bar.compare.isHidden()
    panel.bar.compare.pressed.emit()
    assert not layer.visible
    panel.bar.compare.released.emit()
    assert layer.visible
    viewer.layers.remove(layer.name)
    panel.bar.compare.pressed.emit()
    panel.refresh()
    assert panel.bar.compare.isHidden()
