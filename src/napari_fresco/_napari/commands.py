"""The entry points of the manifest: panels and menu commands, each imported on first use.

A panel needs its own modules alone, and the first one of a session does not wait for all. The
panel of a method is the attribute named like the method, so that a new method needs no code here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ..declare.methods import METHODS
from ..runtime.garbage import imported_unsearched

_HOMES = {
    'blur_kernel': 'degradation.kernel_panel.KernelPanel',
    'compare': 'comparing.compare_panel.ComparePanel',
    'damage_mask': 'masks.damage_mask_panel.DamageMaskPanel',
    'document': 'reports.document_panel.DocumentPanel',
    'evidence': 'reports.evidence_panel.EvidencePanel',
    'scale_from_points': 'reports.scale_panel.ScalePanel',
    'simulate': 'degradation.simulate_panel.SimulatePanel',
    'cancel_run': 'shortcuts.cancel_run',
    'mask_for_image': 'masks.new_mask.mask_for_image',
    'noise_of_image': 'menu_actions.noise_of_image',
    'record_of_session': 'menu_actions.record_of_session',
    'run_in_front': 'shortcuts.run_in_front',
    'show_next_result': 'shortcuts.show_next_result',
    'show_shortcuts': 'shortcuts.show_shortcuts',
    'show_tour': 'window.tour.show_tour',
    'undo_fill_here': 'menu_actions.undo_fill_here',
}
_OF_METHODS = {
    'restore': 'restoring.goal_panels.RestorePanel',
    'fill_losses': 'restoring.goal_panels.FillPanel',
}
"""Panels that are no widgets, but have one."""


def _imported(home: str) -> Any:
    module, _, name = home.rpartition('.')
    with imported_unsearched():
        return getattr(import_module(f'.{module}', __package__), name)


@cache
def _panel(name: str) -> Any:
    """Return the panel of one method, or of several, as napari wants it."""
    if name in _OF_METHODS:
        panel = _imported(_OF_METHODS[name])
    else:
        panel = _imported('restoring.goal_panels.panel_of')(name)
    return _imported('running.panel_widget.as_widget_class')(panel)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = _imported(_HOMES[name])
    elif name in _OF_METHODS or name in METHODS:
        found = _panel(name)
    else:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    _imported('shortcuts.bind_keys')()
    return found
