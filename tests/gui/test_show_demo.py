"""The demonstration shows the restored mural as a whole, and panels go on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_fresco import samples
from napari_fresco._napari.comparing.compare_panel import ComparePanel
from napari_fresco._napari.files.demo_bar import DemoBar
from napari_fresco._napari.files.show_demo import fill
from napari_fresco._napari.reports.document_panel import DocumentPanel
from napari_fresco.io.files import write_json
from napari_fresco.layers.comparing.looking import camera_of
from napari_fresco.layers.comparing.side_by_side import grid_of
from napari_fresco.layers.images.space import Space, View, unit_factors


@pytest.fixture
def viewer(make_napari_viewer: Any, tmp_path: Path) -> Any:
    for name, sample in (('mural', samples.mural()), ('micrograph', samples.micrograph())):
        tifffile.imwrite(tmp_path / f'{name}-restored.tif', np.asarray(sample.truth))
        record = {'method': 'dpir', 'title': 'DPIR', 'mask': None if sample.mask is None else {}}
        write_json(tmp_path / f'{name}-restored.json', record)
    viewer = make_napari_viewer()
    fill(viewer, tmp_path)
    return viewer


def shown(viewer: Any) -> list[str]:
    return [layer.name for layer in viewer.layers if layer.visible]


def is_seen_whole(viewer: Any, name: str) -> bool:
    """Whether a layer takes half of its box at least, and is within it."""
    camera, view, layer = camera_of(viewer), View.of(viewer), viewer.layers[name]
    low, high = layer.extent.world * unit_factors(Space.of(layer).units, view.units)
    box = np.array(viewer.canvas.viewbox_size(viewer.layers)) / camera.zoom
    share = float(np.max((high - low) / box))
    return 0.5 < share < 1 and bool(np.allclose(camera.center[-2:], (low + high) / 2))


def test_the_mural_is_in_view_before_and_after(viewer: Any) -> None:
    assert shown(viewer) == ['mural', 'mural [DPIR]']
    assert grid_of(viewer).enabled
    assert is_seen_whole(viewer, 'mural')
    assert viewer.layers.selection.active.name == 'mural'


def test_a_button_shows_the_other_sample_and_loses_no_layer(viewer: Any) -> None:
    viewer.add_points([[1, 1]], name='', units='um')  # the user's
    bar, names = viewer.window._qt_window.findChild(DemoBar), set(viewer.layers)
    bar.buttons['micrograph'].click()
    assert shown(viewer) == ['micrograph', 'micrograph [DPIR]']
    assert viewer.layers.selection.active.name == 'micrograph'
    assert is_seen_whole(viewer, 'micrograph')  # a speck beside the mural
    bar.buttons['mural'].click()
    assert shown(viewer) == ['mural', 'mural [DPIR]']
    del viewer.layers['mural [DPIR]']
    bar.buttons['micrograph'].click()
    bar.buttons['mural'].click()
    assert shown(viewer) == ['mural', 'mural damage', '']
    assert not grid_of(viewer).enabled
    assert len(names - set(viewer.layers)) == 1


def test_panels_go_on_from_what_is_on_show(viewer: Any, idle: None) -> None:
    compare, document = ComparePanel(viewer), DocumentPanel(viewer)
    for panel in (compare, document):
        viewer.window.add_dock_widget(panel)
    assert (compare.first.text, compare.second.text) == ('mural', 'mural [DPIR]')
    assert compare.reference.text == 'mural truth'
    assert (document.result.text, document.photograph.text) == ('mural [DPIR]', 'mural')
    assert document.documented()().filled.sum() == samples.mural().mask.sum()
