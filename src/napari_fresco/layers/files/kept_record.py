"""The record of a result beside its file: how it was made, and what was painted, read again.

``NAME.tif.json`` has the place of the layer, its provenance, and size and SHA-256 of the file;
``NAME.tif.fills`` the masks of the runs that filled losses. Where the file was changed since by
another program, nothing is known of it any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import FrescoError
from ...intervention.run_files import read_marks, read_runs, save_marks, save_runs
from ...io.files import make_folder, write_json
from ...io.fingerprint import content_sha256
from ..fills.fill_records import painted_in, runs_in
from ..images.layer_kinds import FILE, KEPT_RUNS, METADATA, PAINTED

_WHOLE = 2**30  # bytes of a file that are read to know it again; of a larger one the size has to do
_PLACE = ('scale', 'translate', 'rotate', 'shear', 'affine', 'contrast_limits')


def write_beside(path: str, meta: Mapping[str, Any]) -> list[str]:
    """Write what is known of a layer beside its file, which is written, and return the names.

    `meta`: of the layer.
    Raises FileError when it cannot be written.
    """
    known = meta.get('metadata', {})
    record, painted = known.get(METADATA), painted_in(known)
    facts: dict[str, Any] = {'layer': _place(meta), METADATA: record}
    written = [f'{path}.json']
    if record:
        facts['file'] = _known_as(Path(path))
    if record and painted is not None and painted.ndim == 2:
        folder = Path(f'{path}.fills')
        make_folder(folder)
        facts['fills'] = {
            'folder': folder.name,
            'filled': save_marks(folder / 'filled.png', painted, overwrite=True),
            'runs': save_runs(runs_in(known), lambda name: folder / f'{name}.png', overwrite=True),
        }
        written.append(str(folder))
    write_json(written[0], facts, overwrite=True)
    return written


def known_beside(
    path: str | Path, shape: tuple[int, ...], metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the metadata of a layer that what lies beside its file, or in it, says of its making.

    `path`: of the image.
    `shape`: of its one layer.
    `metadata`: of that layer.
    """
    own = metadata.get(FILE, {}).get('provenance')  # which OME-Zarr has inside
    if _is_record(own):
        return {METADATA: own}
    beside = Path(f'{path}.json')
    try:
        facts = json.loads(beside.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    record = facts.get(METADATA) if isinstance(facts, dict) else None
    if not _is_record(record) or facts.get('file') != _known_as(Path(path)):
        return {}
    return {METADATA: record, **_fills(beside, facts.get('fills'), shape)}


def _fills(beside: Path, told: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what was filled, and how; nothing where a file of it is gone, or another one."""
    try:
        folder = beside.with_name(str(told['folder']))
        painted = read_marks(folder, told['filled'])
        runs = read_runs(folder, told['runs'])
    except (FrescoError, KeyError, TypeError):
        return {}
    return {PAINTED: painted, KEPT_RUNS: runs} if painted.shape == shape[:2] else {}


def _place(meta: Mapping[str, Any]) -> dict[str, Any]:
    layer = {name: np.asarray(meta[name]).tolist() for name in _PLACE if meta.get(name) is not None}
    layer['name'] = meta.get('name')
    layer['units'] = [str(unit) for unit in meta['units']]
    layer['axis_labels'] = list(meta['axis_labels'])
    return layer


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) and {'method', 'finish'} <= value.keys()


def _known_as(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    return {'bytes': size, 'sha256': content_sha256(path) if size <= _WHOLE else None}
