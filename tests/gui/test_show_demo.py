"""The demonstration shows the restored mural as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_fresco import samples
from napari_fresco._napari.show_demo import fill


def test_the_mural_is_in_view(make_napari_viewer: Any, tmp_path: Path) -> None:
    for name, sample in (('mural', samples.mural()), ('micrograph', samples.micrograph())):
        tifffile.imwrite(tmp_path / f'{name}-restored.tif', np.asarray(sample.truth))
    viewer = make_napari_viewer()
    fill(viewer, tmp_path)
    zoom, centre = viewer.camera.zoom, viewer.camera.center
    viewer.reset_view()
    assert viewer.camera.zoom == zoom
    assert viewer.camera.center == centre
    low, high = viewer.layers.extent.world[:, -2:]
    assert ((low < centre[-2:]) & (np.array(centre[-2:]) < high)).all()
