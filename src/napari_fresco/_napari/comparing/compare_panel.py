"""The panel that compares two images: swipe, difference, likeness, profile, kept estimates."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from qtpy.QtWidgets import QVBoxLayout

from ...errors import FrescoError
from ...layers.comparing.compared import Likeness, Planes
from ...layers.comparing.contrast_link import ContrastLink
from ...layers.images.layer_kinds import COMPARISON, LayerData, is_picture, record_of
from ...layers.images.related_layers import source_of, truth_of
from ...layers.images.space import View
from ...layers.jobs.evidence_request import residual_of
from ...layers.results.result_names import called_apart
from ...layers.results.results import inserted
from ..widgets.choosers import LayerChooser
from ..widgets.form import Scroll, Section, named_button, note, side_by_side, stacked
from ..widgets.latest_job import LatestJob, said_of, stepwise
from ..widgets.listeners import is_alive
from ..widgets.rows import Tick
from ..widgets.texts import number, sentence
from ..window.docked import Docked
from .grid_view import GridView
from .iterates_section import IteratesSection
from .profile_section import ProfileSection
from .swipe_view import SwipeView

if TYPE_CHECKING:
    import napari


class ComparePanel(Docked):
    """Two images side by side in one layer, with one contrast, and what differs.

    `viewer`: whose layers are compared.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.first = LayerChooser(
            viewer, is_picture, 'first', 'Left', tooltip=_FIRST, describe=self._called
        )
        self.second = LayerChooser(
            viewer, is_picture, 'second', 'Right', tooltip=_SECOND, describe=self._called
        )
        self.reference = LayerChooser(
            viewer, is_picture, 'reference', 'Reference', tooltip=_REFERENCE,
            others={'(none)': None},
        )  # fmt: skip
        self.one_contrast = Tick(
            name='one_contrast', label='Contrast', text='the same for both', tooltip=_CONTRAST
        )
        self.contrast = ContrastLink(viewer)
        self.swipe = SwipeView(viewer, self, self._chosen)
        self.grid = GridView(viewer, self, self._pictures, self.one_contrast)
        self.measure = named_button('Measure', 'compare_measure', _MEASURE)
        self.difference = named_button('Difference', 'compare_difference', _DIFFERENCE)
        self.residual = named_button('Residual', 'compare_residual', _RESIDUAL)
        self._of_both = (
            self.swipe.button, self.grid.button, self.measure, self.difference, self.residual,
        )  # fmt: skip
        self.found, self.work = note(), LatestJob()
        self.profile = ProfileSection(viewer, self._pictures)
        self.iterates = IteratesSection(viewer)
        self._suggest()
        self._lay_out()
        self._listen()
        self._on_chosen()

    def planes(self) -> Planes:
        """Return what is on show of both images.

        Raises FrescoError where they cannot be compared.
        """
        first, second = self._chosen()
        return Planes.of(first, second, View.of(self.viewer))

    def run(self) -> None:
        """Find out beside the window how alike the planes on show are, and say it."""
        reference, view = self.reference.value, View.of(self.viewer)
        try:
            first, second = self._chosen()
            pairs = {'': (first, second)}
            if reference is not None:
                pairs = {f'{each.name}: ': (each, reference) for each in (first, second)}
            planes = {name: Planes.of(*pair, view) for name, pair in pairs.items()}
        except FrescoError as error:
            self._say(error)
            return
        self.found.setText('Measuring …')
        self.work.ask(stepwise('Compare', _measuring(planes), self._tell, lambda: is_alive(self)))

    def wait(self, timeout: float = 60) -> None:
        """Return when all that was asked for is done; meanwhile the window stays alive."""
        self.work.wait(timeout)
        self.profile.work.wait(timeout)

    def _tell(self, found: dict[str, Likeness]) -> None:
        self.found.setText('\n'.join(name + _said(like) for name, like in found.items()))

    def add_difference(self) -> Any:
        """Add left less right as a layer, gray where both are alike; return it."""
        try:
            planes = self.planes()
        except FrescoError as error:
            self._say(error)
            return None
        names = [layer.name for layer in self._chosen()]
        data, look = planes.difference_layer()
        told = {'name': ' - '.join(names), 'metadata': {COMPARISON: names}}
        return inserted(self.viewer, None, (data, {**told, **look}, 'image'))

    def add_residual(self) -> None:
        """Add what the right image, a result, took away from the left one, in units of the noise.

        It is found beside the window; where it cannot be, that is said.
        """
        try:
            first, second = self._chosen()
        except FrescoError as error:
            self._say(error)
            return
        steps = residual_of(second, first, View.of(self.viewer))
        self.work.ask(stepwise('Residual', steps, self._add, lambda: is_alive(self)))

    def _add(self, data: LayerData) -> None:
        inserted(self.viewer, None, data)

    def _called(self, layer: Any) -> str:
        return called_apart(layer, self.viewer.layers)

    def _chosen(self) -> tuple[Any, Any]:
        if not self._are_two:
            raise FrescoError('choose two images to compare')
        return self.first.value, self.second.value

    @property
    def _are_two(self) -> bool:
        first, second = self.first.value, self.second.value
        return first is not None and second is not None and first is not second

    def _pictures(self) -> tuple[Any, ...]:
        """Return the images, and what they should be."""
        reference = self.reference.value
        return (*self._chosen(), *([] if reference is None else [reference]))

    def _suggest(self) -> None:
        """Compare the newest result, of those on show if there are any, with its source."""
        layers = self.viewer.layers
        results = [x for x in layers if is_picture(x) and record_of(x)]
        results.sort(key=lambda layer: bool(layer.visible))
        source = source_of(results[-1], layers) if results else None
        if source is not None:
            self.first.value, self.second.value = source, results[-1]
            self.reference.value = truth_of(source, layers)

    def _say(self, error: FrescoError) -> None:
        self.found.setText(sentence(error))
        show_error(str(error))

    def _on_failed(self, error: str) -> None:
        self.found.setText(said_of(error))

    def share_contrast(self, shared: bool) -> None:
        """Draw both images with the contrast of the left one, or each with its own again."""
        if shared and self._are_two:
            self.contrast.tie(*self._chosen())
        else:
            self.contrast.loosen()

    def _on_chosen(self) -> None:
        self._end_views()
        self.share_contrast(self.one_contrast.value)
        self.profile.read()
        self.iterates.show_of(self.second.value)
        self._offer()

    def _offer(self) -> None:
        """Let buttons be pressed where there are two images, or say what is missing."""
        two = self._are_two
        for button in (*self._of_both, self.profile.button):
            button.setEnabled(two or button.isChecked())
        coloured = two and any(each.rgb for each in self._chosen())
        self.one_contrast.enabled = not coloured  # colours are drawn as they are
        if not two:
            self.found.setText(_CHOOSE)
        elif self.found.text() == _CHOOSE:
            self.found.setText('')

    def _end_views(self) -> None:
        """Give the picture back as it was."""
        self.swipe.show(False)
        self.grid.show(False)

    def _lay_out(self) -> None:
        section = self._section = Section('Compare', heads=True)
        section.add(self.first)
        section.add(self.second)
        section.add(self.one_contrast)
        section.add(self.swipe.at)
        section.form.add_wide(side_by_side(self.swipe.button, self.grid.button, evenly=True))
        section.form.add_wide(side_by_side(self.difference, self.residual, evenly=True))
        section.add(self.reference, self.measure)
        section.form.add_wide(self.found)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        content = stacked(section.native, self.profile, self.iterates, margin=8, fill=True)
        layout.addWidget(Scroll(content))

    def _listen(self) -> None:
        for chooser in (self.first, self.second):
            chooser.changed.connect(lambda _: self._on_chosen())
        self.reference.changed.connect(lambda _: self.profile.read())
        self.one_contrast.changed.connect(self.share_contrast)
        self.swipe.button.toggled.connect(self._on_swipe)
        self.grid.button.toggled.connect(self._on_grid)
        for view in (self.swipe, self.grid):
            view.failed.connect(self._say)
        self.measure.clicked.connect(self.run)
        self.work.failed.connect(self._on_failed)
        self.difference.clicked.connect(self.add_difference)
        self.residual.clicked.connect(self.add_residual)
        self.profile.failed.connect(lambda said: self.found.setText(said))
        self.closed.connect(self._end_views)

    def _on_swipe(self, shown: bool) -> None:
        if shown != (self.swipe.shown is not None):
            self.grid.show(False)
            self.swipe.show(shown)

    def _on_grid(self, shown: bool) -> None:
        if shown != (self.grid.shown is not None):
            self.swipe.show(False)
            self.grid.show(shown)


