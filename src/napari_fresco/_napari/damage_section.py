"""How the image was degraded: mask, blur kernel, scale, and what the method declares."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QPushButton, QSpinBox

from ..declare.fields import Parameter
from ..declare.methods import Method
from ..declare.tasks import TASKS
from ..errors import FrescoError
from ..layers.kernel_choice import AUTO, ChosenKernel, about_kernel, chosen_kernel
from ..layers.layer_kinds import KERNEL, may_be_restored
from ..layers.selection import Selection, full_resolution
from ..physics.kernels import Kernel
from ..types import Task
from .choosers import LayerChooser
from .form import Section, note
from .kernel_panel import KernelDialog
from .mask_rows import MaskRows
from .model_row import first_scale
from .obstacles import sentence
from .rows import Field
from .suggestions import is_blur_of, is_mask_of

if TYPE_CHECKING:
    import napari

_LARGEST_KERNEL = 255


class DamageSection(Section):
    """The degradation, of which only what the task needs is shown."""

    changed = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        method: Method,
        fields: list[Field],
        image: Callable[[], Any],
        part: Callable[[], Selection],
    ) -> None:
        super().__init__('Degradation')
        self._viewer, self._method, self._image = viewer, method, image
        self._fields = fields
        self._task: Task | None = None
        self._suggested: str | None = None
        self.mask_rows = MaskRows(viewer, self, image, part)
        self.keep_known = QCheckBox('return them bit for bit')
        self.keep_known.setChecked(True)
        self.kernel = LayerChooser(viewer, self._may_be_kernel, '(none)')
        self.make_kernel = QPushButton('Make …')
        self.scale = QSpinBox()
        self.scale.setRange(min(method.scales), max(method.scales))
        self.scale.setValue(first_scale(method))
        self.scale.setPrefix('× ')
        self._keep = self.add('Intact pixels', self.keep_known, tooltip=_KEEP_HELP)
        self._scale = self.add('Enlarge', self.scale, tooltip='Pixels of the result per pixel')
        self._kernel = self.add('Blur kernel', self.kernel, self.make_kernel, tooltip=_KERNEL_HELP)
        self.kernel_note = note()
        self._kernel_note = self.add('', self.kernel_note)
        self._rows = [(field.parameter, field.add_to(self)) for field in fields]
        self._listen()

    def follow_image(self) -> None:
        """Take note that another image, or another part of it, was chosen."""
        self.kernel.refresh()
        self.mask_rows.measure_soon()

    def refresh(self, task: Task) -> None:
        """Show what `task` uses."""
        takes = self._method.takes(task)
        if self._task != task:
            self._task = task
            self._suggest(task)
        self.mask_rows.show('mask' in takes)
        self._keep.show('keep_known' in takes)
        self._scale.show('scale' in takes)
        self._show_kernel(task)
        for parameter, row in self._rows:
            row.show(self._applies(parameter, task))
        rows = [
            *self.mask_rows.rows,
            self._keep,
            self._scale,
            self._kernel,
            self._kernel_note,
            *(r for _, r in self._rows),
        ]
        self.hide_if_empty(rows)

    def missing(self, task: Task, estimated: Collection[str] = ()) -> str:
        """Say in words what `task` still needs beside what is to be estimated, or nothing."""
        needs = self._method.needs.get(task, ())
        if 'mask' in needs:
            if self.mask_rows.layer.value is None:
                return 'Filling needs a mask: press "New" and paint over the damage.'
            if self.mask_rows.coverage_fraction == 0:
                return 'The mask marks no damage yet: paint over it.'
            if self.mask_rows.coverage_fraction == 1:
                return 'The mask marks every pixel as damaged: is it inverted?'
        if 'kernel' in needs and self.kernel.value is None:
            return 'Deblurring needs the blur kernel: press "Make …", or choose a layer with it.'
        if TASKS[task].changes_size and self.scale.value() not in self._method.scales:
            offered = ', '.join(f'× {scale}' for scale in self._method.scales)
            return f'{self._method.title} enlarges {offered}, not × {self.scale.value()}.'
        return '' if 'kernel' in estimated else self._kernel_problem(task)

    def settings(self, task: Task) -> dict[str, Any]:
        """Return the keywords of :func:`napari_fresco.restore` that are set here."""
        return (
            {'keep_known': self.keep_known.isChecked()}
            if 'keep_known' in self._method.takes(task)
            else {}
        )

    def chosen_kernel(self, task: Task) -> ChosenKernel | None:
        """Return the chosen kernel, made fit for `task`.

        Raises
        ------
        KernelError
            When it does not fit.
        """
        layer = self.kernel.value
        if layer is None or 'kernel' not in self._method.takes(task):
            return None
        scale = self.scale.value() if TASKS[task].changes_size else 1
        place = self._said_position()
        return chosen_kernel(layer, self._image(), task, scale=scale, position=place)

    def _kernel_problem(self, task: Task) -> str:
        try:
            self.chosen_kernel(task)
        except FrescoError as error:
            return sentence(error)
        return ''

    def _show_kernel(self, task: Task) -> None:
        takes = 'kernel' in self._method.takes(task)
        layer = self.kernel.value if takes else None
        self._kernel.show(takes)
        said = [] if layer is None else [about_kernel(layer), self._doubt(task)]
        self.kernel_note.setText('. '.join(filter(None, said)))
        self._kernel_note.show(bool(self.kernel_note.text()))

    def _doubt(self, task: Task) -> str:
        """Say why it is not sure where the kernel looks, or nothing."""
        try:
            chosen = self.chosen_kernel(task)
            if chosen is None or not TASKS[task].changes_size:
                return ''
            place = chosen.position or self._said_position()
            kernel = Kernel.of(chosen.array, signed=True).placed(self.scale.value(), place)
        except FrescoError:
            return ''
        return sentence(''.join(kernel.warnings))

    def _said_position(self) -> str:
        found = (f.value for f in self._fields if f.parameter.name == 'kernel_position')
        return str(next(found, AUTO))

    def _applies(self, parameter: Parameter, task: Task) -> bool:
        """Say whether a parameter makes a difference with the kernel that is chosen."""
        wanted = parameter.goes_with[1] if parameter.goes_with else None
        used = self._method.uses(parameter, task)
        return used and wanted in (None, self.kernel.value is not None)

    def _suggest(self, task: Task) -> None:
        """Choose the inputs of a task where there is no doubt."""
        needs, image = self._method.needs.get(task, ()), self._image()
        if image is None:
            return
        if 'mask' in needs:
            self.mask_rows.layer.suggest(lambda layer: is_mask_of(image, layer))
        if 'kernel' in needs and self.kernel.value is None:
            self.kernel.suggest(lambda layer: is_blur_of(image, layer))
            self._suggested = self.kernel.currentData()
        elif 'kernel' not in needs and self.kernel.currentData() == self._suggested:
            self.kernel.value = None  # to enlarge, a kernel lies on the pixels of the result

    def _listen(self) -> None:
        self.mask_rows.changed.connect(self.changed)
        self.mask_rows.measured.connect(self.changed)
        self.kernel.changed.connect(self.changed)
        self.scale.valueChanged.connect(self._on_field)
        self.make_kernel.clicked.connect(self._open_kernel_dialog)
        for field in self._fields:
            field.changed.connect(self._on_field)

    def _on_field(self, *args: Any) -> None:
        self.changed.emit()

    def _open_kernel_dialog(self) -> None:
        dialog = KernelDialog(self._viewer, self._image(), self)
        dialog.panel.made.connect(self._take_kernel)
        dialog.show()

    def _take_kernel(self, layer: Any) -> None:
        self.kernel.value = layer

    def _may_be_kernel(self, layer: napari.layers.Layer) -> bool:
        image = self._image()
        if not isinstance(layer, Image) or layer.rgb or layer.ndim != 2:
            return False
        if image is not None and layer.unique_id == image.unique_id:
            return False
        small = max(full_resolution(layer).shape) <= _LARGEST_KERNEL
        return KERNEL in layer.metadata or (small and may_be_restored(layer))


_KEEP_HELP = (
    '<p>Pixels outside the mask come back exactly as they are. Untick to remove their noise, '
    'too.</p>'
)
_KERNEL_HELP = (
    '<p>Image layer that holds the point spread function, on the pixel grid of the result. For '
    'enlarging it is optional. It may be centred on its middle pixel, or shifted to the upper '
    'left as USRNet has it: say which under "Kernel position". A kernel estimated by VIRNet, or '
    'a copy of it that you edited, is converted from bicubic reduction.</p>'
)
