"""The noise of each pixel of an image, taken from a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ImageError
from .layer_kinds import variance_scale
from .selection import Selection, select_same

if TYPE_CHECKING:
    import napari


def select_noise(layer: napari.layers.Image, like: Selection) -> Selection:
    """Choose from a noise map the part that `like` chooses from an image.

    A variance map that was found while enlarging is as large as the result; one
    value is taken for each pixel of the image.

    Raises
    ------
    ImageError
        When the map belongs to another image.
    """
    scale = variance_scale(layer)
    if scale > 1:
        try:
            return select_same(layer, like, scale).thinned(scale)
        except ImageError:
            return select_same(layer, like)
    return select_same(layer, like)
