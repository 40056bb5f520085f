"""The degradation of the image: mask, blur kernel, scale, and the method's own options."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from psygnal import Signal
from qtpy.QtWidgets import QPushButton

from ...declare.method import Method
from ...declare.options import OPTIONS
from ...declare.tasks import TASKS
from ...errors import FrescoError, KernelError
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import KERNEL, may_be_restored
from ...layers.images.selection import Selection, full_resolution, spatial_axes
from ...layers.images.space import Space
from ...layers.requests.channel_kernels import ChannelKernels, channels_of, is_of_channel, names_of
from ...layers.requests.kernel_choice import AUTO, ChosenKernel, about_kernel, chosen_kernel
from ...physics.kernels import Kernel
from ...physics.kernels.kernel_shape import fitted
from ...types import Task
from ..masks.mask_rows import MaskRows
from ..methods.offer import Offer
from ..methods.parameter_rows import DeclaredRow
from ..methods.suggestions import LARGEST_KERNEL, covers, is_blur_of, is_mask_of
from ..widgets.choosers import Accepts, LayerChooser
from ..widgets.form import Section, note
from ..widgets.rows import Tick, row_of
from ..widgets.texts import sentence
from .guide_row import GuideRow
from .kernel_panel import KernelDialog

if TYPE_CHECKING:
    import napari


_MOST_CHANNELS = 8  # of which each has a row; more share the kernel of all
_AS_ALL = '(as above)'


class DamageSection(Section):
    """The rows of the degradation; only those that the task needs are shown.

    The rows are those of the mask, `keep_known`, `scale`, `kernel` and the declared ones.
    """

    measured = Signal()
    """How much the mask covers is known now, or not any more."""

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        offer: Offer,
        declared: Sequence[DeclaredRow],
        method: Callable[[], Method],
        image: Callable[[], Any],
        part: Callable[[], Selection],
    ) -> None:
        super().__init__('Degradation')
        self._viewer, self._chosen, self._image, self._part = viewer, method, image, part
        self._declared, self._guided = declared, offer.guided
        self._suggested_for: tuple[Task, str] | None = None
        self._suggested: dict[str, str] = {}
        self.mask_rows = MaskRows(viewer, self, image, part)
        self.guide_row = GuideRow(viewer, self, image)
        keep = replace(OPTIONS['keep_known'], optional=False, default=True, label='Keep intact')
        least, most, first = offer.scales
        scale = replace(OPTIONS['scale'], minimum=least, maximum=most, default=first)
        self.keep_known, self.scale_row = row_of(keep), row_of(scale)
        self.filled = Tick(
            name='filled', label='Filled area', text='as a layer of labels', value=True,
            tooltip=_FILLED_HELP,
        )  # fmt: skip
        self.kernel_row = LayerChooser(
            viewer, self._may_be_kernel, 'kernel', 'Blur kernel', tooltip=_KERNEL_HELP,
            others={'(none)': None}, adopt=self._adopt_kernel,
        )  # fmt: skip
        self.make_kernel = QPushButton('Make …')
        self.kernel_note = note()
        self.add(self.keep_known)
        self.add(self.filled)
        self.add(self.scale_row)
        self.add(self.kernel_row, self.make_kernel)
        self._note_row = self.add_text(self.kernel_note)
        self._shown = {row: self.add(row.widget) for row in declared}
        self.channel_kernels: list[LayerChooser] = []
        """Kernels of the channels along an axis of the image, in their order."""
        self.mask_rows.measured.connect(self.measured)
        self.make_kernel.clicked.connect(self._open_kernel_dialog)

    def follow_image(self) -> None:
        """Take note that another image, or another part of it, was chosen."""
        for row in (self.kernel_row, *self.channel_kernels):
            row.reset_choices()
        self.mask_rows.layer.reset_choices()
        self.guide_row.layer.reset_choices()
        self.mask_rows.measure_soon()

    def refresh(self, task: Task) -> None:
        """Show the rows that `task` uses."""
        self._suggest(task)
        options = self._method.takes(task)
        mask, takes = 'mask' in options, 'kernel' in options
        self.mask_rows.show(mask)
        self.guide_row.row.show('guides' in options and self._guided)
        self.rows['keep_known'].show('keep_known' in options)
        self.rows['filled'].show(mask)
        self.rows['scale'].show('scale' in options)
        self.rows['kernel'].show(takes)
        self._show_channels(task)
        said = [] if not takes or self.kernel is None else [self._about()]
        self.kernel_note.setText('. '.join(filter(None, [*said, *(said and [self._doubt(task)])])))
        self._note_row.show(bool(self.kernel_note.text()))
        for declared, row in self._shown.items():
            row.show(self._applies(declared, task))
        self.hide_if_empty([*self.rows.values(), self._note_row, *self.mask_rows.rows])

    @property
    def _method(self) -> Method:
        return self._chosen()

    @property
    def kernel(self) -> Any:
        """The chosen kernel layer, that of the first channel with its own, or None."""
        chosen = self.kernel_row.value
        return next(iter(self._apart.values()), None) if chosen is None else chosen

    @property
    def is_apart(self) -> bool:
        """Whether some channel has a kernel of its own."""
        return bool(self._apart)

    @property
    def _apart(self) -> dict[int, Any]:
        """The kernel layers of channels that have their own, by number."""
        shown = [row for row in self.channel_kernels if self.rows[row.name].shown]
        return {n: row.value for n, row in enumerate(shown) if row.value is not None}

    def kernel_names(self, part: Selection) -> str | dict[int, str]:
        """Return the name of the kernel layer, or those of the channels that are restored."""
        common = '' if self.kernel_row.value is None else str(self.kernel_row.value.name)
        apart = {n: str(layer.name) for n, layer in self._apart.items()}
        return {n: apart.get(n, common) for n in channels_of(part)} if apart else common

    @property
    def scale(self) -> int:
        """Pixels of the result per pixel, where the task enlarges."""
        return int(self.scale_row.value)

    @property
    def wants_filled(self) -> bool:
        """Whether the newly painted pixels become a layer."""
        return self.rows['filled'].shown and bool(self.filled.value)

    def missing(self, task: Task, estimated: Collection[str] = ()) -> str:
        """Name the input that `task` still needs, beside those to be estimated; else empty."""
        needs = self._method.needs.get(task, ())
        if 'mask' in needs:
            if self.mask_rows.layer.value is None:
                return (
                    'Filling needs a mask: choose one, press "New" and paint over the damage, or '
                    'have it proposed.'
                )
            if self.mask_rows.problem:
                return sentence(self.mask_rows.problem)
            if self.mask_rows.coverage_fraction == 0:
                return 'The mask marks no damage yet: paint over it.'
            if self.mask_rows.coverage_fraction == 1:
                return 'The mask marks every pixel as damaged: is it inverted?'
        if 'kernel' in needs and self.kernel is None and 'kernel' not in estimated:
            return (
                'Deblurring needs the blur kernel: press "Make …", choose a layer with it, or have '
                'that of a photograph found by "Estimate, then restore".'
            )
        if 'guides' in self._method.takes(task):
            problem = self.guide_row.problem(self._part())
            if problem:
                return sentence(problem)
        if TASKS[task].changes_size and self.scale not in self._method.scales:
            offered = ', '.join(f'× {scale}' for scale in self._method.scales)
            return f'{self._method.title} enlarges {offered}, not × {self.scale}.'
        return '' if 'kernel' in estimated else self._kernel_problem(task)

    def settings(self, task: Task) -> dict[str, Any]:
        """Return the keywords of :func:`napari_fresco.restore` that are set here."""
        takes = 'keep_known' in self._method.takes(task)
        return {'keep_known': self.keep_known.value} if takes else {}

    def guides(self, task: Task, part: Selection) -> dict[str, str]:
        """Return the keyword of the guides that are chosen, for a part of the image."""
        return self.guide_row.settings(part) if 'guides' in self._method.takes(task) else {}

    def chosen_kernel(self, task: Task) -> ChosenKernel | None:
        """Return the chosen kernel, made fit for `task`.

        Raises KernelError when it does not fit.
        """
        if self.kernel is None or 'kernel' not in self._method.takes(task):
            return None
        if not self._apart:
            return self._fit(self.kernel, task)
        apart = self._apart
        layers = {n: apart.get(n, self.kernel_row.value) for n in channels_of(self._part())}
        if lost := [names_of(self._image())[n] for n, layer in layers.items() if layer is None]:
            raise KernelError(
                f'{", ".join(lost)} of {self._image().name!r} has no kernel; choose one for it, or '
                'one for all under "Blur kernel".'
            )
        each = [self._fit(layer, task) for layer in layers.values()]
        if len(each) == 1:
            return each[0]
        return ChosenKernel(ChannelKernels({str(i): one.array for i, one in enumerate(each)}))

    def _fit(self, kernel: Any, task: Task) -> ChosenKernel:
        """Return a kernel made fit for `task`."""
        scale, place = self.scale if TASKS[task].changes_size else 1, self._said_position()
        return chosen_kernel(kernel, self._image(), task, scale=scale, position=place)

    def restores_volume(self, task: Task) -> bool:
        """Return whether the kernel has three axes, so that planes are restored together."""
        return (
            self.kernel is not None
            and 'kernel' in self._method.takes(task)
            and self.kernel.ndim - bool(getattr(self.kernel, 'rgb', False)) == 3
        )

    def _kernel_problem(self, task: Task) -> str:
        try:
            self.chosen_kernel(task)
        except FrescoError as error:
            return sentence(error)
        return ''

    def _doubt(self, task: Task) -> str:
        """Return the doubts about kernels of planes in words; about one of a volume, nothing."""
        scale = self.scale if TASKS[task].changes_size else 1
        try:
            chosen = self.chosen_kernel(task)
            if chosen is None or self._image() is None:
                return ''
            place = chosen.position or self._said_position()
            part = self._part()
            sides = (part.index[axis] for axis in part.spatial)
            grid = [(side.stop - side.start) * scale for side in sides]
            apart = isinstance(chosen.array, ChannelKernels)
            every = chosen.array.values() if apart else [chosen.array]
            said = [
                doubt
                for one in every
                for doubt in fitted(Kernel.of(one, signed=True), grid, scale, place).warnings
            ]
        except FrescoError:
            return ''
        return sentence('. '.join(dict.fromkeys(said)))

    def _about(self) -> str:
        """Describe the kernel, or those of the channels, in words."""
        if not self._apart:
            return about_kernel(self.kernel)
        names = names_of(self._image())
        told = ((names[n], about_kernel(layer)) for n, layer in self._apart.items())
        return '. '.join(f'{name}: {said}' for name, said in told if said)

    def _show_channels(self, task: Task) -> None:
        """Show a row for the kernel of each channel of the image, where a blur is undone."""
        undone = 'kernel' in self._method.takes(task) and not TASKS[task].changes_size
        names = names_of(self._image())[:_MOST_CHANNELS] if undone else []
        for number, name in enumerate(
            names[len(self.channel_kernels) :], len(self.channel_kernels)
        ):
            row = LayerChooser(
                self._viewer, self._may_be_kernel, f'kernel_{number}', name,
                tooltip=_CHANNEL_HELP, others={_AS_ALL: None}, adopt=self._adopt_kernel,
            )  # fmt: skip
            self.add(row, place=self.form.place_of(self.rows['kernel']) + 1 + number)
            self.channel_kernels.append(row)
        for number, row in enumerate(self.channel_kernels):
            self.rows[row.name].show(number < len(names))

    def _suggest_channels(self, image: Any) -> None:
        """Choose the kernels that are those of a channel by their name or light."""
        for channel, _ in enumerate(names_of(image)[: len(self.channel_kernels)]):
            row = self.channel_kernels[channel]
            suits = [
                layer
                for layer in self._viewer.layers
                if row.offers(layer) and is_of_channel(layer, image, channel)
            ]
            row.value = suits[-1] if suits else None

    def _said_position(self) -> str:
        rows = (row for row in self._declared if self._method.name in row.methods)
        found = (r.widget.value for r in rows if r.parameter.name == 'kernel_position')
        return str(next(found, AUTO))

    def _applies(self, row: DeclaredRow, task: Task) -> bool:
        """Say whether a parameter makes a difference with the kernel that is chosen."""
        beside = row.parameter.goes_with
        wanted = beside[1] if beside else None
        return row.serves(self._method, task) and wanted in (None, self.kernel is not None)

    def _suggest(self, task: Task) -> None:
        """Choose the inputs of a task where there is no doubt, and drop those of other images."""
        image = self._image()
        if image is None or (task, key_of(image)) == self._suggested_for:
            return
        wanted = (task, key_of(image))
        earlier, self._suggested_for = self._suggested_for, wanted
        first = earlier is None or earlier[1] == wanted[1]
        if not first:
            self._drop_suggested(image)
        needs = self._method.needs.get(task, ())
        if 'mask' in needs:
            only = self.mask_rows.only_drawn if first else ''
            suits: Accepts = lambda x: is_mask_of(image, x) or key_of(x) == only  # noqa: E731
            self._suggest_layer(self.mask_rows.layer, suits, False)
        if 'kernel' in needs:
            self._suggest_layer(self.kernel_row, lambda x: is_blur_of(image, x), first)
            self._show_channels(task)
            self._suggest_channels(image)
        elif self._is_suggested(self.kernel_row):
            self.kernel_row.value = None  # to enlarge, a kernel lies on the pixels of the result

    def _suggest_layer(self, row: LayerChooser, suits: Accepts, or_the_only: bool) -> None:
        if row.value is None:
            row.suggest(suits, or_the_only)
            self._suggested[row.name] = row.text

    def _is_suggested(self, row: LayerChooser) -> bool:
        return row.value is not None and self._suggested.get(row.name) == row.text

    def _drop_suggested(self, image: Any) -> None:
        """Forget the mask and the kernel that were suggested for another image."""
        fits = {self.mask_rows.layer: covers, self.kernel_row: is_blur_of}
        for row, fit in fits.items():
            if self._is_suggested(row) and not fit(image, row.value):
                row.value = None

    def _open_kernel_dialog(self) -> None:
        dialog = KernelDialog(self._viewer, self._image(), self.native)
        dialog.panel.made.connect(self._take_kernel)
        dialog.show()

    def _take_kernel(self, layer: Any) -> None:
        self.kernel_row.value = layer

    def _adopt_kernel(self, values: Any) -> Any:
        """Add the layer of a kernel that was given as an array."""
        image, place = self._image(), {}
        if image is not None:
            space = Space.of(image).along(spatial_axes(image))
            place = {'scale': space.scale, 'units': space.units, 'axis_labels': space.axis_labels}
        return self._viewer.add_image(
            np.asarray(values, dtype=float), name='kernel', rgb=False, visible=False,
            colormap='inferno', metadata={KERNEL: True}, **place,
        )  # fmt: skip

    def _may_be_kernel(self, layer: napari.layers.Layer) -> bool:
        image = self._image()
        if not isinstance(layer, Image) or layer.rgb or layer.ndim not in (2, 3):
            return False
        if image is not None and layer.unique_id == image.unique_id:
            return False
        shape = full_resolution(layer).shape
        small = max(shape) <= LARGEST_KERNEL
        if layer.ndim == 3:  # a volume that nobody called a kernel has to look like one
            whole = () if image is None else full_resolution(image).shape[-3:]
            small &= len(whole) == 3 and all(n < m for n, m in zip(shape, whole, strict=True))
        return KERNEL in layer.metadata or (small and may_be_restored(layer))


_FILLED_HELP = (
    '<p>Add labels over the pixels that were newly painted: what a method proposes, not what was '
    'measured.</p>'
)
_CHANNEL_HELP = (
    '<p>Kernel of this channel alone. One whose name ends with that of the channel, or which was '
    'made for its wavelength, is chosen by itself.</p>'
)
_KERNEL_HELP = (
    '<p>Image layer that holds the point spread function, on the pixel grid of the result; one of '
    'a volume restores volumes. For '
    'enlarging it is optional. It may be centred on its middle pixel, or shifted to the upper '
    'left as USRNet has it: say which under "Kernel position". A kernel estimated by VIRNet, or '
    'a copy of it that you edited, is converted from bicubic reduction.</p>'
)
