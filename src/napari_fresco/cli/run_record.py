"""Records of runs: the provenance that lies beside a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import FileError


def records_of(result: Path, given: Path | None = None) -> list[dict[str, Any]]:
    """Return the records of the run of each image in a result, from a file beside it by default.

    Returns none where there is none beside the result.
    Raises FileError when the file that was `given` holds none.
    """
    path = _beside(result) if given is None else given
    if given is None and not path.is_file():
        return list(filter(None, [_of_layer(result)]))
    found = _runs_of(_loaded(path), 'images')
    if all(map(_is_run, found)):
        return found
    if given is None:
        return []
    raise FileError(f'{path} is no record of a run; give what --save-provenance wrote')


def _of_layer(result: Path) -> dict[str, Any]:
    """Return the record that lies beside a result that was saved in napari."""
    path = result.with_name(f'{result.name}.json')
    record = _loaded(path) if path.is_file() else {}
    kept = record.get('napari_fresco') if isinstance(record, dict) else None
    return dict(kept) if isinstance(kept, dict) and _is_run(kept) else {}


def _beside(result: Path) -> Path:
    """Return the record beside a result: of ``a.ome.tif`` it is ``a.ome.json`` or ``a.json``."""
    path = result.with_suffix('.json')
    short = result.with_name(result.name.split('.ome.')[0]).with_suffix('.json')
    return short if '.ome.' in result.name and not path.is_file() else path


def runs_in(path: Path) -> list[dict[str, Any]]:
    """Return the runs that a record tells of: one, those of several images or an intervention.

    Raises FileError when there are none.
    """
    runs = _runs_of(_loaded(path), 'images', 'runs')
    if not all(_is_run(run) for run in runs):
        raise FileError(f'{path} is no record of a run; give what --save-provenance wrote')
    return runs


def _runs_of(record: Any, *names: str) -> list[Any]:
    """Return what a record lists under the first of `names` that it has, else the record."""
    known = record if isinstance(record, dict) else {}
    lists = (known.get(name) for name in names)
    return next((found for found in lists if isinstance(found, list) and found), [record])


def _is_run(record: Any) -> bool:
    return isinstance(record, dict) and {'method', 'finish'} <= record.keys()


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise FileError(f'{path} cannot be read: {error.strerror}') from None
    except ValueError as error:
        raise FileError(f'{path} is no record of a run: {error}') from None
