"""``cite``: the references of methods, or of all that a result was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..declare.methods import METHODS, find_method
from ..errors import FileError
from ..evidence.references import Reference, bibliography, references
from ..io.files import read
from .run_record import record_of, runs_in


@click.command()
@click.argument('what', nargs=-1)
def cite(what: tuple[str, ...]) -> None:
    """Print the references of WHAT: methods by name, results, records of runs, or sessions.

    The record of a result is the file beside it that --save-provenance wrote; a session is the
    folder that napari's Record of the session made, or its session.json.
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
    for record in _records(path):
        yield from references(record)


def _records(path: Path) -> list[dict[str, Any]]:
    session = path / 'session.json'
    if path.suffix == '.json' or session.is_file():
        return runs_in(session if session.is_file() else path)
    record = record_of(path) or read(path).metadata.get('provenance')
    if not record:
        raise FileError(
            f'nothing is known of how {path} was made; give the record that --save-provenance '
            'wrote, or name the method'
        )
    return [dict(record)]
