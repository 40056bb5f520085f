"""The inputs of a recorded session, as files that its script reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...errors import FrescoError
from ...image.model import Image, data_of, in_memory
from ...io.files import read, write
from ...io.fingerprint import content_sha256
from ...physics.kernels import Kernel
from ..images.layer_kinds import FILE
from ..images.selection import Selection
from ..requests.call_text import Expression
from .layer_files import layer_as_image


class Saved(NamedTuple):
    """A file, and the Python that reads it; a batch reads named files only."""

    file: str
    code: Expression


@dataclass(frozen=True, eq=False)
class SessionFiles:
    """The files of a session.

    `folder`: into which what has no file yet is written.
    `facts`: of each file, by its name in the folder or from there.
    """

    folder: Path
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def image(self, name: str, part: Selection) -> Saved | None:
        """Return the file of a layer's pixels.

        The file that the layer was opened from, if that holds the same pixels. None where the
        pixels are gone.
        """
        source = part.source
        data = None if source is None else source.pixels()
        path = Path(source.path) if source is not None and source.path else None
        if path is not None and _holds(path, data):
            return self._told(path, name, source)
        if data is None:
            return None
        image = layer_as_image(data, _keywords(part))
        for suffix in ('.tif', '.npy'):
            place = self._new(name, suffix)
            if _written(place, image if suffix == '.tif' else data) and _holds(place, data):
                break
        return self._told(place, name, source)

    def mask(self, name: str, mask: Any) -> Saved:
        """Write a mask, white where it marks damage."""
        axes = mask.axes if isinstance(mask, Image) else 'YX'
        marks = np.asarray(in_memory(data_of(mask))) != 0
        if marks.ndim != len(axes):
            return self._array(name, marks)
        image = Image(marks.astype(np.uint8) * 255, axes)
        return self._written_image(name, image, '.png' if axes == 'YX' else '.tif')

    def map(self, name: str, values: Any) -> Saved:
        """Write a map of the noise."""
        if not isinstance(values, Image):
            return self._array(name, np.asarray(values))
        plain = Image(np.asarray(in_memory(values.data)), values.axes, values.spacing)
        return self._written_image(name, plain, '.tif')

    def kernel(self, name: str, kernel: Any) -> Saved:
        """Write a kernel."""
        known = kernel if isinstance(kernel, Kernel) else None
        values = self._array(name, np.asarray(kernel if known is None else known.values))
        if known is None:
            return values
        said = {name: getattr(known, name) for name in ('spacing', 'origin', 'source', 'metadata')}
        told = ', '.join(f'{name}={_plain(value)!r}' for name, value in said.items() if value)
        code = f'fresco.kernels.Kernel({values.code}, sampling={known.sampling!r}, {told})'
        return values._replace(code=Expression(code))

    def _written_image(self, name: str, image: Image, suffix: str) -> Saved:
        place = self._new(name, suffix)
        if _written(place, image):
            again = read(place)
            if again.axes == image.axes and same_pixels(again.data, image.data):
                return self._told(place, name, None)
            place.unlink()
        values = self._array(name, np.asarray(image.data))
        return Saved('', Expression(f'fresco.Image({values.code}, {image.axes!r})'))

    def _array(self, name: str, values: Any) -> Saved:
        place = self._new(name, '.npy')
        write(place, values, overwrite=True)
        self._told(place, name, None)
        return Saved(place.name, Expression(f'np.load(here / {place.name!r})'))

    def _told(self, path: Path, name: str, source: Any) -> Saved:
        """Take note of a file."""
        shown = _from(self.folder, path)
        facts: dict[str, Any] = {'name': name, 'sha256': content_sha256(path)}
        if source is not None and source.record:
            facts['record'] = source.record
        self.facts[shown] = facts
        return Saved(shown, Expression(f'fresco.read(here / {shown!r})'))

    def _new(self, name: str, suffix: str) -> Path:
        """Return a free path for a file, named after its content."""
        stem, number = slug(name, '-'), 1
        while (place := self.folder / f'{stem}{f"-{number}" * (number > 1)}{suffix}').exists():
            number += 1
        return place


def _from(folder: Path, path: Path) -> str:
    """Return where a file lies from a folder; from the root where that is on another drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def slug(name: str, joint: str = '_') -> str:
    """Return a name of letters, digits and joints only."""
    return re.sub(r'[^a-z0-9]+', joint, name.lower()).strip(joint) or 'image'


def same_pixels(one: Any, other: Any) -> bool:
    """Say whether two arrays are the same, bit for bit; they are read part by part."""
    if tuple(one.shape) != tuple(other.shape) or np.dtype(one.dtype) != np.dtype(other.dtype):
        return False
    parts = range(one.shape[0]) if len(one.shape) > 2 else [slice(None)]
    return all(np.asarray(one[i]).tobytes() == np.asarray(other[i]).tobytes() for i in parts)


def _holds(path: Path, data: Any) -> bool:
    """Say whether a file holds these pixels; where these are gone, whether it can be read."""
    try:
        found = read(path)
    except FrescoError:
        return False
    return data is None or same_pixels(found.data, data)


def _written(path: Path, content: Any) -> bool:
    try:
        write(path, content, overwrite=True)
    except FrescoError:
        path.unlink(missing_ok=True)
        return False
    return True


def _keywords(part: Selection) -> Mapping[str, Any]:
    assert part.space is not None, 'a layer lies somewhere'
    return {
        'rgb': part.rgb,
        'scale': part.space.scale,
        'units': part.space.units,
        'axis_labels': part.space.axis_labels,
        'metadata': {FILE: dict(part.metadata)},
    }
