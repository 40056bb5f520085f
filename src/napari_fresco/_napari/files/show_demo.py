"""Shows the pictures of a demo: ``python -m napari_fresco._napari.files.show_demo FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import napari
import tifffile
from napari.layers import Labels, Layer

from ...intervention.fill_run import FillRun
from ...layers.images.layer_kinds import METADATA, RUN
from . import sample_data
from .demo_bar import DemoBar

_SIZE = 1280, 760


def fill(viewer: napari.Viewer, folder: Path) -> None:
    """Add both samples and their restorations to `viewer`, the mural before and after in view."""
    for layers in (sample_data.mural(), sample_data.micrograph()):
        for layer in layers:
            viewer.add_layer(Layer.create(*layer))
    for name in ('mural', 'micrograph'):
        restored = tifffile.imread(folder / f'{name}-restored.tif')
        found = viewer.layers[name]
        viewer.add_image(
            restored,
            name=f'{name} [DPIR]',
            rgb=found.rgb,
            scale=found.scale,
            units=found.units,
            contrast_limits=found.contrast_limits,
            metadata=_made_of(viewer, folder, name),
        )
    bar = DemoBar(viewer)
    viewer.window.add_dock_widget(bar, name='Demo', area='bottom')
    bar.show_sample('mural')


def _made_of(viewer: napari.Viewer, folder: Path, name: str) -> dict[str, Any]:
    """Return how a result was made, so that *Compare* and *Document* go on from it."""
    told = json.loads((folder / f'{name}-restored.json').read_text('utf-8'))
    record = {**told, 'source': {'layer': name}}
    marks = [each.data for each in viewer.layers if isinstance(each, Labels)]
    filled = {RUN: FillRun.of(record, marks[0] != 0)} if told['mask'] is not None else {}
    return {METADATA: record, **filled}


def main(folder: Path) -> None:
    """Open a viewer and wait until it is closed."""
    viewer = napari.Viewer(title='napari-fresco demo')
    viewer.window.resize(*_SIZE)
    fill(viewer, folder)
    napari.run()


if __name__ == '__main__':
    main(Path(sys.argv[1]))
