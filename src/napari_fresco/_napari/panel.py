"""A method's panel, generated from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from ..errors import FrescoError
from ..method import Method
from . import words
from .damage_section import DamageSection
from .fields import Field, changed_values
from .form import Scroll, badge, note, side_by_side, stacked
from .input_section import InputSection
from .job import Outcome, Report
from .layers import Selection, Space, select_same
from .models import PARAMETERS as MODEL_PARAMETERS
from .models import look_in
from .noise_level import noise_level
from .noise_section import NoiseSection
from .request import Look, PanelRequest
from .run_bar import RunBar
from .runner import runner
from .script import Sources, script_of
from .settings import read_preferences
from .solver_section import SolverSection

if TYPE_CHECKING:
    import napari

_NO_IMAGE = 'Open an image to restore, for example with File > Open Sample > Fresco.'
_NOISE_FREE = ('deblock',)
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
        self.bar = RunBar()
        self.bar.preview.setChecked(self.preferences.live_preview)
        self._lay_out()
        self._listen()
        self.refresh()

    def request(self) -> PanelRequest:
        """Return what the panel asks for.

        Raises
        ------
        FrescoError
            When something is missing or wrong.
        """
        obstacle = self.obstacle()
        if obstacle:
            raise FrescoError(obstacle)
        layer, part, task = self._image(), self.input.selection(), self.input.task
        return PanelRequest(
            method=self.method,
            task=task,
            source=layer.name,
            image=part,
            space=Space.of(layer),
            look=Look(layer.colormap, tuple(layer.contrast_limits), float(layer.gamma)),
            mask=self.damage.mask_rows.marked() if task == 'inpaint' else None,
            kernel=self.damage.kernel_array() if task in ('deblur', 'super_resolve') else None,
            sigma=self._sigma(part),
            reference=self.input.comparison(part),
            scale=self.damage.scale.value() if task == 'super_resolve' else 1,
            settings=self.solver.settings | self.damage.settings(task),
            parameters=changed_values(self._used_fields()),
        )

    def obstacle(self) -> str:
        """Say in one sentence why the method cannot run now, or nothing."""
        if self._image() is None:
            return _NO_IMAGE
        busy = runner().request
        if busy is not None:
            return f'Busy: {busy.busy_text}. Wait for it, or cancel it.'
        missing = self.damage.missing(self.input.task)
        if missing:
            return missing
        if self._asks_noise() and self.noise.sigma is None:
            return 'Choose an image layer that holds the σ map.'
        try:
            changed_values(self._used_fields())
        except FrescoError as error:
            return str(error)
        return ''

    def run(self) -> None:
        """Start the restoration, or say why it cannot start."""
        preview, rate = self.bar.preview.isChecked(), self.preferences.preview_rate
        try:
            runner().start(
                self.viewer, self.request(), window=self.window(), rate=rate, preview=preview
            )
        except FrescoError as error:
            self.bar.failed(str(error))
            show_error(str(error))

    def script(self) -> str:
        """Return a Python script that does what the panel would do.

        Raises
        ------
        FrescoError
            When something is missing or wrong.
        """
        sources = Sources(
            image=self._image(),
            mask=self.damage.mask_rows.layer.value,
            kernel=self.damage.kernel.value,
            sigma=self.noise.map.value,
            mask_options=self.damage.mask_rows.options(),
        )
        return script_of(self.request(), sources)

    def copy_as_python(self) -> None:
        """Put :meth:`script` on the clipboard."""
        try:
            text = self.script()
        except FrescoError as error:
            show_error(str(error))
            return
        copy_text(text)
        show_info('A script for the console is on the clipboard.')

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
        task = self.input.task
        self.damage.refresh(task)
        self.noise.setVisible(self._asks_noise())
        self.solver.refresh(task)
        if self._owns_job():
            self.bar.running(runner().cancelling)
        else:
            self.bar.ready(self.obstacle())

    def _image(self) -> Any:
        return self.input.image.value

    def _sigma(self, part: Selection) -> float | str | Selection:
        sigma = self.noise.sigma if self._asks_noise() else 'auto'
        return sigma if isinstance(sigma, float | str) else select_same(sigma, part)

    def _asks_noise(self) -> bool:
        return not self.method.blind and self.input.task not in _NOISE_FREE

    def _used_fields(self) -> list[Field]:
        task = self.input.task
        fields = self.fields.values()
        return [f for f in fields if not f.parameter.tasks or task in f.parameter.tasks]

    def _owns_job(self) -> bool:
        request = runner().request
        return (
            request is not None and request.method == self.method and runner().runs_in(self.viewer)
        )

    def _lay_out(self) -> None:
        title = QLabel(self.method.title)
        title.setStyleSheet('font-size: 15px; font-weight: 600;')
        summary = note(self.method.summary)
        summary.setToolTip(f'<p>{self.method.citation}</p>')
        content = stacked(
            side_by_side(title, badge(self.method.kind, *words.KINDS[self.method.kind])),
            summary,
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
        self.bar.preview_toggled.connect(self._on_preview)
        self.bar.copy_pressed.connect(self.copy_as_python)
        runner().changed.connect(self._on_runner)
        runner().reported.connect(self._on_report)
        runner().ended.connect(self._on_ended)

    def _on_pressed(self) -> None:
        if self._owns_job():
            runner().cancel()
        else:
            self.run()

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
            self.bar.succeeded(words.summary(ending))


def panel_class(method: Method) -> type[MethodPanel]:
    """Return the panel of `method` as napari wants it: a class that takes a viewer."""
    return type(f'{method.title}Panel', (MethodPanel,), {'method': method})


def copy_text(text: str) -> None:
    """Put `text` on the clipboard."""
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
