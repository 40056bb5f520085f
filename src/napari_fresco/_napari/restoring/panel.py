"""The panel of a method, or of several to choose from, generated from their declarations."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from magicgui.widgets.bases import ValueWidget
from napari.utils.notifications import show_error
from qtpy.QtWidgets import QWidget

from ...declare.method import Method
from ...declare.presets import Preset, PresetLike
from ...errors import FrescoError
from ...layers.jobs.layer_restoration import Restoration, running
from ...layers.requests.layer_request import PanelRequest
from ..degradation.damage_section import DamageSection
from ..degradation.noise_section import NoiseSection
from ..methods.header import Header
from ..methods.input_section import InputSection
from ..methods.linking import estimate_help
from ..methods.offer import Offer
from ..methods.offered_models import is_here, kind_of
from ..methods.parameter_rows import ParameterRows
from ..methods.preset_menu import PresetMenu
from ..running.fetch_weights import Fetcher
from ..running.folder_offer import FolderOffer
from ..running.panel_runs import PanelRuns
from ..running.panel_widget import PanelWidget
from ..running.result_actions import ResultActions
from ..running.run_bar import RunBar
from ..widgets.clipboard import copy_script
from ..widgets.coalesced_call import CoalescedCall
from ..widgets.listeners import Listeners
from ..widgets.settings import apply_to_library, read_preferences
from ..window.before_view import BeforeView
from .advanced_rows import advanced_rows
from .choices import Choices
from .estimate_noise import NoiseEstimate
from .recommending import Recommending
from .solver_section import SolverSection
from .state_line import StateLine
from .sweep_dialog import SweepDialog

if TYPE_CHECKING:
    import napari

    from ...layers.jobs.job import Job
    from ...restoration.noise_estimate import FoundNoise


class MethodPanel:
    """All settings of a method, and the button that runs it.

    Subclasses say what is on offer. Every row is a magicgui widget and an attribute:
    ``panel.image.value = layer``, ``panel.task.value = 'deblur'``, ``panel.sigma.value = 8`` (or
    ``'auto'``, or a map layer), ``panel.kernel.value`` (a layer or an array), each parameter.

    `viewer`: whose layers are worked on.
    """

    offer: ClassVar[Offer]
    solver_folded: ClassVar[bool] = False

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        list(self.parts_for(viewer))

    @classmethod
    def in_parts(cls, viewer: napari.viewer.Viewer) -> Generator[None, None, MethodPanel]:
        """Make a panel, and yield between its parts, so that the window can stay alive."""
        panel = cls.__new__(cls)
        yield from panel.parts_for(viewer)
        return panel

    def parts_for(self, viewer: napari.viewer.Viewer) -> Iterator[None]:
        """Make the parts of the panel, one after the other."""
        self.viewer, offer = viewer, self.offer
        self.preferences = read_preferences()
        apply_to_library(self.preferences)
        self.declared = declared = ParameterRows(offer.methods, self.preferences)
        self.input_section = image = InputSection(viewer, offer)
        yield
        self.damage_section = DamageSection(
            viewer, offer, declared.of_groups('degradation'),
            image.chosen_method, self._image, image.selection,
        )  # fmt: skip
        yield
        self.noise_section = NoiseSection(viewer, declared.of_groups('noise'))
        self.solver_section = SolverSection(
            declared, image.chosen_method, self.folded(), whole=self.solver_folded
        )
        self.image, self.task, self.method_row = image.image_row, image.task_row, image.method_row
        self.sigma = self.noise_section.level
        self.choices = Choices(declared, image, self.damage_section, self.noise_section)
        self.noise_estimate = NoiseEstimate(self.choices, self.noise_section)
        self.recommending = Recommending(self.choices, image.advice) if offer.asks_which else None
        self.presets = PresetMenu(offer, self.choices.preset)
        yield
        self.header, self.state = Header(offer, self.presets), StateLine(self.choices)
        self.bar = RunBar(ResultActions(viewer), self.state.native)
        self.about, self.badge = self.header.about, self.header.badge
        self.bar.preview.setChecked(self.preferences.live_preview)
        self.native = PanelWidget(self, self.bar)
        self.before, self.fetcher = BeforeView(viewer), Fetcher(self.native)
        self.folder = FolderOffer(lambda: self.request(self._estimates), self.native)
        self.runs = PanelRuns(offer.name, viewer, self.native, self.bar)
        self._estimate_first = False
        self.extra, self._rounds = self.extra_sections(), CoalescedCall(self._refresh)
        yield
        self.native.lay_out(self.content())
        self._listen()
        yield
        self.refresh()

    def __getattr__(self, name: str) -> Any:
        """Return the row of that name."""
        if 'input_section' in self.__dict__ and name in self.parameters:
            return self.parameters[name]
        for section in ('input_section', 'damage_section'):
            row = None if section not in self.__dict__ else self.__dict__[section].get_widget(name)
            if row is not None:
                return row
        raise AttributeError(f'the panel of {self.offer.title} has no row {name!r}')

    @property
    def method(self) -> Method:
        """The chosen method."""
        return self.input_section.method

    @property
    def parameters(self) -> dict[str, ValueWidget[Any]]:
        """The rows of the chosen method's parameters and of the options, by name."""
        return self.declared.of(self.method)

    def request(self, estimate: bool = False) -> PanelRequest:
        """Return the request; with `estimate`, another method estimates first.

        Raises FrescoError when something is missing or wrong.
        """
        if running.busy_text:
            raise FrescoError(running.busy_text)
        return self.choices.request(estimate)

    def problem(self, estimate: bool = False) -> str:
        """Say in one sentence why the method cannot run now, or nothing.

        With `estimate`, what would be estimated first need not be given.
        """
        return running.busy_text or self.choices.problem(estimate)

    def run(self, estimate: bool = False) -> None:
        """Start the restoration, or say why it cannot start."""
        self._estimate_first = estimate
        self.runs.begin()
        try:
            request = replace(self.request(estimate), asked_in=self.offer.name)
            options = self.runs.options(self.preferences.preview_rate)
            self.runs.start(self.restoring(request, **options), self._image())
        except FrescoError as error:
            self.runs.fail(str(error))

    def restoring(self, request: PanelRequest, **options: Any) -> Restoration:
        """Return the job that carries out `request`, not started."""
        return Restoration(request, self.viewer, **options)

    def cancel(self) -> None:
        """Ask for an end after the present step; the best estimate so far is kept."""
        self.runs.cancel()

    def wait(self, timeout: float | None = None) -> list[Any]:
        """Return the result layers once they are there; meanwhile the window stays alive.

        `timeout`: most seconds to wait.
        Raises FrescoError when the run could not start, or failed.
        Raises TimeoutError when it has not ended in time; it goes on.
        """
        return self.runs.wait(timeout)

    def script(self, estimate: bool = False) -> str:
        """Return a Python script that repeats the panel's request.

        Raises FrescoError when something is missing or wrong.
        """
        return self.choices.script(estimate)

    def copy_as_python(self) -> None:
        """Put :meth:`script` on the clipboard; with estimation if the last run had it."""
        copy_script(self.script, self._estimates)

    def apply_to_folder(self) -> Any:
        """Show and return the dialog for files, or show what is missing."""
        return self.folder.show()

    def sweep(self) -> SweepDialog | None:
        """Show and return the dialog that tries several values, or show what is missing."""
        return SweepDialog.shown(self.choices, self.viewer, self.native)

    def estimate(self) -> Job[FoundNoise] | None:
        """Find the noise of the part on show and fill it in: level, or model of the camera.

        A run then gives what it gives with ``sigma='auto'``. None where it cannot start.
        """
        return self.noise_estimate.start(show_error)

    def use_preset(self, preset: PresetLike) -> None:
        """Take the settings of a preset, its file or its name; the rest goes back to the defaults.

        Raises FrescoError when it is no preset, or for another panel.
        """
        chosen = Preset.of(preset)
        self.choices.apply(chosen)
        self.refresh()
        self.bar.say(f'{chosen.title}. {chosen.about}'.strip('. ') + '.')

    def refresh(self) -> None:
        """Update the rows to the choices and to the running work."""
        self._rounds.go()

    def _refresh(self) -> None:
        task, choices = self.input_section.task, self.choices
        self.noise_estimate.follow_image()
        self._show_what_it_is()
        self.input_section.refresh(volume=self.damage_section.restores_volume(task))
        self.damage_section.refresh(task)
        self.noise_section.refresh()
        self.noise_section.native.setVisible(self.method.reads_noise(task))
        self.solver_section.refresh(task, choices.scale, self.input_section.hidden)
        self.input_section.suggest_reference(choices.scale)
        if self.recommending is not None:
            self.recommending.follow()
        self.state.follow()
        for section in self.extra:
            section.refresh()
        problem = self.problem(estimate=True) if choices.estimated else ''
        self.bar.offer_estimate(bool(choices.estimated), problem, estimate_help(choices.estimated))
        self.bar.offer_compare(bool(self.runs.made) and self.before.can_show)
        if (restoration := self.runs.restoration) is None:
            self.bar.ready(self.problem())
            if self.folder.at_work:
                self.bar.folder.setEnabled(True)  # shows what runs
        else:
            self.bar.running(restoration.job.cancelled.is_set())

    @property
    def _estimates(self) -> bool:
        """Whether the last run estimated first, and that is still possible."""
        return self._estimate_first and bool(self.choices.estimated)

    def _image(self) -> Any:
        return self.input_section.image

    def _show_what_it_is(self) -> None:
        """Describe the method with the chosen weights, and offer to fetch them."""
        known = self.choices.checkpoint
        kind = kind_of(self.method, known)
        self.header.show(self.method, self.input_section.task, kind, self.choices.doubt)
        missing = known is not None and bool(known.urls) and not is_here(known)
        allowed = self.preferences.network != 'never'
        self.solver_section.offer_get(missing and allowed, self.fetcher.at_work)

    def folded(self) -> list[QWidget]:
        """Return the folded sections beside the solver."""
        return [advanced_rows(self.input_section, self.damage_section)]

    def extra_sections(self) -> Sequence[Any]:
        """Return sections of its own, with ``native`` and ``refresh()``."""
        return ()

    def content(self) -> list[QWidget]:
        """Return the sections above the buttons, from top to bottom."""
        first = (self.header, self.input_section, self.damage_section, self.noise_section)
        return [each.native for each in (*first, self.solver_section, *self.extra)]

    def _listen(self) -> None:
        links = Listeners(self.native)
        solver = self.solver_section
        for each in (self.input_section, self.damage_section, self.noise_section, self.declared):
            links.listen(each.changed, self.refresh)
        solver.fold.toggled.connect(lambda _: self.refresh())
        links.listen(self.damage_section.measured, self.refresh)
        links.listen(self.input_section.changed, self.damage_section.follow_image)
        links.listen(self.image.changed, self.runs.forget)
        links.listen(self.runs.changed, self.refresh)
        links.listen(self.runs.succeeded, self._on_succeeded)
        links.listen(self.runs.forgotten, self.noise_section.forget_run)
        self.bar.pressed.connect(self._on_pressed)
        self.bar.estimate_pressed.connect(lambda: self.run(estimate=True))
        self.bar.preview_toggled.connect(self.runs.show_preview)
        self.bar.offers.again.connect(self._on_again)
        self.bar.copy_pressed.connect(self.copy_as_python)
        self.bar.folder_pressed.connect(self.apply_to_folder)
        self.bar.sweep_pressed.connect(self.sweep)
        self.presets.chosen.connect(self.use_preset)
        self.bar.compare_held.connect(self.before.hold)
        self.noise_section.camera_button.clicked.connect(
            lambda: self.noise_estimate.open_camera(self.viewer, self.native)
        )
        self.noise_section.estimate_button.clicked.connect(lambda: self.estimate())
        links.listen(solver.get_pressed, lambda: self.fetcher.fetch(self.choices.checkpoint))
        self.fetcher.changed.connect(self.refresh)

    def _on_pressed(self) -> None:
        if self.runs.restoration is None:
            self.run()
        else:
            self.cancel()

    def _on_again(self, options: dict[str, Any]) -> None:
        """Run once more, with some options changed."""
        for name, value in options.items():
            self.parameters[name].value = value
        self.run(self._estimate_first)

    def _on_succeeded(self, restoration: Restoration) -> None:
        request, outcome = restoration.request, restoration.outcome
        assert outcome is not None
        self.noise_section.note_run(outcome.result.provenance)
        self.before.of(request.source_id, self.runs.made)
        if self.runs.made and request.mask is not None:
            self.damage_section.mask_rows.uncover()
        self.refresh()
