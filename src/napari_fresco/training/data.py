"""Training images, read as they would be seen by a method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..degrade.planes import LUMA
from ..errors import FileError, FrescoError
from ..image.intensity import intensity_range
from ..image.layout import Layout
from ..io import pictures
from ..io.file_faults import is_hidden
from ..io.files import TIFF, read

SUFFIXES = (*TIFF, *pictures.SUFFIXES, '.bmp', '.npy')
"""Suffixes of the files that are read."""

_LUMA = np.array(LUMA)  # what the gray test sets were made with, too
_HELD_OUT = 40  # one image in so many is kept for validation
_COLOURS = 3

Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Corpus:
    """8-bit images ``(H, W, C)`` and the folders that they came from."""

    images: tuple[Image, ...]
    folders: tuple[tuple[str, int], ...]

    @classmethod
    def read(cls, folder: Path, channels: int, smallest: int) -> Corpus:
        """Read every image below `folder` whose sides are at least `smallest`.

        Gray images are left out of a colour corpus; colour images are reduced
        to luminance for a gray one. Stacks become as many images as they have
        planes and channels, with the range of intensities that a method would
        give the whole stack.

        `folder`: searched with its sub-folders.
        `channels`: 1 or 3.
        `smallest`: least side in pixels.
        Raises FileError when nothing usable is found, or a file cannot be read.
        """
        images: list[Image] = []
        counts: dict[str, int] = {}
        for path in files_below(folder):
            fitting = [x for x in planes(path, channels) if min(x.shape[:2]) >= smallest]
            if fitting:
                images += fitting
                counts[path.parent.name] = counts.get(path.parent.name, 0) + len(fitting)
        if not images:
            raise FileError(
                f'{folder} holds no image of at least {smallest} x {smallest} pixels with '
                f'{channels} channel(s); give a folder of TIFF, PNG, JPEG or NPY files'
            )
        return cls(tuple(images), tuple(counts.items()))

    def split(self) -> tuple[Corpus, Corpus]:
        """Return the images to train on, and those kept for the validation curve.

        Every fortieth image is kept, at least one; a single image is both.
        """
        if len(self.images) == 1:
            return self, self
        step = min(_HELD_OUT, len(self.images))
        kept = range(step // 2, len(self.images), step)
        seen = tuple(x for i, x in enumerate(self.images) if i not in kept)
        return replace(self, images=seen), replace(self, images=tuple(self.images[i] for i in kept))


def files_below(folder: Path) -> list[Path]:
    """Return the image files in a folder and its sub-folders, without those that systems hide."""
    suited = (p for p in folder.rglob('*') if p.suffix.lower() in SUFFIXES)
    return sorted(p for p in suited if not is_hidden(p))


def planes(path: Path, channels: int) -> Iterator[Image]:
    """Yield the planes of a file as 8-bit images with so many channels."""
    try:
        file = read(path)
        layout = Layout.of(file)
        range_ = intensity_range(file.data, layout)
    except FrescoError as error:
        raise FileError(f'{path} is no image to train on: {error}') from None
    for index in layout.planes():
        plane = layout.colours(layout.read(file.data, index))
        if layout.dtype != np.uint8:
            plane = np.clip(range_.to_working(plane), 0, 1) * 255
        image = _with_channels(plane, layout.channels == _COLOURS, channels)
        if image is not None:
            yield image


def _with_channels(plane: NDArray[Any], colour: bool, channels: int) -> Image | None:
    if channels == _COLOURS:
        return _rounded(plane[..., :_COLOURS]) if colour else None
    return _rounded((plane[..., :_COLOURS] @ _LUMA if colour else plane)[..., None])


def _rounded(values: NDArray[Any]) -> Image:
    return np.asarray(np.rint(values), np.uint8)
