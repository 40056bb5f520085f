"""The panel that compares two images: swipe, difference, likeness."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from magicgui.widgets import FloatSlider
from napari.utils.notifications import show_error
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ..errors import FrescoError
from ..layers.compared import Likeness, Planes
from ..layers.evidence_request import source_name
from ..layers.layer_kinds import COMPARISON, is_picture
from ..layers.results import inserted
from ..layers.space import View
from ..layers.swipe import Swipe
from .choosers import LayerChooser
from .form import Scroll, Section, named_button, note, side_by_side, stacked
from .listeners import Listeners, is_alive
from .newest import Newest, said_of, stepwise
from .texts import number, sentence

if TYPE_CHECKING:
    import napari


class ComparePanel(QWidget):
    """Two images side by side in one layer, with one contrast, and what differs.

    `viewer`: whose layers are compared.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.first = LayerChooser(viewer, is_picture, 'first', 'Left', tooltip=_FIRST)
        self.second = LayerChooser(viewer, is_picture, 'second', 'Right', tooltip=_SECOND)
        self.at = FloatSlider(
            name='at', label='Line at', min=0, max=1, step=0.001, value=0.5, tooltip=_AT
        )
        self.swipe_button = named_button('Swipe', 'compare_swipe', _SWIPE)
        self.swipe_button.setCheckable(True)
        self.measure = named_button('Measure', 'compare_measure', _MEASURE)
        self.difference = named_button('Difference as layer', 'compare_difference', _DIFFERENCE)
        self.found, self.work = note(), Newest()
        self.swipe: Swipe | None = None
        self._callbacks = viewer.mouse_move_callbacks
        self._suggest()
        self._lay_out()
        self._listen()

    def planes(self) -> Planes:
        """Return what is on show of both images.

        Raises FrescoError where they cannot be compared.
        """
        first, second = self._chosen()
        return Planes.of(first, second, View.of(self.viewer))

    def show_swipe(self, shown: bool) -> None:
        """Add the layer that shows both, or take it away."""
        if self.swipe is not None:
            self.swipe.close()
            self.swipe = None
        try:
            if shown:
                self.swipe = Swipe(self.viewer, *self._chosen())
                self.swipe.at = self.at.value
        except FrescoError as error:
            self._say(error)
        if self.swipe_button.isChecked() != (self.swipe is not None):
            self.swipe_button.setChecked(self.swipe is not None)

    def run(self) -> None:
        """Find out beside the window how alike the planes on show are, and say it."""
        try:
            planes = self.planes()
        except FrescoError as error:
            self._say(error)
            return
        self.found.setText('Measuring …')
        self.work.ask(stepwise('Compare', _measuring(planes), self._tell, lambda: is_alive(self)))

    def _tell(self, like: Likeness) -> None:
        if math.isinf(like.psnr):
            self.found.setText('The same, pixel by pixel.')
            return
        similar = '' if math.isnan(like.ssim) else f', SSIM {like.ssim:.3f}'
        self.found.setText(
            f'PSNR {like.psnr:.2f} dB{similar}; at most {number(like.largest)} apart.'
        )

    def add_difference(self) -> Any:
        """Add left less right as a layer, gray where both are alike; return it."""
        try:
            planes = self.planes()
        except FrescoError as error:
            self._say(error)
            return None
        names = [layer.name for layer in self._chosen()]
        data, look = planes.difference_layer()
        told = {'name': ' - '.join(names), 'metadata': {COMPARISON: names}}
        return inserted(self.viewer, None, (data, {**told, **look}, 'image'))

    def _chosen(self) -> tuple[Any, Any]:
        first, second = self.first.value, self.second.value
        if first is None or second is None or first is second:
            raise FrescoError('choose two images to compare')
        return first, second

    def _suggest(self) -> None:
        """Compare the newest result with what it was made of."""
        results = [x for x in self.viewer.layers if is_picture(x) and source_name(x)]
        if results and source_name(results[-1]) in self.viewer.layers:
            self.first.value = source_name(results[-1])
            self.second.value = results[-1]

    def _say(self, error: FrescoError) -> None:
        self.found.setText(sentence(error))
        show_error(str(error))

    def _on_failed(self, error: str) -> None:
        self.found.setText(said_of(error))

    def _on_moved(self, share: float) -> None:
        if self.swipe is not None and self.swipe.is_open:
            self.swipe.at = share

    def _on_slice(self, *_: Any) -> None:
        """Follow the viewer to another plane."""
        if self.swipe is None or not self.swipe.is_open:
            return
        try:
            self.swipe.reload()
        except FrescoError:
            self.show_swipe(False)

    def _on_layers(self, *_: Any) -> None:
        if self.swipe is not None and not self.swipe.is_open:
            self.show_swipe(False)

    def _on_pointer(self, _: Any, event: Any) -> None:
        """Let the line follow the pointer while Shift is held."""
        if 'Shift' in event.modifiers and self.swipe is not None and self.swipe.is_open:
            self.swipe.follow(event.position)
            self.at.value = self.swipe.at

    def _let_go(self) -> None:
        if self._on_pointer in self._callbacks:
            self._callbacks.remove(self._on_pointer)

    def _lay_out(self) -> None:
        section = self._section = Section('Compare')
        section.add(self.first)
        section.add(self.second)
        section.add(self.at)
        section.form.add_wide(side_by_side(self.swipe_button, self.measure, self.difference))
        section.form.add_wide(self.found)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(stacked(section.native, margin=8, fill=True)))

    def _listen(self) -> None:
        links = Listeners(self)
        links.listen(self.viewer.dims.events.current_step, self._on_slice)
        links.listen(self.viewer.layers.events.removed, self._on_layers)
        for chooser in (self.first, self.second):
            chooser.changed.connect(lambda _: self.show_swipe(False))
        self.at.changed.connect(self._on_moved)
        self.swipe_button.toggled.connect(self._on_toggled)
        self.measure.clicked.connect(self.run)
        self.work.failed.connect(self._on_failed)
        self.difference.clicked.connect(self.add_difference)
        self._callbacks.append(self._on_pointer)
        self.destroyed.connect(self._let_go)

    def _on_toggled(self, shown: bool) -> None:
        if shown != (self.swipe is not None):
            self.show_swipe(shown)


def _measuring(planes: Planes) -> Generator[None, None, Likeness]:
    yield
    return planes.likeness()


_FIRST = '<p>The image left of the line, whose contrast both are shown with.</p>'
_SECOND = '<p>The image right of the line: another one of the same size, or enlarged.</p>'
_AT = (
    '<p>Where the line is; further right shows more of the left image. While Shift is held it '
    'follows the pointer in the picture.</p>'
)
_SWIPE = '<p>Show both in one layer, left and right of a line. Press again to take it away.</p>'
_MEASURE = (
    '<p>PSNR and SSIM of the planes on show, of the range of the right one. They measure an error '
    'only where one of both is the truth.</p>'
)
_DIFFERENCE = '<p>Add left less right as a layer; of colours, gray is no difference.</p>'
