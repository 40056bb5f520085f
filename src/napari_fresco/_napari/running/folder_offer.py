"""The one dialog of a panel that does the same to files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error

from ...errors import FrescoError
from ...layers.requests.layer_request import PanelRequest
from ..widgets.listeners import is_alive
from .folder_dialog import FolderDialog

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


class FolderOffer:
    """Opens the dialog, or shows the one at work.

    `request`: returns what the panel asks for.
    `parent`: what the dialog lies over.
    """

    def __init__(self, request: Callable[[], PanelRequest], parent: QWidget) -> None:
        self._request, self._parent = request, parent
        self._shown: FolderDialog | None = None

    @property
    def at_work(self) -> bool:
        """Whether a folder is being restored from here."""
        shown = self._shown
        return shown is not None and is_alive(shown) and shown.run is not None

    def show(self) -> FolderDialog | None:
        """Show the dialog and return it, or say what is missing."""
        if self._shown is None or not self.at_work:
            try:
                self._shown = FolderDialog(self._request(), self._parent)
            except FrescoError as error:
                show_error(str(error))
                return None
        self._shown.show()
        self._shown.raise_()
        return self._shown
