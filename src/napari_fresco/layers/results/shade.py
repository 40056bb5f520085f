"""An image and its results, hidden where they would shine through what is drawn over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..images.identity import key_of, with_key
from ..images.layer_kinds import is_picture
from ..images.related_layers import is_made_of

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
        """Return the image, as long as it is there, and the results of it."""
        layers, key = self._viewer.layers, self._request.source_id
        source = with_key(layers, key)
        names = set() if source is None else {self._request.source, source.name}
        made = [each for each in layers if is_picture(each) and is_made_of(each, key, names)]
        return made if source is None else [source, *made]
