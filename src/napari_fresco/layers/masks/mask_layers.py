"""Masks: Labels, Shapes and image layers to damage on the grid of an image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ...damage.classes import CLASSES
from ...errors import ImageError, MaskError
from ...image.alignment import nonzero, strength
from ...image.marks import marked as marks_of
from ...image.marks import said_of_soft_edges
from ...image.model import Image
from ...image.units import unit_name
from ...intervention.drawn_mask import DrawnMask
from ..images.layer_kinds import FILE
from ..images.placement import Placement, to_image
from ..images.selection import Selection, full_resolution, select
from ..images.space import Space, View
from .damage_classes import classes_of
from .outlines import outline_corners, path_length, polygon, stroke

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ..images.selection import Box

    MaskLayer: TypeAlias = 'napari.layers.Layer'


@dataclass(frozen=True, eq=False)
class Marked:
    """Damage as marked by hand, before it is read, which takes time on a large stack.

    `drawn`: whole planes, rows and columns last.
    `box`: rows and columns that are wanted.
    `axes`: letters of the axes of what was drawn.
    `note`: what is worth saying of how the mask lies over the image.
    """

    drawn: DrawnMask
    box: Box
    axes: str = 'YX'
    note: str = ''

    def load(self) -> NDArray[np.bool_]:
        """Return the damage in the box."""
        return self.drawn.damage()[(..., *self.box)]

    def image(self) -> Image:
        """Return the damage in the box as an image, whose axes have names."""
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
    """Return the damage of a part of an image that a layer marks.

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
    if hasattr(layer, 'shape_type'):
        drawn, note = DrawnMask(_outlined(part, layer, view)), ''
    else:
        drawn, note = _painted(part, layer, label, view)
    rows, columns = part.spatial
    letters = [part.axes[axis] for axis in part.leading]
    axes = ''.join(letters[len(letters) - (drawn.labels.ndim - 2) :]) + 'YX'
    box = (part.index[rows], part.index[columns])
    return Marked(replace(drawn, grow=grow, invert=invert), box, axes, note)


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


def lay_over(image: napari.layers.Image, layer: napari.layers.Layer) -> None:
    """Put a mask that has the grid of an image, and no place of its own, where the image is."""
    if hasattr(layer, 'shape_type') or not Space.of(layer).is_default:
        return
    if any(unit_name(unit) for unit in layer.units):
        return
    part = select(image)
    size = tuple(full_resolution(layer).shape[: layer.ndim])
    if size in (part.grid, tuple(part.grid[axis] for axis in part.spatial)):
        align_mask(image, layer)


def _painted(
    part: Selection, layer: napari.layers.Layer, label: int | None, view: View | None
) -> tuple[DrawnMask, str]:
    try:
        place = Placement.of(part, layer, view)
    except ImageError as error:
        raise MaskError(str(error)) from None
    if place.misfit:
        raise _other_size(layer, place)
    note = '' if place.covers_alike else f'mask {layer.name!r} covers another area than the image'
    if not hasattr(layer, 'selected_label'):
        said: set[str] = set()
        drawn = DrawnMask(place.values(lambda values: _marked(values, layer, said), False))
        return drawn, '; '.join(filter(None, (note, *said)))
    known = classes_of(layer)
    if label is None and not known:
        ends: set[int] = set()

        def read(values: NDArray[Any]) -> NDArray[Any]:
            marks = nonzero(values, f'mask {layer.name!r}')
            if marks.any():
                ends.update((int(values[marks].min()), int(values.max())))
            return marks

        drawn = DrawnMask(place.values(read, False))
        return drawn, '; '.join(filter(None, (note, _without_classes(ends))))
    labels = place.values(np.asarray, 0)
    if label is not None:
        return DrawnMask(labels, label), note
    leave = tuple(each.value for each in known if not each.filled and each.damaged)
    keep = tuple(each.value for each in known if not each.damaged)
    return DrawnMask(labels, leave=leave, keep=keep), note


def _without_classes(labels: set[int]) -> str:
    """Say that all labels count, where there are several which may have been classes once."""
    if len(labels) < 2 or max(labels) > max(each.value for each in CLASSES):
        return ''
    return (
        'its labels have no classes, so all of them are filled, "keep" (5) too; "Give classes" in '
        'Damage mask names them'
    )


def _marked(values: NDArray[Any], layer: MaskLayer, said: set[str]) -> NDArray[np.bool_]:
    """Return what a picture marks, and say what is to be said of its edges."""
    values = strength(values) if getattr(layer, 'rgb', False) else values
    picture = Image(values, 'YX', metadata=layer.metadata.get(FILE, {}))
    said.add(said_of_soft_edges(values, picture))
    return marks_of(values, picture, f'mask {layer.name!r}')


def _other_size(layer: napari.layers.Layer, place: Placement) -> MaskError:
    sizes = [' × '.join(map(str, grid)) for grid in (place.grid, place.part.grid)]
    return MaskError(
        f'mask {layer.name!r} of {sizes[0]} pixels does not cover image {place.part.name!r} of '
        f'{sizes[1]}; stretch it over the image ("Align" in the panel, its scale in a script), or '
        'make a mask that fits ("New", or an array like the image)'
    )


def _outlined(
    part: Selection, shapes: napari.layers.Shapes, view: View | None
) -> NDArray[np.bool_]:
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
