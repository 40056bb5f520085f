"""Waiting for the signals of jobs while Qt works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from qtpy.QtWidgets import QApplication

PATIENCE = 60  # seconds, on a busy machine


@contextmanager
def until(signal: Any) -> Iterator[None]:
    """Wait at the end of the block until `signal` has been emitted since its beginning."""
    told: list[bool] = []

    def hear(*_: Any) -> None:
        told.append(True)

    signal.connect(hear)
    try:
        yield
        pump(lambda: bool(told))
    finally:
        signal.disconnect(hear)


def pump(done: Callable[[], bool]) -> None:
    """Let Qt work until `done`."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, 'nothing has come'
        QApplication.processEvents()
        time.sleep(0.002)
