"""The dialog *Apply to folder …*: the settings of a panel, run as a batch over files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari.utils.notifications import show_info
from qtpy.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QPushButton, QWidget

from ...batch import BatchOutcome, BatchPlan, BatchRecipe, BatchReport
from ...batch.planning import images_of, subfolders_passed_over
from ...batch.summary import SUMMARY, line_of
from ...declare.tasks import TASKS
from ...errors import FrescoError, ParameterError
from ...layers.jobs.folder_run import FolderRun
from ...layers.requests.folder_recipe import recipe_of
from ...layers.requests.layer_request import PanelRequest
from ..widgets import texts
from ..widgets.form import Form, note, side_by_side, stacked
from ..widgets.listeners import is_alive
from ..widgets.tones import Tone
from .run_bar import RUN
from .run_dialog import RunDialog

RECIPE = 'recipe.yaml'
"""Name of the recipe in the folder of the records."""

_WIDTH = 540
_PARTS = 100  # of a file, that the bar shows
_ENOUGH = 'Whole images are restored, each with the noise and the range of its own.'


class FolderDialog(RunDialog):
    """Asks for folders, writes the recipe, and runs it beside the window.

    `request`: what the panel asks for.
    `parent`: what it lies over.
    """

    run: FolderRun | None

    def __init__(self, request: PanelRequest, parent: QWidget) -> None:
        title = f'{request.method.title}: apply to folder'
        super().__init__(title, QPushButton(RUN), parent)
        self.setMinimumWidth(_WIDTH)
        self.request = request
        self._last = ''
        self.images = _field('Folder, or a pattern such as /data/scans/*.tif')
        self.output = _field('Folder; what is finished there is passed over')
        self.masks = _field('Folder of masks of the same names; empty: this mask for all')
        self.report = QCheckBox('Keep a report beside each result')
        self.said, self.save = note(), QPushButton('Save recipe …')
        self.start.setDefault(True)
        self._lay_out()
        for field in (self.images, self.output):
            field.editingFinished.connect(self._look)
        self.save.clicked.connect(self._on_save)
        self._look()
        self._show_running(False)

    def recipe(self, beside: Path | None = None) -> BatchRecipe:
        """Return the recipe; the kernel of the layer is written `beside` it.

        Raises FrescoError when a folder is missing, or something belongs to the layer alone.
        """
        for field, what in ((self.images, 'images'), (self.output, 'results')):
            if not field.text().strip():
                raise ParameterError(f'Choose a folder of {what}.')
        output = Path(self.output.text().strip()).expanduser().absolute()
        return recipe_of(
            self.request,
            images=str(Path(self.images.text().strip()).expanduser().absolute()),
            output=str(output),
            beside=beside or output.with_name(f'{output.name}.batch'),
            files={'mask': self.masks.text().strip()},
            keep=('report',) if self.report.isChecked() else (),
        )

    def write_recipe(self, path: Path) -> BatchRecipe:
        """Write the recipe, with the files that belong to it beside it, and return it."""
        recipe = self.recipe(path.parent)
        recipe.write(path, overwrite=True)
        return recipe

    def _prepared(self, is_open: Callable[[], bool]) -> FolderRun:
        """Write the recipe into the folder of the records, and return the run of it."""
        recipe = self.recipe()
        recipe.write(recipe.record_folder / RECIPE, overwrite=True)
        self._last = ''
        return FolderRun(BatchPlan.of(recipe), is_open)

    def _fields(self) -> Sequence[QWidget]:
        return self.images, self.output, self.masks, self.report, self.save

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, 'Recipe', RECIPE, 'Recipes (*.yaml *.json)')
        if not path:
            return
        try:
            self.write_recipe(Path(path))
        except FrescoError as error:
            self._say(str(error), Tone.FAILURE)
        else:
            self._say(f'Written. On the command line: napari-fresco batch {path}')

    def _on_report(self, report: BatchReport) -> None:
        if not is_alive(self):
            return
        self.progress.setRange(0, _PARTS * report.total)
        self.progress.setValue(round(_PARTS * (report.index + report.under_way)))
        left = '' if not report.remaining else f', {texts.duration(report.remaining)} left'
        if report.record is not None:
            self._last = f'\n{line_of(report.record)}'
        self._say(f'{report.index} of {report.total} images{left}{self._last}')

    def _on_ended(self) -> None:
        run, self.run = self.run, None
        if run is None:
            return
        error = run.job.error
        said = error if run.outcome is None else told(run.outcome)
        if not is_alive(self):
            return
        self._show_running(False)
        failed = bool(error) or (run.outcome is not None and bool(run.outcome.problem))
        tone = Tone.FAILURE if failed else Tone.PLAIN
        self._say(f'{said} Table: {run.plan.recipe.record_folder / SUMMARY}', tone)
        if not self.isVisible():
            show_info(said)

    def _look(self) -> None:
        """Show the number of images."""
        text = self.images.text().strip()
        if not text:
            self.said.setText(described(self.request))
            return
        try:
            folder = self.output.text().strip() or 'restored'
            recipe = BatchRecipe((text,), folder, self.request.method.name)
            found, passed = images_of(recipe), subfolders_passed_over(recipe)
        except FrescoError as error:
            self.said.setText(str(error))
        else:
            note = f'Note: {passed}. ' if passed else ''
            self.said.setText(f'Images: {len(found)}. {note}{described(self.request)}')

    def _lay_out(self) -> None:
        form = Form()
        form.add('Images', self.images, self._browse(self.images, 'Images'))
        form.add('Results', self.output, self._browse(self.output, 'Results'))
        row = form.add('Masks', self.masks, self._browse(self.masks, 'Masks'))
        row.show(self.request.mask is not None)
        form.add('', self.report)
        buttons = side_by_side(QWidget(), self.save, self.start)
        stacked(form, self.said, self.progress, self.message, buttons, into=self, margin=12)

    def _browse(self, field: QLineEdit, title: str) -> QPushButton:
        button = QPushButton('Browse …')
        button.setAutoDefault(False)

        def choose() -> None:
            folder = QFileDialog.getExistingDirectory(self, title, field.text())
            if folder:
                field.setText(folder)
                self._look()

        button.clicked.connect(choose)
        return button


def told(outcome: BatchOutcome) -> str:
    """Return the outcome of a batch in words."""
    counts = outcome.counts
    passed = f', {counts["finished"]} finished before' if counts['finished'] else ''
    said = [f'Restored: {counts["made"]} of {outcome.total}{passed}.']
    if doubtful := sum(bool(record.checks) for record in outcome.records):
        said.append(f'Doubtful, see the table: {doubtful}.')
    if outcome.cancelled:
        said.append('Cancelled; Run goes on with the rest.')
    if outcome.stopped:
        said.append(f'{outcome.stopped}.')
    elif outcome.failed:
        said.append(f'Failed: {len(outcome.failed)}, the first: {outcome.failed[0].error}.')
    return ' '.join(said)


def described(request: PanelRequest) -> str:
    """Return the treatment of each image in words."""
    values = {**request.settings, **request.parameters}
    told = [f'{name} = {value}' for name, value in values.items()]
    if request.kernel is not None:
        told.insert(0, 'the same kernel')
    return f'{TASKS[request.task].title}{": " if told else ""}{", ".join(told)}. {_ENOUGH}'


def _field(placeholder: str) -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(placeholder)
    return field
