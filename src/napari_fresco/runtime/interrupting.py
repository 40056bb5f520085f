"""Interruption of a run within a step: between the tiles and planes that networks are given.

A step of a large plane or volume may take minutes; who cancels a run waits for a tile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


class RunCancelled(Exception):
    """A run was cancelled before it had an estimate; nobody outside of the pipeline sees it."""


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
