"""The demonstration improves both samples and leaves its pictures behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import io

from napari_fresco import samples
from napari_fresco.cli import demo
from napari_fresco.types import Result


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the samples to a corner, which takes seconds instead of a minute."""
    mural, micrograph = samples.mural(), samples.micrograph()
    part = np.s_[150:230, 150:230]
    monkeypatch.setattr(
        samples,
        'mural',
        lambda: replace(
            mural, image=mural.image[part], truth=mural.truth[part], mask=mural.mask[part]
        ),
    )
    monkeypatch.setattr(
        samples,
        'micrograph',
        lambda: replace(micrograph, image=micrograph.image[part], truth=micrograph.truth[part]),
    )


@pytest.mark.usefixtures('small_samples')
def test_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    restore = demo.restore

    def announced(*given: Any, **options: Any) -> Result:
        assert lines[-1].startswith('restoring the ')
        return restore(*given, **options)

    monkeypatch.setattr(demo, 'restore', announced)
    both = demo.run(tmp_path / 'out', device='cpu', viewer=False, echo=lines.append)
    for item in both:
        assert item.after > item.before + 1
    begun, mural, begun_again, micrograph = lines[:4]
    assert begun.startswith('restoring the mural sample, 80 x 80 pixels')
    assert begun_again.startswith('restoring the micrograph sample, 80 x 80 pixels')
    assert [line.split()[0] for line in (mural, micrograph)] == ['mural', 'micrograph']
    figure = io.imread(tmp_path / 'out/before-after.png')
    assert figure.ndim == 3
    assert figure.std() > 10
    told = json.loads((tmp_path / 'out/mural-restored.json').read_text('utf-8'))
    assert (told['method'], told['task']) == ('dpir', 'inpaint')
    restored = io.imread(tmp_path / 'out/micrograph-restored.tif')
    assert (restored.dtype, restored.shape) == (np.uint16, (80, 80))


def test_no_window_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.sys, 'platform', 'linux')
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    assert not demo.has_screen()
