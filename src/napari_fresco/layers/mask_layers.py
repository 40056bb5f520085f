"""Masks: Labels, Shapes and image layers to damage on the grid of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy import ndimage

from ..errors import ImageError, MaskError
from ..image.alignment import any_colour
from ..image.model import Image
from .damage_classes import classes_of, is_filled
from .lookup import Placement
from .outlines import outline_corners, path_length, polygon, stroke
from .selection import Selection, full_resolution, select
from .space import Space, View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .selection import Box

    MaskLayer: TypeAlias = 'napari.layers.Layer'


@dataclass(frozen=True, eq=False)
class Marked:
    """Damage as marked by hand, before it is grown, which takes time on a large stack.

    `pixels`: whole planes, rows and columns last.
    `grow`: pixels by which the damage is dilated in every plane.
    `box`: rows and columns that are wanted.
    `axes`: letters of the axes of :attr:`pixels`.
    `note`: what is worth saying of how the mask lies over the image.
    `kept`: what is no damage, however far that is grown.
    """

    pixels: NDArray[np.bool_]
    grow: int
    box: Box
    axes: str = 'YX'
    note: str = ''
    kept: NDArray[np.bool_] | None = None

    def load(self) -> NDArray[np.bool_]:
        """Return the grown damage in the box."""
        grown = _grown(self.pixels, self.grow)
        return (grown if self.kept is None else grown & ~self.kept)[(..., *self.box)]

    def image(self) -> Image:
        """Return the grown damage in the box as an image, whose axes have names."""
        return Image(self.load(), self.axes)


def marked(
    part: Selection,
    layer: MaskLayer,
    *,
    label: int | None = None,
    grow: int = 0,
    invert: bool = False,
    view: View | None = None,
) -> Marked:
    """Read from a layer what is damaged in a part of an image.

    What counts is what lies over the image on screen, whatever the transforms and units
    of the two.

    `part`: the part of the damaged image that is wanted.
    `layer`: painted labels (nonzero is damage), outlines, or a picture that is not black where
        there is damage, in any position.
    `label`: the one label that is damage; by default every nonzero one, but for classes that are
        to be left.
    `grow`: pixels by which the damage is dilated in every plane.
    `invert`: take what is not marked as the damage; done before growing.
    `view`: what the viewer shows.
    Raises MaskError when the layer belongs to another image.
    """
    note, kept = '', None
    if hasattr(layer, 'shape_type'):
        mask = _drawn(part, layer, view)
    else:
        mask, kept, note = _painted(part, layer, label, view)
    rows, columns = part.spatial
    letters = [part.axes[axis] for axis in part.leading]
    axes = ''.join(letters[len(letters) - (mask.ndim - 2) :]) + 'YX'
    box = (part.index[rows], part.index[columns])
    return Marked(~mask if invert else mask, grow, box, axes, note, kept)


def align_mask(image: napari.layers.Image, layer: napari.layers.Layer) -> None:
    """Stretch a mask layer over the area of an image, whatever the sizes of the two."""
    part, space = select(image), Space.of(image)
    size = full_resolution(layer).shape
    axes = list(range(image.ndim)) if layer.ndim == image.ndim else list(part.spatial)
    factor = np.array([size[i] / part.grid[axis] for i, axis in enumerate(axes)])
    origin = (1 / factor - 1) / 2
    for name, value in space.along(axes).part(origin, factor).items():
        if name != 'axis_labels':
            setattr(layer, name, value)


def _painted(
    part: Selection, layer: napari.layers.Layer, label: int | None, view: View | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_] | None, str]:
    try:
        place = Placement.of(part, layer, view)
    except ImageError as error:
        raise MaskError(str(error)) from None
    if place.misfit:
        raise _other_size(layer, place)
    note = '' if place.covers_alike else f'mask {layer.name!r} covers another area than the image'
    if getattr(layer, 'rgb', False):
        return place.values(_coloured, False), None, note
    if label is not None:
        return place.values(lambda values: np.asarray(values == label), False), None, note
    kept = [each.value for each in classes_of(layer) if not each.damaged]
    whole = place.values(lambda values: is_filled(layer, values), False)
    return whole, place.values(lambda values: np.isin(values, kept), False) if kept else None, note


def _coloured(values: NDArray[Any]) -> NDArray[np.bool_]:
    opaque = values[..., 3] > 0 if values.shape[-1] == 4 else True
    return np.asarray(any_colour(values) & opaque)


def _other_size(layer: napari.layers.Layer, place: Placement) -> MaskError:
    sizes = [' × '.join(map(str, grid)) for grid in (place.grid, place.part.grid)]
    return MaskError(
        f'mask {layer.name!r} of {sizes[0]} pixels does not cover image {place.part.name!r} of '
        f'{sizes[1]}; press "Align" to stretch it over the image, or "New" for a mask that fits'
    )


def _grown(mask: NDArray[np.bool_], grow: int) -> NDArray[np.bool_]:
    if grow <= 0:
        return mask
    planes = mask.reshape(-1, *mask.shape[-2:])
    grown = [ndimage.distance_transform_edt(~p) <= grow if p.any() else p for p in planes]
    return np.reshape(grown, mask.shape)


def _drawn(part: Selection, shapes: napari.layers.Shapes, view: View | None) -> NDArray[np.bool_]:
    leading = tuple(part.index[axis] for axis in part.leading)
    stacked = bool(leading) and shapes.ndim >= len(part.index)
    lengths = tuple(s.stop - s.start for s in leading) if stacked else ()
    rows, columns = (part.grid[axis] for axis in part.spatial)
    mask = np.zeros((*lengths, rows, columns), dtype=bool)
    for outline, kind, width in zip(shapes.data, shapes.shape_type, shapes.edge_width, strict=True):
        corners = outline_corners(np.asarray(outline, dtype=float), kind)
        points = to_image(part, shapes, corners, view)
        place = _place_of(points[0, :-2], leading) if stacked else ()
        if place is not None:
            filled = _filled(points[:, -2:], corners, kind, float(width), (rows, columns))
            mask[place] |= filled
    return mask


def to_image(
    part: Selection, layer: napari.layers.Layer, points: NDArray[Any], view: View | None = None
) -> NDArray[np.float64]:
    """Map points of `layer` to elements of the image of `part`, rows and columns last.

    Axes that the layer does not have are 0.
    """
    place = Placement.of(part, layer, view)
    # The layer may have fewer axes than the image, or more, which then count for nothing.
    mapped = (points - place.offset) @ np.linalg.pinv(place.matrix).T
    return np.asarray(mapped[:, [*part.leading, *part.spatial]])


def _place_of(position: NDArray[np.float64], leading: tuple[slice, ...]) -> tuple[int, ...] | None:
    place = np.rint(position).astype(int)
    inside = all(s.start <= p < s.stop for p, s in zip(place, leading, strict=True))
    return tuple(int(p) - s.start for p, s in zip(place, leading, strict=True)) if inside else None


def _filled(
    points: NDArray[np.float64],
    corners: NDArray[np.float64],
    kind: str,
    width: float,
    plane: tuple[int, int],
) -> NDArray[np.bool_]:
    if kind not in ('line', 'path'):
        return polygon(plane, points)
    stretch = path_length(points) / max(path_length(corners), 1e-12)
    return stroke(plane, points, max(width * stretch, 1.0))
