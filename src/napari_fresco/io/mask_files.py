"""Files of masks, as True where the picture is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..image.alignment import strength
from ..image.label_classes import CLASSES, without_left
from ..image.marks import SOFT, marked, said_of_soft_edges
from ..image.model import Image, in_memory
from .files import read

_PRINTED = ('plain', None)  # flavours whose resolution is that of a print
_OF_LABELS = (
    'labels',
    'label_colours',
    'label_marks',
    CLASSES,
)  # no mask's


def read_mask(path: str | Path, *, series: int | str | None = None) -> Image:
    """Read a mask: True where the picture is nonzero, with the axes it has.

    In a colour picture any colour counts, transparent pixels do not; where all that is seen is
    black paint on a transparent ground, that counts. A JPEG is nonzero where it is brighter than
    half, as its compression leaves no exact zeros; NaN is refused. Labels whose classes are not to
    be filled are none. A print's resolution is no spacing of a mask.

    Parameters
    ----------
    path : str or Path
        Any file that :func:`read` reads.
    series : int or str, optional
        As for :func:`read`.

    Returns
    -------
    Image
        bool; ``metadata['coverage']`` is the share that is marked, ``metadata['soft']`` what is to
        be said of soft edges, if anything.

    Raises
    ------
    FileError
        As :func:`read`.
    """
    return as_mask(read(path, series=series), str(path))


def as_mask(file: Image, name: str) -> Image:
    """Return an image that was read from a file as the mask that :func:`read_mask` returns.

    `name`: of the file, in messages.
    """
    values, axes = in_memory(file.data), file.axes
    if 'S' in axes:
        values, axes = strength(np.moveaxis(values, axes.index('S'), -1)), axes.replace('S', '')
    found = without_left(marked(values, file, name), values, file)
    soft = said_of_soft_edges(values, file)
    printed = file.metadata.get('flavour') in _PRINTED
    told = {key: value for key, value in file.metadata.items() if key not in _OF_LABELS}
    said = {**told, 'coverage': float(found.mean()), SOFT: soft}
    return Image(found, axes, {} if printed else file.spacing, metadata=said)
