"""Pairs of photographs: as a camera took them, and without its noise."""

from __future__ import annotations

from pathlib import Path

from ..errors import FileError
from .data import Image, files_below, planes

SEEN, TRUE = '_real', '_mean'
"""How the names of both end before the suffix: one shot, and the mean of many."""


def read_pairs(folder: Path, channels: int) -> list[tuple[Image, Image]]:
    """Read the pairs below `folder`, in the order of their names; none is no error.

    `folder`: searched with its sub-folders for ``NAME_real.*`` and ``NAME_mean.*``.
    `channels`: 1 or 3; as for :meth:`.data.Corpus.read`.
    Returns the noisy and the clean image, both ``(H, W, C)`` uint8.
    Raises FileError when a noisy image has no clean one, or one of another shape, or when a file
        cannot be read.
    """
    found = files_below(folder)
    clean = {path.with_suffix(''): path for path in found if path.stem.endswith(TRUE)}
    pairs = []
    for path in found:
        if path.stem.endswith(SEEN):
            wanted = path.with_name(path.stem.removesuffix(SEEN) + TRUE)
            if wanted not in clean:
                raise FileError(f'{path} has no clean image beside it; add {wanted.name}.*')
            pairs += _pairs(path, clean[wanted], channels)
    return pairs


def _pairs(seen: Path, true: Path, channels: int) -> list[tuple[Image, Image]]:
    first, second = (list(planes(path, channels)) for path in (seen, true))
    if [x.shape for x in first] != [x.shape for x in second]:
        raise FileError(f'{seen} and {true.name} are not of the same shape; give pairs that are')
    return list(zip(first, second, strict=True))
