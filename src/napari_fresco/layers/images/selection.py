"""Layers as images: the selected part of a layer, with all its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ImageError
from ...image.channels import metadata_of
from ...image.letters import free_letter, line_of
from ...image.model import Image
from ...image.units import unit_name
from .layer_kinds import FILE, PRINT
from .source_layer import Source
from .space import Space, View

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    Box = tuple[slice, slice]

_NO_SPACE = ('T', 'C')
_LETTERS = {'time': 'T', 'channel': 'C', 'channels': 'C', 'depth': 'Z', 'row': 'Y', 'column': 'X'}


@dataclass(frozen=True, eq=False)
class Selection:
    """The part of a layer's data to work on: lazily held, loaded in the worker.

    `data`: full resolution data of the layer; numpy, dask, zarr or xarray.
    `index`: one slice for each axis that is not the axis of colours.
    `spatial`: the axes taken as rows and columns.
    `rgb`: whether a last axis holds colours.
    `letters`: a letter for each axis; Y and X are the rows and columns.
    `space`: where the layer lies.
    `metadata`: what the file of the layer said beside the pixels.
    `name`: name of the layer.
    `source`: the layer, in case what is made of it is to be made again.
    """

    data: Any
    index: tuple[slice, ...]
    spatial: tuple[int, int]
    rgb: bool
    letters: str = ''
    space: Space | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    name: str = ''
    source: Source | None = None

    @property
    def size(self) -> int:
        """Number of selected pixels, over all planes."""
        return int(np.prod([part.stop - part.start for part in self.index]))

    @property
    def grid(self) -> tuple[int, ...]:
        """Lengths of the axes of the whole layer, without colours."""
        return tuple(int(n) for n in self.data.shape[: len(self.index)])

    @property
    def is_whole(self) -> bool:
        """Whether everything is selected."""
        steps = zip(self.index, self.grid, strict=True)
        return all(s.step in (None, 1) and s.stop - s.start == n for s, n in steps)

    @property
    def origin(self) -> NDArray[np.float64]:
        """First selected element along each axis."""
        return np.array([part.start for part in self.index], dtype=float)

    @property
    def leading(self) -> tuple[int, ...]:
        """The axes that are not rows or columns."""
        return tuple(axis for axis in range(len(self.index)) if axis not in self.spatial)

    @property
    def axes(self) -> str:
        """A letter for each axis of :meth:`load`, as :func:`napari_fresco.restore` takes them."""
        letters = self.letters or axis_letters(('',) * len(self.index), self.spatial)
        return letters + ('S' if self.rgb else '')

    def cut(self, box: Box) -> Selection:
        """Return some of the rows and columns."""
        index = list(self.index)
        index[self.spatial[0]], index[self.spatial[1]] = box
        return replace(self, index=tuple(index))

    def narrowed(self, parts: Sequence[slice | int] | slice | int) -> Selection:
        """Return parts of all axes, or one of the first, counted in the whole layer.

        Raises ImageError when there are not as many as axes, or one is empty or lies outside.
        """
        all_of_rest = (slice(None),) * (len(self.index) - 1)
        given = tuple(parts) if isinstance(parts, Sequence) else (parts, *all_of_rest)
        if len(given) != len(self.index):
            raise ImageError(
                f'part has {len(given)} entries, layer {self.name!r} has {len(self.index)} axes; '
                'give a slice or an index for each, such as numpy.s_[3, 10:20, :]'
            )
        index = []
        for part, whole in zip(given, self.grid, strict=True):
            if not isinstance(part, slice):
                part = _one(part, whole)
            start, stop, step = part.indices(whole)
            if stop <= start or step != 1:
                raise ImageError(f'part {part} of an axis of length {whole} is empty or has steps')
            index.append(slice(start, stop))
        return replace(self, index=tuple(index))

    def thinned(self, step: int) -> Selection:
        """Return every `step`-th row and column of the selected part."""
        index = [
            slice(s.start, s.stop, step) if axis in self.spatial else s
            for axis, s in enumerate(self.index)
        ]
        return replace(self, index=tuple(index)) if step > 1 else self

    def image(self) -> Image:
        """Return the selected part as an image; not in memory where the layer is not."""
        return self._image(self.data[self.index])

    def whole_image(self) -> Image:
        """Return the whole layer as an image."""
        return self._image(self.data)

    def _image(self, data: Any) -> Image:
        image = Image.of(data, axes=self.axes)
        spacing, origin = ({}, {}) if self.space is None else self._places(self.space)
        return replace(
            image,
            metadata={**image.metadata, **self._metadata(image.length('C'))},
            spacing={**image.spacing, **spacing},
            origin={**image.origin, **origin},
        )

    def _metadata(self, count: int) -> Mapping[str, Any]:
        """Return what the file said of `count` channels, some of those of the layer."""
        place = self.axes.find('C')
        if place < 0 or count == self.grid[place]:
            return self.metadata
        return metadata_of(
            self.metadata, range(self.grid[place])[self.index[place]], self.grid[place]
        )

    def _places(self, space: Space) -> tuple[dict[str, tuple[float, str]], dict[str, float]]:
        """Return spacing and origin of the axes that have one; else the spacing of a print."""
        spacing: dict[str, tuple[float, str]] = {}
        origin: dict[str, float] = {}
        matrix = space.matrix
        first = matrix[:-1, :-1] @ self.origin + matrix[:-1, -1]
        steps = np.linalg.norm(matrix[:-1, :-1], axis=0)
        printed = self.metadata.get(PRINT, {})
        for axis, letter in enumerate(self.axes[: len(self.index)]):
            unit = unit_name(space.units[axis])
            step = steps[axis] * (self.index[axis].step or 1)
            if not unit and letter in printed:
                size, unit = printed[letter]
                spacing[letter] = (float(step * size), unit)
            elif unit or step != 1:
                spacing[letter] = (float(step), unit)
            if first[axis]:
                origin[letter] = float(first[axis])
        return spacing, origin

    def load(self) -> NDArray[Any]:
        """Return the selected part in memory, with the axes of the layer."""
        return np.asarray(self.data[self.index])

    def load_ordered(self) -> NDArray[Any]:
        """Return the selected part in memory, rows and columns last (before channels)."""
        return self.ordered(self.load())

    def ordered(self, array: NDArray[Any]) -> NDArray[Any]:
        """Move rows and columns of an array with the axes of the layer behind all others."""
        ndim = len(self.index)
        return np.moveaxis(array, self.spatial, (ndim - 2, ndim - 1))

    def unordered(self, array: NDArray[Any]) -> NDArray[Any]:
        """Undo :meth:`ordered`."""
        ndim = len(self.index)
        return np.moveaxis(array, (ndim - 2, ndim - 1), self.spatial)


def full_resolution(layer: napari.layers.Layer) -> Any:
    """Return the data of `layer`; of a pyramid its finest level."""
    return layer.data[0] if layer.multiscale else layer.data


def spatial_axes(layer: napari.layers.Layer, view: View | None = None) -> tuple[int, int]:
    """Return the axes of rows and columns.

    Those labelled y and x; else the two on show, of a volume the last two; else the last two. A
    last axis of length 1 holds samples, not columns.
    """
    named = named_axes(_names(layer))
    if named is not None:
        return named
    shown = () if view is None else view.displayed(layer.ndim)
    last = layer.ndim - 1
    first, second = shown[-2:] if len(shown) > 1 else (last - 1, last)
    if (first, second) == (last - 1, last) and last > 1 and _grid(layer)[last] == 1:
        return last - 2, last - 1
    return first, second


def named_axes(labels: Sequence[str]) -> tuple[int, int] | None:
    """Return the axes that labels call rows and columns, or None."""
    names = [_letter(label) for label in labels]
    once = names.count('Y') == 1 and names.count('X') == 1
    return (names.index('Y'), names.index('X')) if once else None


def is_stack(layer: napari.layers.Layer, view: View | None = None) -> bool:
    """Say whether the layer holds more than one plane."""
    shape, spatial = _grid(layer), spatial_axes(layer, view)
    return any(n > 1 for axis, n in enumerate(shape) if axis not in spatial)


def lines_of(layer: napari.layers.Layer, view: View | None = None) -> tuple[str, ...]:
    """Return the axes along which planes of a layer may help each other."""
    whole = select(layer, view=view) if layer.ndim > 1 else None
    if whole is None:
        return ()
    found = (line_of(whole.axes, whole.data.shape, along) for along in ('Z', 'T', 'auto'))
    return tuple(dict.fromkeys(axis for axis in found if axis))


def _one(number: Any, length: int) -> slice:
    """Return the place of one plane, counted from the end where it is negative."""
    place = int(number) if isinstance(number, Integral) else length
    if not -length <= place < length:
        raise ImageError(f'part {number!r} is no place on an axis of length {length}')
    return slice(place % length, place % length + 1)


def select(
    layer: napari.layers.Layer,
    *,
    view: View | None = None,
    shown: bool = False,
    box: Box | None = None,
) -> Selection:
    """Choose a part of an image layer.

    `layer`: the layer.
    `view`: what the viewer shows, which tells rows and columns where no labels do.
    `shown`: choose only what `view` shows: a plane, in whichever direction it is cut, or a volume
        in the 3-D display. All planes by default. Where times or channels run along the screen, it
        is the image at the place of their sliders.
    `box`: rows and columns; all by default.
    Raises ImageError when the layer has fewer than two axes, or the viewer shows nothing of it.
    """
    shape, spatial, space = _grid(layer), spatial_axes(layer, view), Space.of(layer)
    if len(shape) < 2:
        raise ImageError(f'layer {layer.name!r} has one axis; choose an image with two or more')
    index = [slice(0, n) for n in shape]
    if shown and view is not None:
        seen = _shown_axes(layer, spatial, view)
        spatial = spatial if set(spatial) <= set(seen) else (seen[-2], seen[-1])
        for axis, place in enumerate(view.place(space, seen)):
            if not np.isnan(place):
                index[axis] = _plane(place, shape[axis], layer.name)
    data = full_resolution(layer)
    part = Selection(
        data,
        tuple(index),
        spatial,
        bool(getattr(layer, 'rgb', False)),
        axis_letters(_names(layer), spatial),
        space,
        layer.metadata.get(FILE, {}),
        layer.name,
        Source.of(layer, data),
    )
    return part if box is None else part.cut(box)


def select_same(layer: napari.layers.Image, like: Selection, scale: int = 1) -> Selection:
    """Choose from another layer the part that `like` chooses: a noise map, a reference.

    `layer`: the other layer.
    `like`: part of an image.
    `scale`: pixels of the other layer per pixel of the image, in rows and columns; it may have up
        to ``scale - 1`` more at the end, which decimation leaves over.
    Raises ImageError when the grids differ.
    """
    grid = _grid(layer)
    factors = [scale if axis in like.spatial else 1 for axis in range(len(like.index))]
    wanted = [n * f for n, f in zip(like.data.shape, factors, strict=False)]
    index = [slice(s.start * f, s.stop * f) for s, f in zip(like.index, factors, strict=True)]
    data, rgb = full_resolution(layer), bool(layer.rgb)
    if len(grid) == len(wanted) and _fits(grid, wanted, scale):
        return Selection(data, tuple(index), like.spatial, rgb, like.letters)
    rows, columns = like.spatial
    if len(grid) == 2 and _fits(grid, [wanted[rows], wanted[columns]], scale):
        return Selection(data, (index[rows], index[columns]), (0, 1), rgb, 'YX')
    what = 'the image' if scale == 1 else f'the image enlarged × {scale}'
    raise ImageError(
        f'layer {layer.name!r} has shape {grid}, {what} {tuple(wanted)}; '
        'choose one on the same grid'
    )


def axis_letters(names: Sequence[str], spatial: tuple[int, int]) -> str:
    """Return a different letter for each axis: its name, Y and X for rows and columns."""
    taken = {'Y', 'X', 'S'}
    letters: list[str] = []
    for axis, name in enumerate(names):
        if axis in spatial:
            letters.append('YX'[spatial.index(axis)])
        else:
            wanted = name if len(name) == 1 and 'A' <= name <= 'Z' else ''
            letters.append(free_letter(taken, wanted))
        taken.add(letters[-1])
    return ''.join(letters)


def _names(layer: napari.layers.Layer) -> list[str]:
    """Return the labels of the axes in capitals; those of an xarray where napari has none."""
    names = [str(label) for label in layer.axis_labels]
    dims = [str(name) for name in getattr(full_resolution(layer), 'dims', ())]
    if all(name.lstrip('-').isdigit() for name in names) and len(dims) >= len(names):
        names = dims[: len(names)]
    return [_letter(name) for name in names]


def _letter(label: str) -> str:
    return _LETTERS.get(str(label).lower(), str(label).upper())


def _shown_axes(
    layer: napari.layers.Layer, spatial: tuple[int, int], view: View
) -> tuple[int, ...]:
    """Return the axes on show; rows and columns where these are times, channels or samples."""
    shown, names, grid = view.displayed(layer.ndim), _names(layer), _grid(layer)
    others = [axis for axis in shown if names[axis] in _NO_SPACE]
    others += [axis for axis in shown if axis not in spatial and grid[axis] == 1]
    odd = view.ndisplay == 2 and bool(others)
    return tuple(sorted(spatial)) if odd else shown


def _fits(grid: Sequence[int], wanted: Sequence[int], scale: int) -> bool:
    return all(0 <= n - w < scale for n, w in zip(grid, wanted, strict=True))


def _grid(layer: napari.layers.Layer) -> tuple[int, ...]:
    shape = tuple(int(n) for n in full_resolution(layer).shape)
    return shape[:-1] if getattr(layer, 'rgb', False) else shape


def _plane(place: float, size: int, name: str) -> slice:
    index = int(np.rint(place))
    if not 0 <= index < size:
        raise ImageError(
            f'the slice on show lies outside layer {name!r} ({size} planes there); '
            'move the slider onto the layer or choose "Whole stack"'
        )
    return slice(index, index + 1)
