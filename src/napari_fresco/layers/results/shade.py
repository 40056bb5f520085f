"""An image and its results, hidden where they would shine through what is drawn over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..images.identity import key_of, with_key
from ..images.layer_kinds import is_picture, source_name

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest


class Shade:
    """Hides an image and what was made of it, and shows again what it has hidden.

    Channels are drawn with light that adds up: a result above its image would show the sum of
    both, noise and all, and two results of one image twice their light.

    `viewer`: whose layers.
    `request`: what is made of which image; its look says whether that shines through.
    """

    def __init__(self, viewer: Any, request: PanelRequest) -> None:
        self._viewer, self._request = viewer, request
        self._hidden: list[str] = []

    def cover(self, above: Any) -> None:
        """Hide what would shine through a layer."""
        if not self._request.look.lets_shine:
            return
        for layer in self._of_the_image():
            if layer.visible and key_of(layer) != key_of(above):
                layer.visible = False
                self._hidden.append(key_of(layer))

    def lift(self) -> None:
        """Show what was hidden, where it is still there."""
        for key in self._hidden:
            layer = with_key(self._viewer.layers, key)
            if layer is not None:
                layer.visible = True
        self._hidden.clear()

    def _of_the_image(self) -> list[Any]:
        """Return the image and the results of it, which are found by its names."""
        layers, request = self._viewer.layers, self._request
        source = with_key(layers, request.source_id)
        names = {request.source, *([] if source is None else [source.name])}
        made = [each for each in layers if is_picture(each) and source_name(each) in names]
        return made if source is None else [source, *made]
