"""Guides drawn in a Shapes layer: what must continue through losses of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..declare.guides import guides_text
from ..errors import ParameterError
from .layer_kinds import GUIDES
from .mask_layers import to_image
from .selection import full_resolution
from .space import Space, View

if TYPE_CHECKING:
    import napari

    from .selection import Selection

_LINES = ('line', 'path')
_COLOUR = '#00e5ff'  # which few paintings have
_WIDTHS = 300  # of a drawn line side by side along the shorter side of the image


def guides_of(part: Selection, layer: napari.layers.Shapes, view: View | None = None) -> str:
    """Return the lines and paths of a Shapes layer as guides on the grid of a part of an image.

    What counts is where they lie over the image, whatever the transforms and units of the two.

    `part`: of the image that has the losses.
    `layer`: what was drawn; its corners count, not the widths of its lines.
    `view`: what the viewer shows.
    Raises ParameterError when the layer holds no line, or other shapes.
    """
    kinds = {str(kind) for kind in getattr(layer, 'shape_type', ())}
    others = sorted(kinds - set(_LINES))
    if others or not kinds:
        held = ' and '.join(others) if others else 'no line'
        raise ParameterError(
            f'guides are lines and paths, and layer {layer.name!r} holds {held}; draw lines along '
            'what must continue'
        )
    rows, columns = part.spatial
    begins = np.array([part.index[axis].start for axis in (rows, columns)])
    lines = [to_image(part, layer, np.asarray(line), view)[:, -2:] - begins for line in layer.data]
    return guides_text(lines)


def new_guides(viewer: Any, image: napari.layers.Image) -> Any:
    """Add a Shapes layer over `image` and return it, ready to draw lines."""
    ndim = len(full_resolution(image).shape) - bool(image.rgb)
    place = Space.of(image).part(np.zeros(ndim), np.ones(ndim))
    grid = full_resolution(image).shape[:ndim][-2:]
    layer = viewer.add_shapes(
        ndim=ndim,
        name=f'{image.name} guides',
        edge_color=_COLOUR,
        edge_width=max(1, min(grid) // _WIDTHS),
        metadata={GUIDES: True},
        **place,
    )
    layer.mode = 'add_line'
    viewer.layers.selection.active = layer
    return layer
