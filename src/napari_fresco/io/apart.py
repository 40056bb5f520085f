"""Results that lie apart: not over what they are made from, nor over each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import FileError


def check_apart(outputs: Iterable[Path], given: Iterable[Path]) -> None:
    """Refuse results that would replace a file that was given, before any work is done.

    An original is lost for good, whoever allowed to overwrite: a result over it is a slip.

    `outputs`: files or stores to be written.
    `given`: files or stores, or images in them, that are read.
    Raises FileError when one of `outputs` is or holds one of `given`.
    """
    there = [path.resolve() for path in given]
    for output in outputs:
        place = output.resolve()
        if any(place == path or place in path.parents for path in there):
            raise FileError(
                f'{output} is read for this result, and would be written over; give another name'
            )
