"""A brush that keeps its size on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import FrescoError
from ...layers.comparing.looking import camera_of
from ...layers.images.regions import pixels_on_screen
from ...layers.images.selection import select
from ...layers.images.space import View
from ..widgets.listeners import Listeners
from .mask_choice import MaskChoice

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_ON_SCREEN = 12.0  # pixels of the screen


class FollowingBrush:
    """Sizes the brush of a mask to the zoom; a size that the user chooses is kept on the screen.

    `chosen`: the mask, and the image and viewer whose zoom is followed.
    `owner`: with which this ends.
    """

    def __init__(self, chosen: MaskChoice, owner: QWidget) -> None:
        self._chosen = chosen
        self._on_screen, self._follows, self._sets = _ON_SCREEN, False, False
        self._watched = Listeners(owner)
        Listeners(owner).listen(camera_of(chosen.viewer).events.zoom, lambda _: self._size())

    def follow(self, follows: bool) -> None:
        """Begin or stop following the zoom with the brush of the chosen mask."""
        self._follows = follows
        self._watched.close()
        mask = self._chosen.mask()
        if mask is not None:
            self._watched.listen(mask.events.brush_size, lambda _: self._on_chosen())
        self._size()

    def _size(self) -> None:
        mask, each = self._chosen.mask(), self._pixels()
        if self._follows and mask is not None and each:
            self._sets = True
            mask.brush_size = max(1, round(self._on_screen * each))
            self._sets = False

    def _on_chosen(self) -> None:
        mask, each = self._chosen.mask(), self._pixels()
        if not self._sets and mask is not None and each:
            self._on_screen = mask.brush_size / each

    def _pixels(self) -> float:
        """Return the image pixels per pixel of the screen; 0 where that is unknown."""
        image = self._chosen.image()
        if image is None:
            return 0.0
        try:
            part = select(image)
        except FrescoError:
            return 0.0
        return pixels_on_screen(
            part, View.of(self._chosen.viewer), camera_of(self._chosen.viewer).zoom
        )
