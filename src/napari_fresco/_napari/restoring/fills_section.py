"""The fills of a photograph, one by one: chosen by a click, undone, or filled again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import SpinBox
from napari.utils.notifications import show_error
from psygnal import Signal

from ...declare.methods import METHODS
from ...errors import FrescoError
from ...evidence.fill_error import MEANING
from ...layers.fills.fills import Fill
from ...layers.fills.growing_layer import fill_at, growing_layer, undo_fill
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import FILLS
from ..widgets.clicks import Clicks
from ..widgets.form import Section, named_button, note, side_by_side
from ..widgets.listeners import Listeners

if TYPE_CHECKING:
    import napari

_HELP = '<p>Number of the fill; click on one in the picture to choose it.</p>'
_UNDO_HELP = '<p>Give the original pixels of this fill back. It stays so until filled again.</p>'
_AGAIN_HELP = '<p>Fill this loss anew with what is set now; the others stay as they are.</p>'


class FillsSection(Section):
    """Chooses one of the fills and undoes it, or asks for it again.

    `viewer`: whose layers are filled.
    `image`: returns the photograph, or None.
    """

    again = Signal(int)
    """The loss of this number is to be filled again."""

    def __init__(self, viewer: napari.viewer.Viewer, image: Callable[[], Any]) -> None:
        super().__init__('Fills')
        self._viewer, self._image = viewer, image
        self.number = SpinBox(name='fill', label='Fill', min=0, max=1, value=0, tooltip=_HELP)
        self.undo = named_button('Undo this fill', 'fill_undo', _UNDO_HELP)
        self.fill_again = named_button('Fill again', 'fill_again', _AGAIN_HELP)
        self.said = note()
        self.add(self.number)
        self.form.add_wide(self.said)
        self.form.add_wide(side_by_side(self.undo, self.fill_again))
        self.number.changed.connect(self.refresh)
        self.undo.clicked.connect(self._on_undo)
        self.fill_again.clicked.connect(lambda: self.again.emit(self.number.value))
        self._clicks = Clicks(viewer, self.native)
        self._clicks.clicked.connect(self._on_click)
        self._clicks.start()
        listeners = Listeners(self.native)
        for changed in (viewer.layers.events.inserted, viewer.layers.events.removed):
            listeners.listen(changed, self.refresh)
        self.refresh()

    @property
    def layer(self) -> Any:
        """The layer that grows, or None."""
        image = self._image()
        return None if image is None else growing_layer(self._viewer, key_of(image))

    def refresh(self, *_: Any) -> None:
        """Describe the chosen fill, and offer its actions."""
        layer = self.layer
        fills = None if layer is None else layer.metadata[FILLS]
        highest = 0 if fills is None else fills.highest
        self.native.setVisible(highest > 0)
        self.number.max = max(highest, 1)
        known = fills is not None and 0 < self.number.value <= highest
        self.undo.setEnabled(known)
        self.fill_again.setEnabled(known)
        if fills is None or not known:
            count = 0 if fills is None else fills.count
            self.said.setText(f'{count} filled. Click on one in the picture to choose it.')
            return
        fill = fills.fill(self.number.value)
        run = fills.runs[fill.run]
        sides = ' × '.join(str(side.stop - side.start) for side in fill.box[-2:])
        how = f'{METHODS[run["method"]].title}, seed {run["seed"]}'
        self.undo.setEnabled(not fill.undone)
        what = 'undone' if fill.undone else f'filled by {how}'
        self.said.setText(
            f'{fill.pixels} pixels in {sides}, {what}; {fills.count} filled in all. {_error(fill)}'
        )
        self.said.setToolTip(f'<p>{MEANING}</p>')

    def _on_undo(self) -> None:
        try:
            undo_fill(self._viewer, self.layer, self.number.value)
        except FrescoError as error:
            show_error(str(error))
        self.refresh()

    def _on_click(self, place: tuple[float, ...]) -> None:
        """Choose the fill that was clicked on."""
        number = 0 if self.layer is None else fill_at(self.layer, place)
        if number:
            self.number.value = number


def _error(fill: Fill) -> str:
    """Say how far off a fill is expected to be."""
    if fill.undone:
        return ''
    if fill.expected_error is None:
        return 'No error is told: fills like it were not tested.'
    return (
        f'Expected error {fill.expected_error:.3g}, below {fill.nine_of_ten:.3g} in nine of ten '
        'like losses; not measured.'
    )
