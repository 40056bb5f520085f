"""The camera of a viewer: where it looks, and what it shows whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..images.space import Space, View, unit_factors

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FILLED = 0.95  # of the canvas, as napari does


def camera_of(viewer: Any) -> Any:
    """Return the camera of a viewer, which is of its scene from napari 0.9 on."""
    scene = getattr(viewer, 'scene', None)
    return viewer.camera if scene is None else scene.camera


def look_at(viewer: Any, *layers: Any) -> None:
    """Let the canvas show some layers whole, however large others are.

    A micrograph is a speck beside a wall. Before napari 0.9, and in 3-D, all layers are shown
    whole. napari 0.9 can be told layers, but takes their units for those of the world.
    """
    view = View.of(viewer)
    if view.ndisplay != 2 or not hasattr(viewer, 'canvas'):
        viewer.reset_view()
        return
    found = (_reach_of(layer, view) for layer in layers)
    reaches = np.array([each for each in found if np.isfinite(each).all()])  # not of empty ones
    if not len(reaches):
        viewer.reset_view()
        return
    low, high = reaches[:, 0].min(0), reaches[:, 1].max(0)
    box = np.array(viewer.canvas.viewbox_size(viewer.layers))
    camera = camera_of(viewer)
    camera.center = (0.0, *(low + high) / 2)
    camera.zoom = _FILLED * float(np.min(box / (high - low)))


def _reach_of(layer: Any, view: View) -> NDArray[np.float64]:
    """Return the lowest and highest place of a layer along the axes of the canvas, shape (2, 2)."""
    space = Space.of(layer)
    extent = layer.extent  # from the middle of its first pixels to that of its last
    reach = extent.world + np.outer((-0.5, 0.5), extent.step)
    if view.units is not None:
        reach = reach * unit_factors(space.units, view.units[-space.ndim :])
    whole = np.zeros((2, len(view.order)))
    whole[1] = 1
    whole[:, -space.ndim :] = reach
    return whole[:, list(view.order[-2:])]
