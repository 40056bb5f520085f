"""TIFF files - ImageJ, OME, BigTIFF, tiled, compressed, scanned - as images."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image as Pillow
from PIL import ImageSequence

from ..errors import FileError
from ..image.model import Array, Image
from .pages import LARGE, lazily
from .series import Series, pick
from .tiff_samples import SeriesSamples, page_name

MAGIC = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
"""First bytes of TIFF and BigTIFF files."""


def read(path: Path, series: int | str | None) -> Image:
    """Return the image in a TIFF file.

    Raises FileError when it holds several and none was asked for, is cut off, or is compressed in a
        way that needs another package.
    """
    with _log_messages() as messages, tifffile.TiffFile(path) as file:
        number, said = pick(_listed(file, path), series, path)
        chosen = file.series[number]
        page = chosen.keyframe
        _check_whole(file, chosen, path)
        data, notes = _samples(file, chosen, number, path)
        if any('invalid page offset' in message for message in messages):
            raise FileError(f'{path} is cut off: it lacks some of its pages; copy it again')
        reader = SeriesSamples(path, file, chosen, number, page)
        return reader.image(data, (*said, *notes))


def list_series(path: Path) -> list[Series]:
    """Return the images in a file."""
    with _log_messages(), tifffile.TiffFile(path) as file:
        return _listed(file, path)


@contextmanager
def _log_messages() -> Iterator[list[str]]:
    """Collect the messages of tifffile about a file, instead of showing them."""
    found: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        found.append(record.getMessage())
        return False

    logger = logging.getLogger('tifffile')
    level = logger.level
    logger.addFilter(keep)
    logger.setLevel(logging.WARNING)  # a program that wants to hear nothing may have raised it
    try:
        yield found
    finally:
        logger.removeFilter(keep)
        logger.setLevel(level)


def _listed(file: tifffile.TiffFile, path: Path) -> list[Series]:
    found = []
    for each in file.series:
        reduced = bool(each.keyframe.is_reduced)
        axes, shape = str(each.axes), tuple(each.shape)
        if not {'Y', 'X'} <= set(axes):
            raise FileError(f'{path} holds a table, not an image (axes {axes})')
        name = '' if each.name.lower().startswith(('series ', 'image')) else str(each.name)
        found.append(Series(page_name(each.keyframe) or name, axes, shape, reduced))
    if not found:
        raise FileError(f'{path} holds no image')
    return found


def _samples(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, number: int, path: Path
) -> tuple[Any, tuple[str, ...]]:
    """Return the samples of a series, lazily where there are many; and notes on them."""
    lost = sum(page is None for page in series.pages)
    notes = (f'{lost} of its planes are in files that are not there; they are 0',) if lost else ()
    try:
        if series.nbytes > LARGE and not lost:
            lazy = lazily(path, file, series, number)
            if lazy is not None:
                return lazy, notes
        return series.asarray(), notes
    except (ValueError, NotImplementedError) as error:
        if 'imagecodecs' not in str(error) and not isinstance(error, NotImplementedError):
            raise
        return _read_with_pillow(path, series), notes


def _read_with_pillow(path: Path, series: tifffile.TiffPageSeries) -> Array:
    """Read a compression that tifffile leaves to imagecodecs, where Pillow keeps every bit."""
    samples = int(series.keyframe.samplesperpixel)
    if series.dtype.itemsize > 1 and samples > 1:
        raise FileError(
            f'{path} is compressed in a way that needs another package: '
            'python -m pip install imagecodecs, or save it without compression'
        )
    with Pillow.open(path) as picture:
        pages = [np.array(page) for page in ImageSequence.Iterator(picture)]
    stack = np.stack(pages[: max(1, math.prod(series.shape) // pages[0].size)])
    return stack.reshape(series.shape).astype(series.dtype, copy=False)


def _check_whole(file: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path) -> None:
    """Refuse a file whose last bytes are missing, which would be read as zeros."""
    size = file.filehandle.size
    ends = [
        offset + count
        for page in (series.pages[0], series.pages[-1])
        if isinstance(page, tifffile.TiffPage | tifffile.TiffFrame) and page.parent is file
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    planes = math.prod(series.shape) * series.dtype.itemsize
    if series.dataoffset is not None and len(series.pages) == 1:
        ends.append(series.dataoffset + planes)
    if ends and max(ends) > size:
        raise FileError(
            f'{path} is cut off: it has {size} of at least {max(ends)} bytes; copy it again'
        )
