"""Labels in an OME-Zarr: masks and other images of integers, by name in the group of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..image.model import Image
from . import zarr_reading, zarr_writing
from .atomic import write_atomically
from .zarr_store import is_store, zarr_package

GROUP = 'labels'
"""Name of the group of labels in that of their image."""


def is_place(path: Path) -> bool:
    """Whether a path names labels in a store: ``wall.ome.zarr/labels/cracks``."""
    return path.parent.name == GROUP and is_store(path.parent.parent)


def place(store: str | Path, name: str) -> Path:
    """Return the path of labels in a store."""
    return Path(store) / GROUP / name.replace('/', '_')


def check(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], axes: str) -> None:
    """Make sure that labels fit the image in whose store they are to be written.

    Raises FileError when they do not, or are no integers.
    """
    if dtype.kind not in 'biu':
        raise FileError(f'{path}: labels are integers, or true and false, not {dtype}')
    store = path.parent.parent
    if not (store / 'zarr.json').is_file():
        raise FileError(
            f'{path}: labels are written into folders of OME-Zarr 0.5, which {store} is not; '
            'write the image anew'
        )
    image = zarr_reading.read(store, None)
    lengths = dict(zip(axes, shape, strict=True))
    if 'S' in lengths or any(image.length(axis) != n for axis, n in lengths.items()):
        raise FileError(
            f'{path}: labels with axes {axes} and shape {shape} do not lie over the image of '
            f'{store}, with axes {image.axes} and shape {image.shape}'
        )


def write(path: Path, labels: Image) -> None:
    """Write labels, replacing those of the same name, and enter their name."""
    group = path.parent
    image = zarr_reading.read(group.parent, None)
    axes = labels.axes
    spacing = {axis: pair for axis, pair in image.spacing.items() if axis in axes}
    origin = {axis: first for axis, first in image.origin.items() if axis in axes}
    placed = replace(
        labels, spacing={**spacing, **labels.spacing}, origin={**origin, **labels.origin}
    )
    write_atomically(path, lambda part: zarr_writing.write(part, placed, labels=True))
    names = zarr_package(path).open_group(str(group), mode='a', zarr_format=3)
    known = list(dict(names.attrs.get('ome') or {}).get('labels') or ())
    if path.name not in known:
        names.attrs['ome'] = {'version': '0.5', 'labels': [*known, path.name]}
