"""The actions below the badge of a result: next steps, and remedies for its warnings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_error, show_info
from psygnal import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from ...errors import FrescoError
from ...layers.images.identity import key_of, with_key
from ...layers.images.kept_selection import selection_kept
from ...layers.images.layer_kinds import DAMAGE
from ...layers.jobs.evidence_request import reporting
from ...layers.jobs.job import Job
from ...layers.jobs.layer_restoration import Restoration
from ..files.readers_writers import write_picture, write_tiff
from ..files.report_file import REPORT_HELP, ask_for_file, ask_for_report
from ..widgets.form import named_button, side_by_side, stacked
from ..widgets.listeners import is_alive
from ..window.opening import open_soon

if TYPE_CHECKING:
    from ...layers.requests.layer_request import PanelRequest
    from ...types import Result

_COMPARE_HELP = '<p>Look at the image and this result side by side, swiped, or subtracted.</p>'
_DOCUMENT_HELP = (
    '<p>What was filled as an insert, drawn so that it can be told from the original, measured, '
    'and written into a report and a record that repeats it.</p>'
)
_SAVE_HELP = (
    '<p>Write the result: as TIFF with scale, units and how it was made, or as PNG with resolution '
    'and profile. The image it was made of stays as it is.</p>'
)
_KINDS = 'TIFF (*.tif);;PNG (*.png)'
_TIFF = ('.tif', '.tiff')
_FRACTIONS_HELP = (
    '<p>Run again with a result of floating-point numbers: rounding to whole numbers moved more '
    'of the light than it should.</p>'
)
_MASK_HELP = (
    '<p>Add the hot and dead pixels that were found as a mask. Choose it for "Fill damage" to have '
    'them filled.</p>'
)
_REPAIR_HELP = '<p>Run again, with the hot and dead pixels replaced by what the method makes.</p>'


class ResultActions(QWidget):
    """Buttons that a result may need.

    `viewer`: where a mask is added.
    """

    again = Signal(dict)
    """A run with these values of options is wanted."""

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self._viewer = viewer
        # Not the restoration, which holds the window: a panel must not keep its window alive.
        self._made: tuple[PanelRequest, Result] | None = None
        self._layer_id = ''
        self.job: Job[Any] | None = None
        self.fractions = named_button('Keep fractions', 'result_fractions', _FRACTIONS_HELP)
        self.hot_mask = named_button('Hot pixels as mask', 'result_hot_mask', _MASK_HELP)
        self.repair = named_button('Repair', 'result_repair', _REPAIR_HELP)
        self.save = named_button('Save …', 'result_save', _SAVE_HELP)
        self.report = named_button('Report …', 'result_report', REPORT_HELP)
        self.compare = named_button('Compare', 'result_compare', _COMPARE_HELP)
        self.document = named_button('Document', 'result_document', _DOCUMENT_HELP)
        spare = [QWidget(), QWidget()]
        stacked(
            side_by_side(spare[0], self.save, self.compare, self.document, self.report),
            side_by_side(spare[1], self.fractions, self.hot_mask, self.repair),
            into=self,
        )
        self.compare.clicked.connect(lambda: open_soon(self._viewer, 'compare'))
        self.document.clicked.connect(lambda: open_soon(self._viewer, 'document'))
        self.save.clicked.connect(self._on_save)
        self.report.clicked.connect(self._on_report)
        self.fractions.clicked.connect(lambda: self.again.emit({'dtype': 'float32'}))
        self.hot_mask.clicked.connect(self._on_mask)
        self.repair.clicked.connect(lambda: self.again.emit({'repair': True}))
        self.hide()

    def offer(self, restoration: Restoration) -> None:
        """Offer the actions for the result of `restoration`."""
        outcome = restoration.outcome
        if outcome is None or outcome.is_empty:
            return
        self._made = restoration.request, outcome.result
        self._layer_id = key_of(restoration.job.layers[-1])
        record = outcome.result.provenance
        rounded = any(c.name == 'rounding' and not c.ok for c in outcome.result.checks)
        hot = sum(plane.get('outliers', 0) for plane in record.get('planes', ()))
        self.fractions.setVisible(rounded)
        self.hot_mask.setVisible(hot > 0)
        self.hot_mask.setText(f'{hot} hot pixels as mask' if hot > 1 else 'Hot pixel as mask')
        repaired = record.get('options', {}).get('repair')
        self.repair.setVisible(hot > 0 and not repaired and record.get('scale', 1) == 1)
        has_window = hasattr(self._viewer, 'window')
        self.compare.setVisible(has_window)
        self.document.setVisible(has_window and self._made[0].mask is not None)
        self.show()

    def forget(self) -> None:
        """Let go of the result."""
        self._made = None
        self.hide()

    def _on_save(self) -> None:
        layer = with_key(self._viewer.layers, self._layer_id)
        if layer is None:
            show_error('The result is not among the layers any more.')
            return
        path = ask_for_file(self, 'Result', layer.name, _KINDS, '.tif')
        if path is None:
            return
        data, meta, _ = layer.as_layer_data_tuple()
        write = write_tiff if path.suffix.lower() in _TIFF else write_picture

        def work(cancel: threading.Event) -> Generator[Any, None, Any]:
            yield
            return write(str(path), data, meta)[0]

        self._start(Job(f'Save {path.name}', work, _say_saved), self.save)

    def _on_report(self) -> None:
        if self._made is None:
            return
        request, result = self._made
        path = ask_for_report(self, f'{request.title}.html')
        if path is None:
            return

        def work(cancel: threading.Event) -> Generator[Any, None, Any]:
            return (yield from reporting(result, request.image, path))

        self._start(Job(f'Report {path.name}', work, _say_written), self.report)

    def _on_mask(self) -> None:
        if self._made is None:
            return
        request, _ = self._made
        title = f'Hot pixels of {request.source}'
        self._start(Job(title, _search(request), self._taker(request)), self.hot_mask)

    def _taker(self, request: PanelRequest) -> Callable[[Any], list[Any]]:
        def take(found: Any) -> list[Any]:
            part = request.image
            place = request.space.part(part.origin, np.ones(len(part.index)))
            labels = part.unordered(found).astype(np.uint8)
            with selection_kept(self._viewer):
                layer = self._viewer.add_labels(
                    labels,
                    name=f'{request.source} hot pixels',
                    metadata={DAMAGE: True},
                    opacity=0.6,
                    **place,
                )
            return [layer]

        return take

    def _start(self, job: Job[Any], button: QPushButton) -> None:
        self.job = job
        button.setEnabled(False)

        def end() -> None:
            if is_alive(button):
                button.setEnabled(True)
            if job.error:
                show_error(job.error)

        job.ended.connect(end)
        try:
            job.start()
        except FrescoError as error:
            show_error(str(error))


def _say_saved(path: Any) -> list[Any]:
    show_info(f'{path} is written.')
    return []


def _say_written(path: Any) -> list[Any]:
    show_info(f'{path} holds the report.')
    return []


def _search(request: PanelRequest) -> Callable[[threading.Event], Generator[Any, None, Any]]:
    def work(cancel: threading.Event) -> Generator[Any, None, Any]:
        from ...restoration.hot_pixels import hot_pixels_of

        yield
        return hot_pixels_of(**request.arguments(), cancel=cancel)

    return work
