"""Every golden file below ``FRESCO_GOLDEN``, one test case each.

The variable names one folder, or several separated by ``os.pathsep``. The
sub-folder ``weights`` holds reference weights, not cases.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .golden import (
    bsrgan,
    degradations,
    dip,
    dpir,
    evidence,
    ffdnet,
    psf,
    scunet,
    usrnet,
    vdir,
    virnet,
    volume,
)
from .golden.base import Golden

FOLDERS = [Path(p) for p in os.environ.get('FRESCO_GOLDEN', '').split(os.pathsep) if p]
FAMILIES = (
    evidence,
    psf,
    dpir,
    ffdnet,
    dip,
    usrnet,
    virnet,
    vdir,
    scunet,
    bsrgan,
    degradations,
    volume,
)
CASES = {kind: case for family in FAMILIES for kind, case in family.CASES.items()}

if not FOLDERS:
    pytest.skip('FRESCO_GOLDEN is not set', allow_module_level=True)


def _files() -> list[Path]:
    found = [path for folder in FOLDERS for path in folder.rglob('*.npz')]
    return sorted(path for path in found if path.parent.name != 'weights')


def test_the_folders_hold_golden_files() -> None:
    assert _files(), f'no .npz files below {FOLDERS}'


@pytest.mark.parametrize('path', _files(), ids=lambda p: f'{p.parent.name}/{p.stem}')
def test_golden(path: Path) -> None:
    golden = Golden.read(path)
    kind = golden.meta['test']
    assert kind in CASES, f'{path.name}: unknown kind of golden test {kind!r}'
    CASES[kind](golden)
