"""OME-Zarr - 0.4, 0.5, plain Zarr arrays, several images in one store - as images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FileError
from ..image.letters import leading_first, leading_missing
from ..image.model import Image
from . import ome_zarr
from .pages import LARGE
from .series import Series, pick
from .zarr_store import Chunked, open_store

_MOST_NAMED = 24  # fields of a plate in a message


def read(path: Path, series: int | str | None) -> Image:
    """Return the image in a store, at full resolution.

    Raises FileError when it holds several and none was asked for, lacks what its metadata name,
        or is damaged.
    """
    root = open_store(path)
    if not hasattr(root, 'group_keys'):
        return _plain(root, path)
    found = _found(root, path, series)
    number, notes = pick([each.series for each in found], series if len(found) > 1 else 0, path)
    return found[number].image(notes)


def list_series(path: Path) -> list[Series]:
    """Return the images in a store."""
    root = open_store(path)
    return [each.series for each in _found(root, path)] if hasattr(root, 'group_keys') else []


def read_levels(path: Path, series: int | str | None) -> list[Image]:
    """Return an image at full resolution, and at each lower one that the store holds."""
    root = open_store(path)
    if not hasattr(root, 'group_keys'):
        return []
    found = _found(root, path, series)
    number, _ = pick([each.series for each in found], series if len(found) > 1 else 0, path)
    return [found[number].image((), level) for level in range(len(found[number].datasets))]


def read_labels(path: Path, series: int | str | None) -> dict[str, list[Image]]:
    """Return the labels of an image in a store, by name, at each resolution."""
    root = open_store(path)
    if not hasattr(root, 'group_keys'):
        return {}
    found = _found(root, path, series)
    number, _ = pick([each.series for each in found], series if len(found) > 1 else 0, path)
    group = found[number].group.get('labels')
    names = () if group is None else _attributes(group).get('labels') or group.group_keys()
    known: dict[str, list[Image]] = {}
    for name in names:
        for each in _of_group(group.get(name), '', path):
            known[name] = [each.image((), level) for level in range(len(each.datasets))]
    return known


def _plain(array: Any, path: Path) -> Image:
    """Return an array that stands for itself."""
    names = [str(name or '') for name in getattr(array.metadata, 'dimension_names', None) or ()]
    letters = ''.join(names).upper()
    fits = len(letters) == len(names) == array.ndim == len(set(letters)) and {'Y', 'X'} <= set(
        letters
    )
    chunked = Chunked(array, path)
    image = Image.of(_pixels(chunked), axes=letters if fits else None)
    return Image(image.data, image.axes, metadata={'format': 'Zarr'})


def _pixels(chunked: Chunked) -> Any:
    large = math.prod(chunked.shape) * chunked.dtype.itemsize > LARGE
    pixels = chunked.lazy() if large else chunked[...]
    native = chunked.dtype.newbyteorder('=')
    return pixels if chunked.dtype == native else pixels.astype(native)


@dataclass(frozen=True, eq=False)
class _Found:
    """One image of a store.

    `group`: where it lies; `multiscale`, `attributes`: what is said of it.
    `path`: of the store, for messages.
    """

    name: str
    group: Any
    multiscale: Mapping[str, Any]
    attributes: Mapping[str, Any]
    path: Path

    @property
    def datasets(self) -> list[str]:
        """Paths of its levels."""
        return [str(each['path']) for each in self.multiscale['datasets']]

    @property
    def own(self) -> Mapping[str, Any]:
        """Our own attributes."""
        own = self.attributes.get(ome_zarr.OWN)
        return own if isinstance(own, Mapping) else {}

    @property
    def series(self) -> Series:
        """Its name and its size."""
        chunked = self.level(0)
        return Series(self.name, self._letters(chunked), chunked.shape)

    def level(self, number: int) -> Chunked:
        """Return the array of a level."""
        inside = self.datasets[number]
        array = self.group.get(inside)
        if array is None or hasattr(array, 'group_keys'):
            raise FileError(f'{self.path} lacks array {inside!r}, which its metadata name')
        return Chunked(array, self.path)

    def image(self, notes: tuple[str, ...], level: int = 0) -> Image:
        """Return it; its spacing is that of the full resolution."""
        chunked = self.level(level)
        letters = self._letters(chunked)
        notes += self._whole(chunked)
        if len(self.datasets) > 1:
            notes += (f'level 0 of its {len(self.datasets)} resolutions was read',)
        spacing, origin, said = ome_zarr.place(self.multiscale, letters)
        known = {axis: (1.0, '') for axis in self.own.get('spaced', ()) if axis in letters}
        omero, label = self.attributes.get('omero') or {}, self.attributes.get('image-label')
        data = _pixels(chunked)
        if 'S' in letters:
            order = [letters.index(axis) for axis in leading_first(letters)]
            data, letters = data.transpose(order), leading_first(letters)
        nodata = self.own.get('nodata')
        missing = None
        if nodata is not None:
            missing = leading_missing(data == np.asarray(nodata, data.dtype), letters)
        count = data.shape[letters.index('C')] if 'C' in letters else 0
        metadata = {
            'format': 'OME-Zarr',
            'flavour': 'ome',
            'omero': omero if len(omero.get('channels') or ()) == (count or 1) else None,
            'labels': label is not None or None,
            'label_colours': ome_zarr.label_colours(label) or None,
            'warnings': (*notes, *said) or None,
            **ome_zarr.own_facts(self.own),
        }
        return Image(
            data,
            letters,
            {**known, **spacing},
            origin,
            ome_zarr.channel_names(omero, count) if count else (),
            missing,
            {key: value for key, value in metadata.items() if value is not None},
        )

    def _letters(self, chunked: Chunked) -> str:
        try:
            samples = bool(self.own.get('samples'))
            letters = ome_zarr.axis_letters(self.multiscale, chunked.ndim, samples)
        except (ValueError, KeyError, TypeError) as error:
            raise FileError(f'{self.path}: the metadata of its axes is wrong: {error}') from None
        if not {'Y', 'X'} <= set(letters):
            raise FileError(f'{self.path} holds no picture: its axes are {letters}')
        return letters

    def _whole(self, chunked: Chunked) -> tuple[str, ...]:
        """Return a note on missing chunks.

        Raises FileError where it is known that it was there.
        """
        complete = self.own.get('complete')
        if complete is False:
            return ('it is not complete: it is being written, or its writing broke off',)
        lost, every = chunked.lost
        if lost and complete:
            raise FileError(
                f'{self.path} is cut off: {lost} of its {every} chunks are missing; copy it again'
            )
        if lost:
            return (
                f'{lost} of its {every} chunks are not stored and read as '
                f'{chunked.fill}: empty, or lost',
            )
        return ()


def _found(root: Any, path: Path, asked: int | str | None = None) -> list[_Found]:
    """Return the images of a group: its own, or those of its groups.

    Raises FileError for a plate, unless one of its fields is `asked` for, and when there are none.
    """
    said = _attributes(root)
    if 'plate' in said:
        return _field(root, said, path, asked)
    found = list(_of_group(root, '', path))
    if not found:
        for name in _children(root):
            found += _of_group(root[name], name, path)
    if not found:
        raise FileError(f'{path} holds no image: none of its groups is an OME-Zarr image')
    return found


def _of_group(group: Any, name: str, path: Path) -> Iterator[_Found]:
    if not hasattr(group, 'group_keys'):
        return
    said = _attributes(group)
    several = said.get('multiscales') or ()
    for number, multiscale in enumerate(several):
        if not multiscale.get('datasets'):
            raise FileError(f'{path} names no array of its image')
        own = str(multiscale.get('name') or number) if len(several) > 1 else ''
        yield _Found(' '.join(filter(None, (name, own))), group, multiscale, said, path)


def _children(root: Any) -> list[str]:
    """Return the names of the groups that may hold images, in the order in which OME names them."""
    inside = [name for name in root.group_keys() if name not in ('OME', 'labels')]
    order = list(_attributes(root['OME']).get('series', ())) if 'OME' in root else []
    rest = sorted(set(inside) - set(order), key=lambda name: (len(name), name))
    return [name for name in order if name in inside] + rest


def _field(root: Any, said: Mapping[str, Any], path: Path, asked: int | str | None) -> list[_Found]:
    fields = []
    for well in said['plate'].get('wells', ()):
        group = root.get(well['path'])
        images = _attributes(group).get('well', {}).get('images', ()) if group is not None else ()
        fields += [f'{well["path"]}/{each["path"]}' for each in images]
    if asked is not None and str(asked) in fields:
        return list(_of_group(root[str(asked)], str(asked), path))
    named = ', '.join(fields[:_MOST_NAMED]) + (', …' if len(fields) > _MOST_NAMED else '')
    raise FileError(
        f'{path} is a plate of {len(fields)} fields; choose one by series=: {named or "none"}'
    )


def _attributes(group: Any) -> Mapping[str, Any]:
    """Return the attributes of a group: in 0.5 under ``ome``, before that directly."""
    said = dict(group.attrs)
    inner = said.get('ome')
    return {**said, **inner} if isinstance(inner, Mapping) else said
