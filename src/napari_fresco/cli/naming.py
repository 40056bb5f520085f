"""Reading an image with all of its axes named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..image.layout import Layout
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
    named = axes or source.axes
    layout = Layout.of(source.data, named, source.rgb if rgb is None and axes is None else rgb)
    unnamed = 'Q' * len(layout.leading) + 'YXS'
    letters = list((named or unnamed[: len(layout.shape)]).upper().replace('S', 'C'))
    if layout.samples:
        letters[layout.order[-1]] = 'S'
    return replace(source, axes=''.join(letters)), layout
