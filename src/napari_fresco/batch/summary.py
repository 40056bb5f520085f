"""The log and the table of a batch."""

from __future__ import annotations

import csv
import io
import time
from contextlib import suppress
from pathlib import Path

from ..io.files import write_text
from .planning import BatchFile, BatchPlan
from .records import FileRecord, records_in

COLUMNS = ('image', 'result', 'status', 'seconds', 'checks', 'warnings', 'error')
"""Columns of the summary; ``checks`` names those that failed."""

SUMMARY, LOG = 'summary.csv', 'batch.log'
"""Names of the files, in the folder of the records."""


class BatchLog:
    """Writes a line and a row for each file that ends.

    `plan`: whose folder of records is written to.
    Raises OSError when it cannot be written.
    """

    def __init__(self, plan: BatchPlan) -> None:
        self._folder = plan.recipe.record_folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._said: dict[Path, FileRecord] = {}
        self._rewrite()
        self._say(f'{len(plan.files)} images, {plan.recipe.method}, into {plan.recipe.output}')

    def add(self, file: BatchFile, record: FileRecord) -> None:
        """Add a line and a row."""
        self._said[file.record] = record
        self._say(line_of(record))
        row = io.StringIO(newline='')
        csv.writer(row, lineterminator='\n').writerow(_row(record))
        self._append(SUMMARY, row.getvalue())

    def note(self, text: str) -> None:
        """Add a line on the whole batch."""
        self._say(f'note: {text}')

    def close(self) -> None:
        """Write the table anew, one row for each file."""
        with suppress(OSError, ValueError):
            self._rewrite()

    def _say(self, text: str) -> None:
        self._append(LOG, f'{time.strftime("%Y-%m-%d %H:%M:%S")} {text}\n')

    def _append(self, name: str, text: str) -> None:
        path = self._folder / name
        # A full disk is reported by the file that finds no space.
        with suppress(OSError), path.open('a', encoding='utf-8', newline='') as file:
            file.write(text)

    def _rewrite(self) -> None:
        """Write the rows of all records and of this run: other batches have rows here, too."""
        said = {path: record for path, record in self._said.items() if record.status != 'finished'}
        rows = {**dict(records_in(self._folder)), **said}
        table = io.StringIO(newline='')
        writer = csv.writer(table, lineterminator='\n')
        writer.writerow(COLUMNS)
        writer.writerows(_row(rows[path]) for path in sorted(rows))
        write_text(self._folder / SUMMARY, table.getvalue(), suffixes=('.csv',), overwrite=True)


def line_of(record: FileRecord) -> str:
    """Return the outcome of a file as one line."""
    if record.status == 'made':
        checks = f'; checks failed: {", ".join(record.checks)}' if record.checks else ''
        return f'{record.result}: {record.summary}{checks}'
    if record.status == 'finished':
        return f'{record.result}: exists, passed over; --overwrite makes it again'
    if record.status == 'cancelled':
        return f'{record.image}: cancelled'
    said = record.error.startswith((f'{record.image}:', f'{record.image} '))
    return f'error: {record.error if said else f"{record.image}: {record.error}"}'


def _row(record: FileRecord) -> tuple[str, ...]:
    return (
        record.image,
        record.result,
        record.status,
        f'{record.seconds:g}' if record.status in ('made', 'finished') else '',
        ' '.join(record.checks),
        ' '.join(record.warnings),
        record.error,
    )
