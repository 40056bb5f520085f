"""Panels told to enlarge, and scripts run with a stand-in for the library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco

BICUBIC = {'fwhm': [3.1, 2.0], 'angle': 30.0, 'downsampling': 'bicubic', 'scale': 2}
"""What VIRNet says of a kernel."""


def enlarging(panel: Any, image: Any, kernel: Any = None) -> Any:
    panel.input.image.value = image
    panel.input.task = 'super_resolve'
    panel.damage.kernel.value = kernel
    return panel


def run_script(panel: Any, model: Any, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Any:
    """Run the script of a panel and return the keywords of its call."""
    calls: list[dict[str, Any]] = []

    def restore(image: np.ndarray, **keywords: Any) -> Any:
        calls.append(keywords)
        return fresco.Result(image, None, None, 'completed', {})

    monkeypatch.setattr(fresco, 'restore', restore)
    exec(panel.script(**given), {'viewer': model})
    return calls[0]
