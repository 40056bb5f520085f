"""Whether a file is still the one that was read."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError

_TICK = 2 * 10**9  # ns: the coarsest clock of a file system in use (FAT)


@dataclass(frozen=True)
class Fingerprint:
    """Tells a file, or a folder such as a Zarr, from another one of the same name.

    `size`, `modified`: bytes, and nanoseconds since 1970; of a folder the sum and the latest.
    `sha256`: of the content; of a folder that of its listing.
    `recent`: whether it was modified so short a time before it was read that a later change may
        bear the same time.
    """

    size: int
    modified: int
    sha256: str = ''
    recent: bool = False

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """Return size and time of a file.

        Raises FileError when it is not there.
        """
        try:
            facts = [(each.stat().st_size, each.stat().st_mtime_ns) for each in _files(path)]
        except OSError as error:
            raise FileError(f'{path} cannot be read: {error.strerror}') from None
        size, modified = sum(size for size, _ in facts), max(time for _, time in facts)
        return cls(size, modified, recent=time.time_ns() - modified < _TICK)

    @classmethod
    def with_hash(cls, path: Path) -> Fingerprint:
        """Return it with the hash of the content."""
        found = cls.of(path)
        return cls(found.size, found.modified, content_sha256(path), found.recent)

    def holds(self, path: Path) -> bool:
        """Return whether the file is unchanged: by size and time, by its hash where in doubt."""
        try:
            now = Fingerprint.of(path)
        except FileError:
            return False
        if now.size != self.size:
            return False
        if now.modified == self.modified and not self.recent:
            return True
        return bool(self.sha256) and content_sha256(path) == self.sha256


def content_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, of a folder that of names, sizes and times in it."""
    if not path.is_dir():
        with path.open('rb') as file:
            return hashlib.file_digest(file, 'sha256').hexdigest()
    digest = hashlib.sha256()
    for each in sorted(_files(path)):
        facts = each.stat()
        told = (str(each.relative_to(path)), facts.st_size, facts.st_mtime_ns)
        digest.update(repr(told).encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir():
        yield from (each for each in path.rglob('*') if each.is_file())
