"""Files and folders that appear whole or not at all, however their writing ends."""

from __future__ import annotations

import glob
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

_PART = '.part-'  # how the folders begin in which files arrive
_LOCK = '.writing'  # file in them that whoever writes holds
_FORMER = '.former'  # what a new folder takes the place of
_BEGINNING = 2  # seconds within which it may not be held yet
_STALE = 600  # seconds without a byte after which whoever wrote is taken for dead


def write_atomically(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or a folder, which then takes the place of `target`.

    `target`: stays as it was until the new file is whole.
    `write`: takes the path to write to, whose name is that of `target`.
    Raises OSError when nothing can be written beside `target`.
    """
    with atomic_path(target) as part:
        write(part)
        settle(part, target)


def settle(part: Path, target: Path) -> None:
    """Move `part` to the place of `target`, whole even if the power fails right afterwards."""
    files = [part] if part.is_file() else [each for each in part.rglob('*') if each.is_file()]
    for each in files:
        _sync(each)
    if target.is_dir():  # no system call puts a folder in the place of another
        former = part.with_name(_FORMER)
        target.replace(former)
        try:
            part.replace(target)
        except OSError:
            former.replace(target)
            raise
    else:
        part.replace(target)
    if os.name != 'nt':  # where a folder cannot be opened
        _sync(target.parent)


def _sync(path: Path) -> None:
    """Have everything written to disk that the system still holds back."""
    handle = os.open(path, os.O_RDWR if os.name == 'nt' else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Lend a path at which a file can be put together before it takes the place of `target`.

    It has the name of `target`, is nobody else's, and lies in the same file
    system, so that ``Path.replace`` moves it there in one step; there it has the
    permissions that any new file has. Whatever is left of it is removed.

    What writers of the same target have left that were killed is removed, too.

    Raises OSError when nothing can be written beside `target`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix, parent = _prefix(target), target.parent
    for left in parent.glob(f'{glob.escape(prefix)}*'):
        _remove_if_dead(left, target)
    with TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as own:
        lock = FileLock(Path(own) / _LOCK)
        with suppress(NotImplementedError):  # a file system without locks
            lock.acquire()
        try:
            yield Path(own) / target.name
        finally:
            lock.release()


def _remove_if_dead(left: Path, target: Path) -> None:
    """Remove a folder that nobody holds any more: locks end with the process.

    What was whole when its writer was killed, between the two moves of :func:`settle`, is moved.
    """
    lock = FileLock(left / _LOCK)
    with suppress(OSError, Timeout, NotImplementedError):  # another may be removing it, too
        silent = time.time() - left.stat().st_mtime
        if silent < _BEGINNING or not (left / _LOCK).exists():
            return
        lock.acquire(timeout=0)
        try:
            if (left / _FORMER).exists() and not target.exists():
                (left / target.name).replace(target)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            lock.release()


def remove_parts_of(targets: Iterable[Path]) -> None:
    """Remove unfinished `targets`; the caller makes sure that no process is at work on them."""
    for target in targets:
        if target.parent.is_dir():
            for own in target.parent.iterdir():
                if own.name.startswith(_prefix(target)):
                    shutil.rmtree(own, ignore_errors=True)


def _prefix(target: Path) -> str:
    """Return the beginning of the names of folders in which `target` arrives, empty ones too."""
    return f'{_PART}{target.name[:99]}-'


def remove_stale(folder: Path) -> None:
    """Remove the leftovers of killed processes from a folder of the program's own."""
    for left in folder.glob(f'{_PART}*'):
        # Another process may be removing it, too.
        with suppress(OSError):
            touched = max(path.stat().st_mtime for path in (left, *left.iterdir()))
            if time.time() - touched > _STALE:
                shutil.rmtree(left)
