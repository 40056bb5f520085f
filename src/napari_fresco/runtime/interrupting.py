"""Interruption of a run within a step: between the tiles and planes that networks are given.

A step of a large plane or volume may take minutes; who cancels a run waits for a tile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_here = threading.local()


class RunCancelled(Exception):
    """A run was cancelled before it had an estimate; nobody outside of the pipeline sees it."""


class Cancelling(threading.Event):
    """An event that is also set when `asked` says so.

    `asked`: such as whether Ctrl-C was pressed.
    """

    def __init__(self, asked: Callable[[], bool] | None) -> None:
        super().__init__()
        self._asked = asked

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return super().is_set() or (self._asked is not None and self._asked())


@contextmanager
def interruptible(cancel: threading.Event | None) -> Iterator[None]:
    """Have :func:`check` look at `cancel` within the context, in this thread."""
    before = getattr(_here, 'cancel', None)
    _here.cancel = cancel
    try:
        yield
    finally:
        _here.cancel = before


def check() -> None:
    """Raise RunCancelled when the run that computes in this thread was cancelled."""
    cancel = getattr(_here, 'cancel', None)
    if cancel is not None and cancel.is_set():
        raise RunCancelled
