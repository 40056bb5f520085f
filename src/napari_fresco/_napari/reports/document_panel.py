"""The panel that documents a fill: what is new, renderings, condition map, report and record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import LineEdit
from qtpy.QtWidgets import QVBoxLayout

from ...declare.tasks import TASKS
from ...errors import FrescoError
from ...intervention.condition import Condition
from ...intervention.condition_files import write_condition
from ...intervention.hypotheses import Hypotheses
from ...intervention.record import NOTES
from ...intervention.renderings import Rendered
from ...layers.fills.documenting import Documented, add_above, is_filled_result, made_from
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import RENDERED, is_picture, may_be_mask, record_of
from ...layers.images.related_layers import is_made_of, source_of
from ...layers.images.selection import select
from ...layers.images.space import View
from ...layers.jobs.job import Job
from ...layers.jobs.layer_restoration import running
from ..files.report_file import ask_for_file, ask_for_report
from ..running.run_bar import RUN_STYLE
from ..widgets.choosers import LayerChooser
from ..widgets.form import Scroll, Section, collapsible, named_button, note, side_by_side, stacked
from ..widgets.listeners import Listeners, is_alive
from ..widgets.rows import row_of
from . import document_texts as say
from .condition_section import ConditionSection
from .rendering_section import RenderingSection
from .working_panel import WorkingPanel

if TYPE_CHECKING:
    import napari


class DocumentPanel(WorkingPanel):
    """Documents a fill.

    `viewer`: whose layers are looked at.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer, 'document_message')
        self._several: Hypotheses | None = None
        self._choose()
        self._lay_out()
        self._suggest()
        listeners = Listeners(self)
        listeners.listen(viewer.layers.events.inserted, self._suggest)
        listeners.listen(self.result.changed, self._on_result)
        for row in (self.photograph, self.filled, self.damage, self.mm):
            listeners.listen(row.changed, self.refresh)
        self.refresh()

    @property
    def busy_text(self) -> str:
        """What other panels say while losses are filled anew."""
        return f'Hypotheses of {self.photograph.text}'

    def documented(self) -> Callable[[], Documented]:
        """Return the work that finds what was done to the photograph.

        Raises FrescoError when a layer is missing.
        """
        result, photograph = self.result.value, self.photograph.value
        if result is None or photograph is None or result is photograph:
            raise FrescoError(say.NO_RESULT if result is None else say.SAME)
        given = {'filled': self.filled.value, 'mm': self.mm.value, 'view': View.of(self.viewer)}
        return partial(Documented.of, result, photograph, **given)

    def insert_only(self) -> None:
        """Add what was filled as a layer, above the untouched photograph alone."""
        self._add(Documented.insert_layer, alone=True)

    def outline(self) -> None:
        """Add the outline of what was filled."""
        self._add(Documented.outline_layer)

    def render_fill(self) -> None:
        """Start rendering the fill; the rendering becomes a layer."""

        def prepared() -> Callable[[], Any]:
            find, name = self.documented(), self.rendering.value
            asked, seed = self.rendering_section.parameters(), int(self.seed.value)

            def work() -> Any:
                told = find()
                return told.rendering_layer(told.rendered(name, seed, **asked))

            return work

        self._run('Rendering', prepared, lambda data: [self._insert(data)])

    def measure(self) -> None:
        """Start measuring the condition map; what it amounts to is shown."""
        self._run('Condition map', self._condition, self._show_classes)

    def fill_anew(self) -> None:
        """Start filling the same losses with other seeds; fills and agreement become layers."""
        try:
            find, count = self.documented(), int(self.count.value)
            running.take(self)
        except FrescoError as error:
            self._fail(str(error))
            return

        def work(cancel: threading.Event) -> Generator[Any, None, Any]:
            told = find()
            found = yield from told.hypotheses(count)
            return found, list(told.hypothesis_layers(found))

        def deliver(made: Any) -> list[Any]:
            self._several, layers = made
            return [self._insert(data) for data in layers]

        job = Job(self.busy_text, work, deliver)
        job.ended.connect(lambda: running.leave(self))
        self._start(job)

    def save_insert(self, path: Path) -> None:
        """Start writing what was filled alone, of several hypotheses each on a page of its own."""

        def prepared() -> Callable[[], Path]:
            find, several = self.documented(), self._several
            return lambda: find().save_insert(path, several)

        self._run(f'Insert {path.name}', prepared, self._wrote)

    def save_map(self, path: Path) -> None:
        """Start writing the condition map."""

        def prepared() -> Callable[[], Path]:
            measure, part = self._condition(), select(self.photograph.value)

            def work() -> Path:
                write_condition(path, measure(), part.image(), overwrite=True)
                return path

            return work

        self._run(f'Condition map {path.name}', prepared, self._wrote)

    def save_report(self, path: Path) -> None:
        """Start writing report, record and masks."""

        def prepared() -> Callable[[], Path]:
            find, several = self.documented(), self._several
            facts: dict[str, Any] = {'notes': self.said(), 'rendered': self._rendered()}
            measure = None if self.damage.value is None else self._condition()

            def work() -> Path:
                told = find()
                found = None if measure is None else measure()
                said = told.intervention(condition=found, hypotheses=several, **facts)
                return told.save(path, said)[-1]

            return work

        self._run(f'Report {path.name}', prepared, self._wrote)

    def said(self) -> dict[str, str]:
        """Return what was written into the fields."""
        return {name: row.value.strip() for name, row in self.notes.items() if row.value.strip()}

    def refresh(self, *_: Any) -> None:
        """Bring the buttons into line with the choices and with what runs."""
        result, photograph = self.result.value, self.photograph.value
        problem = say.NO_RESULT if result is None else ''
        problem = problem or (say.SAME if photograph is None or result is photograph else '')
        problem = problem and (running.busy_text or problem)  # it may be the result that grows
        free = not self.at_work
        for button in (*self._of_result, self.render_button, self.anew_button):
            button.setEnabled(free and not problem)
        self.condition.enable(free and photograph is not None)
        self.rendering_section.follow(photograph, self.mm)
        if free:
            self._say(problem)

    def _choose(self) -> None:
        viewer = self.viewer
        self.result = LayerChooser(
            viewer, _may_be_result, 'result', 'Result', tooltip='The filled photograph'
        )
        self.photograph = LayerChooser(
            viewer, is_picture, 'photograph', 'Photograph', tooltip='What it was made of'
        )
        self.filled = LayerChooser(
            viewer, may_be_mask, 'filled', 'Filled area', others={'as the result says': None},
            tooltip='<p>Labels that say what was filled, for a result that does not say it.</p>',
        )  # fmt: skip
        self.condition = ConditionSection(viewer)
        self.damage, self.painted = self.condition.damage, self.condition.painted
        self.mm, self.seed, self.count = row_of(say.SIZE), row_of(say.SEED), row_of(say.COUNT)
        self.rendering_section = RenderingSection()
        self.rendering = self.rendering_section.rendering
        self.render_button = self.rendering_section.button
        self.rendering_section.add_folded(self.seed)
        self.notes = {
            name: LineEdit(name=name, label=title, value='', tooltip=say.NOTE_HELP)
            for name, title in NOTES.items()
        }

    def _lay_out(self) -> None:
        head, words, rare = Section('Document', heads=True), Section(), Section()
        for row in (self.result, self.photograph, self.mm):
            head.add(row)
        for row in self.notes.values():
            words.add(row)
        self._make_buttons()
        rare.add(self.count, self.anew_button)
        rare.add(self.filled)
        rare.add(self.painted)
        content = stacked(
            head.native,
            note(say.SUMMARY),
            side_by_side(self.insert_button, self.outline_button, self.file_button),
            self.rendering_section.native,
            self.condition.native,
            collapsible('What the report says in words', words.native),
            collapsible('Advanced', rare.native),
            margin=8,
            fill=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content), 1)
        layout.addWidget(stacked(self.report_button, self.message, margin=8))

    def _make_buttons(self) -> None:
        self.anew_button = named_button('Fill anew', 'document_anew', say.ANEW_HELP)
        self.insert_button = named_button('Insert only', 'document_insert', say.INSERT_HELP)
        self.outline_button = named_button('Outline', 'document_outline', say.OUTLINE_HELP)
        self.file_button = named_button('Save insert …', 'document_insert_file', say.FILE_HELP)
        self.report_button = named_button('Save report …', 'document_report', say.REPORT_HELP)
        self.report_button.setStyleSheet(RUN_STYLE)
        self._of_result = (
            self.insert_button, self.outline_button, self.file_button, self.report_button,
        )  # fmt: skip
        self.insert_button.clicked.connect(self.insert_only)
        self.outline_button.clicked.connect(self.outline)
        self.anew_button.clicked.connect(self.fill_anew)
        self.render_button.clicked.connect(self.render_fill)
        self.condition.measure.clicked.connect(self.measure)
        self.file_button.clicked.connect(self._on_file)
        self.condition.save.clicked.connect(self._on_map)
        self.report_button.clicked.connect(self._on_report)

    def _condition(self) -> Callable[[], Condition]:
        return self.condition.work(self.photograph.value, self.mm.value)

    def _show_classes(self, found: Condition) -> list[Any]:
        return self.condition.show_numbers(found) if is_alive(self) else []

    def _suggest(self, *_: Any) -> None:
        """Choose the newest filled layer, and labels that name damage."""
        made = [layer for layer in self.viewer.layers if _may_be_result(layer)]
        if made and self.result.value is None:
            self.result.value = made[-1]
        self.condition.suggest()
        self._follow_source()

    def _on_result(self, *_: Any) -> None:
        self._several = None
        self._follow_source()

    def _follow_source(self) -> None:
        result = self.result.value
        source = None if result is None else source_of(result, self.viewer.layers)
        if source is not None and self.photograph.offers(source):
            self.photograph.value = source
        self.refresh()

    def _rendered(self) -> Rendered | None:
        """Return the rendering of this photograph that was made last."""
        photograph = self.photograph.value
        for layer in reversed(self.viewer.layers):
            facts = layer.metadata.get(RENDERED)
            if facts and 'rendering' in facts and is_made_of(layer, key_of(photograph)):
                return Rendered(layer.data, facts)
        return None

    def _add(self, made: Callable[[Documented], Any], *, alone: bool = False) -> None:
        """Add a layer that is quickly made; `alone`: with nothing but the photograph below."""
        try:
            self._insert(made(self.documented()()))
        except FrescoError as error:
            self._fail(str(error))
            return
        if alone:
            *below, top = self._made()
            for each in (*below, top):
                each.visible = each.name in (top.name, self.photograph.value.name)
        self._say('')

    def _insert(self, data: Any) -> Any:
        return add_above(self.viewer, self._made(), data)

    def _made(self) -> list[Any]:
        return made_from(self.viewer.layers, self.photograph.value, self.result.value)

    def _run(
        self,
        title: str,
        prepare: Callable[[], Callable[[], Any]],
        deliver: Callable[[Any], list[Any]],
    ) -> None:
        """Start work beside the window, or say why it cannot start."""
        try:
            prepared = prepare()
        except FrescoError as error:
            self._fail(str(error))
            return

        def work(cancel: threading.Event) -> Generator[Any, None, Any]:
            yield
            return prepared()

        self._start(Job(title, work, deliver))

    def _on_file(self) -> None:
        path = ask_for_file(self, 'Insert', f'{self.photograph.text} insert', say.INSERTS, '.tif')
        if path is not None:
            self.save_insert(path)

    def _on_map(self) -> None:
        path = ask_for_file(
            self, 'Condition map', f'{self.photograph.text} condition', say.MAPS, '.png'
        )
        if path is not None:
            self.save_map(path)

    def _on_report(self) -> None:
        path = ask_for_report(self, f'{self.photograph.text} intervention.html')
        if path is not None:
            self.save_report(path)


def _may_be_result(layer: napari.layers.Layer) -> bool:
    """Say whether a layer may be a filled photograph."""
    if not is_picture(layer) or RENDERED in layer.metadata:
        return False
    task = TASKS.get(record_of(layer).get('task', ''))
    return is_filled_result(layer) or (task is not None and 'mask' in task.needs)
