"""Warnings of other packages held back, in any number of threads at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_lock = threading.Lock()
_silent = 0  # threads that hold warnings back
_putting_back = ExitStack()


@contextmanager
def without_warnings() -> Iterator[None]:
    """Hold back all warnings; what shows them is put back when the last thread leaves.

    ``warnings.catch_warnings`` keeps what belongs to the whole process. Threads that overlap
    would put back what another one had set, and silence the process for good.
    """
    global _silent
    with _lock:
        if not _silent:
            _putting_back.enter_context(warnings.catch_warnings())
            warnings.simplefilter('ignore')
        _silent += 1
    try:
        yield
    finally:
        with _lock:
            _silent -= 1
            if not _silent:
                _putting_back.close()
