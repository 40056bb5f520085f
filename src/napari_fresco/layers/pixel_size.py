"""The size of the pixels of a layer in millimetres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pint

from .selection import spatial_axes

if TYPE_CHECKING:
    import napari

    from .space import View


def mm_per_pixel(layer: napari.layers.Layer, view: View | None = None) -> float | None:
    """Return the size of a pixel, the mean of height and width; None where it has no length."""
    registry: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    size = 1.0
    for axis in spatial_axes(layer, view):
        factor, base = registry.get_base_units(layer.units[axis])
        if base != registry.meter:
            return None
        size *= abs(float(layer.scale[axis])) * float(factor) * 1000
    return math.sqrt(size)
