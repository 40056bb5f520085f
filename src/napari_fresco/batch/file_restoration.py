"""The restoration of one file of a batch, in any process; its errors become its record."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import FileError, FrescoError
from ..io.atomic import remove_parts_of
from ..io.files import make_folder
from ..io.fingerprint import Fingerprint
from ..restoration.session import Session
from ..types import Step
from .file_job import FileOutcome
from .planning import BatchFile
from .records import FileRecord, Status, claimed

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NUMPY_FULL = 'requested and'  # how numpy says that a disk is full: "100 requested and 7 written"
_lock = threading.Lock()


class _InputChanged(FileError):
    """A file was replaced while it was being restored."""


def shared_session() -> Session:
    """Return the session of this process, whose networks stay loaded from file to file."""
    with _lock:  # several threads of a cluster's worker may ask first
        return _session()


@cache
def _session() -> Session:
    return Session(warn=False)


def restore_file(
    file: BatchFile,
    *,
    wait: bool = False,
    session: Session | None = None,
    callback: Callable[[Step], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FileRecord:
    """Make the results of a file, unless they are finished; its errors become its record.

    `wait`: if another batch is at work on it, wait for a while.
    `callback`, `cancelled`: as for :meth:`Session.restore`; a file that they end is not written.
    """
    blank = FileRecord(str(file.image), str(file.outputs.image), 'failed', file.recipe_sha256)
    try:
        with claimed(file.record, wait=wait) as mine:
            if not mine:
                return blank.with_status('busy')
            watched: Any = {'callback': callback, 'cancelled': cancelled}
            return _claimed(file, blank, session or shared_session(), watched)
    except OSError as error:
        return blank.with_status(_status_of(error), error=_sentence(error))


def _claimed(
    file: BatchFile,
    blank: FileRecord,
    session: Session,
    watched: Mapping[str, Any],
) -> FileRecord:
    """Do the work on a file that is this process's own."""
    known = file.known()
    try:
        if not file.overwrite and file.is_finished(known):
            assert known is not None
            return replace(known, image=blank.image, result=blank.result, status='finished')
        obstacle = file.obstacle(known)
        if obstacle:
            return blank.with_status('kept', error=obstacle)
        inputs = file.inputs()
        before = {name: Fingerprint.of(path) for name, path in inputs.items()}
        begun = blank.with_status('begun', promised=file.promised())
        _prepare(file, begun)
        outcome = _restore(file, session, watched, inputs, before)
        if outcome.cancelled:
            return blank.with_status('cancelled')
        record = _made(file, begun, outcome, inputs)
        _remove_left_over(file, known, record)
        record.write(file.record)
        return record
    except _InputChanged as error:
        return blank.with_status('changed', error=_sentence(error))
    except Exception as error:  # a file that fails does not end the night
        failed = blank.with_status(_status_of(error), error=_sentence(error))
        with suppress(FrescoError):  # the disk may be full
            if _is_own(file):
                failed.write(file.record)
        return failed


def _is_own(file: BatchFile) -> bool:
    known = file.known()
    return known is not None and known.recipe_sha256 == file.recipe_sha256


def _prepare(file: BatchFile, begun: FileRecord) -> None:
    """Make the folder, remove the leftovers of a dead process, and note that work begins."""
    make_folder(file.outputs.image.parent)
    remove_parts_of([*file.outputs.kept().values(), file.record])
    begun.write(file.record)


def _restore(
    file: BatchFile,
    session: Session,
    watched: Mapping[str, Any],
    inputs: Mapping[str, Path],
    before: Mapping[str, Fingerprint],
) -> FileOutcome:
    def unchanged() -> None:
        for name, path in inputs.items():
            now, then = Fingerprint.of(path), before[name]
            if (now.size, now.modified) != (then.size, then.modified):
                raise _InputChanged(f'{path} was replaced while it was being restored')

    sides = {name: inputs[name] for name in file.recipe.sides()}
    # What is there is this batch's own, or may be replaced.
    job = file.recipe.job(sides, overwrite=True)
    return job.run(
        file.image,
        file.outputs,
        session,
        partial=False,
        **watched,
        before_writing=unchanged,
    )


def _made(
    file: BatchFile, begun: FileRecord, outcome: FileOutcome, inputs: Mapping[str, Path]
) -> FileRecord:
    return begun.with_status(
        'made',
        summary=outcome.summary,
        seconds=outcome.seconds,
        checks=outcome.failed,
        warnings=tuple(outcome.warnings),
        notes=outcome.told,
        inputs={name: Fingerprint.with_hash(path) for name, path in inputs.items()},
        results={file.in_folder(path): Fingerprint.of(path).size for path in outcome.written},
        weights=outcome.weights,
        references=outcome.references,
    )


def _remove_left_over(file: BatchFile, known: FileRecord | None, record: FileRecord) -> None:
    """Remove results of an earlier run that the new one has none for, such as a third image."""
    if known is None or known.recipe_sha256 != record.recipe_sha256:
        return
    for name in known.results.keys() - record.results.keys():
        if not set(file.promised()) >= set(known.promised):
            continue  # kept by an earlier recipe that asked for more
        with suppress(OSError):
            (file.recipe.output_folder / name).unlink()


def _status_of(error: BaseException) -> Status:
    """Return 'full' where the disk is, else 'failed'."""
    cause: BaseException | None = error
    while cause is not None:
        full = isinstance(cause, OSError) and (cause.errno in _FULL or _NUMPY_FULL in str(cause))
        if full:
            return 'full'
        cause = cause.__cause__ or cause.__context__
    return 'failed'


def _sentence(error: Exception) -> str:
    """Return an error as one line."""
    text = ' '.join(str(error).split())
    if isinstance(error, FrescoError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return 'not enough memory; give --tile, or fewer --workers'
    return f'{type(error).__name__}: {text}'
