"""Panels told to enlarge, and scripts whose restoration is only looked at."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from napari_fresco.layers.jobs import scripted

BICUBIC = {'fwhm': [3.1, 2.0], 'angle': 30.0, 'downsampling': 'bicubic', 'scale': 2}
"""What VIRNet says of a kernel."""


def enlarging(panel: Any, image: Any, kernel: Any = None) -> Any:
    panel.image.value = image
    panel.task.value = 'super_resolve'
    panel.kernel.value = kernel
    return panel


def run_script(panel: Any, model: Any, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Any:
    """Run the script of a panel and return what it asks of :func:`napari_fresco.iterate`."""
    asked: list[dict[str, Any]] = []

    class Restoration:
        job = Mock()

        def __init__(self, request: Any, viewer: Any) -> None:
            asked.append(request.arguments())

        def start(self) -> Any:
            return self

    with monkeypatch.context() as patch:
        patch.setattr(scripted, 'Restoration', Restoration)
        exec(panel.script(**given), {'viewer': model})
    return asked[0]
