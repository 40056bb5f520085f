"""Menu commands that act at once, without a panel."""

from __future__ import annotations

import napari
import napari.viewer
from napari.utils.notifications import show_info

from ..errors import FrescoError
from ..layers.fills.growing_layer import fill_at, undo_fill
from ..layers.images.layer_kinds import FILLS
from ..layers.images.selection import select
from ..layers.images.space import View
from .files.session_dialog import ask_for_record
from .masks.new_mask import selected_image
from .restoring.estimate_noise import noise_at_a_glance
from .widgets import texts


def undo_fill_here(viewer: napari.viewer.Viewer) -> int:
    """Give the original pixels of the fill under the pointer back; return its number."""
    place = viewer.cursor.position
    for layer in reversed(viewer.layers):
        if FILLS in layer.metadata and fill_at(layer, place):
            number = undo_fill(viewer, layer, at=place)
            show_info(f'{layer.name}: fill {number} is undone.')
            return number
    raise FrescoError('There is no fill under the pointer: point at one in the picture.')


def record_of_session(viewer: napari.viewer.Viewer) -> None:
    """Write the session of a viewer as a script, as recipes and in words."""
    ask_for_record(viewer)


def noise_of_image(viewer: napari.viewer.Viewer) -> float:
    """Show the noise of the selected image, and return it in image units."""
    image = selected_image(viewer)
    level, camera = noise_at_a_glance(select(image, view=View.of(viewer), shown=True))
    model = '' if camera is None else f'; photon noise: {texts.camera(*camera)}'
    show_info(f'{image.name}: noise σ = {texts.number(level)} (image units){model}')
    return level
