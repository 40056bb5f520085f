"""Shows the output of ``napari-fresco demo``: ``python -m napari_fresco._napari.show_demo DIR``."""

from __future__ import annotations

import sys
from pathlib import Path

import napari
import tifffile
from napari.layers import Layer

from . import sample_data


def fill(viewer: napari.Viewer, folder: Path) -> None:
    """Add both samples and their restorations to `viewer`, the mural in view."""
    for layers in (sample_data.mural(), sample_data.micrograph()):
        for layer in layers:
            viewer.add_layer(Layer.create(*layer))
    for name in ('mural', 'micrograph'):
        restored = tifffile.imread(folder / f'{name}-restored.tif')
        found = viewer.layers[name]
        layer = viewer.add_image(
            restored,
            name=f'{name} [DPIR]',
            rgb=found.rgb,
            scale=found.scale,
            units=found.units,
            contrast_limits=found.contrast_limits,
        )
        # One sample at a time: they have different scales.
        layer.visible = found.visible = name == 'mural'
    viewer.reset_view()  # the units of the world became those of the micrograph


def main(folder: Path) -> None:
    """Open a viewer and wait until it is closed."""
    viewer = napari.Viewer(title='napari-fresco demo')
    fill(viewer, folder)
    napari.run()


if __name__ == '__main__':
    main(Path(sys.argv[1]))
