"""The noise of each pixel of an image, taken from a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import ImageError
from ..images.layer_kinds import variance_scale
from ..images.placement import Placement
from ..images.selection import Selection, select_same
from ..images.space import Space, View

if TYPE_CHECKING:
    import napari


def select_noise(
    layer: napari.layers.Image, like: Selection, view: View | None = None
) -> Selection:
    """Choose from a noise map the part that `like` chooses from an image.

    A map on the grid of the image is taken as it is, another one as it lies over the image
    on screen. A variance map that was found while enlarging is as large as the result; one
    value is taken for each pixel of the image.

    Raises ImageError when the map belongs to another image.
    """
    scale = variance_scale(layer)
    if scale > 1:
        try:
            return select_same(layer, like, scale).thinned(scale)
        except ImageError:
            return select_same(layer, like)
    try:
        part = select_same(layer, like)
    except ImageError as error:
        return _looked_up(layer, like, view, error)
    known = like.space is None or Space.of(layer).is_default
    if known or Placement.of(like, layer, view).covers_alike:
        return part
    return _looked_up(layer, like, view)


def _looked_up(
    layer: napari.layers.Image,
    like: Selection,
    view: View | None,
    error: ImageError | None = None,
) -> Selection:
    """Look the noise up wherever the map lies; `error` says why it is no map as it is."""
    place = Placement.of(like, layer, view)
    if error is not None and (place.misfit or layer.rgb):
        raise error
    values = place.values(lambda plane: np.asarray(plane, dtype=float), np.nan)
    box = tuple(like.index[axis] for axis in like.spatial)
    leading = [like.axes[axis] for axis in like.leading]
    letters = ''.join(leading[len(leading) - (values.ndim - 2) :]) + 'YX'
    part = Selection(
        values,
        (*(slice(0, n) for n in values.shape[:-2]), *box),
        (values.ndim - 2, values.ndim - 1),
        False,
        letters,
    )
    if np.isnan(part.load()).any():
        raise ImageError(
            f'noise map {layer.name!r} does not cover image {like.name!r}; choose one that does'
        )
    return part
