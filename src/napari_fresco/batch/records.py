"""The records of the files of a batch, so that the same command does only the rest.

A record is written before the first result of a file (`begun`), so that results
without an end are known to be the batch's own, and again after the last one (`made`).
Whoever works on a file holds its lock, which the operating system takes back from a
process that dies.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from ..evidence.references import Reference
from ..io.files import write_json
from ..io.fingerprint import Fingerprint
from ..weights.registry import registry

RECORDS = 'files'
"""Folder of the records of files, in that of the records of a batch."""

ENDING = '.batch'
"""What the folder of records is called behind the name of that of the results."""

_NO_WAITING = 0.0
_PATIENCE = 1.0  # seconds to wait for another batch before looking whether to go on

Status = Literal[
    'begun', 'made', 'finished', 'failed', 'kept', 'changed', 'busy', 'cancelled', 'full'
]
"""What becomes of a file: 'finished' was made earlier, 'kept' has results of another recipe or
maker, which stay as they are, 'busy' is another batch's at present,
'changed' was replaced while it was read, 'full' found no space for its result."""


@dataclass(frozen=True)
class FileRecord:
    """The outcome of a file; a row of the summary.

    `image`, `result`: the files.
    `status`: what became of it.
    `summary`: what was done, in words.
    `seconds`: time it took.
    `checks`: those that failed, with what they found.
    `warnings`, `notes`: what the user should know, and may not expect.
    `error`: why there is no result, or nothing.
    `recipe_sha256`: of what was done.
    `inputs`: the files that the result hangs on.
    `results`: bytes of the files that were written, by name in the folder of the batch.
    `promised`: the outputs that were asked for; of several images the results are numbered.
    `weights`: hashes of those that were used, by name.
    `references`: works to cite, and what each was used for.
    """

    image: str
    result: str
    status: Status
    recipe_sha256: str = ''
    summary: str = ''
    seconds: float = 0.0
    checks: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ''
    inputs: dict[str, Fingerprint] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    promised: tuple[str, ...] = ()
    weights: dict[str, str | None] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()

    @classmethod
    def read(cls, path: Path) -> FileRecord | None:
        """Return a record; None where there is none that this version can read."""
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
            inputs = {name: Fingerprint(**facts) for name, facts in values.pop('inputs').items()}
            lists: Any = {n: tuple(values.pop(n)) for n in ('warnings', 'notes', 'promised')}
            lists['references'] = tuple(Reference(*r) for r in values.pop('references', ()))
            return cls(**values, **lists, inputs=inputs)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, path: Path) -> None:
        """Write it; the old one stays until the new one is whole.

        Raises FileError when it cannot be written.
        """
        write_json(path, asdict(self), overwrite=True)

    def with_status(self, status: Status, **changes: Any) -> FileRecord:
        """Return it with another status."""
        return replace(self, status=status, **changes)

    def results_are_there(self, folder: Path) -> bool:
        """Return whether all results are in the folder of the batch, with the bytes they had."""
        return bool(self.results) and all(
            (path := folder / name).exists() and Fingerprint.of(path).size == size
            for name, size in self.results.items()
        )

    def weights_are_known(self) -> bool:
        """Return whether the weights that were used are still those of their names."""
        known = registry()
        return all(
            name not in known or sha256 in (known[name].sha256, None)
            for name, sha256 in self.weights.items()
        )


def records_in(folder: Path) -> Iterator[tuple[Path, FileRecord]]:
    """Yield all records in a folder of records, and where they are."""
    for path in (folder / RECORDS).rglob('*.json'):
        record = FileRecord.read(path)
        if record is not None:
            yield path, record


def batch_folder(path: Path) -> Path | None:
    """Return the folder of the records of a batch; None where there is none.

    `path`: that folder itself, or the one of the results, whose records lie beside it.
    """
    path = path.resolve()
    beside = path.parent / f'{path.name}{ENDING}'
    return next((each for each in (path, beside) if (each / RECORDS).is_dir()), None)


def record_in_batch(result: Path) -> FileRecord | None:
    """Return the record of a result in the folder of a batch; None where there is none."""
    folder = batch_folder(result.parent)
    return None if folder is None else FileRecord.read(folder / RECORDS / f'{result.name}.json')


@contextmanager
def claimed(record: Path, *, wait: bool) -> Iterator[bool]:
    """Lend a file of a batch to this process alone; say whether it was free.

    `wait`: have patience for a while.
    """
    record.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(record.with_suffix('.lock'))
    try:
        lock.acquire(timeout=_PATIENCE if wait else _NO_WAITING, poll_interval=0.05)
    except Timeout:
        yield False
        return
    except NotImplementedError:
        raise OSError(errno.ENOLCK, 'this file system has no locks', str(record.parent)) from None
    try:
        yield True
    finally:
        lock.release()
