"""A tour in five steps on the bundled mural, for the first start; the menu shows it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import napari
import napari.viewer
from napari.layers import Layer
from napari.utils.notifications import show_info
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel, QMainWindow, QWidget

from ...layers.comparing.looking import look_at
from ...layers.images.layer_kinds import DAMAGE
from ..files import sample_data
from ..widgets.form import TITLE, named_button, side_by_side, stacked
from ..widgets.listeners import is_alive
from ..widgets.settings import note_tour_offered, read_preferences
from .active_panel import panel_in_front, window_in_front
from .opening import open_panel

_WIDTH = 380
_MARGIN = 24  # pixels from the lower left corner of the picture


@dataclass(frozen=True)
class TourStep:
    """An explanation, and a button that does the step.

    `title`, `text`: what is said.
    `button`, `act`: what the button says, and does to a viewer.
    """

    title: str
    text: str
    button: str
    act: Callable[[Any], Any]


class TourDialog(QDialog):
    """Goes through the steps beside the window, which can be used meanwhile.

    `viewer`: what is shown in.
    `parent`: what it lies over.
    """

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle('Fresco: a tour')
        self.setFixedWidth(_WIDTH)
        self._viewer = viewer
        self.number = 0
        self._title, self._text = QLabel(), QLabel()
        self._title.setStyleSheet(TITLE)
        self._text.setWordWrap(True)
        self.act = named_button('', 'tour_act', 'Do this step for me')
        self.back = named_button('Back', 'tour_back', 'The step before')
        self.next = named_button('Next', 'tour_next', 'The next step')
        self.skip = named_button('Skip the tour', 'tour_skip', 'The menu of Fresco has it, too')
        buttons = side_by_side(QWidget(), self.skip, self.back, self.next)
        stacked(self._title, self._text, self.act, buttons, into=self, margin=14, fill=True)
        self.act.clicked.connect(lambda: STEPS[self.number].act(self._viewer))
        self.back.clicked.connect(lambda: self.go(self.number - 1))
        self.next.clicked.connect(lambda: self.go(self.number + 1))
        self.skip.clicked.connect(self.close)
        self.next.setDefault(True)
        self.go(0)

    def go(self, number: int) -> None:
        """Show a step; the one behind the last is the end."""
        if number >= len(STEPS):
            self.close()
            return
        self.number, step = number, STEPS[number]
        self._title.setText(f'{number + 1} of {len(STEPS)}: {step.title}')
        self._text.setText(step.text)
        self.act.setText(step.button)
        self.back.setEnabled(number > 0)
        last = number == len(STEPS) - 1
        self.next.setText('Done' if last else 'Next')
        self.skip.setVisible(not last)
        layout = self.layout()
        assert layout is not None
        self.setFixedHeight(layout.heightForWidth(_WIDTH))


def show_tour(viewer: napari.viewer.Viewer) -> TourDialog:
    """Show the tour over the window in front."""
    return _shown(viewer, window_in_front())


def offer_tour_once(panel: QWidget, viewer: Any) -> None:
    """Show the tour with the first panel that a user ever opens."""
    if is_alive(panel) and panel.isVisible() and read_preferences().offer_tour:
        note_tour_offered()
        _shown(viewer, panel.window())


def _shown(viewer: Any, window: QWidget | None) -> TourDialog:
    """Show the tour in the lower left corner of the picture, beside the buttons of napari."""
    dialog = TourDialog(viewer, window)
    dialog.show()
    if window is not None:
        canvas = (window.centralWidget() if isinstance(window, QMainWindow) else None) or window
        corner = canvas.mapToGlobal(canvas.rect().bottomLeft())
        dialog.move(corner.x() + _MARGIN, corner.y() - dialog.height() - _MARGIN)
    return dialog


def _open_mural(viewer: Any) -> None:
    if 'mural' in viewer.layers:
        show_info('The mural is in the layer list already.')
        return
    mural = [Layer.create(*layer) for layer in sample_data.mural()]
    viewer.layers.extend(mural)
    look_at(viewer, *mural)


def _open_restore(viewer: Any) -> None:
    panel = open_panel(viewer, 'restore')
    if 'mural' in viewer.layers:
        panel.image.value = viewer.layers['mural']


def _take_brush(viewer: Any) -> None:
    for layer in viewer.layers:
        if DAMAGE in layer.metadata:
            viewer.layers.selection.active = layer
            layer.mode = 'paint'


def _run(viewer: Any) -> None:
    panel = panel_in_front(viewer)
    if panel is None:
        show_info('Go one step back: the panel Restore is not open.')
    else:
        panel.run()


def _compare(viewer: Any) -> None:
    open_panel(viewer, 'compare')


STEPS = (
    TourStep(
        'A picture',
        'Open a file, or drop it on the window: TIFF, OME-Zarr, PNG, JPEG. For this tour there is '
        'a mural with cracks and losses, and labels that mark them.',
        'Open the damaged mural',
        _open_mural,
    ),
    TourStep(
        'What is wrong with it?',
        'Layers > Filter > Fresco > Restore asks that: noise, blur, few pixels, damage, JPEG. It '
        'looks at the image and recommends a method with its reason. Everything else may stay.',
        'Open the panel Restore',
        _open_restore,
    ),
    TourStep(
        'Where is the damage?',
        'The labels say it. Paint with the brush to add some; Shift+M begins a mask of your own, '
        'and the panel Damage mask proposes cracks and losses. What is not marked stays as it is.',
        'Take the brush',
        _take_brush,
    ),
    TourStep(
        'Run',
        'Ctrl+Enter or the button. The window stays free, the preview follows, and Cancel keeps '
        'the best estimate so far. To try settings, zoom in and choose the visible part as region.',
        'Run it',
        _run,
    ),
    TourStep(
        'Can it be trusted?',
        'Hold H to see the image before; N shows the next result. The badge below Run is green '
        'only where all checks have passed, and what was filled is a layer of its own. Compare '
        'lays two images side by side; Sweep … tries several values; Presets keep them.',
        'Open Compare',
        _compare,
    ),
)
