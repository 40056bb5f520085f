"""A line across the compared images, and the values of both along it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from psygnal import Signal
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget
from superqt.utils import qthrottled

from ...declare.fields import Parameter
from ...errors import FrescoError
from ...evidence.graphs import Graph
from ...layers.comparing.profile import line_across, profiles
from ...layers.images.identity import key_of, with_key
from ...layers.images.removal import take_away
from ...layers.images.selection import full_resolution
from ...layers.images.space import View
from ..widgets.form import Form, named_button, note, side_by_side
from ..widgets.graph_view import GraphView
from ..widgets.latest_job import LatestJob, said_of, stepwise
from ..widgets.listeners import Listeners, is_alive
from ..widgets.rows import row_of
from ..widgets.texts import sentence

if TYPE_CHECKING:
    import napari

_NAME = 'profile'
_COLOUR = '#ffd23f'
_THICKNESS = 250  # of the longer side of the image in a line's thickness
_PAUSE_MS = 60  # between two readings while the line is moved
_APART_MS = 20  # so that the window answers in between


class ProfileSection(QWidget):
    """Draws a line on request, and a graph that follows it.

    `viewer`: where the line is drawn.
    `compared`: returns the layers whose values are shown; raises FrescoError without any.
    """

    failed = Signal(str)
    """A sentence that says why there is no graph."""

    def __init__(self, viewer: napari.viewer.Viewer, compared: Callable[[], Sequence[Any]]) -> None:
        super().__init__()
        self._viewer, self._compared = viewer, compared
        self._line_id, self.work = '', LatestJob()
        self.button = named_button('Line profile', 'compare_profile', _HELP)
        self.button.setCheckable(True)
        self.width_row = row_of(_WIDTH)
        self.said = note()
        self.view: GraphView | None = None
        form = Form()
        row = form.add(_WIDTH.label, self.width_row.native, tooltip=f'<p>{_WIDTH.help}</p>')
        self._shown = (row.label, row.field, self.said)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(side_by_side(self.button))
        layout.addWidget(form)
        layout.addWidget(self.said)
        self._read_soon = qthrottled(self.read, timeout=_PAUSE_MS, parent=self)
        self._watched = Listeners(self)
        links = Listeners(self)
        links.listen(viewer.layers.events.removed, self._on_removed)
        links.listen(viewer.dims.events.current_step, lambda _: self._read_soon())
        self.width_row.changed.connect(lambda _: self._read_soon())
        self.button.toggled.connect(self.show_line)
        self.work.failed.connect(self._on_failed)
        self._show(False)

    @property
    def line(self) -> Any:
        """The layer of the line, or None."""
        return with_key(self._viewer.layers, self._line_id)

    def show_line(self, shown: bool) -> None:
        """Add the line, whose ends can be moved, or take it away."""
        self._watched.close()
        line = self.line
        if line is not None and not shown:
            take_away(self._viewer, line)
        if shown and line is None:
            try:
                self._add()
            except FrescoError as error:
                self.failed.emit(sentence(error))
        there = self.line is not None
        if self.button.isChecked() != there:
            self.button.setChecked(there)
        self._show(there)
        if there:
            for name in ('data', 'set_data', 'highlight'):
                self._watched.listen(getattr(self.line.events, name), lambda _: self._read_soon())
            self.read()

    def read(self) -> None:
        """Read the values along the line; beside the window where they are not in memory."""
        line = self.line
        if line is None:
            return
        view, width = View.of(self._viewer), int(self.width_row.value)
        try:
            layers = self._compared()
        except FrescoError as error:
            self._on_failed(str(error))
            return

        if all(isinstance(full_resolution(layer), np.ndarray) for layer in layers):
            try:
                self._draw(profiles(layers, line, view, width))
            except FrescoError as error:
                self._on_failed(str(error))
            return

        def steps() -> Generator[None, None, Graph]:
            yield
            return profiles(layers, line, view, width)

        self.work.ask(stepwise('Profile', steps(), self._draw, lambda: is_alive(self)))

    def _add(self) -> None:
        first = self._compared()[0]
        ends, place = line_across(first, View.of(self._viewer))
        line = self._viewer.add_shapes(
            [ends],
            shape_type='line',
            name=_NAME,
            edge_color=_COLOUR,
            edge_width=max(1.0, max(first.data.shape[:2]) / _THICKNESS),
            visible=False,
            **place,
        )
        line.mode = 'direct'
        self._line_id = key_of(line)
        QTimer.singleShot(_APART_MS, self._reveal)  # which takes as long as adding it

    def _reveal(self) -> None:
        line = self.line if is_alive(self) else None
        if line is not None:
            line.visible = True

    def _draw(self, graph: Graph) -> None:
        self.said.setText(graph.caption)
        layout = self.layout()
        if self.view is not None:
            self.view.hide()
            self.view.deleteLater()
        self.view = GraphView(graph)
        if layout is not None:
            layout.addWidget(self.view)

    def _show(self, shown: bool) -> None:
        for each in self._shown:
            each.setVisible(shown)
        if self.view is not None:
            self.view.setVisible(shown)

    def _on_failed(self, error: str) -> None:
        if self.view is not None:
            self.view.hide()
        self.said.setText(sentence(said_of(error)))

    def _on_removed(self, event: Any) -> None:
        if isinstance(event.value, Shapes) and key_of(event.value) == self._line_id:
            self.show_line(False)


_HELP = (
    '<p>Draw a line across both images and show their values along it. Take its ends to move them; '
    'press again to take it away.</p>'
)
_WIDTH = Parameter(
    'width', int, 1,
    'Pixels across the line whose mean is taken; more show less noise, and less of what is fine.',
    'Line width', 'pixels', minimum=1, maximum=99,
)  # fmt: skip
