"""Empty labels that fit an image, with the brush in hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import napari
import napari.viewer
import numpy as np
from napari.layers import Image
from napari.utils.notifications import show_info

from ...errors import FrescoError
from ...layers.images.layer_kinds import DAMAGE
from ...layers.images.selection import full_resolution, spatial_axes
from ...layers.images.space import Space
from ...layers.masks.damage_classes import class_keywords

_BRUSHES = 50  # side by side along the shorter side of the image


def new_mask(viewer: napari.viewer.Viewer, image: napari.layers.Image) -> Any:
    """Add an empty Labels layer on the grid of `image` and return it, ready to paint.

    Other masks are hidden: they would lie over what is painted.
    """
    for layer in viewer.layers:
        if layer.metadata.get(DAMAGE):
            layer.visible = False
    told = class_keywords()
    told['metadata'] = {DAMAGE: True, **told['metadata']}
    mask = empty_labels(viewer, image, 'mask', told)
    mask.mode = 'paint'
    viewer.layers.selection.active = mask
    return mask


def empty_labels(
    viewer: napari.viewer.Viewer, image: napari.layers.Image, kind: str, told: Mapping[str, Any]
) -> Any:
    """Add an empty Labels layer on the grid of `image` and return it.

    `kind`: what stands behind the name of the image.
    `told`: further keywords of the layer.
    """
    shape = full_resolution(image).shape
    grid = shape[:-1] if image.rgb else shape
    place = Space.of(image).part(np.zeros(len(grid)), np.ones(len(grid)))
    labels = np.zeros(grid, dtype=np.uint8)
    layer = viewer.add_labels(labels, name=f'{image.name} {kind}', opacity=0.6, **told, **place)
    layer.selected_label = 1
    layer.brush_size = max(2, min(grid[axis] for axis in spatial_axes(image)) // _BRUSHES)
    return layer


def mask_for_image(viewer: napari.viewer.Viewer) -> None:
    """Add an empty mask for the selected image and take up the brush."""
    new_mask(viewer, selected_image(viewer))
    show_info('Paint over the damage, then fill it: Layers > Filter > Fresco > Fill losses.')


def selected_image(viewer: napari.viewer.Viewer) -> Image:
    """Return the selected image, or the only one; raises FrescoError without."""
    active = viewer.layers.selection.active
    if isinstance(active, Image):
        return active
    images = [layer for layer in viewer.layers if isinstance(layer, Image)]
    if len(images) == 1:
        return images[0]
    raise FrescoError('Select one image in the layer list first.')
