"""The rows that choose the rendering of a fill and set its parameters."""

from __future__ import annotations

from typing import Any

from ...declare.fields import Parameter
from ...errors import ParameterError
from ...intervention.renderings import FUSES, RENDERINGS, least_width
from ...layers.images.pixel_size import mm_per_pixel
from ..widgets.choosers import WordList
from ..widgets.form import Section, collapsible, named_button, note, stacked
from ..widgets.rows import changed_values, row_of
from . import document_texts as say

_FIRST = ('width',)  # the other rows are folded away
_HELP = '<p>How the fill can be told from the original. Widths are in mm on the wall.</p>'


class RenderingSection(Section):
    """A choice of renderings; the rows of the chosen one are shown."""

    def __init__(self) -> None:
        super().__init__('Rendering')
        words = {name: each.title for name, each in RENDERINGS.items()}
        self.rendering = WordList('rendering', 'Rendering', words, _HELP)
        self.about = note()
        self.button = named_button('Render', 'document_render', say.RENDER_HELP)
        self.add(self.rendering, self.button)
        self.form.add_wide(self.about)
        self._groups: dict[str, tuple[Section, Section]] = {}
        self._declared = {name: each.parameters.declared() for name, each in RENDERINGS.items()}
        self._widgets: dict[str, dict[str, Any]] = {}
        self._least = 0.0
        self._above, self._below, self._of_all = stacked(), stacked(), Section()
        self.form.add_wide(self._above)
        folded = stacked(self._below, self._of_all.native)
        self.form.add_wide(collapsible('How it is drawn', folded))
        self.rendering.changed.connect(lambda _: self.refresh())
        self.refresh()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters that differ from their defaults.

        Raises ParameterError when what was typed is not allowed.
        """
        name = self.rendering.value
        return changed_values(self._declared[name], self._rows_of(name))

    def add_folded(self, row: Any) -> None:
        """Add a row of all renderings to those that are folded away."""
        self._of_all.add(row)

    def row(self, name: str) -> Any:
        """Return a row of the chosen rendering."""
        return self._rows_of(self.rendering.value)[name]

    def _rows_of(self, rendering: str) -> dict[str, Any]:
        """Return the rows of a rendering, made when it is first chosen: all would take long."""
        if rendering not in self._widgets:
            self._groups[rendering] = above, below = Section(), Section()
            rows = {p.name: row_of(p) for p in self._declared[rendering]}
            for row, widget in rows.items():
                (above if row in _FIRST else below).add(widget)
            for parameter in self._declared[rendering]:
                if _is_width(rendering, parameter):
                    rows[parameter.name].value = max(parameter.default, self._least)
            for widget in rows.values():
                widget.changed.connect(lambda _: self.refresh())
            for box, group in ((self._above, above), (self._below, below)):
                if (layout := box.layout()) is not None:
                    layout.addWidget(group.native)
            self._widgets[rendering] = rows
        return self._widgets[rendering]

    def follow(self, photograph: Any, typed: Any) -> None:
        """Begin with lines that the pixels of a photograph can show.

        `typed`: the row of the size of a pixel, which counts where it is not empty.
        """
        try:
            size = typed.value
        except ParameterError:  # not typed to its end
            size = None
        size = size or (None if photograph is None else mm_per_pixel(photograph))
        least = 0.0 if size is None else least_width(size)
        for name, rows in self._widgets.items():
            for parameter in self._declared[name]:
                row = rows[parameter.name]
                first = max(parameter.default, self._least) if _is_width(name, parameter) else None
                if first is not None and float(row.value) == first:  # nobody has typed another
                    row.value = max(parameter.default, least)
        self._least = least
        self.refresh()

    def refresh(self) -> None:
        """Show the rows of the rendering, and the distance at which its lines fuse."""
        chosen = self.rendering.value
        widget = self._rows_of(chosen).get('width')
        for name, groups in self._groups.items():
            for group in groups:
                group.native.setVisible(name == chosen)
        text = RENDERINGS[chosen].summary
        if widget is not None and chosen != 'outline':
            far = FUSES * float(widget.value) / 1000
            text += f' Lines fuse from {far:.2g} m on.'
            if float(widget.value) <= self._least:
                text += f' {self._least:g} mm is the least that these pixels can show.'
        self.about.setText(text)


def _is_width(rendering: str, parameter: Parameter) -> bool:
    return parameter.name == 'width' and rendering != 'outline'  # which has two pixels anyway
