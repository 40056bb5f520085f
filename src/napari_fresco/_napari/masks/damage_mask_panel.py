"""The panel that makes and edits masks of damage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtWidgets import QPushButton, QVBoxLayout
from superqt.utils import qthrottled

from ...damage.classes import CLASSES, DamageClass, class_named
from ...errors import FrescoError
from ...layers.images.identity import key_of
from ...layers.images.layer_kinds import DAMAGE, is_picture, is_source, may_be_mask
from ...layers.images.pixel_size import mm_per_pixel
from ...layers.images.selection import full_resolution, spatial_axes
from ...layers.images.space import View
from ...layers.masks.damage_classes import classes_of, give_classes
from ...layers.masks.mask_images import as_labels, called, holds_mask
from ...layers.masks.mask_layers import lay_over
from ..methods.suggestions import covers
from ..widgets.choosers import LayerChooser, WordList
from ..widgets.form import Scroll, Section, note, stacked
from ..widgets.listeners import Listeners
from ..widgets.rows import Tick
from ..widgets.texts import sentence
from ..window.docked import Docked
from .brush import FollowingBrush
from .mask_choice import MaskChoice
from .mask_edit_section import MaskEditSection
from .new_mask import new_mask
from .propose_section import ProposeSection

if TYPE_CHECKING:
    import napari

_READ_OUT_MS = 300
_MOST_PIXELS = 2**26
_NO_IMAGE = 'Open a photograph first, for example with File > Open Sample > Fresco.'
_OTHER_LABELS = (
    'Labels of this mask have no classes, and all are damage. "Give classes" names them: 1 crack, '
    '2 loss, 3 stain, 4 retouch, 5 keep, 6 denoise only, and so on.'
)


class DamageMaskPanel(Docked):
    """Proposes damage, edits it and says how much it covers.

    `viewer`: whose layers are worked on.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.image = LayerChooser(
            viewer, self._may_be_image, 'image', 'Image', tooltip='The picture whose damage it is',
            prefers=is_source,
        )  # fmt: skip
        self.mask_row = LayerChooser(
            viewer, self._may_be_mask, 'mask', 'Mask', tooltip=_MASK_HELP,
            others={'(none)': None}, describe=called,
        )  # fmt: skip
        self.new = QPushButton('New')
        self.give = QPushButton('Give classes')
        self.kind = WordList('class', 'Class', _words(CLASSES), _CLASS_HELP)
        self.fixed_brush = Tick(
            name='brush', label='Brush', text='follows the zoom', value=True, tooltip=_BRUSH_HELP
        )
        self.coverage = note()
        chosen = MaskChoice(
            viewer, self._image, self._labels, self.editable_mask, self.damage_class
        )
        self.propose, self.edit = ProposeSection(chosen), MaskEditSection(chosen)
        self.brush = FollowingBrush(chosen, self)
        self._watched = Listeners(self)
        self._measure_soon = qthrottled(self._measure, timeout=_READ_OUT_MS, parent=self)
        self._lay_out()
        self._listen()
        self._on_image()

    def damage_class(self) -> DamageClass:
        """Return the chosen class."""
        mask = self._labels()
        known = classes_of(mask) if mask is not None else ()
        return class_named(self.kind.value, known or CLASSES)

    def editable_mask(self) -> Any:
        """Return the chosen mask as labels; a new one where there is none."""
        layer, image = self.mask_row.value, self._image()
        if isinstance(layer, Image):
            rows, columns = spatial_axes(image, View.of(self.viewer))
            labels = as_labels(layer, _grid(image), rows, columns)
            mask = new_mask(self.viewer, image)
            mask.data = labels
            layer.visible = False
            self.mask_row.value = mask
        elif layer is None:
            self.make_new()
        return self.mask_row.value

    def make_new(self) -> None:
        """Make an empty mask for the chosen image, choose it and take up the brush."""
        image = self._image()
        if image is not None:
            self.mask_row.value = new_mask(self.viewer, image)

    def wait(self, timeout: float = 60) -> None:
        """Return when all that was asked for is done; meanwhile the window stays alive."""
        self.propose.wait(timeout)
        self.edit.wait(timeout)

    def closeEvent(self, event: Any) -> None:
        """Take previews away with the panel."""
        self.propose.close_preview()
        self.edit.overlay.clear()
        super().closeEvent(event)

    def _image(self) -> Any:
        return self.image.value

    def _labels(self) -> Any:
        layer = self.mask_row.value
        return layer if isinstance(layer, Labels) else None

    def _lay_out(self) -> None:
        head = self._head = Section('Damage mask', heads=True)
        head.add(self.image)
        head.add(self.mask_row, self.new)
        head.add(self.kind, self.give)
        head.add(self.fixed_brush)
        head.form.add_wide(self.coverage)
        content = stacked(head.native, self.propose, self.edit.native, margin=8, fill=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Scroll(content))

    def _listen(self) -> None:
        self.image.changed.connect(lambda _: self._on_image())
        self.mask_row.changed.connect(lambda _: self._on_mask())
        self.kind.changed.connect(lambda _: self._on_class())
        self.new.clicked.connect(self.make_new)
        self.give.clicked.connect(self._on_give)
        self.fixed_brush.changed.connect(self.brush.follow)
        self.propose.suggested.connect(self._on_suggested)
        self.closed.connect(self.propose.close_preview)
        self.edit.edited.connect(self._on_edit)
        for each in (self.propose.applied, self.edit.edited):
            each.connect(self._measure_soon)

    def _on_edit(self) -> None:
        """Take away what was said of the last proposal, which the mask no longer shows."""
        self.propose.message.setText('')

    def _on_image(self) -> None:
        self.mask_row.suggest(self._is_mask_of_image, or_the_only=False)
        self.propose.follow()
        self._on_mask()

    def _on_mask(self) -> None:
        self._watched.close()
        mask = self._labels()
        if self.mask_row.value is not None and self._image() is not None:
            lay_over(self._image(), self.mask_row.value)
        if mask is not None:
            for name in ('set_data', 'data', 'labels_update', 'paint'):
                self._watched.listen(getattr(mask.events, name), lambda _: self._measure_soon())
            self._watched.listen(mask.events.selected_label, lambda _: self._on_brush_label())
            if not classes_of(mask) and _highest(mask) <= 1:
                give_classes(mask)
        opened = isinstance(self.mask_row.value, Image)
        self.give.setText('Make labels' if opened else 'Give classes')
        self.give.setVisible(opened or (mask is not None and not classes_of(mask)))
        self._offer_classes()
        self.edit.follow()
        self.brush.follow(self.fixed_brush.value)
        self._measure_soon()

    def _on_class(self) -> None:
        mask = self._labels()
        if mask is not None:
            mask.selected_label = self.damage_class().value
        self.propose.refresh()

    def _on_brush_label(self) -> None:
        mask = self._labels()
        names = {each.value: each.name for each in classes_of(mask)} if mask is not None else {}
        if mask is not None and mask.selected_label in names:
            self.kind.value = names[mask.selected_label]

    def _on_suggested(self, name: str) -> None:
        if name in self.kind.choices:
            self.kind.value = name

    def _offer_classes(self) -> None:
        mask = self._labels()
        words = _words((classes_of(mask) if mask is not None else ()) or CLASSES)
        if list(self.kind.choices) != list(words):
            self.kind.choices = [(word, name) for name, word in words.items()]

    def _on_give(self) -> None:
        mask = self._labels()
        if mask is not None:
            give_classes(mask)
            self._on_mask()
            return
        try:
            self.editable_mask()
        except FrescoError as error:
            self.coverage.setText(sentence(error))

    def _may_be_image(self, layer: napari.layers.Layer) -> bool:
        return is_picture(layer) and not holds_mask(layer)

    def _may_be_mask(self, layer: napari.layers.Layer) -> bool:
        image = self._image()
        if image is None:
            return False
        if isinstance(layer, Image):
            return key_of(layer) != key_of(image) and holds_mask(layer)
        return isinstance(layer, Labels) and may_be_mask(layer) and covers(image, layer)

    def _is_mask_of_image(self, layer: napari.layers.Layer) -> bool:
        return self._may_be_mask(layer) and (DAMAGE in layer.metadata or isinstance(layer, Image))

    def _measure(self) -> None:
        self.coverage.setText(self._said())

    def _said(self) -> str:
        image, mask = self._image(), self._labels()
        if image is None:
            return _NO_IMAGE
        if isinstance(self.mask_row.value, Image):
            return 'This mask was opened as an image: "Make labels" makes one to edit of it.'
        if mask is None:
            return 'Press "New" and paint, or propose damage below.'
        if np.prod(full_resolution(mask).shape) > _MOST_PIXELS:
            return ''
        if not classes_of(mask):
            return _OTHER_LABELS
        return coverage_text(mask, mm_per_pixel(mask))


