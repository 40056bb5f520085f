"""Places of a layer on the canvas of a viewer, and back; from napari 0.9 on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..images.space import Space, View, unit_factors
from .looking import camera_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def on_canvas(viewer: Any, layer: Any, places: ArrayLike) -> Floats | None:
    """Return where places in the data of a layer of two axes are on the canvas.

    `places`: rows and columns of the data, shape (N, 2).
    Returns shares of the height and the width of the canvas, shape (N, 2), beyond 0 to 1 where a
    place is beside it; None where the canvas does not show both axes of the layer.
    """
    view, space = View.of(viewer), Space.of(layer)
    shown = _shown(view, space)
    if view.reach is None or shown is None:
        return None
    points = np.asarray(places, dtype=float)
    world = points @ space.matrix[:-1, :-1].T + space.matrix[:-1, -1]
    if view.units is not None:
        world = world * unit_factors(space.units, view.units[-space.ndim :])
    low, high = np.array(view.reach)
    return _turned(viewer, (world[:, shown] - low) / (high - low))


def from_canvas(viewer: Any, layer: Any, shares: ArrayLike) -> Floats | None:
    """Return the place in the data of a layer of two axes at some shares of the canvas.

    The inverse of :func:`on_canvas`, for one place: shapes (2,).
    """
    view, space = View.of(viewer), Space.of(layer)
    shown = _shown(view, space)
    if view.reach is None or shown is None:
        return None
    low, high = np.array(view.reach)
    position = np.array(view.point)
    position[list(view.order[-2:])] = low + _turned(viewer, np.array(shares)[None])[0] * (
        high - low
    )
    return in_data(view, space, position)


def in_data(view: View, space: Space, position: ArrayLike) -> Floats:
    """Return the place in the data of a layer at a position in the world of the viewer."""
    own = view.to_layer(space, tuple(np.asarray(position, dtype=float)))
    return np.asarray(np.linalg.solve(space.matrix[:-1, :-1], own - space.matrix[:-1, -1]))


def _shown(view: View, space: Space) -> list[int] | None:
    """Return the axes of a layer that run down and across the canvas."""
    axes = [axis - (len(view.order) - space.ndim) for axis in view.order[-2:]]
    return axes if view.ndisplay == 2 and space.ndim == 2 and min(axes) >= 0 else None


def _turned(viewer: Any, shares: Floats) -> Floats:
    """Return shares of the canvas as a camera sees them that looks from the other side."""
    down, right = (str(each) for each in camera_of(viewer).orientation2d)
    flipped = np.array([down != 'down', right != 'right'])
    return np.where(flipped, 1 - shares, shares)
