"""Examples of the documentation that restore layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import napari
import pytest

from ..documentation import modules, pages, prepare, run, run_docstrings


@pytest.mark.parametrize(('page', 'blocks'), pages(napari=True))
def test_examples_with_layers_run(
    page: str,
    blocks: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    make_napari_viewer: Any,
) -> None:
    prepare(monkeypatch, tmp_path)
    monkeypatch.setattr(napari, 'Viewer', make_napari_viewer)
    run(page, blocks)


@pytest.mark.parametrize('module', modules(napari=True))
def test_examples_in_docstrings_of_layers_run(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare(monkeypatch, tmp_path)
    run_docstrings(module)
