"""The user's folder of checkpoints, and the hashes that are pinned in it."""

from __future__ import annotations

from pathlib import Path

from ..io.atomic import write_atomically
from .registry import Entry


def cache_folder() -> Path:
    """Return the user's folder for fetched and added checkpoints; it may not exist yet."""
    from pooch import os_cache

    return Path(os_cache('napari-fresco')) / 'weights'


def pinned(known: Entry) -> str | None:
    """Return the SHA-256 of the first file of a checkpoint that came, None where none is pinned.

    Of a checkpoint without a published hash nobody can say whether a file is
    the right one, but that it is the same as the first one can be said: a file
    with another hash is neither kept nor loaded.
    """
    if known.bundled or known.hashed:
        return None
    try:
        text = pin_file(known).read_text(encoding='utf-8', errors='replace')
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        text = ''
    # No file has the hash that a damaged pin leaves.
    return text.partition(' ')[0]


def pin_file(known: Entry) -> Path:
    """Return where that hash is kept, in the form that ``sha256sum --check`` reads."""
    return cache_folder() / f'{known.name}.sha256'


def pin(known: Entry, name: str, sha256: str) -> None:
    """Pin the hash of the first file `name` of a checkpoint."""
    write_atomically(
        pin_file(known), lambda path: path.write_text(f'{sha256}  {name}\n', encoding='utf-8')
    )
