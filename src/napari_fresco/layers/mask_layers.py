"""Masks: Labels and Shapes layers to damage on the grid of an image, and regions of interest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from ..errors import ImageError, MaskError
from .outlines import outline_corners, path_length, polygon, stroke
from .selection import Selection, full_resolution, select, spatial_axes

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Marked:
    """Damage as marked by hand, before it is grown, which takes time on a large stack.

    Attributes
    ----------
    pixels : ndarray of bool
        Whole planes, rows and columns last.
    grow : int
        Pixels by which the damage is dilated in every plane.
    box : tuple of slice
        Rows and columns that are wanted.
    """

    pixels: NDArray[np.bool_]
    grow: int
    box: Box

    def load(self) -> NDArray[np.bool_]:
        """Return the grown damage in the box."""
        return _grown(self.pixels, self.grow)[(..., *self.box)]


def mask_array(
    image: napari.layers.Image,
    layer: napari.layers.Labels | napari.layers.Shapes,
    *,
    label: int | None = None,
    grow: int = 0,
    invert: bool = False,
) -> NDArray[np.bool_]:
    """Return the damage that `layer` marks on all of `image`; see :func:`marked`."""
    return marked(image, layer, select(image), label=label, grow=grow, invert=invert).load()


def marked(
    image: napari.layers.Image,
    layer: napari.layers.Labels | napari.layers.Shapes,
    part: Selection,
    *,
    label: int | None = None,
    grow: int = 0,
    invert: bool = False,
) -> Marked:
    """Read from a layer what is damaged in a part of an image.

    Parameters
    ----------
    image : Image
        The damaged image.
    layer : Labels or Shapes
        Painted labels (nonzero is damage) or outlines, in any position.
    part : Selection
        The part of the image that is wanted.
    label : int, optional
        The one label that is damage; by default every nonzero one.
    grow : int
        Pixels by which the damage is dilated in every plane.
    invert : bool
        Take what is not marked as the damage; done before growing.

    Raises
    ------
    MaskError
        When the layer has leading axes that differ from those of the image.
    """
    drawn = hasattr(layer, 'shape_type')
    mask = _drawn(image, layer, part) if drawn else _painted(image, layer, label, part)
    rows, columns = part.spatial
    return Marked(~mask if invert else mask, grow, (part.index[rows], part.index[columns]))


def region_of(image: napari.layers.Image, shapes: napari.layers.Shapes) -> Box:
    """Return the rows and columns of `image` below the selected shape, else the last one drawn.

    Raises
    ------
    MaskError
        When there is no shape, or it lies beside the image.
    """
    if not len(shapes.data):
        raise MaskError(
            f'layer {shapes.name!r} holds no rectangle; draw one or choose "Whole image" as region'
        )
    chosen = max(shapes.selected_data) if shapes.selected_data else len(shapes.data) - 1
    corners = _to_image(image, shapes, np.asarray(shapes.data[chosen], dtype=float))[:, -2:]
    size = _plane_shape(select(image))
    low = np.clip(np.floor(corners.min(axis=0) + 0.5).astype(int), 0, size)
    high = np.clip(np.ceil(corners.max(axis=0) - 0.5).astype(int) + 1, 0, size)
    if (high <= low).any():
        raise MaskError(f'the shape in layer {shapes.name!r} lies beside the image; move it there')
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _plane_shape(part: Selection) -> tuple[int, int]:
    rows, columns = part.spatial
    return int(part.data.shape[rows]), int(part.data.shape[columns])


def _leading(part: Selection) -> tuple[slice, ...]:
    return tuple(s for axis, s in enumerate(part.index) if axis not in part.spatial)


def visible_box(image: napari.layers.Image) -> Box:
    """Return the rows and columns of `image` that are on show.

    Raises
    ------
    ImageError
        When nothing of it is.
    """
    axes = list(spatial_axes(image))
    level = image.downsample_factors[image.data_level] if image.multiscale else np.ones(image.ndim)
    corners, finer = np.asarray(image.corner_pixels)[:, axes], np.asarray(level)[axes]
    size = _plane_shape(select(image))
    low = np.clip(np.floor(corners[0] * finer), 0, size).astype(int)
    high = np.clip(np.ceil((corners[1] + 1) * finer), 0, size).astype(int)
    if (high <= low).any():
        raise ImageError(f'nothing of image {image.name!r} is on show; press "home" to see it')
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _to_image(
    image: napari.layers.Image, layer: napari.layers.Layer, points: NDArray[Any]
) -> NDArray[np.float64]:
    """Map points of `layer` to data coordinates of `image`, rows and columns last."""
    mapped = np.array([image.world_to_data(layer.data_to_world(point)) for point in points])
    spatial = spatial_axes(image)
    order = [axis for axis in range(image.ndim) if axis not in spatial]
    return mapped[:, [*order, *spatial]]


def _grown(mask: NDArray[np.bool_], grow: int) -> NDArray[np.bool_]:
    if grow <= 0:
        return mask
    planes = mask.reshape(-1, *mask.shape[-2:])
    grown = [ndimage.distance_transform_edt(~p) <= grow if p.any() else p for p in planes]
    return np.reshape(grown, mask.shape)


def _painted(
    image: napari.layers.Image, layer: napari.layers.Labels, label: int | None, part: Selection
) -> NDArray[np.bool_]:
    data, grid = full_resolution(layer), part.data.shape[: len(part.index)]
    if tuple(data.shape) == tuple(grid) and _same_place(image, layer, grid):
        planes = [slice(None) if a in part.spatial else s for a, s in enumerate(part.index)]
        mask = _marked(np.asarray(data[tuple(planes)]), label)
        return np.moveaxis(mask, part.spatial, (-2, -1))
    mask = np.moveaxis(_marked(np.asarray(data), label), spatial_axes(layer), (-2, -1))
    if mask.ndim > 2 and mask.shape[:-2] != tuple(grid[a] for a in _leading_axes(part)):
        raise MaskError(
            f'mask {layer.name!r} has shape {tuple(data.shape)}, image {image.name!r} has '
            f'{tuple(grid)}; press "New" for a mask that fits'
        )
    if mask.ndim > 2:
        mask = mask[_leading(part)]
    return _resampled(image, layer, mask, part)


def _marked(labels: NDArray[Any], label: int | None) -> NDArray[np.bool_]:
    return np.asarray(labels != 0 if label is None else labels == label)


def _leading_axes(part: Selection) -> list[int]:
    return [axis for axis in range(len(part.index)) if axis not in part.spatial]


def _same_place(
    image: napari.layers.Layer, layer: napari.layers.Layer, grid: tuple[int, ...]
) -> bool:
    corners = np.vstack([np.zeros(image.ndim), np.diag([max(n - 1, 1) for n in grid])])
    mapped = [layer.world_to_data(image.data_to_world(corner)) for corner in corners]
    return bool(np.allclose(mapped, corners, atol=0.01))


def _resampled(
    image: napari.layers.Image, layer: napari.layers.Layer, mask: NDArray[np.bool_], part: Selection
) -> NDArray[np.bool_]:
    """Look every pixel of the image up in the mask; they may be scaled, moved or turned."""
    base = np.zeros((3, image.ndim))
    for row, axis in enumerate(part.spatial, start=1):
        base[row, axis] = 1
    mapped = np.array([layer.world_to_data(image.data_to_world(point)) for point in base])
    origin, *steps = mapped[:, list(spatial_axes(layer))]
    matrix = np.stack(steps, axis=1) - origin[:, None]
    moved = [
        ndimage.affine_transform(
            plane.astype(np.uint8),
            matrix,
            origin,
            output_shape=_plane_shape(part),
            order=0,
            mode='grid-constant',
        )
        for plane in mask.reshape(-1, *mask.shape[-2:])
    ]
    return np.reshape(moved, (*mask.shape[:-2], *_plane_shape(part))) > 0


def _drawn(
    image: napari.layers.Image, shapes: napari.layers.Shapes, part: Selection
) -> NDArray[np.bool_]:
    leading = tuple(s.stop - s.start for s in _leading(part))
    stacked = bool(leading) and shapes.ndim >= image.ndim
    mask = np.zeros((*(leading if stacked else ()), *_plane_shape(part)), dtype=bool)
    for outline, kind, width in zip(shapes.data, shapes.shape_type, shapes.edge_width, strict=True):
        corners = outline_corners(np.asarray(outline, dtype=float), kind)
        points = _to_image(image, shapes, corners)
        place = _place_of(points[0, :-2], _leading(part)) if stacked else ()
        if place is not None:
            mask[place] |= _filled(points[:, -2:], corners, kind, float(width), _plane_shape(part))
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
