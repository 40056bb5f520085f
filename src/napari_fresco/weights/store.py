"""The files of checkpoints on this computer, and the ways they get there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import WeightsError
from ..io.atomic import atomic_path, remove_stale
from .cache import cache_folder, pin, pinned
from .fetching import Unreachable, download
from .registry import BUNDLED, SUFFIXES, Entry, entry, registry

FOLDER_VARIABLE = 'NAPARI_FRESCO_WEIGHTS'
"""Environment variable that names one more folder to look in, for computers without a network."""

Place = Literal['bundled', 'cache', 'folder', 'missing']


@dataclass(frozen=True)
class Status:
    """The place where the file of a checkpoint was found: one line of ``weights list``.

    `place` is 'bundled', 'cache', 'folder' (the one that
    ``NAPARI_FRESCO_WEIGHTS`` names) or 'missing', and `path` None if missing.
    """

    entry: Entry
    place: Place
    path: Path | None


def status() -> tuple[Status, ...]:
    """Return for every known checkpoint whether and where its file is."""
    return tuple(_find(known) for known in registry().values())


def path(name: str) -> Path:
    """Return the file of the checkpoint `name`.

    Raises
    ------
    WeightsError
        When the name is unknown or the file is not on this computer; nothing
        is fetched, the message says how to get it.
    """
    known = entry(name)
    found = _find(known).path
    if found is None:
        missing = f'weights {name} are not on this computer'
        raise WeightsError(f'{missing}; {_advice(known)}', f'{missing}; {_in_window(known)}')
    return found


def get(name: str, progress: bool = True) -> Path:
    """Fetch the file of the checkpoint `name` unless it is here and sound; return it.

    Where no hash of the file is published, that of the first one that comes is
    pinned, see :func:`pinned`.

    Parameters
    ----------
    name : str
        Registry name.
    progress : bool
        Show a progress bar.

    Raises
    ------
    WeightsError
        When the name is unknown, there is no network, the file is not what it
        should be, or the cache cannot be written; then nothing is kept.
    """
    known = entry(name)
    if not known.urls or _find(known).path is not None:
        try:
            return check(name)
        except WeightsError:
            if not known.urls:
                raise
    return _fetch(known, progress)


def add(name: str, file: str | Path) -> Path:
    """Copy a checkpoint that was fetched elsewhere into the cache; return the copy.

    It is verified, and its hash pinned, as by :func:`get`.

    Parameters
    ----------
    name : str
        Registry name.
    file : str or Path
        The authors' file, or the same weights in another readable format.

    Raises
    ------
    WeightsError
        When the file is not this checkpoint or cannot be copied.
    """
    known, source = entry(name), Path(file)
    if known.bundled:
        raise WeightsError(f'{name} comes with napari-fresco; load other weights by their path')
    sha256 = _verify(source, known)
    same = source.suffix.lower() == Path(known.file).suffix
    with _new_file(known.file if same else f'{name}{source.suffix.lower()}') as part:
        shutil.copyfile(source, part)
        return _keep(part, known, sha256)


def check(name: str) -> Path:
    """Verify hash, names and shapes of the checkpoint `name`; return its file.

    Raises
    ------
    WeightsError
        When the file is missing or is not what it should be.
    """
    found = path(name)
    _verify(found, entry(name))
    return found


def _verify(file: Path, known: Entry) -> str:
    """Load a file as `known` and return its SHA-256."""
    from .loading import load_file

    return load_file(file, known, 'cpu').weights_sha256


def _find(known: Entry) -> Status:
    if known.bundled and (BUNDLED / known.file).is_file():
        return Status(known, 'bundled', BUNDLED / known.file)
    extra = os.environ.get(FOLDER_VARIABLE)
    places: list[tuple[Place, Path]] = [('cache', cache_folder())]
    places += [('folder', Path(extra))] if extra else []
    for place, folder in places:
        for candidate in _candidates(known, folder):
            if candidate.is_file():
                return Status(known, place, candidate)
    return Status(known, 'missing', None)


def _candidates(known: Entry, folder: Path) -> list[Path]:
    if known.bundled:
        return [folder / known.file]
    return [folder / known.file, *(folder / f'{known.name}{suffix}' for suffix in SUFFIXES)]


def _advice(known: Entry) -> str:
    if known.bundled:
        return f'put {known.describe_file()} into {BUNDLED}, or install napari-fresco again'
    if not known.urls:
        return (
            f'their authors state no licence, so they are not fetched for you: download '
            f'{known.describe_file()} from {known.page}, then run '
            f'"napari-fresco weights add {known.name} FILE"'
        )
    return f'run "napari-fresco weights get {known.name}", or without a network {_by_hand(known)}'


def _in_window(known: Entry) -> str:
    if known.bundled:
        return _advice(known)
    source = known.urls[0] if known.urls else known.page
    return (
        f'choose others in the panel, or put {known.describe_file()} from {source} into '
        f'{cache_folder()}'
    )


def _by_hand(known: Entry) -> str:
    return (
        f'put {known.describe_file()} from {known.urls[0]} into {cache_folder()} '
        f'(or into the folder named by {FOLDER_VARIABLE})'
    )


def _fetch(known: Entry, progress: bool) -> Path:
    reasons = []
    for url in known.urls:
        with _new_file(known.file) as part:
            try:
                download(url, part, progress)
                return _keep(part, known, _verify(part, known))
            except Unreachable as error:
                reasons.append(f'{url}: {error}')
            except WeightsError as error:
                reasons.append(str(error).replace(str(part), url))
    raise WeightsError(
        f'weights {known.name} cannot be fetched ({"; ".join(reasons)}); try again, or '
        f'{_by_hand(known)} yourself'
    )


@contextmanager
def _new_file(name: str) -> Iterator[Path]:
    """Lend a path for a new file `name` of the cache."""
    folder = cache_folder()
    try:
        remove_stale(folder)
        with atomic_path(folder / name) as part:
            yield part
    except OSError as error:
        raise WeightsError(
            f'{name} cannot be written into {folder}: {error.strerror or error}; make it a folder '
            f'that is writable and has room, or put the file into the one that {FOLDER_VARIABLE} '
            'names'
        ) from None


def _keep(part: Path, known: Entry, sha256: str) -> Path:
    """Put a file that was verified into its place in the cache; return it there."""
    target = cache_folder() / part.name
    if not known.hashed and pinned(known) is None:
        pin(known, part.name, sha256)
    part.replace(target)
    for other in _candidates(known, target.parent):
        if other != target:
            other.unlink(missing_ok=True)
    return target
