"""Results that lie apart: not over what they are made from, nor over each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import FileError


def check_apart(outputs: Iterable[Path], given: Iterable[Path] = ()) -> None:
    """Refuse results that would replace each other or what was given, before any work is done.

    An original is lost for good, whoever allowed to overwrite: a result over it is a slip.

    `outputs`: files or stores to be written.
    `given`: files or stores, or images in them, that are read.
    Raises FileError when one of `outputs` is another of them, or is or holds one of `given`.
    """
    read = {place for path in given for place in (path.resolve(), *path.resolve().parents)}
    taken: set[Path] = set()
    for output in outputs:
        place = output.resolve()
        if place in read:
            raise FileError(
                f'{output} would be written over an original, which a result is made from; '
                'give another name'
            )
        if place in taken:
            raise FileError(
                f'two results would be written to {output}, one over another result; name '
                'different files'
            )
        taken.add(place)
