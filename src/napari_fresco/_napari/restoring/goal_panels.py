"""The panels *Restore* and *Fill losses*, where the method is a choice, and that of each method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from qtpy.QtWidgets import QWidget

from ...declare.methods import METHODS
from ...declare.tasks import TASKS, tasks_with
from ...layers.fills.loss_filling import LossFilling
from ...layers.fills.scripted_filling import fill_losses
from ...layers.images.layer_kinds import FILLS, may_be_restored
from ...layers.jobs.layer_restoration import Restoration
from ...layers.requests.layer_request import PanelRequest
from ..methods.offer import Offer
from .fills_section import FillsSection
from .panel import MethodPanel

_FILLING = tasks_with('mask')
_NOT_OF_FILLS = ('full_size', 'reference')


def _is_photograph(layer: Any) -> bool:
    return may_be_restored(layer) and FILLS not in layer.metadata


class GoalPanel(MethodPanel):
    """A panel of several methods, which folds rarely needed settings away."""

    solver_folded = True

    def content(self) -> list[QWidget]:
        """Return the sections above the buttons, the mathematics last."""
        assert self.damage_section.heading is not None
        self.damage_section.heading.hide()
        self.damage_section.mask_rows.doubts = False  # the recommendation says them
        first = (self.header, self.input_section, self.damage_section, *self.extra)
        return [
            *(each.native for each in first),
            self.noise_section.native,
            self.solver_section.native,
        ]


class RestorePanel(GoalPanel):
    """Asks for the defect of an image and recommends a method for it."""

    offer = Offer(
        'restore',
        'Restore',
        'Say what is wrong with the image, and a method is recommended for it; any other will do.',
        tuple(METHODS.values()),
        tuple(TASKS),
        asks=True,
    )

    def _refresh(self) -> None:
        """Offer to estimate first where that is needed: the noise is found in any run."""
        super()._refresh()
        if self.choices.estimated == ('sigma',):
            self.bar.estimate.hide()


class FillPanel(GoalPanel):
    """Fills losses into one layer that grows, which can be continued, undone and filled again."""

    offer = Offer(
        'fill_losses',
        'Fill losses',
        'Fills what a mask marks, run after run, into one layer.',
        tuple(method for method in METHODS.values() if set(method.tasks) & set(_FILLING)),
        _FILLING,
        guided=True,
        accepts=_is_photograph,
    )
    sections: ClassVar[list[Callable[[MethodPanel], Any]]] = []
    """Make further sections, with ``native`` and ``refresh()``, that stand below the fills."""

    def extra_sections(self) -> Sequence[Any]:
        """Return the section of the fills, and those of others."""
        self._again: tuple[int, ...] = ()
        self.fills = FillsSection(self.viewer, self._image)
        self.fills.again.connect(self.fill_again)
        return (self.fills, *(make(self) for make in self.sections))

    def folded(self) -> list[QWidget]:
        """Return rows that few need, and the noise, which matters to the rest of the picture."""
        return [*super().folded(), self.noise_section.native]

    def content(self) -> list[QWidget]:
        """Return the sections above the buttons, the mathematics last."""
        above = super().content()
        above.remove(self.noise_section.native)
        return above

    def restoring(self, request: PanelRequest, **options: Any) -> Restoration:
        """Return the job that fills, or fills again, not started."""
        return LossFilling(request, self.viewer, again=self._again, **options)

    def script(self, estimate: bool = False) -> str:
        """Return a Python script that fills the same losses as the panel.

        Raises FrescoError when something is missing or wrong.
        """
        return self.choices.script(function=fill_losses.__name__)

    def run(self, estimate: bool = False) -> None:
        """Fill the marked losses that are not filled yet."""
        self._again = ()
        super().run(estimate)

    def fill_again(self, *numbers: int) -> None:
        """Fill some losses anew, with the present settings.

        `numbers`: of the fills.
        """
        self._again = numbers
        super().run()

    def _on_again(self, options: dict[str, Any]) -> None:
        """Fill the losses of the last run anew, with some options changed."""
        for name, value in options.items():
            self.parameters[name].value = value
        if self.fills.layer is not None:
            self.fill_again(*self.fills.layer.metadata[FILLS].of_run(-1))

    def _refresh(self) -> None:
        """Results are of full size."""
        super()._refresh()
        for name in _NOT_OF_FILLS:
            self.input_section.rows[name].show(False)
        self.bar.estimate.hide()


def panel_of(name: str) -> type[MethodPanel]:
    """Return the panel of one method."""
    method = METHODS[name]
    return type(f'{method.title}Panel', (MethodPanel,), {'offer': Offer.of(method)})
