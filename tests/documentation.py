"""The examples of the documentation, cut out of its pages and made small."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco import Image

ROOT = Path(__file__).parent.parent
PAGES = ROOT / 'docs' / 'pages'
GUIDES = [ROOT / 'README.md', *sorted(PAGES.rglob('*.md'))]
_MARKED = re.compile(
    r'<!-- runs( with napari| with a window)? -->\n\n```python\n(.*?)```', re.DOTALL
)
_SIDE = slice(64, 112)


def pages(*, napari: bool) -> Iterator[Any]:
    """Yield name and examples of each page; with `napari` of those pages that need it."""
    for page in GUIDES:
        blocks = _MARKED.findall(page.read_text(encoding='utf-8'))
        chosen = [code for needs, code in blocks if napari or not needs]
        if chosen and (not napari or any(needs for needs, _ in blocks)):
            name = str(page.relative_to(ROOT))
            yield pytest.param(name, chosen, id=name)


def run(page: str, blocks: list[str]) -> None:
    """Run the examples of a page one after the other."""
    names: dict[str, Any] = {'__name__': page}
    for number, code in enumerate(blocks):
        exec(compile(code, f'{page}, example {number + 1}', 'exec', dont_inherit=True), names)


def modules(*, napari: bool) -> list[str]:
    """Return the modules whose docstrings have examples that can be run."""
    source = ROOT / 'src'
    return [
        '.'.join(path.relative_to(source).with_suffix('').parts).removesuffix('.__init__')
        for path in sorted(source.rglob('*.py'))
        if re.search('>>> (?!.*SKIP)', path.read_text('utf-8'))
        and napari == bool({'layers', '_napari'} & {*path.parts})
    ]


def run_docstrings(module: str) -> None:
    """Run the examples in the docstrings of a module."""
    result = doctest.testmod(import_module(module))
    assert result.attempted
    assert not result.failed


def prepare(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make the samples small, and put files into the folder of the examples."""
    for name in ('mural', 'micrograph'):
        sample = _cut(getattr(fresco.samples, name)())
        monkeypatch.setattr(fresco.samples, name, lambda sample=sample: sample)
    monkeypatch.chdir(folder)
    cells = np.random.default_rng(0).poisson(50, (2, 3, 48, 40)).astype(np.uint16)
    spacing = {'Z': (0.3, 'um'), 'Y': (0.1, 'um'), 'X': (0.1, 'um')}
    fresco.write('cells.ome.tif', Image(cells, 'CZYX', spacing, channels=('DAPI', 'GFP')))


def _cut(sample: Any) -> Any:
    """Return a sample of few pixels."""
    mask = None if sample.mask is None else sample.mask[_SIDE, _SIDE]
    small = {name: getattr(sample, name)[_SIDE, _SIDE] for name in ('image', 'truth')}
    kernel = None if sample.kernel is None else sample.kernel[20:35, 20:35]
    return replace(sample, mask=mask, kernel=kernel, **small)
