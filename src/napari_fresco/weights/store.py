"""Where checkpoint files are kept on this computer, and how they get there."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import WeightsError
from .registry import BUNDLED, SUFFIXES, Entry, entry, registry

FOLDER_VARIABLE = 'NAPARI_FRESCO_WEIGHTS'
"""Environment variable that names one more folder to look in, for computers without a network."""

_TIMEOUT = 30  # seconds without an answer

Place = Literal['bundled', 'cache', 'folder', 'missing']


@dataclass(frozen=True)
class Status:
    """Where the file of a checkpoint was found: one line of ``weights list``.

    `place` is 'bundled', 'cache', 'folder' (the one that
    ``NAPARI_FRESCO_WEIGHTS`` names) or 'missing', and `path` None if missing.
    """

    entry: Entry
    place: Place
    path: Path | None


def cache_folder() -> Path:
    """Return the user's folder for fetched and added checkpoints; it may not exist yet."""
    from pooch import os_cache

    return Path(os_cache('napari-fresco')) / 'weights'


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
        raise WeightsError(f'weights {name} are not on this computer; {_advice(known)}')
    return found


def get(name: str, progress: bool = True) -> Path:
    """Fetch the file of the checkpoint `name` unless it is here already; return it.

    Parameters
    ----------
    name : str
        Registry name.
    progress : bool
        Show a progress bar.

    Raises
    ------
    WeightsError
        When the name is unknown, there is no network, or the file is not what
        it should be; then nothing is kept.
    """
    known = entry(name)
    if _find(known).path is None:
        fetched = _fetch(known, progress)
        try:
            _verify(fetched, known)
        except WeightsError:
            fetched.unlink()
            raise
    return path(name)


def add(name: str, file: str | Path) -> Path:
    """Copy a checkpoint that was fetched elsewhere into the cache; return the copy.

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
    _verify(source, known)
    same = source.suffix.lower() == Path(known.file).suffix
    target = cache_folder() / (known.file if same else f'{name}{source.suffix.lower()}')
    partial = target.with_name(f'{target.name}.part')
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
        for former in _candidates(known, cache_folder()):
            former.unlink(missing_ok=True)
        partial.replace(target)
    except OSError as error:
        # Where the folder is a file, there is no part of a copy either.
        with suppress(OSError):
            partial.unlink()
        raise WeightsError(f'{source} cannot be copied to {target}: {error.strerror}') from None
    return target


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


def _verify(file: Path, known: Entry) -> None:
    from .loading import load_file

    load_file(file, known, 'cpu')


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
            f'its authors state no licence, so it is not fetched for you: download '
            f'{known.describe_file()} from {known.page}, then run '
            f'"napari-fresco weights add {known.name} FILE"'
        )
    return (
        f'run "napari-fresco weights get {known.name}", or without a network put '
        f'{known.describe_file()} from {known.urls[0]} into {cache_folder()} '
        f'(or into the folder named by {FOLDER_VARIABLE})'
    )


def _fetch(known: Entry, progress: bool) -> Path:
    import pooch

    if not known.urls:
        raise WeightsError(f'weights {known.name} are not on this computer; {_advice(known)}')
    pooch.get_logger().setLevel('WARNING')  # the progress bar says it all
    expected = f'sha256:{known.sha256}' if known.sha256 else None
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=_TIMEOUT)
    reasons = []
    for url in known.urls:
        try:
            fetched = pooch.retrieve(
                url, expected, fname=known.file, path=cache_folder(), downloader=downloader
            )
            return Path(fetched)
        except (OSError, ValueError) as error:
            reasons.append(f'{url}: {str(error).splitlines()[0]}')
    raise WeightsError(
        f'weights {known.name} cannot be fetched ({"; ".join(reasons)}); {_advice(known)}'
    )
