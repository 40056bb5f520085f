"""Listening to napari without outliving a widget, and telling whether one is still there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from ...layers.jobs.job import Job


def is_alive(widget: QWidget | None) -> bool:
    """Say whether Qt still has `widget`; without one there is nothing to close."""
    try:
        return widget is None or bool(widget.objectName() or True)
    except RuntimeError:  # Qt has deleted it
        return False


def main_window_of(widget: QWidget) -> QWidget | None:
    """Return the window that a widget belongs to, though its dock floats in one of its own.

    A dock that floats goes when it is closed, and its run is to go on.
    """
    window = widget.window()
    while window is not None and (parent := window.parentWidget()) is not None:
        window = parent.window()
    return window


def cancelled_with(window: QWidget | None, job: Job[Any]) -> None:
    """Cancel a job as soon as its window is gone, not only when it next reports.

    Meanwhile panels of other viewers would be busy.
    """
    if window is not None:
        window.destroyed.connect(job.cancelled.set)


class Listeners:
    """Connections to events and signals that end when their widget is destroyed.

    napari calls back for as long as the Python side of a widget lives, which
    is longer than its Qt side.
    """

    def __init__(self, owner: QWidget) -> None:
        self._links: list[tuple[Any, Callable[..., Any]]] = []
        # Qt holds slots only weakly, so the widget holds this; anything else would outlive it.
        owner.__dict__.setdefault('_listeners', []).append(self)
        owner.destroyed.connect(self.close)

    def listen(self, emitter: Any, slot: Callable[..., Any]) -> None:
        """Connect `slot` to an event emitter or a signal."""
        emitter.connect(slot)
        self._links.append((emitter, slot))

    def close(self) -> None:
        """End all connections."""
        for emitter, slot in self._links:
            with contextlib.suppress(ValueError):  # the slot is gone already
                emitter.disconnect(slot)
        self._links.clear()
