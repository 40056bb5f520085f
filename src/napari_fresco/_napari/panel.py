"""A method's panel, generated from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from ..declare.methods import Method
from ..errors import FrescoError
from ..layers.layer_request import PanelRequest
from . import texts
from .about import about
from .choices import Choices
from .damage_section import DamageSection
from .fetch_weights import Fetcher
from .form import Scroll, note, show_badge, side_by_side, stacked
from .input_section import InputSection
from .jobs import Outcome, Report
from .linking import estimate_help
from .model_row import PARAMETERS as MODEL_PARAMETERS
from .model_row import is_here, kind_of, look_in
from .noise_level import noise_level
from .noise_section import NoiseSection
from .rows import Field
from .run_bar import RunBar
from .runner import runner
from .settings import read_preferences
from .solver_section import SolverSection

if TYPE_CHECKING:
    import napari

_ANY_MODEL = dict.fromkeys(MODEL_PARAMETERS, ('auto',))
_GROUPS = ('noise', 'degradation', 'solver', 'advanced')


class MethodPanel(QWidget):
    """Everything one method can be told, and the button that runs it.

    Subclasses name the method; :func:`panel_class` makes them.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose layers are worked on.
    """

    method: ClassVar[Method]

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer, method = viewer, self.method
        self.preferences = read_preferences()
        look_in(self.preferences.weights_folder)
        fields = [Field(p, _ANY_MODEL.get(p.name, ())) for p in method.parameters]
        self.fields = {field.parameter.name: field for field in fields}
        groups = {name: [f for f in fields if f.parameter.group == name] for name in _GROUPS}
        self.input = InputSection(viewer, method)
        self.damage = DamageSection(
            viewer, method, groups['degradation'], self._image, self.input.selection
        )
        self.noise = NoiseSection(viewer, groups['noise'], self.estimate)
        self.solver = SolverSection(method, groups['solver'] + groups['advanced'], self.preferences)
        self.choices = Choices(
            method, self.fields, self.input, self.damage, self.noise, self.solver
        )
        self.about = note()
        self.badge = QLabel()
        self.bar = RunBar()
        self.fetcher = Fetcher(self)
        self._result: str | None = None
        self._estimate_first = False
        self.bar.preview.setChecked(self.preferences.live_preview)
        self._lay_out()
        self._listen()
        self.refresh()

    def request(self, estimate: bool = False) -> PanelRequest:
        """Return what the panel asks for; with `estimate`, that another method estimates first.

        Raises
        ------
        FrescoError
            When something is missing or wrong.
        """
        busy = self._busy()
        if busy:
            raise FrescoError(busy)
        return self.choices.request(estimate)

    def obstacle(self, estimate: bool = False) -> str:
        """Say in one sentence why the method cannot run now, or nothing.

        With `estimate`, what would be estimated first need not be given.
        """
        return self._busy() or self.choices.obstacle(estimate)

    def run(self, estimate: bool = False) -> None:
        """Start the restoration, or say why it cannot start."""
        self._estimate_first = estimate
        preview, rate = self.bar.preview.isChecked(), self.preferences.preview_rate
        try:
            runner().start(
                self.viewer,
                self.request(estimate),
                window=self.window(),
                rate=rate,
                preview=preview,
            )
        except FrescoError as error:
            self.bar.failed(str(error))
            show_error(str(error))

    def script(self, estimate: bool = False) -> str:
        """Return a Python script that does what the panel would do.

        Raises
        ------
        FrescoError
            When something is missing or wrong.
        """
        return self.choices.script(estimate)

    def copy_as_python(self) -> None:
        """Put :meth:`script` on the clipboard; with estimation if the last run had it."""
        estimate = self._estimate_first and bool(self.choices.estimated)
        try:
            text = self.script(estimate)
        except FrescoError as error:
            show_error(str(error))
            return
        copy_text(text)
        does = ' that estimates first' if estimate else ''
        show_info(f'A script{does} for the console is on the clipboard.')

    def estimate(self) -> float | None:
        """Return the noise level of the part on show, in image units, or say what is wrong."""
        if self._image() is None:
            return None
        try:
            return noise_level(self.input.selection())
        except FrescoError as error:
            show_error(str(error))
            return None

    def refresh(self) -> None:
        """Bring what is shown into line with the choices and with the runner."""
        task, choices = self.input.task, self.choices
        self._show_what_it_is()
        self.damage.refresh(task)
        self.noise.setVisible(choices.asks_noise)
        self.solver.refresh(task, choices.scale)
        self.input.suggest_reference(choices.scale)
        self._offer_estimate(choices.estimated)
        self.bar.offer_compare(self._result_layer() is not None)
        if self._owns_job():
            self.bar.running(runner().cancelling)
        else:
            self.bar.ready(self.obstacle())

    def _image(self) -> Any:
        return self.input.image.value

    def _show_what_it_is(self) -> None:
        """Say what the method gives with the chosen weights, and offer to fetch them."""
        known = self.choices.checkpoint
        kind = kind_of(self.method, known)
        self.about.setText(about(self.method, self.input.task, kind))
        show_badge(self.badge, kind, *texts.KINDS[kind])
        missing = known is not None and bool(known.urls) and not is_here(known)
        self.solver.offer_get(missing, self.fetcher.at_work)

    def _result_layer(self) -> Any:
        """Return the layer of the last result of this panel while it is in the viewer."""
        layers = self.viewer.layers
        return next((each for each in layers if str(each.unique_id) == self._result), None)

    def _offer_estimate(self, estimated: tuple[str, ...]) -> None:
        obstacle = self.obstacle(estimate=True) if estimated else ''
        self.bar.offer_estimate(bool(estimated), obstacle, estimate_help(estimated))

    def _owns_job(self) -> bool:
        request = runner().request
        return (
            request is not None and request.method == self.method and runner().runs_in(self.viewer)
        )

    def _busy(self) -> str:
        request = runner().request
        return '' if request is None else f'Busy: {request.busy_text}. Wait for it, or cancel it.'

    def _lay_out(self) -> None:
        title = QLabel(self.method.title)
        title.setStyleSheet('font-size: 15px; font-weight: 600;')
        self.about.setToolTip(f'<p>{self.method.citation}</p>')
        content = stacked(
            side_by_side(title, self.badge),
            note(self.method.summary),
            self.about,
            self.input,
            self.damage,
            self.noise,
            self.solver,
            margin=8,
            fill=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content), 1)
        layout.addWidget(self.bar)

    def _listen(self) -> None:
        for section in (self.input, self.damage, self.noise, self.solver):
            section.changed.connect(self.refresh)
        self.input.changed.connect(self.damage.follow_image)
        self.bar.pressed.connect(self._on_pressed)
        self.bar.estimate_pressed.connect(self._on_estimate)
        self.bar.preview_toggled.connect(self._on_preview)
        self.bar.copy_pressed.connect(self.copy_as_python)
        self.bar.compare_held.connect(self._on_compare)
        self.solver.get_pressed.connect(self._on_get)
        self.fetcher.changed.connect(self.refresh)
        runner().changed.connect(self._on_runner)
        runner().reported.connect(self._on_report)
        runner().ended.connect(self._on_ended)

    def _on_pressed(self) -> None:
        if self._owns_job():
            runner().cancel()
        else:
            self.run()

    def _on_compare(self, held: bool) -> None:
        layer = self._result_layer()
        if layer is not None:
            layer.visible = not held

    def _on_get(self) -> None:
        known = self.choices.checkpoint
        if known is not None:
            self.fetcher.fetch(known)

    def _on_estimate(self) -> None:
        self.run(estimate=True)

    def _on_preview(self, wanted: bool) -> None:
        if self._owns_job():
            runner().show_preview(wanted)

    def _on_runner(self) -> None:
        if self._owns_job() and not self.bar.at_work:
            self.bar.begin()
        elif not self._owns_job():
            self.bar.end()
        self.refresh()

    def _on_report(self, report: Report) -> None:
        if self._owns_job():
            self.bar.show_report(report)

    def _on_ended(self, request: PanelRequest, ending: Outcome | str) -> None:
        if request.method != self.method:
            return
        if isinstance(ending, str):
            self.bar.failed(ending)
        else:
            self.bar.succeeded(texts.summary(ending))
            self._result = ending.layer
            self.refresh()


def panel_class(method: Method) -> type[MethodPanel]:
    """Return the panel of `method` as napari wants it: a class that takes a viewer."""
    return type(f'{method.title}Panel', (MethodPanel,), {'method': method})


def copy_text(text: str) -> None:
    """Put `text` on the clipboard."""
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
