"""The layer that previews a change of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from ..images.identity import key_of, with_key
from ..images.kept_selection import selection_kept
from ..images.layer_kinds import PROPOSAL
from ..images.removal import take_away

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ..images.selection import Selection

_NAME = 'proposal'


class ProposalLayer:
    """A Labels layer over a part of an image, added and removed as needed.

    `viewer`: where it is shown.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = viewer
        self._id = ''

    @property
    def layer(self) -> Any:
        """The layer, or None while nothing is shown."""
        return with_key(self._viewer.layers, self._id)

    def show(self, part: Selection, mask: NDArray[np.bool_], colour: str) -> None:
        """Show `mask` over `part`."""
        if part.space is None:
            return
        ones = (1,) * len(part.leading)
        data = part.unordered(mask.astype(np.uint8).reshape(ones + mask.shape))
        place = part.space.part(part.origin, np.ones(len(part.index)))
        colours: dict[int | None, str] = {None: colour, 0: 'transparent'}
        layer = self.layer
        if layer is None or layer.ndim != data.ndim:
            self.clear()
            self._add(data, place, DirectLabelColormap(color_dict=colours))
            return
        layer.data = data
        for name in ('scale', 'translate', 'rotate', 'shear', 'affine', 'units'):
            setattr(layer, name, place[name])
        layer.colormap = DirectLabelColormap(color_dict=colours)

    def clear(self) -> None:
        """Take the layer away."""
        layer = self.layer
        if layer is not None:
            take_away(self._viewer, layer)

    def _add(self, data: NDArray[Any], place: dict[str, Any], colormap: Any) -> None:
        with selection_kept(self._viewer):
            layer = self._viewer.add_labels(
                data,
                name=_NAME,
                opacity=0.75,
                colormap=colormap,
                metadata={PROPOSAL: True},
                **place,
            )
        layer.editable = False
        self._id = key_of(layer)
