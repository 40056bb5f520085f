"""The panel that makes blur kernels: from numbers, from a file, or from a bead."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import LineEdit
from napari.layers import Shapes
from napari.utils.notifications import show_error
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..declare.fields import Parameter
from ..errors import FrescoError, KernelError, ParameterError
from ..layers.layer_kinds import KERNEL, is_picture
from ..layers.regions import chosen_part
from ..layers.selection import spatial_axes
from ..layers.space import Space, View
from ..physics import kernels
from .choosers import LayerChooser, WordList
from .form import Scroll, Section, note, stacked
from .kernel_kinds import KINDS, Microscope, make
from .listeners import Listeners
from .rows import row_of

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

FILE, BEAD = 'From a file', 'From a bead'
_THUMBNAIL = 96
_LEAST_HEIGHT = 260
_FILES = 'Kernels (*.npy *.npz *.mat *.tif *.tiff *.png)'


class KernelPanel(QWidget):
    """Makes a kernel layer, calibrated like the image it is meant for."""

    made = Signal(object)
    """The kernel layer that was added."""

    def __init__(self, viewer: napari.viewer.Viewer, image: Any = None) -> None:
        super().__init__()
        self._viewer = viewer
        self._section = Section('Blur kernel')
        kinds = {kind: kind for kind in (*KINDS, FILE, BEAD)}
        self.image = LayerChooser(
            viewer, is_picture, 'image', 'For image', tooltip='Whose pixel size the layer takes'
        )
        self.kind = WordList('kind', 'Kind', kinds)
        self.fields = {
            title: {p.name: row_of(p) for p in kind.parameters.declared()}
            for title, kind in KINDS.items()
        }
        self.file = LineEdit(name='file', label='File')
        self.file.native.setPlaceholderText('.npy, .npz, .mat or an image')
        self.index = row_of(_INDEX)
        self.bead = LayerChooser(viewer, _is_shapes, 'bead', 'Bead', tooltip=_BEAD_HELP)
        self.picture = QLabel()
        self.message = note()
        self.add_button = QPushButton('Add kernel layer')
        self._rows = self._build_rows()
        self._lay_out()
        if image is not None:
            self.image.value = image
        self._take_pixel_size()
        self._listen()
        self.refresh()

    def kernel(self) -> tuple[NDArray[np.float64], str]:
        """Return the kernel as the fields describe it, and a warning or nothing.

        Raises FrescoError when the fields describe none.
        """
        kind = self.kind.value
        if kind == FILE:
            if not self.file.value:
                raise KernelError('Choose a file that holds the kernel.')
            return kernels.read(Path(self.file.value), self.index.value), ''
        if kind == BEAD:
            return kernels.from_bead(self._bead_crop()), ''
        return make(KINDS[kind], {name: row.value for name, row in self.fields[kind].items()})

    def add_layer(self) -> Any:
        """Add the kernel as a layer and return it; say what is wrong otherwise."""
        try:
            kernel, _ = self.kernel()
        except FrescoError as error:
            show_error(str(error))
            return None
        layer = self._viewer.add_image(
            kernel,
            name=f'{self.kind.value.partition(" (")[0]} kernel',
            rgb=False,
            colormap='inferno',
            metadata={KERNEL: True},
            **self._calibration(),
        )
        self.made.emit(layer)
        return layer

    def refresh(self) -> None:
        """Show the fields of the chosen kind, the kernel and its width."""
        chosen = self.kind.value
        for title, rows in self._rows.items():
            for row in rows:
                row.show(title == chosen)
        try:
            kernel, warning = self.kernel()
        except FrescoError as error:
            self.picture.clear()
            self.message.setText(str(error))
            self.add_button.setEnabled(False)
            return
        self.picture.setPixmap(_thumbnail(kernel))
        self.message.setText(f'{_described(kernel)}{". " + warning if warning else ""}')
        self.add_button.setEnabled(True)

    def _build_rows(self) -> dict[str, list[Any]]:
        section = self._section
        section.add(self.kind)
        rows: dict[str, list[Any]] = {
            title: [section.add(row) for row in fields.values()]
            for title, fields in self.fields.items()
        }
        browse = QPushButton('Browse …')
        browse.clicked.connect(self._browse)
        rows[FILE] = [section.add(self.file, browse), section.add(self.index)]
        rows[BEAD] = [section.add(self.bead)]
        section.add(self.image)
        return rows

    def _lay_out(self) -> None:
        self.picture.setFixedSize(_THUMBNAIL, _THUMBNAIL)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown = QWidget()
        beside = QHBoxLayout(shown)
        beside.setContentsMargins(0, 4, 0, 4)
        beside.addWidget(self.picture)
        beside.addWidget(self.message, 1)
        content = stacked(self._section.native, shown, self.add_button, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))
        self.setMinimumHeight(_LEAST_HEIGHT)

    def _listen(self) -> None:
        links = Listeners(self)
        links.listen(self.image.changed, self._take_pixel_size)
        links.listen(self._section.changed, self.refresh)
        self.add_button.clicked.connect(self.add_layer)

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, 'Kernel file', '', _FILES)
        if path:
            self.file.value = path

    def _bead_crop(self) -> NDArray[Any]:
        image, shapes = self.image.value, self.bead.value
        if image is None or shapes is None:
            raise KernelError('Draw a rectangle around one bead on a Shapes layer.')
        if image.rgb:
            raise KernelError('A bead is cut from a gray image; choose one.')
        view = View.of(self._viewer)
        part = chosen_part(image, view, shown=True, region=shapes)
        plane = part.load_ordered()
        return plane.reshape(plane.shape[-2:])

    def _calibration(self) -> dict[str, Any]:
        image = self.image.value
        if image is None:
            return {}
        space = Space.of(image).along(spatial_axes(image))
        return {'scale': space.scale, 'units': space.units, 'axis_labels': space.axis_labels}

    def _take_pixel_size(self) -> None:
        size = _pixel_size_in_um(self.image.value)
        row = self.fields['Microscope']['pixel_size']
        with contextlib.suppress(ParameterError):
            row.value = _PIXEL_SIZE.check(size)


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
        self.resize(360, 420)
        self.panel.made.connect(lambda: self.close())


_INDEX = Parameter(
    'index', int, None, 'Which kernel of a file that holds several.', 'Number', minimum=0,
    optional=True,
)  # fmt: skip
_PIXEL_SIZE = next(p for p in Microscope.declared() if p.name == 'pixel_size')
_BEAD_HELP = (
    '<p>Shapes layer with a rectangle around one bright bead, smaller than the resolution, with '
    'some dark background.</p>'
)


def _is_shapes(layer: napari.layers.Layer) -> bool:
    return isinstance(layer, Shapes)


def _pixel_size_in_um(image: Any) -> float | None:
    """Return the pixel size in micrometres, or None where the unit is no length."""
    if image is None:
        return None
    axis = spatial_axes(image)[1]
    unit = image.units[axis]
    if not unit.is_compatible_with('micrometer'):
        return None
    return float((image.scale[axis] * unit).to('micrometer').magnitude)


def _described(kernel: NDArray[np.float64]) -> str:
    widths = kernels.fwhm(kernel)
    rows, columns = kernel.shape
    if np.isclose(widths.major, widths.minor, rtol=0.02):
        return f'{rows} × {columns} pixels, FWHM {widths.major:.1f} px'
    return f'{rows} × {columns} pixels, FWHM {widths.major:.1f} × {widths.minor:.1f} px'


def _thumbnail(kernel: NDArray[np.float64]) -> QPixmap:
    bright = np.sqrt(np.clip(kernel, 0, None) / max(kernel.max(), 1e-12))
    gray = (255 * bright).astype(np.uint8)
    rows, columns = gray.shape
    picture = QImage(gray.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    # The copy outlives the bytes.
    return QPixmap.fromImage(picture.copy()).scaled(
        _THUMBNAIL, _THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio
    )
