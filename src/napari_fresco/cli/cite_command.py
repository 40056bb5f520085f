"""``cite``: the references of methods, or of all that a result was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..batch.records import batch_folder, record_in_batch, records_in
from ..declare.methods import METHODS, find_method
from ..errors import FileError
from ..evidence.references import Reference, bibliography, references
from ..io.files import read
from ..io.zarr_store import is_store
from .run_record import records_of, runs_in

SESSION = 'session.json'
"""Record in the folder of a session."""


@click.command()
@click.argument('what', nargs=-1)
def cite(what: tuple[str, ...]) -> None:
    """Print the references of WHAT: methods by name, results, records of runs, sessions, batches.

    The record of a result is the file beside it that --save-provenance wrote; a session is the
    folder that napari's Record of the session made, or its session.json; of a batch the folder of
    the results serves, and so does that of its records.
    """
    for text, used_for in bibliography(each for one in what for each in _references(one)):
        click.echo(f'{text}  [{used_for}]')


def _references(what: str) -> Iterator[Reference]:
    path = Path(what)
    if what not in METHODS and path.suffix and not path.exists():
        raise FileError(f'there is no file {what}; give a result, a record of a run, or a method')
    if what in METHODS or not path.exists():
        method = find_method(what)
        yield Reference(method.citation, f'method {method.title}')
        return
    folder = batch_folder(path)
    if folder is not None and not (path / SESSION).is_file():
        yield from _of_batch(folder)
        return
    made = record_in_batch(path)
    if made is not None and made.references and not records_of(path):
        yield from made.references
        return
    for record in _records(path):
        yield from references(record)


def _of_batch(folder: Path) -> Iterator[Reference]:
    """Yield the references of all results of a batch."""
    made = [record for _, record in records_in(folder) if record.results]
    if not any(record.references for record in made):
        raise FileError(
            f'the records of {folder} name no references: no result is there yet, or they are of '
            'an older version; name the methods'
        )
    for record in made:
        yield from record.references


def _records(path: Path) -> list[dict[str, Any]]:
    session = path / SESSION
    if path.suffix == '.json' or session.is_file():
        return runs_in(session if session.is_file() else path)
    if path.is_dir() and not is_store(path):
        raise FileError(
            f'{path} holds no record of a session or a batch; give a result, a record of a run, or '
            'the name of a method'
        )
    found = records_of(path)
    if not found and (kept := read(path).metadata.get('provenance')):
        found = [dict(kept)]
    if not found:
        raise FileError(
            f'nothing is known of how {path} was made; give the record that --save-provenance '
            'wrote, the folder of a batch, or name the method'
        )
    return found
