"""The panel that finds the size of the pixels of a photograph from two points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari.layers import Points, Shapes
from napari.utils.notifications import show_error
from qtpy.QtWidgets import QPushButton, QVBoxLayout

from ...declare.fields import Parameter
from ...errors import FrescoError
from ...layers.comparing.looking import look_at
from ...layers.images.layer_kinds import SCALE, is_picture
from ...layers.images.pixel_size import Measured, measured, mm_per_pixel, set_pixel_size
from ...layers.images.selection import full_resolution, spatial_axes
from ...layers.images.space import Space, View
from ...layers.masks.mask_images import holds_mask
from ..widgets.choosers import LayerChooser
from ..widgets.form import Scroll, Section, note, stacked
from ..widgets.listeners import Listeners
from ..widgets.rows import row_of
from ..widgets.texts import sentence
from ..window.docked import Docked

if TYPE_CHECKING:
    import napari

_NO_IMAGE = 'Open a photograph first.'
_MARK = 'Press "Mark" and click on two places whose distance you know, as far apart as you can.'
_ON_SCREEN = 12  # pixels that a point is wide


class ScalePanel(Docked):
    """Two places and their distance give millimetres per pixel.

    `viewer`: whose layers are measured.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.image = LayerChooser(
            viewer, _may_be_measured, 'image', 'Image', tooltip='The photograph'
        )
        self.marks = LayerChooser(
            viewer, _may_be_marks, 'marks', 'Points', tooltip=_MARKS_HELP, others={'(none)': None}
        )
        self.mark = QPushButton('Mark')
        self.distance = row_of(_DISTANCE)
        self.distance.native.setPlaceholderText('between the two places')
        self.button = QPushButton('Set scale')
        self.button.setToolTip('Give the photograph, and what lies on its pixels, this scale')
        self.found, self.message = note(), note()
        self._watched = Listeners(self)
        self._lay_out()
        self.image.changed.connect(lambda _: self.refresh())
        self.marks.changed.connect(lambda _: self._on_marks())
        self.distance.changed.connect(lambda _: self.refresh())
        self.mark.clicked.connect(self.start_marking)
        self.button.clicked.connect(self.run)
        self._on_marks()

    def measured(self) -> Measured:
        """Return the distance between the two points.

        Raises FrescoError when something is missing.
        """
        if self.image.value is None:
            raise FrescoError(_NO_IMAGE)
        if self.marks.value is None or len(self.marks.value.data) == 0:
            raise FrescoError(_MARK)
        view, distance = View.of(self.viewer), self.distance.value
        if distance is None:
            raise FrescoError('Type how far apart the two places are on the wall, in mm.')
        return measured(self.image.value, self.marks.value, distance, view)

    def start_marking(self) -> None:
        """Add a layer for two points, choose it and let clicks add points."""
        image = self.image.value
        if image is None:
            return
        axes = spatial_axes(image, View.of(self.viewer))
        space = Space.of(image).along(axes)
        layer = self.viewer.add_points(
            ndim=2,
            name=f'{image.name} two points',
            size=_ON_SCREEN * max(full_resolution(image).shape[axis] for axis in axes) / 800,
            symbol='cross',
            face_color='#ff2ec4',
            border_color='#ff2ec4',
            **space.part((0, 0), (1, 1)),
        )
        layer.mode = 'add'
        self.viewer.layers.selection.active = layer
        self.marks.value = layer

    def run(self) -> None:
        """Set the scale of the photograph and of the layers over it."""
        try:
            found = self.measured()
            view = View.of(self.viewer)
            changed = set_pixel_size(
                self.viewer.layers, self.image.value, self.marks.value, found, view
            )
        except FrescoError as error:
            self.message.setText(sentence(error))
            show_error(str(error))
            return
        self.marks.value.mode = 'pan_zoom'  # another click is no third place
        look_at(self.viewer, *changed)
        others = [layer.name for layer in changed if layer.name != self.image.value.name]
        followed = f' {", ".join(others)} followed.' if others else ''
        self.refresh()
        self.message.setText(
            f'{self.image.value.name} has {found.mm_per_pixel:.4g} mm per pixel, and is saved '
            f'with it.{followed}'
        )

    def refresh(self) -> None:
        """Show the resulting scale, or the missing input."""
        self.message.setText('')
        try:
            self.found.setText(_said(self.measured()))
            self.button.setEnabled(True)
        except FrescoError as error:
            self.found.setText(sentence(error))
            self.button.setEnabled(False)
        image = self.image.value
        size = None if image is None else mm_per_pixel(image)
        if size is not None:
            how = ' (from two points)' if SCALE in image.metadata else ''
            self.found.setText(f'{self.found.text()}\nNow: {size:.4g} mm per pixel{how}.')

    def _on_marks(self) -> None:
        self._watched.close()
        marks = self.marks.value
        if marks is not None:
            for name in ('data', 'set_data'):
                self._watched.listen(getattr(marks.events, name), self._on_moved)
        self.refresh()

    def _on_moved(self, *_: Any) -> None:
        self.refresh()

    def _lay_out(self) -> None:
        section = self._section = Section('Scale from two points', heads=True)
        section.add(self.image)
        section.add(self.marks, self.mark)
        section.add(self.distance)
        section.form.add_wide(self.found)
        content = stacked(section.native, self.button, self.message, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))


def _may_be_measured(layer: napari.layers.Layer) -> bool:
    return is_picture(layer) and not holds_mask(layer)


def _may_be_marks(layer: napari.layers.Layer) -> bool:
    return isinstance(layer, Points | Shapes)


def _said(found: Measured) -> str:
    size, doubt = found.mm_per_pixel, found.uncertainty
    digits = max(0, 1 - math.floor(math.log10(doubt)))
    return (
        f'{found.pixels:.1f} pixels apart: {size:.{digits}f} ± {doubt:.{digits}f} mm per pixel '
        f'({doubt / size:.2%}, if each click is a pixel off).'
    )


_MARKS_HELP = (
    '<p>Two points, of which the last two count, or a line of a Shapes layer, from end to end.</p>'
)
_DISTANCE = Parameter(
    'distance', float, None, 'Distance of the two places on the wall.', 'Distance', 'mm',
    minimum=1e-6, optional=True,
)  # fmt: skip
