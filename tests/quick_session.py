"""A session that restores without a network: quick to start, and slow enough to be killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import napari_fresco as fresco
from napari_fresco.batch import file_restoration, worker
from napari_fresco.image.model import Image, in_memory
from napari_fresco.types import Check, Result, Step

PAUSE = 'QUICK_PAUSE'
"""Environment variable: seconds that a file takes."""

DEADLY = 'QUICK_DEADLY'
"""Environment variable: name of a file that kills the process."""


class QuickSession:
    """Inverts bytes."""

    def __init__(self, device: str = 'auto', *, warn: bool = True) -> None: ...

    def restore(self, image: Image, *, callback: Callable[[Step], Any], **options: Any) -> Result:
        if Path(image.metadata['path']).name == os.environ.get(DEADLY):
            os.kill(os.getpid(), signal.SIGKILL)
        if callback is not None:
            callback(Step(1, 2, None))
        time.sleep(float(os.environ.get(PAUSE, '0')))
        going = callback is None or callback(Step(2, 2, None)) is not False
        record = {
            'method': 'ffdnet',
            'title': 'Quick',
            'citation': 'Nobody, "Quick", 2020',
            'task': 'denoise',
            'seconds': 0.0,
            'warnings': [],
            'weights': [{'name': 'ffdnet_gray', 'sha256': None}],
        }
        dark = Check('light', 0.0, (0.9, 1.1), False, 'light was lost')
        made = image.like(255 - np.asarray(in_memory(image.data)))
        if options.get('output'):
            fresco.write(options['output'], made)
        return Result(
            made,
            None,
            None,
            'completed' if going else 'cancelled',
            record,
            checks=(dark,),
        )

    def close(self) -> None:
        """Nothing is held."""


def dask_setup(_: Any) -> None:
    """Let a worker of dask that preloads this module restore with a quick session."""
    file_restoration.shared_session = QuickSession  # type: ignore[assignment]


def begin(*arguments: Any) -> None:
    """Begin as a worker process with a quick session."""
    worker.begin(*arguments)
    dask_setup(None)
