"""Neighbours that help to denoise a plane, from the row in a panel to the layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco._napari.methods.input_section import SLICE, STACK

from .conftest import Dock, Finish

STACK_OF_5 = (
    np.random.default_rng(0).normal(0, 10, (5, 40, 48))
    + (100 + 30 * np.sin(np.arange(48) / 5))
    + np.arange(5)[:, None, None]
).astype(np.float32)


def rows_of(panel: Any) -> dict[str, bool]:
    shown = panel.solver_section.rows.items()
    return {
        declared.parameter.name: row.shown
        for declared, row in shown
        if declared.parameter.name in ('neighbours', 'along')
    }


@pytest.mark.parametrize(
    ('shape', 'labels', 'rows'),
    [
        ((40, 48), ('y', 'x'), (False, False)),
        ((3, 40, 48), ('z', 'y', 'x'), (True, False)),
        ((3, 40, 48), ('time', 'y', 'x'), (True, False)),
        ((3, 40, 48), None, (True, False)),
        ((3, 40, 48), ('channel', 'y', 'x'), (False, False)),
        ((1, 40, 48), ('z', 'y', 'x'), (False, False)),
        ((2, 3, 40, 48), ('t', 'z', 'y', 'x'), (True, True)),
    ],
)
def test_stacks_have_a_row_for_neighbours(
    model: Any, dock: Dock, shape: Any, labels: Any, rows: Any
) -> None:
    model.add_image(np.zeros(shape, np.float32), name='cells', axis_labels=labels)
    panel = dock(model, 'ffdnet')
    assert rows_of(panel) == dict(zip(('neighbours', 'along'), rows, strict=True))


def test_other_tasks_have_no_row_for_neighbours(model: Any, dock: Dock) -> None:
    model.add_image(STACK_OF_5, name='cells', axis_labels=('z', 'y', 'x'))
    panel = dock(model, 'dpir')
    panel.task.value = 'denoise'
    assert rows_of(panel)['neighbours']
    panel.task.value = 'deblur'
    assert not rows_of(panel)['neighbours']


def test_the_slice_on_show_is_helped_like_in_its_stack(
    viewer: Any, dock: Dock, finish: Finish
) -> None:
    image = viewer.add_image(STACK_OF_5, name='cells', axis_labels=('z', 'y', 'x'))
    panel = dock(viewer, 'ffdnet')
    panel.image.value = image
    panel.neighbours.value = 2
    panel.sigma.value = 10.0
    viewer.dims.set_point(0, 3)
    results = []
    for extent in (STACK, SLICE):
        panel.extent.value = extent
        finish(panel)
        results.append(viewer.layers[-1])
    whole, slice_ = results
    record = slice_.metadata['napari_fresco']
    assert record['options']['neighbours'] == 2
    np.testing.assert_allclose(np.squeeze(slice_.data), whole.data[3], atol=0.05)
    expected = fresco.restore(
        STACK_OF_5, method='ffdnet', axes='ZYX', sigma=10, neighbours=2, device='cpu'
    )
    np.testing.assert_allclose(whole.data, expected.image, atol=0.05)


def test_a_row_that_is_gone_is_not_asked_for(model: Any, dock: Dock, finish: Finish) -> None:
    model.add_image(STACK_OF_5, name='cells', axis_labels=('z', 'y', 'x'))
    plane = model.add_image(STACK_OF_5[0], name='plane')
    panel = dock(model, 'ffdnet')
    panel.image.value = model.layers['cells']
    panel.neighbours.value = 2
    panel.image.value = plane
    finish(panel)
    assert model.layers[-1].metadata['napari_fresco']['options']['neighbours'] == 0
