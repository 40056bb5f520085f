"""Results are told apart, measured against a truth, and earlier estimates are at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_fresco._napari.comparing.compare_panel import ComparePanel
from napari_fresco.errors import ImageError
from napari_fresco.layers import restore_layer
from napari_fresco.layers.comparing.profile import profiles
from napari_fresco.layers.images.space import View
from napari_fresco.layers.results.iterates import MOST, Iterates, iterates_of
from napari_fresco.layers.results.result_names import called_apart
from napari_fresco.types import Step

RAMP = np.tile(np.arange(40, dtype=np.uint16), (30, 1))
QUICK: dict[str, Any] = {'method': 'dpir', 'model': 'nlm', 'iterations': 1}


def test_a_profile_is_in_units_of_the_layers_whatever_their_pixels_and_places() -> None:
    viewer = ViewerModel()
    um = {'units': ('um', 'um')}
    one = viewer.add_image(RAMP, name='a', scale=(0.5, 0.5), translate=(1, 2), **um)
    fine = np.kron(RAMP, np.ones((2, 2)))
    two = viewer.add_image(
        fine, name='b', scale=(0.25, 0.25), translate=(0.875, 1.875), **um
    )  # fmt: skip
    lines = viewer.add_shapes(
        [[[6.0, 2.0 + 5], [6.0, 2.0 + 15]]], shape_type='line', name='line', **um
    )
    graph = profiles([one, two, one], lines, View.of(viewer))
    assert graph.across == 'along the line, µm'
    first, second, third = graph.traces
    assert first.x[-1] == second.x[-1] == pytest.approx(10)
    assert first.y == pytest.approx(np.arange(10, 31))
    assert np.abs(np.interp(first.x, second.x, second.y) - first.y).max() <= 0.5
    assert third.style == 'dashed'
    lines.data = [[[6.0, -5.0], [6.0, 4.0]]]
    beside = profiles([one], lines, View.of(viewer)).traces[0]
    assert beside.x[0] == pytest.approx(7), 'only what lies over the image is drawn'
    lines.data = [[[90.0, 1.0], [90.0, 4.0]]]
    with pytest.raises(ImageError, match='lies beside'):
        profiles([one], lines, View.of(viewer))


def test_a_wide_line_takes_the_mean_across() -> None:
    viewer = ViewerModel()
    stripes = viewer.add_image(np.arange(30.0)[:, None] + np.zeros(40), name='a')
    lines = viewer.add_shapes([[[10.0, 5.0], [10.0, 25.0]]], shape_type='line', name='line')
    lines.add_lines([[[12.0, 5.0], [12.0, 15.0]]])
    lines.selected_data = {0}
    assert profiles([stripes], lines, View.of(viewer), 5).traces[0].y == pytest.approx(10)
    stripes.data = stripes.data**2
    wide = profiles([stripes], lines, View.of(viewer), 3).traces[0].y
    assert wide == pytest.approx((81 + 100 + 121) / 3)


def test_results_are_called_by_what_they_were_asked_and_others_were_not() -> None:
    viewer = ViewerModel()
    viewer.add_image(RAMP.astype(np.uint8), name='wall')
    for more in ({'sigma': 4}, {'sigma': 5}, {'sigma': 5}, {'sigma': 4, 'part': np.s_[4:20, :]}):
        restore_layer(viewer, 'wall', **{**QUICK, **more})
    assert [layer.name for layer in viewer.layers] == [
        'wall',
        'wall [DPIR]',
        'wall [DPIR, sigma 5]',
        'wall [DPIR, sigma 5] [1]',
        'wall [DPIR, other part, sigma 4]',
    ]
    assert called_apart(viewer.layers['wall [DPIR]'], viewer.layers) == (
        'wall [DPIR] · sigma 4, other part'
    )
    assert called_apart(viewer.layers['wall'], viewer.layers) == 'wall'


def test_few_estimates_are_kept_of_a_long_run() -> None:
    kept = Iterates(wanted=True)
    for index in range(1, 1001):
        kept.note(Step(index, 1000, None, to_image=lambda _: np.zeros((4, 4))))  # type: ignore[arg-type]
    steps = [each.step for each in kept.kept]
    assert len(steps) <= MOST
    assert len(set(np.diff(steps))) == 1, 'evenly spread'
    assert steps[-1] > 800
    large = Iterates(wanted=True)
    large.note(Step(1, 9, None, to_image=lambda _: np.zeros((9000, 9000), np.uint8)))  # type: ignore[arg-type]
    assert not large.kept
    assert not large.wanted


def test_an_earlier_estimate_can_be_used(model: Any, dock: Any, finish: Any) -> None:
    model.add_image(RAMP.astype(np.uint8), name='wall', scale=(2, 2))
    panel = dock(model, 'dpir')
    model.add_image(np.ones((3, 3)), name='psf', metadata={'napari_fresco_kernel': True})
    panel.task.value, panel.sigma.value, panel.kernel.value = 'deblur', 5, 'psf'
    panel.model.value, panel.iterations.value = 'nlm', 4
    finish(panel)
    (first,) = panel.wait()
    assert [each.step for each in iterates_of(first)] == [1, 2, 3]
    panel.iterations.value = 3
    finish(panel)
    assert not iterates_of(first), 'only the last run holds them'
    compare = ComparePanel(model)
    assert compare.second.value.name == 'wall [DPIR, iterations 3]'
    assert compare.iterates.list.count() == 2
    assert not compare.iterates.use.isEnabled()
    compare.iterates.list.setCurrentRow(0)
    compare.iterates.use.click()
    used = model.layers['wall [DPIR, iterations 3] step 1']
    assert np.array_equal(used.data, iterates_of(compare.second.value)[0].pixels)
    assert tuple(used.scale) == (2, 2)
    assert used.metadata['napari_fresco']['iterate'] == {'step': 1, 'of': 3}


def test_a_line_can_be_moved_and_both_are_measured_against_a_truth(viewer: Any) -> None:
    noisy = RAMP + np.random.default_rng(0).normal(0, 2, RAMP.shape)
    viewer.add_image(RAMP.astype(float), name='truth')
    noisy_layer = viewer.add_image(noisy, name='noisy')
    restore_layer(viewer, noisy_layer, sigma=2, **QUICK)
    panel = ComparePanel(viewer)
    viewer.window.add_dock_widget(panel)
    panel.reference.value = 'truth'
    panel.measure.click()
    panel.work.wait()
    assert [line.split(':')[0] for line in panel.found.text().splitlines()] == [
        'noisy',
        'noisy [DPIR]',
    ]
    panel.residual.click()
    panel.work.wait()
    assert viewer.layers['noisy [DPIR] residual'].data.shape == RAMP.shape
    panel.profile.button.click()
    line = panel.profile.line
    assert [trace.name for trace in panel.profile.view.graph.traces] == [
        'noisy', 'noisy [DPIR]', 'truth',
    ]  # fmt: skip
    line.data = [[[5.0, 0.0], [5.0, 10.0]]]
    panel.profile.read()
    assert panel.profile.view.graph.traces[2].y == pytest.approx(np.arange(11))
    viewer.layers.remove(line)
    assert not panel.profile.button.isChecked()
    panel.first.value = panel.second.value = 'truth'
    panel.profile.button.click()
    assert 'choose two images' in panel.found.text().lower()
    panel.residual.click()
    assert 'choose two images' in panel.found.text().lower()


def test_one_contrast_serves_both_until_it_is_loosened(model: Any, qtbot: Any) -> None:
    one = model.add_image(RAMP, name='a', contrast_limits=(0, 30))
    two = model.add_image(RAMP + 5, name='b', contrast_limits=(0, 99))
    model.add_image(np.zeros((30, 40, 3), np.uint8), name='c', rgb=True)
    panel = ComparePanel(model)
    qtbot.addWidget(panel)
    panel.first.value, panel.second.value = 'a', 'b'
    panel.one_contrast.value = True
    assert tuple(two.contrast_limits) == (0, 30)
    two.contrast_limits = (3, 20)
    assert tuple(one.contrast_limits) == (3, 20)
    panel.second.value = 'c'
    assert not panel.contrast.is_tied
    panel.second.value = 'b'
    assert panel.contrast.is_tied
    panel.one_contrast.value = False
    two.contrast_limits = (7, 9)
    assert tuple(one.contrast_limits) == (3, 20)
