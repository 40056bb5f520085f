"""The size of the pixels of a layer in millimetres, and how it is found."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from ...errors import ParameterError
from ...image.units import unit_name
from .identity import key_of
from .layer_kinds import FILE, METADATA, PRINT, SCALE, is_picture
from .placement import to_image
from .selection import full_resolution, select, spatial_axes
from .space import unit_factors

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Measured:
    """A distance between two places in a picture.

    `pixels`: between the two.
    `mm`: on the object.
    """

    pixels: float
    mm: float

    @property
    def mm_per_pixel(self) -> float:
        """The size of a pixel."""
        return self.mm / self.pixels

    @property
    def uncertainty(self) -> float:
        """Standard deviation of :attr:`mm_per_pixel`, for clicks that are a pixel off."""
        return self.mm_per_pixel * math.sqrt(2) / self.pixels

    def record(self) -> dict[str, Any]:
        """Return the measurement as a report has it."""
        return {
            'source': 'two points',
            'pixels': self.pixels,
            'mm': self.mm,
            'mm_per_pixel': self.mm_per_pixel,
            'uncertainty': self.uncertainty,
        }


def measured(
    image: napari.layers.Image, marks: napari.layers.Layer, mm: float, view: View | None = None
) -> Measured:
    """Return the distance of the last two points, or of the ends of the last line, on an image.

    `mm`: their distance on the object.
    Raises ParameterError when there are no two places, or the distance is none.
    """
    part = select(image, view=view)
    places = to_image(part, marks, _ends(marks), view)[:, -2:]
    rows, columns = (abs(float(image.scale[axis])) for axis in part.spatial)
    apart = np.diff(places, axis=0)[0] * np.sqrt([rows / columns, columns / rows])
    pixels = float(np.linalg.norm(apart))
    if pixels < 1:
        raise ParameterError('the two points lie on the same pixel; mark places far apart')
    if not mm > 0:
        raise ParameterError(f'a distance of {mm:g} mm is not allowed; give one above 0')
    return Measured(pixels, mm)


def set_pixel_size(
    layers: Iterable[napari.layers.Layer],
    image: napari.layers.Image,
    marks: napari.layers.Layer,
    found: Measured,
    view: View | None = None,
) -> list[napari.layers.Layer]:
    """Give the pixels of an image their size; what lies over the picture follows.

    Other pictures keep theirs. Where there are none, all layers follow, kernels and what is still
    empty, too: napari draws without units what partly has them.

    `layers`: those of the viewer.
    `marks`: the two places.
    Returns the layers that have changed.
    """
    layers = list(layers)
    rows, columns = spatial_axes(image, view)
    factor = found.mm_per_pixel / math.sqrt(abs(image.scale[rows] * image.scale[columns]))
    units = [image.units[axis] for axis in (rows, columns)]
    own = (key_of(image), key_of(marks))
    alone = not any(_is_other_picture(image, layer) for layer in layers if key_of(layer) not in own)
    following = [
        layer
        for layer in layers
        if key_of(layer) in own
        or (_has_units_like(image, layer, view) and (alone or _lies_over(image, layer, view)))
    ]
    for layer in following:
        axes = list(spatial_axes(layer, view))
        to_units = unit_factors([layer.units[axis] for axis in axes], units)
        _stretch(layer, axes, factor * to_units)
        if FILE in layer.metadata or key_of(layer) == own[0]:
            said = {k: v for k, v in layer.metadata.get(FILE, {}).items() if k != PRINT}
            layer.metadata[FILE] = {**said, 'resolution_unit': 'cm'}
            layer.metadata[SCALE] = found.record()
    return following


def _stretch(layer: napari.layers.Layer, axes: list[int], factors: NDArray[np.float64]) -> None:
    """Multiply where a layer lies in the world along two axes, and count in millimetres there."""
    by = np.ones(layer.ndim)
    by[axes] = factors
    affine = np.array(layer.affine.affine_matrix, dtype=float)
    affine[:-1, -1] *= by
    units = [unit_name(unit) or 'pixel' for unit in layer.units]
    for axis in axes:
        units[axis] = 'mm'
    layer.scale, layer.translate = np.asarray(layer.scale) * by, np.asarray(layer.translate) * by
    layer.affine, layer.units = affine, units


def _ends(marks: napari.layers.Layer) -> NDArray[np.float64]:
    if hasattr(marks, 'shape_type'):
        lines = [
            np.asarray(line, float)
            for line, kind in zip(marks.data, marks.shape_type, strict=True)
            if kind in ('line', 'path')
        ]
        places = lines[-1][[0, -1]] if lines else np.empty((0, marks.ndim))
    else:
        places = np.asarray(marks.data, float)[-2:]
    if len(places) < 2:
        raise ParameterError(f'layer {marks.name!r} holds no two points and no line; mark two')
    return places


def _is_other_picture(image: napari.layers.Image, layer: napari.layers.Layer) -> bool:
    """Say whether a layer shows another picture, and was not made of this one."""
    return is_picture(layer) and METADATA not in layer.metadata and not _same_grid(image, layer)


def _has_units_like(
    image: napari.layers.Image, layer: napari.layers.Layer, view: View | None
) -> bool:
    """Say whether the axes of a layer measure the same dimensions as those of an image."""
    if layer.ndim < 2:
        return False
    pairs = zip(spatial_axes(layer, view), spatial_axes(image, view), strict=True)
    return all(
        layer.units[its].dimensionality == image.units[axis].dimensionality for its, axis in pairs
    )


def _lies_over(image: napari.layers.Image, layer: napari.layers.Layer, view: View | None) -> bool:
    """Say whether `layer` belongs to the picture: it lies within it, and is no other picture."""
    if _is_other_picture(image, layer):
        return False
    axes, its = list(spatial_axes(image, view)), list(spatial_axes(layer, view))
    factors = unit_factors(
        [layer.units[axis] for axis in its], [image.units[axis] for axis in axes]
    )
    if len(layer.data) == 0:  # to be drawn in, over what has its pixels
        scale = np.abs(np.asarray(layer.scale))[its] * factors
        return bool(np.allclose(scale, np.abs(np.asarray(image.scale))[axes]))
    low, high = (np.asarray(end)[its] * factors for end in layer.extent.world)
    first, last = (np.asarray(end)[axes] for end in image.extent.world)
    if hasattr(layer, 'shape_type'):  # lines may begin and end beside the picture
        return bool((low <= last).all() and (high >= first).all())
    margin = np.abs(np.asarray(image.scale)[axes])
    return bool((low >= first - margin).all() and (high <= last + margin).all())


def _same_grid(image: napari.layers.Image, layer: napari.layers.Image) -> bool:
    one, other = (full_resolution(each).shape[: each.ndim] for each in (image, layer))
    return tuple(one) == tuple(other)
