"""The parts of a run: planes or volumes, or the blocks of those too large for memory.

A block reads a halo around it and answers for its core alone; see
:mod:`napari_fresco.runtime.tiling`. Range, noise and kernel are those of the whole. Blocks of a
volume are columns: along Z a kernel reaches far, and volumes do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from ..declare.guides import Line
from ..errors import DeviceError
from ..image import sheet
from ..image.blocks import Index
from ..image.layout import Array, Layout
from ..image.letters import leading_first
from ..image.model import Image, in_memory
from ..networks import devices
from ..runtime.tiling import Span, Tile, plan
from .context import Context
from .request import Request

_SIDE = 2048  # of the core of a block, in pixels; whole chunks of the stores that are written
_SIDE_AROUND_LOSSES = 1024  # of those of which most stays as it is, so that overlap costs little
_GRID = 64  # on which blocks begin: the coarsest lattice of a network, and of SCUNet's windows
# Networks see up to 64 pixels far with effect, and the windows in which light is kept 128.
_REACH = 192
_REACH_OF_VOLUMES = 64  # beside the kernel
_TOGETHER = 2**25  # voxels of all pilots of a volume, which stand for it
_BYTES = 90  # of memory for each voxel of a volume and of what its kernel adds at the ends
_REACH_AROUND_LOSSES = 320  # a loss that is filled whole, and some of its margin


@dataclass(frozen=True, eq=False)
class Part:
    """A plane or volume, or a block of it.

    `index`: of the plane.
    `tile`: of the block; None for a whole plane.
    `shape`: of the plane.
    """

    index: Index
    tile: Tile | None = None
    shape: tuple[int, ...] = ()

    def place(self, scale: int) -> tuple[Any, ...]:
        """Return where its result belongs, stack axes first."""
        return (*self.index, *(self.tile.times(scale).core[1:] if self.tile else ()))

    @property
    def outer(self) -> tuple[Any, ...]:
        """Return its place with halo, stack axes first."""
        return (*self.index, *(self.tile.outer[1:] if self.tile else ()))

    @property
    def at_hand(self) -> Index:
        """Index of its plane in the request for it: a block has no stack axes."""
        return self.index if self.tile is None else ()

    def inside(self, values: Array, scale: int = 1) -> Array:
        """Return the core of its pixels ``(H, W, ...)``."""
        if self.tile is None:
            return values
        kept: Array = values[self.tile.times(scale).inside[1:]]
        return kept

    def core_of(self, values: Array) -> Array:
        """Return its core of the pixels ``(H, W, ...)`` of the whole plane."""
        if self.tile is None:
            return values
        core: Array = values[self.tile.core[1:]]
        return core

    @property
    def ends_row(self) -> bool:
        """Whether no part lies beside it on the right."""
        return self.tile is None or self.tile.spans[-1].stop == self.shape[-1]

    @property
    def ends_volume(self) -> bool:
        """Whether it is the last block of a volume."""
        spans = () if self.tile is None else self.tile.spans
        return len(spans) == 3 and all(
            span.stop == length for span, length in zip(spans, self.shape, strict=True)
        )

    def of(self, request: Request) -> Request:
        """Return the request for this part alone; its pixels are read."""
        request = request.of_plane(self.index)
        if self.tile is None:
            return request
        r, outer = request, self.tile.outer[1:]
        image = self.read(r.image, r.layout, outer)
        mask, sigma = r.inputs.plane_mask(self.index), r.inputs.plane_sigma(self.index)
        if mask is not None:
            mask = np.broadcast_to(mask, r.layout.plane_shape)[outer]
        plane_sigma = sigma if isinstance(sigma, np.ndarray) else None
        if plane_sigma is not None:
            sigma = np.broadcast_to(plane_sigma, r.layout.plane_shape)[outer]
        inputs = replace(
            r.inputs,
            mask=mask,
            sigma=sigma,
            guides=_moved(r.inputs.guides, outer),
            whole_sigma=plane_sigma,
        )
        place = r.in_context(self.index)
        place = self.index if place is None else place
        params = r.params
        windowed = r.layout.dims in r.method.window  # by which no border is continued
        if getattr(params, 'boundary', None) == 'auto' and not windowed:
            params = replace(params, boundary='extend')  # no cut goes on at the opposite one
        return replace(
            r,
            image=image,
            layout=r.layout.of_part(image),
            inputs=inputs,
            context=Context(r.image if r.context is None else r.context.whole, place),
            params=params,
            core=self.tile.inside[1:] if r.around_losses else None,
        )

    def read(self, image: Image, layout: Layout, box: tuple[slice, ...]) -> Image:
        """Return a box of the plane in memory."""
        spatial = 'ZYX'[-layout.dims :]
        where: dict[str, Any] = dict(zip(layout.leading_axes, self.index, strict=True))
        where |= dict(zip(spatial, box, strict=True))
        data = in_memory(image.data[tuple(where.get(axis, slice(None)) for axis in image.axes)])
        axes = ''.join(axis for axis in image.axes if axis in spatial + 'S')
        missing = image.missing
        if missing is not None:
            # Axes of length 1 stand for all of the image.
            letters = leading_first(image.axes.replace('S', ''))[-missing.ndim :]
            whole: dict[str, Any] = dict.fromkeys(spatial, slice(None))
            at = [
                where.get(axis) if n > 1 else whole.get(axis, 0)
                for axis, n in zip(letters, missing.shape, strict=True)
            ]
            missing = in_memory(missing[tuple(at)])
        spacing = {axis: pair for axis, pair in image.spacing.items() if axis in axes}
        return Image(data, axes, spacing, missing=missing)


def _moved(guides: tuple[Line, ...], outer: tuple[slice, ...]) -> tuple[Line, ...]:
    """Return guides as they lie in a box of the plane."""
    top, left = (side.start for side in outer[-2:])
    return tuple(tuple((row - top, column - left) for row, column in line) for line in guides)


def parts(request: Request) -> Iterator[Part]:
    """Yield the parts of an image in the order in which they are restored."""
    r, layout = request, request.layout
    if not (r.method.local and sheet.is_large(r.image, layout.dims, r.around_losses)):
        yield from map(Part, layout.planes())
        return
    tiles = _tiles(r)
    for index in layout.planes():
        for tile in tiles:
            yield Part(index, tile, layout.plane_shape)


def telling(request: Request, index: Index) -> Part:
    """Return the part of plane `index` that tells most of it.

    The block in which most is marked, else the one in the middle.
    """
    own = [part for part in parts(request) if part.index == index]
    mask = request.inputs.plane_mask(index)
    middle = own[len(own) // 2]
    if mask is None or len(own) == 1:
        return middle
    whole = np.broadcast_to(mask, request.layout.plane_shape)
    marked = [np.count_nonzero(part.core_of(whole)) for part in own]
    return own[int(np.argmax(marked))] if any(marked) else middle


def pilots(request: Request, index: Index, together: int = _SIDE) -> list[Part]:
    """Return squares spread over a plane, or columns over a volume.

    `together`: side of a square as large as all that are spread over a plane.
    """
    shape = request.layout.plane_shape
    *depth, rows, columns = shape
    size = request.inputs.kernel_shape
    reach = 0 if size is None else max(size[-2:]) // 2
    most = math.isqrt(_TOGETHER // depth[0]) if depth else together
    sides = ((count, most // count - 2 * reach) for count in (4, 2, 1))
    count, side = next(((n, side) for n, side in sides if side >= _GRID), (1, _GRID))
    deep = [Span(0, n, 0, n) for n in depth]
    across = [
        [
            Span(each.start, each.stop, max(each.start - reach, 0), min(each.stop + reach, n))
            for each in sheet.spread(n, side, count)
        ]
        for n in (rows, columns)
    ]
    return [Part(index, Tile((*deep, *spans)), shape) for spans in product(*across)]


def _tiles(r: Request) -> list[Tile]:
    """Return the blocks of a large plane or volume."""
    shape, size = r.layout.plane_shape, r.inputs.kernel_shape
    kernel = 0 if size is None else max(size[-2:]) // r.inputs.scale
    if r.around_losses:
        return plan(shape, min(_SIDE, _SIDE_AROUND_LOSSES), _REACH_AROUND_LOSSES, _GRID)
    if len(shape) == 2:
        return plan(shape, _SIDE, _REACH + kernel, _GRID)
    depth, *across = shape
    halo = _REACH_OF_VOLUMES + kernel
    side = math.isqrt(sheet.LARGEST_VOLUME // depth) - 2 * halo
    deep = Span(0, depth, 0, depth)
    tiles = plan(across, max(side, _GRID), halo, _GRID)
    return [Tile((deep, *tile.spans)) for tile in tiles]


def check_room(r: Request) -> None:
    """Refuse volumes whose blocks do not fit into memory.

    Raises DeviceError.
    """
    size = r.inputs.kernel_shape
    if r.layout.dims == 2 or size is None:
        return
    shape = r.layout.plane_shape
    if sheet.is_large(r.image, 3):
        read = [[span.high - span.low for span in tile.spans] for tile in _tiles(r)]
        shape = tuple(map(max, zip(*read, strict=True)))
    voxels = math.prod(n + k for n, k in zip(shape, size, strict=True))
    needed, free = _BYTES * voxels * r.layout.channels, devices.memory_budget(r.device)
    if needed > free:
        raise DeviceError(
            f'restoring {" x ".join(map(str, shape))} voxels at a time with a kernel of '
            f'{" x ".join(map(str, size))} takes about {needed / 1e9:.2g} GB, and '
            f'{free / 1e9:.2g} GB are free on {r.device}; crop the volume or the kernel, close '
            'other programs, or choose another device'
        )
