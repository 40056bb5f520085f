"""The demonstration shows the restored mural as a whole, and panels go on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_fresco import samples
from napari_fresco._napari.compare_panel import ComparePanel
from napari_fresco._napari.document_panel import DocumentPanel
from napari_fresco._napari.show_demo import fill
from napari_fresco.io.files import write_json


@pytest.fixture
def viewer(make_napari_viewer: Any, tmp_path: Path) -> Any:
    for name, sample in (('mural', samples.mural()), ('micrograph', samples.micrograph())):
        tifffile.imwrite(tmp_path / f'{name}-restored.tif', np.asarray(sample.truth))
        record = {'method': 'dpir', 'title': 'DPIR', 'mask': None if sample.mask is None else {}}
        write_json(tmp_path / f'{name}-restored.json', record)
    viewer = make_napari_viewer()
    fill(viewer, tmp_path)
    return viewer


def test_the_mural_is_in_view(viewer: Any) -> None:
    zoom, centre = viewer.camera.zoom, viewer.camera.center
    viewer.reset_view()
    assert viewer.camera.zoom == zoom
    assert viewer.camera.center == centre
    low, high = viewer.layers.extent.world[:, -2:]
    assert ((low < centre[-2:]) & (np.array(centre[-2:]) < high)).all()
    assert viewer.layers.selection.active.name == 'mural'


def test_panels_go_on_from_what_is_on_show(viewer: Any, idle: None) -> None:
    compare, document = ComparePanel(viewer), DocumentPanel(viewer)
    for panel in (compare, document):
        viewer.window.add_dock_widget(panel)
    assert (compare.first.text, compare.second.text) == ('mural', 'mural [DPIR]')
    assert compare.reference.text == 'mural truth'
    assert (document.result.text, document.photograph.text) == ('mural [DPIR]', 'mural')
    assert document.documented()().filled.sum() == samples.mural().mask.sum()
