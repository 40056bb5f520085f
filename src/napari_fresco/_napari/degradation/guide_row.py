"""The row that chooses the lines which must continue through losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QPushButton

from ...errors import FrescoError
from ...layers.images.space import View
from ...layers.masks.guide_layers import guides_of, may_be_guides, new_guides
from ..widgets.choosers import LayerChooser
from ..widgets.form import Section

if TYPE_CHECKING:
    import napari

    from ...layers.images.selection import Selection


class GuideRow:
    """Chooser of a layer of lines, with a button that makes one to draw in.

    `viewer`: whose Shapes and Labels layers are offered.
    `section`: where the row is added.
    `image`: returns the chosen image layer, or None.
    """

    def __init__(
        self, viewer: napari.viewer.Viewer, section: Section, image: Callable[[], Any]
    ) -> None:
        self._viewer, self._image = viewer, image
        self.layer = LayerChooser(
            viewer, may_be_guides, 'guides', 'Guides', tooltip=_HELP,
            others={'(none)': None},
        )  # fmt: skip
        self.new = QPushButton('New')
        self.new.setToolTip('Draw lines along what must continue, from paint to paint')
        self.row = section.add(self.layer, self.new)
        self.new.clicked.connect(self.make_new)

    def make_new(self) -> None:
        """Make an empty layer of lines for the chosen image, choose it and take up the pen."""
        if self._image() is not None:
            self.layer.value = new_guides(self._viewer, self._image())

    def problem(self, part: Selection) -> str:
        """Say why the chosen layer does not serve, or nothing."""
        try:
            self.settings(part)
        except FrescoError as error:
            return str(error)
        return ''

    def settings(self, part: Selection) -> dict[str, str]:
        """Return the keyword of :func:`napari_fresco.restore`, for a part of the image.

        Raises ParameterError when the layer holds no line, or other shapes.
        """
        if self.layer.value is None:
            return {}
        return {'guides': guides_of(part, self.layer.value, View.of(self._viewer))}


_HELP = (
    '<p>Layer whose lines must continue through losses: a contour, a fold, a border. Draw '
    'each along it, from paint to paint, as a line of a Shapes layer or with the brush of a Labels '
    'layer; a pixel or two beside it does not matter. What lies on '
    'a line is filled first, and the rest agrees with it. More lines tell more of the drawing, '
    'and more of the fill is then yours.</p>'
)
