"""The rows that measure a condition map: the labels to measure, and the results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from ...errors import FrescoError
from ...intervention.condition import Condition
from ...intervention.condition_files import numbers_of
from ...layers.fills.documenting import condition_of
from ...layers.images.layer_kinds import may_be_mask
from ...layers.images.space import View
from ...layers.masks.damage_classes import classes_of
from ..widgets.choosers import LayerChooser
from ..widgets.form import Section, named_button, note, side_by_side
from . import document_texts as say

if TYPE_CHECKING:
    import napari


class ConditionSection(Section):
    """Rows for the labels and the painted area, and the measures of the map.

    `viewer`: whose layers are on offer.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__('Condition map')
        self._viewer = viewer
        self.damage = LayerChooser(
            viewer, _is_labels, 'damage', 'Damage', others={'(none)': None}, tooltip=say.DAMAGE_HELP
        )
        self.painted = LayerChooser(
            viewer, may_be_mask, 'painted', 'Painted area', others={'whole photograph': None},
            tooltip=say.PAINTED_HELP,
        )  # fmt: skip
        self.measure = named_button('Measure', 'document_measure', say.MEASURE_HELP)
        self.save = named_button('Save map …', 'document_map', say.MAP_HELP)
        self.classes = note()
        self.add(self.damage)  # the painted area is added where rows are that few need
        self.form.add_wide(self.classes)
        self.form.add_wide(side_by_side(self.measure, self.save))
        self.damage.changed.connect(lambda _: self._say(''))
        self._say('')

    def work(self, photograph: Any, mm: float | None) -> Callable[[], Condition]:
        """Return the work that measures the map over a photograph.

        Raises FrescoError when labels or photograph are missing.
        """
        if self.damage.value is None or photograph is None:
            raise FrescoError(say.NO_MAP if self.damage.value is None else say.SAME)
        given = {'painted': self.painted.value, 'mm': mm, 'view': View.of(self._viewer)}
        return partial(condition_of, self.damage.value, photograph, **given)

    def suggest(self) -> None:
        """Choose labels whose classes are named, or the only ones, while nothing is chosen."""
        layers = [layer for layer in self._viewer.layers if _is_labels(layer)]
        named = [layer for layer in layers if classes_of(layer)]
        likely = named or (layers if len(layers) == 1 else [])
        if likely and self.damage.value is None:
            self.damage.value = likely[-1]

    def enable(self, free: bool) -> None:
        """Enable the buttons where there is a map to measure."""
        for button in (self.measure, self.save):
            button.setEnabled(free and self.damage.value is not None)

    def show_numbers(self, found: Condition) -> list[Any]:
        """Show the measures of the map."""
        lines = [
            f'<b>{row.name}</b>: {"; ".join(numbers_of(row))}' for row in (*found.rows, found.total)
        ]
        self._say('<br>'.join(lines))
        return []

    def _say(self, text: str) -> None:
        text = say.NO_MAP if self.damage.value is None else text
        self.classes.setText(text)
        self.classes.setVisible(bool(text))


def _is_labels(layer: napari.layers.Layer) -> bool:
    return isinstance(layer, Labels) and may_be_mask(layer)
