"""Runs that filled losses as files: what each was told, the masks beside it, what it painted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..image.model import Image, in_memory
from ..io.files import read, write
from ..io.fingerprint import content_sha256
from .drawn_mask import DrawnMask, checked_file
from .fill_run import OF_RUN, FillRun, box_facts, box_of
from .photograph import Bools, filled_of


def run_facts(run: FillRun) -> dict[str, Any]:
    """Return a run as a record has it: enough to repeat it, with its mask."""
    said = {name: run.provenance[name] for name in OF_RUN if name in run.provenance}
    return {**said, 'box': box_facts(run.box), 'drawn': run.mask.facts()}


def save_runs(
    runs: Iterable[FillRun], beside: Callable[[str], Path], *, overwrite: bool = False
) -> list[dict[str, Any]]:
    """Write the masks of runs, and return the runs as a record has them.

    `beside`: returns the file of a name such as ``'mask-1'``.
    Raises FileError when a file exists or cannot be written.
    """
    found = []
    for number, run in enumerate(runs, start=1):
        facts = run_facts(run)
        facts['drawn'] = run.mask.write(beside(f'mask-{number}'), overwrite=overwrite)
        if run.taken is not None:
            taken = beside(f'taken-{number}')
            facts['taken'] = save_marks(taken, run.taken, overwrite=overwrite)
        found.append(facts)
    return found


def read_runs(folder: Path, told: Iterable[Mapping[str, Any]]) -> tuple[FillRun, ...]:
    """Return the runs of a record whose masks lie in a folder.

    Raises FileError when one is gone, or is not the one of the record.
    """
    found = []
    for facts in told:
        taken = read_marks(folder, facts['taken']) if 'taken' in facts else None
        mask = DrawnMask.read(folder, facts['drawn'])
        found.append(FillRun(facts, mask, taken, box_of(facts)))
    return tuple(found)


def save_marks(path: Path, marks: Bools, *, overwrite: bool = False) -> dict[str, Any]:
    """Write what was painted, and return its entry in a record."""
    write(path, Image(marks, 'YX'), overwrite=overwrite)
    return {'file': path.name, 'file_sha256': content_sha256(path)}


def read_marks(folder: Path, facts: Mapping[str, Any]) -> Bools:
    """Return what was painted, from its entry in a record.

    Raises FileError when the file is gone, or is not the one of the record.
    """
    path = checked_file(folder / facts['file'], facts['file_sha256'], 'mask of what was filled')
    marks = in_memory(read(path).data)
    return filled_of(None, marks, marks.shape)
