"""Layers that this plugin has added for a while are taken away again."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

from ...runtime.garbage import set_aside

_LIGHT = 2**26  # bytes of pixels that may wait for Python's next search
_SEARCHED = sys.platform == 'win32'
"""Drivers of Windows crash where what was drawn is freed later (napari 0.9)."""


def take_away(viewer: Any, layer: Any) -> None:
    """Remove a layer; the window waits for no search through all objects, as napari makes one.

    napari 0.9.2 frees the buffers of a Shapes layer by that search while drivers of Linux (Mesa)
    still draw from them: the process ends when the next layer comes. Freed later they do no harm.

    `layer`: one of `viewer`. The memory of a light one is freed some time later.
    """
    heavy = getattr(layer.data, 'nbytes', 0) > _LIGHT
    with nullcontext() if heavy or _SEARCHED else set_aside():
        viewer.layers.remove(layer.name)
