"""What to restore: image, task, slice or stack, region, and a reference to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Shapes
from qtpy.QtCore import Signal

from ..declare.methods import Method
from ..declare.tasks import TASKS
from ..errors import ImageError
from ..layers.layer_kinds import is_picture, may_be_restored, truth_of
from ..layers.regions import chosen_part
from ..layers.selection import Selection, is_stack, select, select_same
from ..layers.space import View
from ..types import Task
from .choosers import LayerChooser
from .form import Section, combo_box
from .listeners import Listeners
from .suggestions import suggested_task

if TYPE_CHECKING:
    import napari

SLICE, STACK = 'Current slice', 'Whole stack'
WHOLE, VISIBLE = 'Whole image', 'Visible part'


class InputSection(Section):
    """Image, task and the part of the image that is worked on."""

    changed = Signal()

    def __init__(self, viewer: napari.viewer.Viewer, method: Method) -> None:
        super().__init__('Image')
        self._viewer = viewer
        self._method = method
        self.image = LayerChooser(viewer, may_be_restored)
        self.task_box = combo_box(*(TASKS[task].title for task in method.tasks))
        self.extent = combo_box(SLICE, STACK)
        self.region = LayerChooser(viewer, _is_shapes, WHOLE, VISIBLE)
        self.reference = LayerChooser(viewer, is_picture, '(none)')
        self.add('Image', self.image)
        task = self.add('Task', self.task_box)
        task.show(len(method.tasks) > 1)
        self._extent = self.add('Extent', self.extent, tooltip='Planes of the stack to restore')
        self.add('Region', self.region, tooltip=_REGION_HELP)
        self.add('Reference', self.reference, tooltip=_REFERENCE_HELP)
        self._choose_active()
        self._suggested_for: tuple[str, int] | None = None
        self._task_is_chosen = False
        self.suggest_task()
        self._listen()
        self.refresh()

    @property
    def task(self) -> Task:
        """The chosen task."""
        return self._method.tasks[self.task_box.currentIndex()]

    @task.setter
    def task(self, task: Task) -> None:
        self._task_is_chosen = True
        self.task_box.setCurrentIndex(self._method.tasks.index(task))

    @property
    def view(self) -> View:
        """What the viewer shows."""
        return View.of(self._viewer)

    def selection(self) -> Selection:
        """Return the chosen part of the image.

        Raises
        ------
        FrescoError
            When the slice on show or the region lies beside the image.
        """
        view = self.view
        shown = is_stack(self.image.value, view) and self.extent.currentText() == SLICE
        region = 'visible' if self.region.currentText() == VISIBLE else self.region.value
        return chosen_part(self.image.value, view, shown=shown, region=region)

    def comparison(self, part: Selection, scale: int = 1) -> Selection | None:
        """Return the part of the reference that lies below `part` of an image to be enlarged.

        Raises
        ------
        ImageError
            When the reference is not on the grid of the result.
        """
        reference = self.reference.value
        return None if reference is None else select_same(reference, part, scale)

    def suggest_task(self, *args: Any) -> None:
        """Choose the task that the layers were made for, until another one is chosen by hand."""
        if not self._task_is_chosen:
            task = suggested_task(self._method, self.image.value, self._viewer.layers)
            self.task_box.setCurrentIndex(self._method.tasks.index(task))

    def suggest_reference(self, scale: int) -> None:
        """Choose the image that a simulated one was made from, where the result is on its grid."""
        image = self.image.value
        truth = None if image is None else truth_of(image)
        if truth is None or truth not in self._viewer.layers:
            return
        chosen_for = (str(image.unique_id), scale)
        if chosen_for == self._suggested_for:
            return
        self._suggested_for = chosen_for
        fits = _same_grid(self._viewer.layers[truth], image, scale)
        if fits or self.reference.currentText() == truth:
            self.reference.value = self._viewer.layers[truth] if fits else None

    def refresh(self) -> None:
        """Offer slice or stack where there is a choice."""
        layer = self.image.value
        self._extent.show(layer is not None and is_stack(layer, self.view))

    def _choose_active(self) -> None:
        active = self._viewer.layers.selection.active
        if active is not None:
            self.image.value = active

    def _listen(self) -> None:
        for chooser in (self.image, self.region, self.reference):
            chooser.changed.connect(self._on_changed)
        for box in (self.task_box, self.extent):
            box.currentIndexChanged.connect(self._on_changed)
        self.image.changed.connect(self.suggest_task)
        self.task_box.activated.connect(self._on_task_chosen)
        Listeners(self).listen(self._viewer.layers.events.inserted, self.suggest_task)

    def _on_task_chosen(self, index: int) -> None:
        self._task_is_chosen = True

    def _on_changed(self, *args: Any) -> None:
        self.refresh()
        self.changed.emit()


_REGION_HELP = (
    '<p>Restore only what is on show, or what lies below a rectangle: the selected shape of a '
    'Shapes layer, else the last one drawn. Try settings on a small region first.</p>'
)
_REFERENCE_HELP = '<p>The true image, if you have it: its PSNR is shown while the method runs.</p>'


def _same_grid(layer: Any, image: Any, scale: int) -> bool:
    try:
        select_same(layer, select(image), scale)
    except ImageError:
        return False
    return True


def _is_shapes(layer: napari.layers.Layer) -> bool:
    return isinstance(layer, Shapes)
