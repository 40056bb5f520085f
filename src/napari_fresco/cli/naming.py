"""Reading an image with all of its axes named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..image.layout import Layout
from ..image.model import Image
from ..io.files import ImageFile, read_image


def read_named(path: Path, axes: str | None, rgb: bool | None) -> tuple[ImageFile, Layout]:
    """Read an image file, and give every axis a letter.

    Parameters
    ----------
    path : Path
        The file.
    axes, rgb
        As given by the user; None leaves it to the file.

    Returns
    -------
    ImageFile
        Its ``axes`` has Q for axes of unknown meaning, and S for colour samples alone.
    Layout
        What the axes mean.
    """
    source = read_image(path)
    named = Image.of(source.data, axes=axes or source.axes, rgb=source.rgb if rgb is None else rgb)
    return replace(source, axes=named.axes), Layout.of(named)
