"""A layer knows which image of its file it is, and which channel; so does what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from napari.components import ViewerModel

import napari_fresco as fresco
from napari_fresco import evidence
from napari_fresco.layers import restore_layer
from napari_fresco.layers.files.layer_files import file_layers

from ..test_channels import two_channels


def test_what_is_made_of_a_layer_says_series_and_channel(tmp_path: Path) -> None:
    image = two_channels((48, 48))
    turned = fresco.Image(image.data[:, ::-1].copy(), 'CYX', channels=image.channels)
    fresco.write(tmp_path / 'two.ome.tif', [image, turned])
    *_, (data, keywords, _) = file_layers(tmp_path / 'two.ome.tif')
    viewer = ViewerModel()
    layer = viewer.add_image(data, **keywords)
    (made, *_) = restore_layer(viewer, layer.name, method='ffdnet')
    record = made.metadata['napari_fresco']
    assert record['read'] == {'series': 1, 'channel': 'Cy5'}
    assert '--series 1 --channel Cy5' in evidence.command_line(record)
    assert "series=1).channel('Cy5')" in evidence.python_call(record)
    assert 'Of the file, series 1 and channel Cy5' in evidence.methods_paragraph(record)
    alone = fresco.restore(turned.channel('Cy5'), method='ffdnet').image
    np.testing.assert_array_equal(made.data, alone.data[0])
    (again, *_) = restore_layer(viewer, made.name, method='ffdnet')
    assert 'series' not in again.metadata['napari_fresco']['read']
