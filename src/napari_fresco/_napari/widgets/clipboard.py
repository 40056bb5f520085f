"""The clipboard."""

from __future__ import annotations

from collections.abc import Callable

from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QApplication

from ...errors import FrescoError


def copy_text(text: str) -> None:
    """Put `text` on the clipboard."""
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)


def copy_script(script: Callable[[bool], str], estimate: bool) -> None:
    """Put a script on the clipboard and say so, or why there is none.

    `script`: makes it.
    `estimate`: whether another method estimates first.
    """
    try:
        text = script(estimate)
    except FrescoError as error:
        show_error(str(error))
        return
    copy_text(text)
    does = ' that estimates first' if estimate else ''
    show_info(f'A script{does} for the console is on the clipboard.')
