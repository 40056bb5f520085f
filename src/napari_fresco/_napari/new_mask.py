"""An empty mask that fits an image, with the brush in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.damage_classes import class_keywords
from ..layers.layer_kinds import DAMAGE
from ..layers.selection import full_resolution, spatial_axes
from ..layers.space import Space

if TYPE_CHECKING:
    import napari

_BRUSHES = 50  # side by side along the shorter side of the image


def new_mask(viewer: napari.viewer.Viewer, image: napari.layers.Image) -> Any:
    """Add an empty Labels layer on the grid of `image` and return it, ready to paint."""
    shape = full_resolution(image).shape
    grid = shape[:-1] if image.rgb else shape
    space = Space.of(image)
    keywords = {**class_keywords(), **space.part(np.zeros(len(grid)), np.ones(len(grid)))}
    keywords['metadata'] = {DAMAGE: True, **keywords['metadata']}
    mask = viewer.add_labels(
        np.zeros(grid, dtype=np.uint8),
        name=f'{image.name} mask',
        opacity=0.6,
        **keywords,
    )
    mask.selected_label = 1
    mask.brush_size = max(2, min(grid[axis] for axis in spatial_axes(image)) // _BRUSHES)
    mask.mode = 'paint'
    viewer.layers.selection.active = mask
    return mask
