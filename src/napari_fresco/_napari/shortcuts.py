"""Keys of the viewer: their functions, their actions in napari, and a dialog that lists them.

napari 0.9 reads key bindings of a manifest and drops them. So they become actions of its action
manager when this plugin is first used: then its Preferences list them, and other keys can be
chosen there, which it remembers. A key that somebody else has bound stays theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import napari
import napari.viewer
from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.notifications import show_info
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QWidget

from ..layers.images.identity import key_of
from ..layers.images.related_layers import source_of
from ..layers.jobs.layer_restoration import running
from ..layers.results.result_turns import next_result, result_in_view
from .masks.new_mask import mask_for_image
from .widgets.form import Form, note, stacked
from .widgets.settings import PLUGIN
from .window.active_panel import panel_in_front, window_in_front
from .window.before_view import BeforeView

_NO_PANEL = 'Open a panel first: Layers > Filter > Fresco > Restore.'
_NO_RESULT = 'There is no result to look at: run a panel first.'
_WIDTH = 420


@dataclass(frozen=True)
class Shortcut:
    """An action on a viewer, and the key that it has unless the user has chosen others.

    `key`: as napari writes it.
    `does`: what it does.
    `act`: does it to a viewer.
    """

    key: str
    does: str
    act: Callable[[Any], Any]

    @property
    def action(self) -> str:
        """Name of the action."""
        return f'{PLUGIN}:{self.act.__name__}'

    @property
    def keys(self) -> list[Any]:
        """The keys that were chosen for it."""
        chosen = get_settings().shortcuts.shortcuts
        return [coerce_keybinding(key) for key in chosen.get(self.action, [self.key])]

    @property
    def shown(self) -> str:
        """The keys as this computer writes them."""
        return ', '.join(str(key.to_text(joinchar='+')) for key in self.keys) or '(none)'

    @property
    def is_bound(self) -> bool:
        """Whether its keys are its own, not those of another plugin or of the user."""
        bound = [ViewerModel.class_keymap.get(key) for key in self.keys]
        return all(self.act in (act, getattr(act, '__wrapped__', None)) for act in bound)


def run_in_front(viewer: napari.viewer.Viewer) -> None:
    """Run the panel in front, or say that there is none."""
    panel = panel_in_front(viewer)
    if panel is None:
        show_info(_NO_PANEL)
    elif running.busy_text:
        show_info(running.busy_text)
    else:
        panel.run()


def cancel_run(viewer: napari.viewer.Viewer) -> None:
    """Cancel the running work of this viewer."""
    restoration = running.restoration
    if restoration is not None and restoration.runs_in(viewer):
        restoration.cancel()


def hold_before(viewer: napari.viewer.Viewer) -> Iterator[None]:
    """Show the image without its result for as long as the key is held."""
    result = result_in_view(viewer)
    if result is None:
        show_info(_NO_RESULT)
        return
    before = BeforeView(viewer)
    before.of(key_of(source_of(result, viewer.layers)), {key_of(result)})
    before.hold(True)
    yield
    before.hold(False)


def show_next_result(viewer: napari.viewer.Viewer) -> None:
    """Show the next result of the same image."""
    shown = next_result(viewer)
    if shown is None:
        show_info(_NO_RESULT)
    else:
        viewer.status = shown.name


SHORTCUTS = (
    Shortcut('Control-Enter', 'Run the panel in front', run_in_front),
    Shortcut('Control-.', 'Cancel what runs; the best estimate so far is kept', cancel_run),
    Shortcut('H', 'While held: the image before', hold_before),
    Shortcut('N', 'Next result of the same image', show_next_result),
    Shortcut('Shift-M', 'New mask for the selected image', mask_for_image),
)


def bind_keys() -> None:
    """Tell napari of the actions, and bind their keys, but for those that are taken."""
    chosen = get_settings().shortcuts.shortcuts
    for shortcut in SHORTCUTS:
        if shortcut.action in _REGISTERED:
            continue
        _REGISTERED.add(shortcut.action)
        action_manager.register_action(
            shortcut.action, shortcut.act, f'Fresco: {shortcut.does}', ViewerModel
        )
        for key in shortcut.keys:
            if shortcut.action in chosen or key not in ViewerModel.class_keymap:
                action_manager.bind_shortcut(shortcut.action, key)


_REGISTERED: set[str] = set()


class ShortcutsDialog(QDialog):
    """Lists the shortcuts.

    `parent`: what it lies over.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle('Fresco: keyboard shortcuts')
        self.setMinimumWidth(_WIDTH)
        form = Form()
        for each in SHORTCUTS:
            taken = '' if each.is_bound else ' (bound to something else)'
            form.add(each.shown, note(each.does + taken))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        stacked(form, note(_ABOUT), buttons, into=self, margin=12)
        self.resize(_WIDTH, 1)  # as high as it must be


def show_shortcuts() -> ShortcutsDialog:
    """Show the dialog over the window."""
    dialog = ShortcutsDialog(window_in_front())
    dialog.show()
    return dialog


_ABOUT = (
    'They work wherever no text is typed. File > Preferences > Shortcuts, in the group of the '
    'viewer, gives them other keys, and says which are taken. Every command of Fresco is in the '
    'command palette, too.'
)
