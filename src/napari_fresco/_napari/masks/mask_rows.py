"""The rows that turn a Labels or Shapes layer into the damage of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from psygnal import Signal
from qtpy.QtWidgets import QPushButton
from superqt.utils import qthrottled

from ...declare.fields import Parameter
from ...errors import FrescoError, MaskError
from ...evidence.input_checks import mask_alone
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import may_be_mask
from ...layers.images.selection import full_resolution
from ...layers.images.space import View
from ...layers.masks.mask_images import called, holds_mask
from ...layers.masks.mask_layers import Marked, align_mask, lay_over, marked
from ..widgets.choosers import LayerChooser
from ..widgets.form import Section, note
from ..widgets.listeners import Listeners
from ..widgets.rows import row_of
from ..window.opening import open_soon
from .new_mask import new_mask

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ...layers.images.selection import Selection

_READ_OUT_MS = 300
_MOST_PIXELS = 2**25  # so that the brush does not stutter
_GROWING_COST = 8
_MOST_PIXELS_OF_HOLES = 2**21


class MaskRows:
    """Chooser of a mask, with label, growth, inversion and how much it covers.

    The rows are `mask`, `mask_label`, `mask_grow` and `mask_invert`.

    `viewer`: whose Labels and Shapes layers are offered.
    `section`: where the rows are added.
    `image`: returns the chosen image layer, or None.
    `part`: returns the chosen part of it.
    """

    measured = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        section: Section,
        image: Callable[[], Any],
        part: Callable[[], Selection],
    ) -> None:
        self._viewer, self._image, self._part = viewer, image, part
        self.coverage_fraction: float | None = None
        self.doubts = True
        """Whether what is doubtful about a mask is said beside how much it covers."""
        self.layer = LayerChooser(
            viewer, self._may_be_mask, 'mask', 'Mask', tooltip=_MASK_HELP,
            others={'(none)': None}, describe=called,
        )  # fmt: skip
        self.problem = ''
        self.new = QPushButton('New')
        self.propose = QPushButton('Propose …')
        self.propose.setToolTip('Have cracks and losses proposed, in the panel Damage mask')
        self.propose.setVisible(hasattr(viewer, 'window'))
        self.align = QPushButton('Align')
        self.align.setToolTip('Stretch the mask over the image')
        self.align.hide()
        self.label = row_of(_LABEL)
        self.label.native.setPlaceholderText('any')
        self.grow = row_of(_GROW)
        self.invert = row_of(_INVERT)
        self.coverage = note()
        self.rows = [
            section.add(self.layer, self.new, self.propose, self.align),
            *(section.add(row) for row in (self.label, self.grow, self.invert)),
            section.add_text(self.coverage),
        ]
        self._watched = Listeners(section.native)
        self.measure_soon = qthrottled(self._measure, timeout=_READ_OUT_MS, parent=section.native)
        self._listen()

    def show(self, shown: bool) -> None:
        """Show or hide the rows; the label is for Labels layers only."""
        for row in self.rows:
            row.show(shown)
        self.rows[1].show(shown and isinstance(self.layer.value, Labels))
        self.rows[-1].show(shown and bool(self.coverage.text()))

    def marked(self) -> Marked:
        """Return the damage of the chosen part.

        Raises MaskError when the mask does not fit the image.
        """
        view = View.of(self._viewer)
        return marked(self._part(), self.layer.value, view=view, **self.options())

    @property
    def only_drawn(self) -> str:
        """Unique id of the one layer of labels or outlines, if there is one and no other.

        Without any it is the one picture of a mask that has the size of the image.
        """
        layers = self._viewer.layers
        drawn = [layer for layer in layers if may_be_mask(layer)]
        drawn = drawn or [layer for layer in layers if self._is_picture_for(layer)]
        return key_of(drawn[0]) if len(drawn) == 1 else ''

    def _is_picture_for(self, layer: Any) -> bool:
        image = self._image()
        if image is None or not isinstance(layer, Image) or layer.unique_id == image.unique_id:
            return False
        sizes = [full_resolution(each).shape[: each.ndim] for each in (layer, image)]
        return holds_mask(layer) and sizes[0] == sizes[1]

    def options(self) -> dict[str, Any]:
        """Return the keywords of :func:`~napari_fresco.layers.masks.mask_layers.marked`."""
        labels = isinstance(self.layer.value, Labels)
        return {
            'label': self.label.value if labels else None,
            'grow': self.grow.value,
            'invert': self.invert.value,
        }

    def uncover(self) -> None:
        """Hide the mask, which covers the fill below it."""
        if self.layer.value is not None:
            self.layer.value.visible = False

    def make_new(self) -> None:
        """Make an empty mask for the chosen image, choose it and take up the brush."""
        image = self._image()
        if image is not None:
            self.layer.value = new_mask(self._viewer, image)

    def _listen(self) -> None:
        self.layer.changed.connect(self._watch)
        self.new.clicked.connect(self.make_new)
        self.propose.clicked.connect(lambda: open_soon(self._viewer, 'damage_mask'))
        self.align.clicked.connect(self._align)
        for row in (self.label, self.grow, self.invert):
            row.changed.connect(self._on_changed)
        self._watch()

    def _watch(self) -> None:
        self._watched.close()
        layer = self.layer.value
        if layer is not None:
            if self._image() is not None:
                lay_over(self._image(), layer)
            # Labels tell of each stroke by labels_update, Shapes of each change by data.
            for name in ('set_data', 'data', 'labels_update'):
                if hasattr(layer.events, name):
                    self._watched.listen(getattr(layer.events, name), self._on_changed)
        self._on_changed()

    def _on_changed(self, *_: Any) -> None:
        self.coverage_fraction, self.problem = None, ''
        self.measure_soon()
        self.measured.emit()

    def _measure(self) -> None:
        self.coverage_fraction, text = self._coverage()
        self.coverage.setText(text)
        self.align.setVisible(bool(self.problem))
        self.measured.emit()

    def _coverage(self) -> tuple[float | None, str]:
        self.problem = ''  # of another image, it may be
        if self._image() is None or self.layer.value is None:
            return None, ''
        try:
            part = self._part()
            if part.size * (_GROWING_COST if self.grow.value else 1) > _MOST_PIXELS:
                return None, ''
            damage = self.marked()
            mask = damage.load()
        except FrescoError as error:
            self.problem = str(error) if isinstance(error, MaskError) else ''
            return None, ''  # the panel says what is wrong
        count = int(np.count_nonzero(mask))
        said = [f'covers {count / mask.size:.2%} ({count} pixels)', damage.note]
        said += [_doubt(mask)] if self.doubts else []
        return count / mask.size, '; '.join(filter(None, said))

    def _align(self) -> None:
        align_mask(self._image(), self.layer.value)
        self._on_changed()

    def _may_be_mask(self, layer: napari.layers.Layer) -> bool:
        image = self._image()
        if isinstance(layer, Image):
            return image is not None and layer.unique_id != image.unique_id and holds_mask(layer)
        return may_be_mask(layer)


def _doubt(mask: NDArray[np.bool_]) -> str:
    """Return the doubts about a plane of damage, as long as that is quick."""
    if mask.ndim > 2 or mask.size > _MOST_PIXELS_OF_HOLES or mask.all() or not mask.any():
        return ''
    return next((check.message for check in mask_alone(mask) if not check.ok), '')


_MASK_HELP = (
    '<p>Layer that marks the damage. Paint it with the brush of a Labels layer, or outline it '
    'with polygons; in the picture of a mask all that is not black is damage.</p>'
)
_LABEL = Parameter(
    'mask_label', int, None, 'The label that means damage; empty is any.', 'Label', minimum=0,
    optional=True,
)  # fmt: skip
_GROW = Parameter(
    'mask_grow', int, 0, 'Widen the damage, for soft edges of cracks.', 'Grow by', 'px',
    minimum=0, maximum=200,
)  # fmt: skip
_INVERT = Parameter('mask_invert', bool, False, 'The mask marks intact pixels instead.', 'Inverted')
