"""The input of a restoration: image, task, method, slice or stack, region and reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QWidget

from ...declare.method import Method
from ...declare.tasks import TASKS
from ...errors import ImageError
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import METADATA, is_outlines, is_picture, is_source
from ...layers.images.regions import chosen_part
from ...layers.images.related_layers import truth_of
from ...layers.images.selection import Selection, is_stack, lines_of, select, select_same
from ...layers.images.space import View
from ...layers.masks.mask_images import holds_mask
from ...types import Task
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Section
from ..widgets.listeners import Listeners
from ..widgets.rows import Tick
from .method_row import MethodRow
from .offer import Offer
from .suggestions import seems_kernel, suggested_task

if TYPE_CHECKING:
    import napari

SLICE, STACK = 'Current slice', 'Whole stack'
WHOLE, VISIBLE = 'Whole image', 'Visible part'
_LINES = {'neighbours': 1, 'along': 2}  # how many axes of neighbours it takes to have a row


class InputSection(Section):
    """Image, task, method and the part of the image that is worked on.

    The rows are `image`, `task`, `method`, `extent`, `region`, `full_size` and `reference`.
    """

    def __init__(self, viewer: napari.viewer.Viewer, offer: Offer) -> None:
        super().__init__()
        self._viewer, self._offer = viewer, offer
        self._suggested_for: tuple[str, int] | None = None
        none = {'(none)': None}
        parts = {WHOLE: None, VISIBLE: VISIBLE}
        self.image_row = LayerChooser(
            viewer, offer.accepts, 'image', 'Image', tooltip=_IMAGE_HELP, prefers=is_source
        )
        asked = 'What is wrong' if offer.asks else 'Task'
        self.task_row = WordList('task', asked, offer.words, _TASK_HELP)
        self.task_row.changed.connect(self._offer_methods)  # before anybody asks for the method
        self.method_row = MethodRow(offer.serving(offer.tasks[0]))
        self.extent_row = WordList(
            'extent', 'Extent', {SLICE: SLICE, STACK: STACK}, 'Planes of the stack to restore'
        )
        self.region_row = LayerChooser(
            viewer, is_outlines, 'region', 'Region', tooltip=_REGION_HELP, others=parts
        )
        self.reference_row = LayerChooser(
            viewer, is_picture, 'reference', 'Reference', tooltip=_REFERENCE_HELP, others=none
        )
        self.full_size_row = Tick(
            name='full_size', label='Result', text='in a copy of the whole image',
            tooltip=_FULL_SIZE_HELP,
        )  # fmt: skip
        self._choose_image()
        self.advice = QWidget()
        for row in (self.image_row, self.task_row, self.method_row):
            self.add(row)
        self.form.add_wide(self.advice)
        for row in (self.extent_row, self.region_row):
            self.add(row)
        self.add(self.full_size_row)
        self.add(self.reference_row)
        self.rows['task'].show(len(offer.tasks) > 1)
        self.rows['method'].show(len(offer.methods) > 1)
        self.advice.setVisible(len(offer.methods) > 1)
        self.suggest_task()
        self.image_row.changed.connect(self.suggest_task)
        Listeners(self.native).listen(viewer.layers.events.inserted, self.suggest_task)
        self.refresh()

    @property
    def task(self) -> Task:
        """The chosen task."""
        task: Task = self.task_row.value
        return task

    @property
    def method(self) -> Method:
        """The chosen method."""
        return self.method_row.method

    def chosen_method(self) -> Method:
        """Return the chosen method, for those who ask again and again."""
        return self.method

    @property
    def image(self) -> Any:
        """The chosen image layer, or None."""
        return self.image_row.value

    @property
    def view(self) -> View:
        """The view of the viewer."""
        return View.of(self._viewer)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Options about neighbours that make no sense for the image: no row shows them."""
        axes = () if self.image is None else lines_of(self.image, self.view)
        return tuple(name for name, least in _LINES.items() if len(axes) < least)

    def selection(self) -> Selection:
        """Return the chosen part of the image.

        Raises FrescoError when the slice on show or the region lies beside the image.
        """
        shown = is_stack(self.image, self.view) and self.extent_row.value == SLICE
        region = 'visible' if self.region_row.value == VISIBLE else self.region_row.value
        return chosen_part(self.image, self.view, shown=shown, region=region)

    @property
    def full_size(self) -> bool:
        """Whether the result of a part is wanted in a copy of the whole layer."""
        return self.rows['full_size'].shown and bool(self.full_size_row.value)

    def comparison(self, part: Selection, scale: int = 1) -> Selection | None:
        """Return the part of the reference that lies below `part` of an image to be enlarged.

        Raises ImageError when the reference is not on the grid of the result.
        """
        reference = self.reference_row.value
        return None if reference is None else select_same(reference, part, scale)

    def suggest_task(self, *_: Any) -> None:
        """Choose the task that the layers were made for, until another one is chosen by hand."""
        self.task_row.suggest(suggested_task(self._offer, self.image, self._viewer.layers))

    def suggest_reference(self, scale: int) -> None:
        """Choose the image that a simulated one was made from, where the result is on its grid."""
        image = self.image
        chosen_for = None if image is None else (key_of(image), scale)
        if chosen_for == self._suggested_for:
            return
        earlier, self._suggested_for = self._suggested_for, chosen_for
        truth = None if image is None else truth_of(image, self._viewer.layers)
        if truth is not None:
            fits = _same_grid(truth, image, scale)
            if fits or self.reference_row.text == truth.name:
                self.reference_row.value = truth if fits else None
        elif earlier is not None and (chosen_for is None or earlier[0] != chosen_for[0]):
            self.reference_row.value = None  # it was the truth of another image

    def refresh(self, *, volume: bool = False) -> None:
        """Offer slice or stack where there is a choice, and the actions for a part.

        `volume`: planes are restored together, so that of a volume there is no slice to choose.
        """
        stack = self.image is not None and is_stack(self.image, self.view)
        stack = stack and not (volume and self.image.ndim == 3)
        self.rows['extent'].show(stack)
        self.rows['full_size'].show(self._may_be_part(stack))

    def _may_be_part(self, stack: bool) -> bool:
        """Say whether a part is chosen whose result has the pixels of its source."""
        facts = TASKS[self.task]
        part = self.region_row.value is not None or (stack and self.extent_row.value == SLICE)
        return part and not facts.changes_size and not facts.gains_colour

    def _offer_methods(self, *_: Any) -> None:
        self.method_row.offer_methods(self._offer.serving(self.task))

    def _choose_image(self) -> None:
        """Start with the selected layer, else the newest that is no result, mask or kernel.

        Files that are opened together are all selected, the picture of a mask or a point spread
        function with its image.
        """
        selection = self._viewer.layers.selection
        offered = [layer for layer in self._viewer.layers if self.image_row.offers(layer)]
        pictures = [x for x in offered if not holds_mask(x) and not seems_kernel(x)] or offered
        wanted = [each.unique_id for each in (selection.active, *selection) if each is not None]
        selected = [each for each in pictures if each.unique_id in wanted]
        selected.sort(key=lambda layer: wanted.index(layer.unique_id))
        sources = [layer for layer in pictures if 'source' not in _record(layer)]
        if selected or sources:
            self.image_row.value = selected[0] if selected else sources[-1]


_IMAGE_HELP = '<p>The image that is restored. It stays as it is; the result is another layer.</p>'
_TASK_HELP = '<p>The rows below are those that this needs, the methods those that do it.</p>'
_REGION_HELP = (
    '<p>Restore only what is on show, or what lies below a rectangle: the selected shape of a '
    'Shapes layer, else the last one drawn. Try settings on a small region first.</p>'
)
_FULL_SIZE_HELP = (
    '<p>Put the restored region or slice back into a copy of the whole image; else the result is '
    'a layer of that part alone.</p>'
)
_REFERENCE_HELP = '<p>The true image, if you have it: its PSNR is shown while the method runs.</p>'


def _record(layer: napari.layers.Layer) -> Any:
    record = layer.metadata.get(METADATA)
    return record if isinstance(record, dict) and 'simulation' not in record else {}


def _same_grid(layer: Any, image: Any, scale: int) -> bool:
    try:
        select_same(layer, select(image), scale)
    except ImageError:
        return False
    return True
