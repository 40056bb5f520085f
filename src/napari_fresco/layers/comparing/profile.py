"""Values of layers along a line that is drawn across them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import ndimage

from ...errors import ImageError
from ...evidence.graphs import Graph, Trace
from ...image.units import unit_name
from ..images.placement import to_image
from ..images.selection import Selection, select
from ..images.space import Space, View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Style = Literal['line', 'dashed']

LINES = ('line', 'path')
_NAME = 'Profile'
_DIGITS = 9  # of a place, so that the rim of an image is not beside it


def line_across(layer: napari.layers.Image, view: View) -> tuple[Floats, dict[str, Any]]:
    """Return a level line across the middle of an image, and where it lies."""
    part = select(layer, view=view, shown=True)
    rows, columns = (part.grid[axis] for axis in part.spatial)
    line = np.array([[0.5 * rows, 0.2 * columns], [0.5 * rows, 0.8 * columns]])
    return line, Space.of(layer).along(part.spatial).part((0, 0), (1, 1))


def chosen_line(shapes: napari.layers.Shapes) -> Floats:
    """Return the ends of the selected line, else of the last one drawn.

    Raises ImageError when there is none.
    """
    kinds = shapes.shape_type
    lines = [i for i, kind in enumerate(kinds) if kind in LINES]
    chosen = [i for i in shapes.selected_data if i in lines]
    if not lines:
        raise ImageError(f'layer {shapes.name!r} holds no line; draw one across the images')
    corners = np.asarray(shapes.data[max(chosen or lines)], dtype=float)
    return np.asarray(corners[[0, -1]])


def profiles(
    layers: Sequence[napari.layers.Image],
    shapes: napari.layers.Shapes,
    view: View,
    width: int = 1,
) -> Graph:
    """Return the values of several layers along a line; of colours their mean.

    `layers`: those that are compared; a third one is drawn as what they should be.
    `shapes`: holds the line, wherever it lies.
    `width`: pixels across the line whose mean is taken, in pixels of the first layer.
    Raises ImageError when there is no line, or it lies beside a layer.
    """
    ends = chosen_line(shapes)
    traces: list[Trace] = []
    units, first = set(), None
    for layer in layers:
        part = select(layer, view=view, shown=True)
        if part.size > part.grid[part.spatial[0]] * part.grid[part.spatial[1]]:
            raise ImageError('a volume is on show; go to the 2-D display for a profile')
        points = to_image(part, shapes, ends, view)[:, -2:]
        step, unit = _steps(part)
        length = float(np.linalg.norm((points[1] - points[0]) * step))
        first = first or float(np.linalg.norm(points[1] - points[0])) or 1.0
        finer = float(np.linalg.norm(points[1] - points[0])) / first
        values = _along(part, points, max(1, round(width * finer)))
        there = np.isfinite(values)
        if not there.any():
            raise ImageError(f'the line lies beside {layer.name!r}; move it over the images')
        distance = np.linspace(0, length, len(values))
        style: Style = 'dashed' if len(traces) == 2 else 'line'
        traces.append(Trace(layer.name, distance[there], values[there], style))
        units.add(unit)
    unit = units.pop() if len(units) == 1 else 'units of each image'
    caption = f'mean of {width} pixels across the line' if width > 1 else 'values along the line'
    across = f'along the line, {"µm" if unit == "um" else unit}'
    return Graph(_NAME, caption, across, tuple(traces), from_zero=False)


def _steps(part: Selection) -> tuple[Floats, str]:
    """Return the size of a pixel along rows and columns, and its unit."""
    assert part.space is not None, 'a layer lies somewhere'
    names = {unit_name(part.space.units[axis]) for axis in part.spatial}
    if len(names) > 1 or not (unit := names.pop()):
        return np.ones(2), 'pixels'
    matrix = part.space.matrix[:-1, :-1]
    return np.linalg.norm(matrix[:, list(part.spatial)], axis=0), unit


def _along(part: Selection, points: Floats, width: int) -> Floats:
    """Return values from one point to the other, NaN beside the image."""
    loaded = part.load_ordered()
    plane = loaded.reshape(loaded.shape[len(part.leading) :])
    line = points[1] - points[0]
    length = float(np.linalg.norm(line))
    along = np.linspace(0, 1, max(2, round(length) + 1))
    across = np.array([-line[1], line[0]]) / (length or 1.0)
    beside = (np.arange(width) - (width - 1) / 2)[:, None, None] * across
    places = np.moveaxis(points[0] + along[:, None] * line + beside, -1, 0).round(_DIGITS)
    channels = np.moveaxis(plane[..., :3], -1, 0) if plane.ndim == 3 else plane[None]
    values = [_sampled(channel, places) for channel in channels]
    return np.asarray(np.mean(values, axis=(0, 1)))


def _sampled(plane: NDArray[Any], places: Floats) -> Floats:
    return np.asarray(
        ndimage.map_coordinates(
            plane, places, np.float64, order=1, mode='grid-constant', cval=np.nan
        )
    )
