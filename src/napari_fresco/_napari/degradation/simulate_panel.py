"""The panel that degrades a layer, so that a method can be tried where the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import SpinBox
from napari.utils.notifications import show_error
from qtpy.QtWidgets import QPushButton, QVBoxLayout

from ... import degrade
from ...errors import FrescoError
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import METADATA, is_picture
from ...layers.images.look import Look
from ...layers.images.selection import is_stack, select
from ...layers.images.space import Space, View
from ...layers.jobs.job import Job
from ...layers.jobs.simulated_layers import SimulationOutcome, SimulationRequest, simulation_job
from ..methods.input_section import SLICE, STACK
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Row, Scroll, Section, note, stacked
from ..widgets.listeners import Listeners, is_alive, main_window_of
from ..widgets.rows import changed_values, row_of
from ..window.docked import Docked

if TYPE_CHECKING:
    import napari

DEGRADE, WORKING = 'Degrade', 'Working …'
_NO_IMAGE = 'Open a clean image to degrade, for example with File > Open Sample.'
_DONE = 'Done. Choose the new layer in the panel of a method; it is compared with the truth.'


class SimulatePanel(Docked):
    """Degrades an image layer; each degradation has the fields that it declares.

    `viewer`: whose layers are worked on.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self._job: Job[SimulationOutcome] | None = None
        extents = {SLICE: SLICE, STACK: STACK}
        kinds = {name: each.title for name, each in degrade.DEGRADATIONS.items()}
        self.image = LayerChooser(
            viewer, is_picture, 'image', 'Image', tooltip='A clean image: it becomes the truth'
        )
        self.extent = WordList('extent', 'Extent', extents, 'Planes of the stack to degrade')
        self.kind = WordList('degradation', 'Degradation', kinds, 'What is done to the image')
        self.about = note()
        self.fields = {
            name: {p.name: row_of(p) for p in each.parameters_class.declared()}
            for name, each in degrade.DEGRADATIONS.items()
        }
        self.seed = SpinBox(
            name='seed', label='Seed', max=2**31 - 1, tooltip='The same seed gives the same image'
        )
        self.button = QPushButton(DEGRADE)
        self.button.setToolTip('Add the degraded image as a layer; the image is then its truth')
        self.message = note()
        self._lay_out()
        Listeners(self).listen(self._section.changed, self.refresh)
        self.button.clicked.connect(lambda: self.run())
        self.refresh()

    @property
    def at_work(self) -> bool:
        """Whether an image is being degraded."""
        return self._job is not None

    def request(self) -> SimulationRequest:
        """Return the request that the choices make.

        Raises FrescoError when something is missing or wrong.
        """
        layer, name = self.image.value, self.kind.value
        if layer is None:
            raise FrescoError(_NO_IMAGE)
        view = View.of(self.viewer)
        only_slice = is_stack(layer, view) and self.extent.value == SLICE
        declared = degrade.DEGRADATIONS[name].parameters_class.declared()
        return SimulationRequest(
            name=name,
            parameters=changed_values(declared, self.fields[name]),
            seed=self.seed.value,
            source=layer.name,
            source_id=key_of(layer),
            image=select(layer, view=view, shown=only_slice),
            space=Space.of(layer),
            look=Look.of(layer),
        )

    def run(self) -> None:
        """Start degrading, or say why that cannot start."""
        window = main_window_of(self)
        try:
            job = simulation_job(self.viewer, self.request(), lambda: is_alive(window))
        except FrescoError as error:
            self._fail(str(error))
            return
        self._job = job
        job.ended.connect(self._on_ended)
        job.start()
        self.message.setText('')
        self.refresh()

    def wait(self, timeout: float | None = None) -> list[Any]:
        """Return the degraded layer once it is there; see :meth:`.MethodPanel.wait`."""
        return [] if self._job is None else self._job.wait(timeout)

    def refresh(self) -> None:
        """Show the fields of the chosen degradation, and whether it can start."""
        layer, name = self.image.value, self.kind.value
        self._section.rows['extent'].show(
            layer is not None and is_stack(layer, View.of(self.viewer))
        )
        self.about.setText(degrade.DEGRADATIONS[name].help)
        for each, rows in self._rows.items():
            for row in rows:
                row.show(each == name)
        self.button.setText(WORKING if self.at_work else DEGRADE)
        self.button.setEnabled(layer is not None and not self.at_work)
        if layer is None:
            self.message.setText(_NO_IMAGE)
        elif self.message.text() == _NO_IMAGE:
            self.message.setText('')

    def _lay_out(self) -> None:
        section = self._section = Section('Simulate degradation', heads=True)
        for widget in (self.image, self.extent, self.kind):
            section.add(widget)
        section.form.add_wide(self.about)
        self._rows: dict[str, list[Row]] = {
            name: [section.add(row) for row in rows.values()] for name, rows in self.fields.items()
        }
        section.add(self.seed)
        content = stacked(section.native, self.button, self.message, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))

    def _on_ended(self) -> None:
        job, self._job = self._job, None
        if not is_alive(self) or job is None:
            return
        if job.error:
            self._fail(job.error)
        elif job.layers:
            record = job.layers[-1].metadata[METADATA]
            notes = [f'Note: {warning}.' for warning in record.get('warnings', ())]
            self.message.setText(' '.join([_DONE, *notes]))
        self.refresh()

    def _fail(self, text: str) -> None:
        self.message.setText(text)
        show_error(text)