def _measuring(planes: dict[str, Planes]) -> Generator[None, None, dict[str, Likeness]]:
    found = {}
    for name, each in planes.items():
        yield
        found[name] = each.likeness()
    return found


def _said(like: Likeness) -> str:
    if math.isinf(like.psnr):
        return 'the same, pixel by pixel.'
    similar = '' if math.isnan(like.ssim) else f', SSIM {like.ssim:.3f}'
    return f'PSNR {like.psnr:.2f} dB{similar}; at most {number(like.largest)} apart.'


_CHOOSE = 'Choose two images, such as a result and what it was made of.'
_FIRST = '<p>The image left of the line, whose contrast both are shown with.</p>'
_SECOND = '<p>The image right of the line: another one of the same size, or enlarged.</p>'
_REFERENCE = (
    '<p>The truth, or what comes nearest to it: both images are measured against it. Without one '
    'they are measured against each other.</p>'
)
_MEASURE = (
    '<p>PSNR and SSIM of the planes on show: higher is more alike. The range is 255 for 8 bits, '
    'else that of the reference or of the right one. They measure an error only where that is the '
    'truth.</p>'
)
_RESIDUAL = (
    '<p>Add what the right image, a result, took away from the left one, in units of the noise; no '
    'shape of the image should be seen in it.</p>'
)
_DIFFERENCE = '<p>Add left less right as a layer; of colours, gray is no difference.</p>'
_CONTRAST = (
    '<p>Draw both with the contrast of the left one, and keep it so when either is changed: what '
    "differs then is the images, also side by side in napari's grid.</p>"
)
