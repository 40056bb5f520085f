"""What the manifest points at: panels and menu commands.

The panel of a method is the attribute named like the method, so that a new
method needs no code here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import napari
import napari.viewer
from napari.utils.notifications import show_info

from ..declare.methods import METHODS
from ..errors import FrescoError
from ..layers.growing_layer import fill_at, undo_fill
from ..layers.layer_kinds import FILLS
from ..layers.selection import select
from ..layers.space import View
from . import new_mask, shortcuts, texts, tour
from .compare_panel import ComparePanel
from .damage_mask_panel import DamageMaskPanel
from .document_panel import DocumentPanel
from .estimate_noise import noise_at_a_glance
from .evidence_panel import EvidencePanel
from .goal_panels import FillPanel, RestorePanel
from .kernel_panel import KernelPanel
from .offer import Offer
from .panel import MethodPanel
from .panel_widget import as_widget_class
from .scale_panel import ScalePanel
from .session_dialog import ask_for_record
from .simulate_panel import SimulatePanel

blur_kernel = KernelPanel
compare = ComparePanel
damage_mask = DamageMaskPanel
document = DocumentPanel
evidence = EvidencePanel
fill_losses = as_widget_class(FillPanel)
restore = as_widget_class(RestorePanel)
scale_from_points = ScalePanel
simulate = SimulatePanel

cancel_run = shortcuts.cancel_run
mask_for_image = new_mask.mask_for_image
run_in_front = shortcuts.run_in_front
show_next_result = shortcuts.show_next_result
show_shortcuts = shortcuts.show_shortcuts
show_tour = tour.show_tour

shortcuts.bind_keys()


@cache
def _panel(name: str) -> Any:
    """Return the panel of a method as napari wants it: a class that takes a viewer."""
    method = METHODS[name]
    panel = type(f'{method.title}Panel', (MethodPanel,), {'offer': Offer.of(method)})
    return as_widget_class(panel)


def __getattr__(name: str) -> Any:
    if name in METHODS:
        return _panel(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


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
    """Write what was done to the layers as a script, as recipes and in words."""
    ask_for_record(viewer)


def noise_of_image(viewer: napari.viewer.Viewer) -> float:
    """Say how noisy the selected image is, and return it in image units."""
    image = new_mask.selected_image(viewer)
    level, camera = noise_at_a_glance(select(image, view=View.of(viewer), shown=True))
    model = '' if camera is None else f'; photon noise: {texts.camera(*camera)}'
    show_info(f'{image.name}: noise σ = {texts.number(level)} (image units){model}')
    return level
