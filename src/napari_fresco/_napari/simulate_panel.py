"""The panel that degrades a layer, so that a method can be tried where the truth is known."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QPushButton, QSpinBox, QVBoxLayout, QWidget

from .. import degrade
from ..errors import FrescoError
from ..layers.layer_kinds import is_picture
from ..layers.look import Look
from ..layers.selection import is_stack, select
from ..layers.space import Space, View
from .choosers import LayerChooser
from .form import Row, Scroll, Section, combo_box, note, stacked
from .input_section import SLICE, STACK
from .rows import changed_values, fields_of
from .simulation_job import SimulationOutcome, SimulationRequest, add_simulation, run_degradation

if TYPE_CHECKING:
    import napari

logger = logging.getLogger(__name__)

DEGRADE, WORKING = 'Degrade', 'Working …'
_NO_IMAGE = 'Open a clean image to degrade, for example with File > Open Sample.'


class SimulatePanel(QWidget):
    """Degrades an image layer; each degradation has the fields that it declares.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers are worked on.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self._names = list(degrade.DEGRADATIONS)
        self._worker: Any = None
        self.image = LayerChooser(viewer, is_picture)
        self.extent = combo_box(SLICE, STACK)
        self.kind = combo_box(*(each.title for each in degrade.DEGRADATIONS.values()))
        self.about = note()
        self.fields = {
            name: fields_of(each.parameters_class) for name, each in degrade.DEGRADATIONS.items()
        }
        self.seed = QSpinBox()
        self.seed.setRange(0, 2**31 - 1)
        self.button = QPushButton(DEGRADE)
        self.message = note()
        self._lay_out()
        self._listen()
        self.refresh()

    @property
    def name(self) -> str:
        """Name of the chosen degradation."""
        return self._names[self.kind.currentIndex()]

    @name.setter
    def name(self, name: str) -> None:
        self.kind.setCurrentIndex(self._names.index(name))

    @property
    def at_work(self) -> bool:
        """Whether an image is being degraded."""
        return self._worker is not None

    def request(self) -> SimulationRequest:
        """Return what the panel asks for.

        Raises
        ------
        FrescoError
            When something is missing or wrong.
        """
        layer = self.image.value
        if layer is None:
            raise FrescoError(_NO_IMAGE)
        view = View.of(self.viewer)
        only_slice = is_stack(layer, view) and self.extent.currentText() == SLICE
        return SimulationRequest(
            name=self.name,
            parameters=changed_values(self.fields[self.name]),
            seed=self.seed.value(),
            source=layer.name,
            image=select(layer, view=view, shown=only_slice),
            space=Space.of(layer),
            look=Look.of(layer),
        )

    def run(self) -> None:
        """Start degrading, or say why that cannot start."""
        try:
            request = self.request()
        except FrescoError as error:
            self._fail(str(error))
            return
        worker = create_worker(
            run_degradation,
            request,
            _start_thread=False,
            _ignore_errors=True,
            _progress={'total': 0, 'desc': request.title},
        )
        destination = _Destination(self.viewer, self.window(), request)
        worker.returned.connect(destination.add)
        worker.finished.connect(destination.forget)
        worker.returned.connect(self._on_done)
        worker.errored.connect(self._on_error)
        worker.finished.connect(self._on_finished)
        self._worker = worker
        self.message.setText('')
        self.refresh()
        worker.start()

    def refresh(self) -> None:
        """Show the fields of the chosen degradation, and whether it can start."""
        layer = self.image.value
        self._extent.show(layer is not None and is_stack(layer, View.of(self.viewer)))
        self.about.setText(degrade.DEGRADATIONS[self.name].help)
        for name, rows in self._rows.items():
            for row in rows:
                row.show(name == self.name)
        self.button.setText(WORKING if self.at_work else DEGRADE)
        self.button.setEnabled(layer is not None and not self.at_work)
        if layer is None:
            self.message.setText(_NO_IMAGE)
        elif self.message.text() == _NO_IMAGE:
            self.message.setText('')

    def _lay_out(self) -> None:
        section = Section('Simulate a degradation')
        section.add('Image', self.image, tooltip='A clean image: it becomes the truth')
        self._extent = section.add('Extent', self.extent, tooltip='Planes of the stack to degrade')
        section.add('Degradation', self.kind)
        section.form.add_wide(self.about)
        self._rows: dict[str, list[Row]] = {
            name: [field.add_to(section) for field in fields]
            for name, fields in self.fields.items()
        }
        section.add('Seed', self.seed, tooltip='The same seed gives the same image')
        content = stacked(section, self.button, self.message, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))

    def _listen(self) -> None:
        self.image.changed.connect(self.refresh)
        self.kind.currentIndexChanged.connect(self._on_kind)
        self.button.clicked.connect(self.run)

    def _on_kind(self, index: int) -> None:
        self.refresh()

    def _on_done(self, made: SimulationOutcome) -> None:
        warnings = made.simulated.record.get('warnings', ())
        said = [
            'Done. Choose the new layer in the panel of a method; it is compared with the truth.'
        ]
        self.message.setText(' '.join([*said, *(f'Note: {warning}.' for warning in warnings)]))

    def _on_error(self, error: Exception) -> None:
        self._fail(str(error))

    def _on_finished(self) -> None:
        self._worker = None
        self.refresh()

    def _fail(self, text: str) -> None:
        self.message.setText(text)
        show_error(text)


class _Destination(QObject):
    """Where the layers go, even when the panel is closed meanwhile; it ends with the window.

    napari keeps a worker that has finished, so its viewer must be forgotten.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, window: QWidget, request: SimulationRequest
    ) -> None:
        super().__init__(window)
        self._place: Any = (viewer, request)

    def add(self, made: SimulationOutcome) -> None:
        """Add the layers."""
        viewer, request = self._place
        try:
            add_simulation(viewer, request, made)
        except Exception as error:
            logger.exception('%s: no layer', request.title)
            show_error(f'the result could not be shown ({error})')

    def forget(self) -> None:
        """Let go of the viewer."""
        self._place = None
        self.deleteLater()
