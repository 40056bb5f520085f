"""Regions of an image: marked by a rectangle, or on show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...errors import ImageError, MaskError
from .placement import to_image
from .selection import select

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .selection import Box, Selection
    from .space import View


def region_of(part: Selection, shapes: napari.layers.Shapes, view: View | None = None) -> Box:
    """Return the rows and columns of an image below the selected shape, else the last one drawn.

    Of a shape that lies aslant over the image these are all that it touches.

    Raises MaskError when there is no shape, or it lies beside the image.
    """
    if not len(shapes.data):
        raise MaskError(
            f'layer {shapes.name!r} holds no rectangle; draw one or choose "Whole image" as region'
        )
    chosen = max(shapes.selected_data) if shapes.selected_data else len(shapes.data) - 1
    corners = to_image(part, shapes, np.asarray(shapes.data[chosen], dtype=float), view)[:, -2:]
    box = _box(part, corners)
    if box is None:
        raise MaskError(f'the shape in layer {shapes.name!r} lies beside the image; move it there')
    return box


def visible_box(part: Selection, view: View) -> Box:
    """Return the rows and columns of an image that are on show.

    Raises ImageError when nothing of it is.
    """
    shown = view.displayed(len(part.index))
    if view.reach is None or part.space is None or not set(part.spatial) <= set(shown):
        rows, columns = (part.grid[axis] for axis in part.spatial)
        return slice(0, rows), slice(0, columns)
    inverse = np.linalg.inv(part.space.matrix)
    corners = []
    for ends in product(*zip(*view.reach, strict=True)):
        world = np.array(view.point)
        world[list(view.order[-2:])] = ends
        own = view.to_layer(part.space, list(world))[list(shown)]
        corners.append(inverse[np.ix_(part.spatial, shown)] @ own + inverse[list(part.spatial), -1])
    box = _box(part, np.array(corners))
    if box is None:
        raise ImageError(f'nothing of image {part.name!r} is on show; press "home" to see it')
    return box


def _box(part: Selection, corners: NDArray[np.float64]) -> Box | None:
    """Return the pixels that the area between some corners touches."""
    size = [part.grid[axis] for axis in part.spatial]
    low = np.clip(np.floor(corners.min(axis=0) + 0.5), 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) - 0.5) + 1, 0, size).astype(int)
    if (high <= low).any():
        return None
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def chosen_part(
    layer: napari.layers.Image,
    view: View | None,
    *,
    shown: bool = False,
    region: napari.layers.Shapes | Literal['visible'] | None = None,
) -> Selection:
    """Return the chosen part of an image layer.

    `layer`: the image.
    `view`: what the viewer shows.
    `shown`: only the planes on show.
    `region`: only the rows and columns below a shape, or those on show.
    Raises FrescoError when what is asked for lies beside the image.
    """
    part = select(layer, view=view, shown=shown)
    if region is None:
        return part
    if isinstance(region, str):
        return part if view is None else part.cut(visible_box(part, view))
    return part.cut(region_of(part, region, view))


def pixel_at(part: Selection, view: View, position: Sequence[float]) -> tuple[int, int]:
    """Return the row and column of an image at a position in the world of a viewer."""
    if part.space is None:
        raise ValueError('a part of no layer lies nowhere')
    own = view.to_layer(part.space, position)
    place = np.linalg.inv(part.space.matrix) @ np.append(own, 1)
    row, column = (int(np.rint(place[axis])) for axis in part.spatial)
    return row, column


def pixels_on_screen(part: Selection, view: View, zoom: float) -> float:
    """Return the number of image pixels per pixel of the screen.

    `zoom`: of the camera, in pixels of the screen for each unit of the world.
    """
    if part.space is None:
        raise ValueError('a part of no layer lies nowhere')
    step = np.zeros(len(view.order))
    step[view.order[-1]] = 1 / zoom
    there, here = view.to_layer(part.space, list(step)), view.to_layer(part.space, list(0 * step))
    moved = np.linalg.inv(part.space.matrix)[:-1, :-1] @ (there - here)
    return float(np.linalg.norm(moved))
