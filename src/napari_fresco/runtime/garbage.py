"""Python's searches for garbage, kept out of moments in which a window waits.

A full search goes through every object of the process while no other thread runs: a quarter of a
second of a processor where napari and torch are loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imported_unsearched() -> Iterator[None]:
    """Import what stays: its many objects start no full search, now or soon after."""
    if not gc.isenabled() or gc.get_freeze_count():  # somebody else looks after it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # and unfreeze: among the old objects, uncounted
        gc.unfreeze()
        gc.enable()


@contextmanager
def set_aside() -> Iterator[None]:
    """Let full searches pass over all objects there are; the next one afterwards sees them."""
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
