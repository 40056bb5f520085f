"""What napari calls to save layers: an error arrives in words, and leaves no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels


@pytest.mark.parametrize(
    ('layer', 'name', 'words'),
    [
        (Image(np.linspace(0, 1, 600).reshape(20, 30)), 'a.png', 'float64'),
        (Image(np.zeros((20, 30), np.uint16)), 'a.jpg', 'uint16'),
        (Image(np.zeros((20, 30))), 'none/a.tif', 'folder'),
        (Image(np.zeros((20, 30))), 'none/a.zarr', 'folder'),
        (Labels(np.zeros((3, 4, 5), int)), 'a.png', 'one plane'),
        (Labels(np.zeros((4, 5), int)), 'none/a.tif', 'folder'),
    ],
)
def test_napari_says_why_a_layer_was_not_saved(
    viewer: Any, tmp_path: Path, layer: Any, name: str, words: str
) -> None:
    with pytest.raises(OSError, match=f'{Path(name).name}.*{words}'):
        layer.save(str(tmp_path / name), plugin='napari-fresco')
    assert not list(tmp_path.iterdir())