def coverage_text(mask: napari.layers.Labels, mm: float | None) -> str:
    """Return the coverage of each class of a mask, in percent, pixels and cm²."""
    counts = np.bincount(np.asarray(full_resolution(mask)).ravel())
    names = {each.value: each for each in classes_of(mask)}
    lines, damaged = [], 0
    for value in np.nonzero(counts)[0].tolist():
        known = names.get(value)
        if value == 0:
            continue
        damaged += counts[value] if known is None or known.damaged else 0
        name = f'label {value}' if known is None else known.name
        lines.append(f'{name}: {_amount(counts[value], counts.sum(), mm)}')
    if not lines:
        return 'Nothing is marked yet.'
    total = [f'Damage: {_amount(damaged, counts.sum(), mm)}'] if len(lines) > 1 else []
    return '\n'.join(lines + total)


def _amount(count: int, size: int, mm: float | None) -> str:
    area = '' if mm is None else f', {count * mm**2 / 100:.4g} cm²'
    return f'{count / size:.2%}, {count} px{area}'


def _words(classes: Iterable[DamageClass]) -> dict[str, str]:
    """Return the names of classes in the list, marked where they are not filled."""
    return {each.name: each.name + ('' if each.filled else ' (not filled)') for each in classes}


def _grid(image: napari.layers.Image) -> tuple[int, ...]:
    shape = tuple(full_resolution(image).shape)
    return shape[:-1] if image.rgb else shape


def _highest(mask: napari.layers.Labels) -> int:
    data = full_resolution(mask)
    return int(np.asarray(data).max(initial=0))


_MASK_HELP = '<p>Labels that mark the damage, pixel on pixel; "New" makes an empty one.</p>'
_CLASS_HELP = (
    '<p>What the brush paints and what proposals become. "keep" is original paint: it is never '
    'proposed, grown into or filled. "denoise only" is damage that is not filled.</p>'
)
_BRUSH_HELP = '<p>Keep the size of the brush on the screen when you zoom.</p>'
