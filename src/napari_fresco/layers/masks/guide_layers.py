"""Guides drawn as lines or with a brush: lines that must continue through losses of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes

from ...declare.guides import guides_text
from ...errors import ParameterError
from ..images.layer_kinds import GUIDES, may_be_mask
from ..images.placement import Placement, to_image
from ..images.selection import full_resolution
from ..images.space import Space, View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ..images.selection import Selection

_LINES = ('line', 'path')
_COLOUR = '#00e5ff'  # which few paintings have
_WIDTHS = 300  # of a drawn line side by side along the shorter side of the image


def guides_of(part: Selection, layer: napari.layers.Layer, view: View | None = None) -> str:
    """Return the guides of a layer on the grid of a part of an image.

    What counts is where it lies over the image, whatever the transforms and units of the two.

    `part`: of the image that has the losses.
    `layer`: lines and paths of a Shapes layer, whose corners count and not their widths; or labels,
        whose strokes count by their centre lines.
    `view`: what the viewer shows.
    Raises ParameterError when the layer holds no line, or other shapes.
    """
    if not hasattr(layer, 'shape_type'):
        return guides_text(_strokes(part, layer, view))
    kinds = {str(kind) for kind in layer.shape_type}
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


def may_be_guides(layer: napari.layers.Layer) -> bool:
    """Say whether `layer` may hold lines that must continue, drawn as shapes or with a brush."""
    strokes = isinstance(layer, Labels) and may_be_mask(layer)
    return isinstance(layer, Shapes) or strokes


def _strokes(part: Selection, layer: napari.layers.Layer, view: View | None) -> NDArray[Any]:
    """Return the labels over a part of an image; of a stack those of any of its planes."""
    if not hasattr(layer, 'selected_label'):
        raise ParameterError(
            f'guides are lines of a Shapes layer or strokes of a Labels layer, and {layer.name!r} '
            'is neither; draw along what must continue'
        )
    rows, columns = (part.index[axis] for axis in part.spatial)
    planes = Placement.of(part, layer, view).values(np.asarray, 0)[..., rows, columns]
    strokes: NDArray[Any] = planes.reshape(-1, *planes.shape[-2:]).max(axis=0)
    return strokes


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
