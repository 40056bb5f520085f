"""The panel that makes blur kernels: from numbers, from a file, or from beads."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import LineEdit
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...declare.fields import Parameter
from ...errors import FrescoError, KernelError, ParameterError
from ...image.units import converted, unit_name
from ...io.kernel_calibration import read_kernel
from ...layers.images.layer_kinds import KERNEL, is_outlines, is_picture
from ...layers.images.regions import chosen_part
from ...layers.images.selection import select, spatial_axes
from ...layers.images.space import Space, View
from ...layers.requests.kernel_choice import depth_axis, known_of, microscope_of, with_depth
from ...physics import kernels
from ...physics.kernels import Kernel
from ...physics.kernels.plausibility import ASSUMABLE
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Scroll, Section, note, stacked
from ..widgets.listeners import Listeners
from ..widgets.rows import row_of
from ..widgets.texts import sentence
from ..window.docked import Docked
from .kernel_kinds import KINDS, Microscope, make, unused
from .kernel_preview import KernelPreview, described, remarks

if TYPE_CHECKING:
    import napari

FILE, BEAD = 'From a file', 'From beads'
_MOST_VOXELS = 8_000_000
_LEAST_HEIGHT = 260
_FILES = 'Kernels (*.npy *.npz *.mat *.tif *.tiff *.png)'


class KernelPanel(Docked):
    """Makes a kernel layer, calibrated like the image it is meant for."""

    made = Signal(object)
    """The kernel layer that was added."""

    def __init__(self, viewer: napari.viewer.Viewer, image: Any = None) -> None:
        super().__init__()
        self.viewer = viewer
        self._section = Section('Blur kernel', heads=True)
        kinds = {kind: kind for kind in (*KINDS, FILE, BEAD)}
        self.image = LayerChooser(
            viewer,
            is_picture,
            'image',
            'For image',
            tooltip='Whose voxel size, wavelength and objective are taken',
        )
        self.kind = WordList(
            'kind', 'Kind', kinds, 'What has blurred the image, or where its blur was measured'
        )
        self.fields = {
            title: {p.name: row_of(p) for p in kind.parameters.declared()}
            for title, kind in KINDS.items()
        }
        self.file = LineEdit(name='file', label='File', tooltip='File that holds the kernel')
        self.file.native.setPlaceholderText('.npy, .npz, .mat or an image')
        self.index = row_of(_INDEX)
        self.bead = LayerChooser(
            viewer, is_outlines, 'bead', 'Rectangle', tooltip=_BEAD_HELP,
            others={'(whole image)': None},
        )  # fmt: skip
        self.diameter = row_of(_DIAMETER)
        self.diameter.native.setPlaceholderText('stays in the kernel')
        self.preview = KernelPreview()
        self.message, self.remarks = self.preview.message, note()
        self.add_button = QPushButton('Add kernel layer')
        self.add_button.setToolTip('Add the kernel as a layer, which panels offer as blur kernel')
        self._from_image: set[str] = set()
        self._told: set[str] = set()
        self._taking = False
        self._rows = self._build_rows()
        self._lay_out()
        if image is not None:
            self.image.value = image
        self._take_pixel_size()
        self._listen()
        self.refresh()

    def kernel(self) -> Kernel:
        """Return the kernel of the fields, with the doubts about it.

        Raises FrescoError when the fields describe none.
        """
        kind = self.kind.value
        if kind == FILE:
            if not self.file.value:
                raise KernelError('Choose a file that holds the kernel.')
            return read_kernel(self.file.value, self.index.value)
        if kind == BEAD:
            return kernels.from_beads(self._beads(), diameter=self.diameter.value)
        made = make(KINDS[kind], self._values(kind))
        assumed = self._assumed() if kind == _MICROSCOPE else []
        return replace(made, metadata={**made.metadata, 'assumed': assumed}) if assumed else made

    def add_layer(self) -> Any:
        """Add the kernel as a layer and return it; show the error otherwise."""
        try:
            kernel = self.kernel()
        except FrescoError as error:
            show_error(str(error))
            return None
        layer = self.viewer.add_image(
            kernel.values,
            name=f'{self.kind.value.partition(" (")[0]} kernel',
            rgb=False,
            colormap='inferno',
            metadata={KERNEL: known_of(kernel)},
            **self._calibration(kernel),
        )
        self.made.emit(layer)
        return layer

    def refresh(self) -> None:
        """Show the fields of the chosen kind, the kernel and its width."""
        chosen = self.kind.value
        idle = unused(self._values(_MICROSCOPE)) if chosen == _MICROSCOPE else ()
        for title, rows in self._rows.items():
            for name, row in rows.items():
                row.show(title == chosen and name not in idle)
        try:
            kernel = self.kernel()
        except FrescoError as error:
            self.preview.show_kernel(None)
            self.message.setText(sentence(error))
            self.remarks.hide()
            self.add_button.setEnabled(False)
            return
        self.preview.show_kernel(kernel)
        self.message.setText(described(kernel))
        self.remarks.setText(remarks(kernel))
        self.remarks.setVisible(bool(self.remarks.text()))
        self.add_button.setEnabled(True)

    def _values(self, kind: str) -> dict[str, Any]:
        return {name: row.value for name, row in self.fields[kind].items()}

    def _build_rows(self) -> dict[str, dict[str, Any]]:
        section = self._section
        section.add(self.kind)
        section.add(self.image)
        rows: dict[str, dict[str, Any]] = {
            title: {name: section.add(row) for name, row in fields.items()}
            for title, fields in self.fields.items()
        }
        browse = QPushButton('Browse …')
        browse.setToolTip('Choose the file that holds the kernel')
        browse.clicked.connect(self._browse)
        rows[FILE] = {
            'file': section.add(self.file, browse),
            'index': section.add(self.index),
        }
        rows[BEAD] = {
            'bead': section.add(self.bead),
            'diameter': section.add(self.diameter),
        }
        return rows

    def _lay_out(self) -> None:
        content = stacked(self._section.native, self.remarks, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content), 1)
        layout.addWidget(stacked(self.preview, self.add_button, margin=8))
        self.setMinimumHeight(_LEAST_HEIGHT)

    def _listen(self) -> None:
        links = Listeners(self)
        links.listen(self.image.changed, self._take_pixel_size)
        for name, row in self.fields[_MICROSCOPE].items():
            links.listen(row.changed, partial(self._tell, name))
        links.listen(self._section.changed, self.refresh)
        self.add_button.clicked.connect(self.add_layer)

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, 'Kernel file', '', _FILES)
        if path:
            self.file.value = path

    def _beads(self) -> Any:
        """Return the image of beads: below the rectangle, with all planes along z."""
        image = self.image.value
        if image is None or image.rgb:
            raise KernelError('Beads are looked for in a gray image; choose one.')
        part = chosen_part(image, View.of(self.viewer), shown=True, region=self.bead.value)
        depth = depth_axis(part)
        if depth is not None:
            index = list(part.index)
            index[depth] = slice(0, part.grid[depth])
            part = replace(part, index=tuple(index))
        if part.size > _MOST_VOXELS:
            raise KernelError(
                f'Beads are looked for in at most {_MOST_VOXELS / 1e6:.0f} million pixels, not in '
                f'{part.size / 1e6:.0f}: draw a rectangle around some on a Shapes layer.'
            )
        return with_depth(part, np.empty((1, 1, 1))).image()

    def _calibration(self, kernel: Kernel) -> dict[str, Any]:
        """Return scale, units and axis labels: of the kernel, else of the image it is for."""
        image, axes = self.image.value, 'ZYX'[-kernel.ndim :]
        place = None if image is None else _space(image, kernel.ndim)
        if kernel.spacing is None:
            known = {} if place is None else {'scale': place.scale, 'units': place.units}
        else:
            units = ['um'] * len(axes) if place is None else [unit_name(u) for u in place.units]
            sizes = [
                converted(*kernel.spacing[axis], unit)
                for axis, unit in zip(axes, units, strict=True)
            ]
            if None in sizes:
                units = [kernel.spacing[axis][1] for axis in axes]
                sizes = [kernel.spacing[axis][0] for axis in axes]
            known = {'scale': sizes, 'units': units}
        labels = tuple(axes.lower()) if place is None else place.axis_labels
        return {**known, 'axis_labels': labels}

    def _take_pixel_size(self) -> None:
        """Take voxel sizes, wavelengths and objective from the chosen image, none from others."""
        known = microscope_of(self.image.value)
        stale = dict.fromkeys(self._from_image - known.keys())
        self._from_image, self._taking = set(), True
        for name, value in {**stale, **known}.items():
            declared = next(p for p in Microscope.declared() if p.name == name)
            row = self.fields[_MICROSCOPE][name]
            if name in stale:
                row.value = declared.default
                continue
            with contextlib.suppress(ParameterError):
                row.value = declared.check(value)
                self._from_image.add(name)
                self._told.discard(name)
                if name == _OF_MICROGRAPHS:
                    self.kind.suggest(_MICROSCOPE)
        self._taking = False

    def _tell(self, name: str, *_: Any) -> None:
        """Note that the user has told a number, which is no longer that of the image."""
        if self._taking or name in self._told:
            return
        self._told.add(name)
        self._from_image.discard(name)
        self.refresh()

    def _assumed(self) -> list[str]:
        """Return the numbers of the microscope that neither the image nor the user has told."""
        values = self._values(_MICROSCOPE)
        known = {*self._from_image, *self._told, *unused(values)}
        return [n for n in ASSUMABLE if n not in known and values.get(n) is not None]


class KernelDialog(QDialog):
    """The kernel panel in a window of its own, which closes when the kernel is made."""

    def __init__(self, viewer: napari.viewer.Viewer, image: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle('Blur kernel')
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.panel = KernelPanel(viewer, image)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        self.resize(380, 620)
        self.panel.made.connect(self._on_made)

    def _on_made(self, layer: Any) -> None:
        """Do not let the kernel, which is chosen, cover the image that it is for."""
        layer.visible = False
        image = self.panel.image.value
        if image is not None:
            self.panel.viewer.layers.selection.active = image
        self.close()


_INDEX = Parameter(
    'index', int, None, 'Which kernel of a file that holds several.', 'Number', minimum=0,
    optional=True,
)  # fmt: skip
_DIAMETER = Parameter(
    'diameter', float, None, 'Diameter of the beads, whose size is taken out; empty: it stays.',
    'Bead size', unit='µm', minimum=0.005, maximum=5, optional=True,
)  # fmt: skip
_MICROSCOPE = 'Microscope'
_OF_MICROGRAPHS = 'pixel_size'  # in the range of microscopes: another kind would be the wrong start
_BEAD_HELP = (
    '<p>Shapes layer with a rectangle around beads smaller than the resolution, on dark '
    'background. Those that are close to others, saturated, cut or long are left out.</p>'
)


def _space(image: Any, ndim: int) -> Space | None:
    """Return the space of rows and columns of an image, and of its depth for a volume."""
    if ndim == 2:
        return Space.of(image).along(spatial_axes(image))
    depth = depth_axis(select(image))
    return None if depth is None else Space.of(image).along((depth, *spatial_axes(image)))
