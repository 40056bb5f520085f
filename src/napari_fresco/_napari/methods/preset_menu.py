"""The menu *Presets* of a panel: bundled ones, the user's own, saving and loading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error
from platformdirs import user_config_path
from psygnal import EmitLoopError, Signal
from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton

from ...declare.presets import SUFFIX, Preset, presets
from ...errors import FrescoError
from ...io.files import write_text
from .offer import Offer

_FILES = f'Presets (*{SUFFIX})'
_HELP = (
    '<p>Settings under a name: choose some, save those of this panel, or load a file that somebody '
    'else has saved. The same files serve Python, the command line and batches.</p>'
)


def own_folder() -> Path:
    """Return the folder of the user's presets; it may not exist yet."""
    return user_config_path('napari-fresco') / 'presets'


class PresetMenu(QPushButton):
    """A button with a menu of the presets that a panel can take.

    `offer`: what the panel has on offer.
    `present`: returns the settings of the panel under a title.
    """

    chosen = Signal(object)
    """A preset is wanted."""

    def __init__(self, offer: Offer, present: Callable[[str], Preset]) -> None:
        super().__init__('Presets')
        self._offer, self._present = offer, present
        self.setToolTip(_HELP)
        self.setFlat(True)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)

    def fill(self) -> None:
        """Bring the menu into line with the presets that there are."""
        self._menu.clear()
        self._add_all(list(presets().values()))
        self._add_all(self._own())
        self._add('Save as preset …', self._on_save, 'Keep the settings of this panel as a file')
        self._add('Load preset …', self._on_load, 'Take the settings of a file')

    @property
    def entries(self) -> list[Any]:
        """The entries of the menu."""
        return [each for each in self._menu.actions() if not each.isSeparator()]

    def save(self, path: Path) -> None:
        """Write the settings of the panel.

        Raises FrescoError when they are no preset, or cannot be written.
        """
        preset = self._present(path.stem)
        write_text(path, preset.to_json(), suffixes=(SUFFIX,), overwrite=True)

    def load(self, path: Path) -> None:
        """Take the settings of a file.

        Raises FrescoError when it is no preset.
        """
        self.chosen.emit(Preset.of(path))

    def _own(self) -> list[Preset]:
        """Return the user's presets; files that are none are passed over."""
        found = []
        for path in sorted(own_folder().glob(f'*{SUFFIX}')):
            try:
                found.append(Preset.of(path))
            except FrescoError:
                continue
        return found

    def _add_all(self, several: list[Preset]) -> None:
        for preset in several:
            if self._suits(preset):
                self._add(preset.title, partial(self.chosen.emit, preset), preset.about)
        self._menu.addSeparator()

    def _add(self, text: str, act: Callable[[], object], tooltip: str) -> None:
        action = self._menu.addAction(text)
        if action is not None:
            action.setToolTip(f'<p>{tooltip}</p>')
            action.triggered.connect(lambda *_: _or_show(act))

    def _suits(self, preset: Preset) -> bool:
        methods = [method.name for method in self._offer.methods]
        return preset.method in methods and preset.task in (None, *self._offer.tasks)

    def _on_save(self) -> None:
        folder = own_folder()
        folder.mkdir(parents=True, exist_ok=True)
        start = str(folder / f'{self._offer.title}{SUFFIX}')
        path, _ = QFileDialog.getSaveFileName(self, 'Save preset', start, _FILES)
        self._with(path, self.save)

    def _on_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, 'Load preset', str(own_folder()), _FILES)
        self._with(path, self.load)

    def _with(self, path: str, act: Callable[[Path], None]) -> None:
        if path:
            _or_show(partial(act, Path(path)))


def _or_show(act: Callable[[], object]) -> None:
    """Do something, or show in a sentence why not."""
    try:
        act()
    except FrescoError as error:
        show_error(str(error))
    except EmitLoopError as error:  # of the panel that takes the settings
        if not isinstance(error.__cause__, FrescoError):
            raise
        show_error(str(error.__cause__))
