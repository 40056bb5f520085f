"""The panel *Evidence*: how far to trust a result, in numbers, graphs, maps and a report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets.bases import Widget
from napari.layers import Layer
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from ...errors import FrescoError
from ...evidence.maps import MAPS, MapKind
from ...layers.images.kept_selection import selection_kept
from ...layers.images.layer_kinds import (
    EVIDENCE,
    KERNEL,
    is_picture,
    record_of,
)
from ...layers.images.related_layers import source_of, truth_of
from ...layers.images.selection import is_stack
from ...layers.images.space import View
from ...layers.jobs.evidence_request import Evidence, EvidenceRequest
from ...layers.jobs.job import Job
from ..files.report_file import REPORT_HELP, ask_for_report
from ..methods.input_section import SLICE, STACK
from ..running.run_bar import RUN_STYLE
from ..widgets import texts
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Scroll, Section, named_button, note, show_badge, side_by_side, stacked
from ..widgets.graph_view import GraphView
from ..widgets.listeners import Listeners, is_alive
from .evidence_table import EvidenceTable
from .working_panel import WorkingPanel

if TYPE_CHECKING:
    import napari

MEASURE, MEASURING = 'Measure', 'Measuring …'
_SUMMARY = (
    'What can be known of a result without the truth, and with it. None of these numbers proves a '
    'result; each can accuse one.'
)
_NO_RESULT = 'Restore an image first, or open one together with its result.'
_SAME = 'Choose the image that the result was made of: it is compared with that.'


class EvidencePanel(WorkingPanel):
    """Measures a result layer against the image it was made of.

    `viewer`: whose layers are looked at.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer, 'evidence_message')
        self._measured: EvidenceRequest | None = None
        self._problem = ''
        self._choose()
        self._lay_out()
        self._suggest_result()
        self._suggest_others()
        listeners = Listeners(self)
        listeners.listen(self.result.changed, self._suggest_others)
        listeners.listen(self._section.changed, self._forget)
        listeners.listen(viewer.layers.events.inserted, self._suggest_result)
        self.button.clicked.connect(lambda: self.measure())
        self.report_button.clicked.connect(self._on_report)
        for kind, button in self.map_buttons.items():
            button.clicked.connect(partial(self._on_map, kind))
        self.refresh()

    def request(self) -> EvidenceRequest:
        """Return the request for the chosen layers.

        Raises FrescoError when a layer is missing, or the layers do not belong together.
        """
        result, image = self.result.value, self.image.value
        if result is None or image is None or result is image:
            raise FrescoError(_NO_RESULT if result is None else _SAME)
        return EvidenceRequest.of(
            result,
            image,
            view=View.of(self.viewer),
            shown=self._is_stack and self.extent.value == SLICE,
            truth=self.truth.value,
            second=self.second.value,
            kernel=self.kernel.value,
        )

    def measure(self) -> None:
        """Start measuring, or say why that cannot start."""
        self._forget()
        try:
            request = self.request()
        except FrescoError as error:
            self._fail(str(error))
            return
        self._start(
            Job(f'Evidence of {request.name}', request.measure, partial(self._show, request))
        )

    def add_map(self, kind: MapKind) -> None:
        """Start making a map of the evaluation; it becomes a layer above the result."""
        request = self._measured
        if request is not None:
            title = f'{MAPS[kind].title} of {request.name}'.capitalize()
            self._start(Job(title, request.mapping(kind), partial(self._add, request, kind)))

    def save_report(self, path: Path) -> None:
        """Start writing a report, or say why there can be none."""
        try:
            work = (self._measured or self.request()).report(path)
        except FrescoError as error:
            self._fail(str(error))
            return
        self._start(Job(f'Report {path.name}', work, self._wrote))

    def refresh(self, *_: Any) -> None:
        """Update the buttons to the choices and to the running work."""
        self._section.rows['extent'].show(self._is_stack)
        problem = ''
        try:
            self.request()
        except FrescoError as error:
            problem = texts.sentence(error)
        free = not self.at_work
        self.button.setText(MEASURE if free else MEASURING)
        self.button.setEnabled(free and not problem)
        self.report_button.setEnabled(free and not problem and bool(record_of(self.result.value)))
        measured = self._measured
        for button in self.map_buttons.values():
            button.setEnabled(free and measured is not None and not self._is_enlarged)
        if free and problem:
            self._say(problem)
        elif free and self.message.text() == self._problem:
            self._say('')
        self._problem = problem

    @property
    def _is_stack(self) -> bool:
        result = self.result.value
        return result is not None and is_stack(result, View.of(self.viewer))

    @property
    def _is_enlarged(self) -> bool:
        return int(record_of(self.result.value).get('scale', 1)) > 1

    def _choose(self) -> None:
        viewer, none = self.viewer, {'(none)': None}
        self.result = LayerChooser(
            viewer, is_picture, 'result', 'Result', tooltip='The restored image to be judged'
        )
        self.image = LayerChooser(
            viewer, is_picture, 'image', 'Made of', tooltip='The image that it was made of'
        )
        extents = {SLICE: SLICE, STACK: STACK}
        self.extent = WordList('extent', 'Extent', extents, 'Planes of the stack to measure')
        self.kernel = LayerChooser(
            viewer, _is_kernel, 'kernel', 'Blur kernel', others={'(that of the run)': None},
            tooltip='<p>What the image was blurred by: the result is blurred again before the two '
            'are compared. With that of a volume all its planes are measured.</p>',
        )  # fmt: skip
        self.truth = LayerChooser(
            viewer, is_picture, 'truth', 'Truth', others=none,
            tooltip='<p>The true image, if you have it: adds PSNR, SSIM and ring correlation.</p>',
        )  # fmt: skip
        self.second = LayerChooser(
            viewer, is_picture, 'second', 'Second frame', others=none,
            tooltip='<p>Another exposure of the image, not restored: the two tell the '
            'resolution.</p>',
        )  # fmt: skip

    def _lay_out(self) -> None:
        section = self._section = Section('Evidence', heads=True)
        for row in self._rows:
            section.add(row)
            row.native.setObjectName(f'evidence_{row.name}')
        self._make_buttons()
        self.badge = QLabel()
        self.badge.setObjectName('evidence_badge')
        self.badge.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.table = EvidenceTable()
        self.graphs = QVBoxLayout()
        drawn = QWidget()
        drawn.setLayout(self.graphs)
        self.graphs.setContentsMargins(0, 0, 0, 0)
        self.maps_row = side_by_side(QLabel('As layers'), *self.map_buttons.values())
        self.found = stacked(self.badge, self.maps_row, self.table, drawn)
        content = stacked(
            section.native,
            note(_SUMMARY),
            side_by_side(self.button, self.report_button),
            self.message,
            self.found,
            margin=8,
            fill=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))
        self.found.hide()

    def _make_buttons(self) -> None:
        self.button = named_button(
            MEASURE, 'evidence_measure', 'Measure the result beside the window'
        )
        self.button.setMinimumHeight(32)
        self.button.setStyleSheet(RUN_STYLE)
        self.map_buttons = {
            kind: named_button(
                f'{facts.title.capitalize()}',
                f'evidence_{kind}',
                f'<p>Add it as a layer, in {facts.unit}. {facts.meaning}.</p>',
            )
            for kind, facts in MAPS.items()
        }
        self.report_button = named_button('Save report …', 'evidence_report', REPORT_HELP)

    @property
    def _rows(self) -> tuple[Widget, ...]:
        return self.result, self.image, self.extent, self.kernel, self.truth, self.second

    def _suggest_result(self, *_: Any) -> None:
        """Choose the selected result, else the newest, as long as nothing was measured."""
        if self._measured is not None or self.at_work:
            return
        selected = [layer for layer in self.viewer.layers.selection if record_of(layer)]
        made = selected or [layer for layer in self.viewer.layers if record_of(layer)]
        if made and self.result.offers(made[-1]):
            self.result.value = made[-1]

    def _suggest_others(self, *_: Any) -> None:
        """Choose the inputs that the result names."""
        result, layers = self.result.value, self.viewer.layers
        source = None if result is None else source_of(result, layers)
        if source is not None and self.image.offers(source):
            self.image.value = source
            self.truth.value = truth_of(source, layers)
        estimated = '' if result is None else f'{result.name} kernel'
        self.kernel.value = estimated if estimated in layers else None
        self.refresh()

    def _show(self, request: EvidenceRequest, found: Evidence) -> list[Any]:
        if not is_alive(self):
            return []
        self._measured = request.with_noise(found.numbers)
        show_badge(self.badge, *texts.verdict_of_checks(found.numbers['checks']))
        self.table.show_numbers(found.numbers)
        for graph in found.graphs:
            self.graphs.addWidget(note(f'<b>{graph.name}</b>: {graph.caption}'))
            self.graphs.addWidget(GraphView(graph))
        self.found.show()
        return []

    def _add(self, request: EvidenceRequest, kind: MapKind, values: Any) -> list[Any]:
        layer = Layer.create(*request.map_layer(kind, values))
        layers = self.viewer.layers
        with selection_kept(self.viewer):
            layers.insert(_above(layers, request.name), layer)
        return [layer]

    def _on_map(self, kind: MapKind) -> None:
        self.add_map(kind)

    def _on_report(self) -> None:
        path = ask_for_report(self, f'{self.result.text}.html')
        if path is not None:
            self.save_report(path)

    def _forget(self, *_: Any) -> None:
        """Remove the measures of other layers."""
        self._measured = None
        self.found.hide()
        self.table.clear()
        while (item := self.graphs.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.refresh()


def _above(layers: Any, name: str) -> int:
    """Return the place above a result and its maps; without one the uppermost."""
    mine = [
        place
        for place, layer in enumerate(layers)
        if name in (layer.name, layer.metadata.get(EVIDENCE, {}).get('of'))
    ]
    return mine[-1] + 1 if mine else len(layers)


def _is_kernel(layer: Any) -> bool:
    return KERNEL in layer.metadata
