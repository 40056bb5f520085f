"""What a run goes through: planes, or the blocks of planes that are too large for memory.

A block reads a halo around it and answers for its core alone; see
:mod:`napari_fresco.runtime.tiling`. Range, noise and kernel are those of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..image.blocks import Index
from ..image.layout import Array, Layout
from ..image.model import Image, in_memory
from ..image.sheet import is_large
from ..runtime.tiling import Tile, plan
from .request import Request

_SIDE = 2048  # of the core of a block, in pixels; whole chunks of the stores that are written
_GRID = 64  # on which blocks begin: the coarsest lattice of a network, and of SCUNet's windows
# Networks see up to 64 pixels far with effect, and the windows in which light is kept 128.
_REACH = 192


@dataclass(frozen=True, eq=False)
class Part:
    """A plane, or a block of it.

    `index`: of the plane.
    `tile`: of the block; None for a whole plane.
    `width`: of the plane.
    """

    index: Index
    tile: Tile | None = None
    width: int = 0

    def place(self, scale: int) -> tuple[Any, ...]:
        """Return where its result belongs, stack axes first."""
        return (*self.index, *(self.tile.times(scale).core[1:] if self.tile else ()))

    def inside(self, values: Array, scale: int = 1) -> Array:
        """Return what of its pixels ``(H, W, ...)`` it answers for."""
        if self.tile is None:
            return values
        kept: Array = values[self.tile.times(scale).inside[1:]]
        return kept

    @property
    def ends_row(self) -> bool:
        """Whether no part lies beside it on the right."""
        return self.tile is None or self.tile.spans[1].stop == self.width

    def of(self, request: Request) -> Request:
        """Return the request for this part alone; its pixels are read."""
        if self.tile is None:
            return request
        r, outer = request, self.tile.outer[1:]
        image = self.read(r.image, r.layout, outer)
        mask, sigma = r.inputs.plane_mask(self.index), r.inputs.plane_sigma(self.index)
        if mask is not None:
            mask = np.broadcast_to(mask, r.layout.plane_shape)[outer]
        if isinstance(sigma, np.ndarray):
            sigma = np.broadcast_to(sigma, r.layout.plane_shape)[outer]
        inputs = replace(r.inputs, mask=mask, sigma=sigma)
        place = r.in_context(self.index)
        place = self.index if place is None else place
        params = r.params
        if getattr(params, 'boundary', None) == 'auto':
            params = replace(params, boundary='extend')  # no cut goes on at the opposite one
        return replace(
            r,
            image=image,
            layout=Layout.of(image),
            inputs=inputs,
            context_index=place,
            context_origin=None,
            params=params,
        )

    def read(self, image: Image, layout: Layout, box: tuple[slice, ...]) -> Image:
        """Return a box of the plane in memory."""
        where: dict[str, Any] = dict(zip(layout.leading_axes, self.index, strict=True))
        where |= dict(zip('YX', box, strict=True))
        data = in_memory(image.data[tuple(where.get(axis, slice(None)) for axis in image.axes)])
        axes = ''.join(axis for axis in image.axes if axis in 'YXS')
        missing = image.missing
        if missing is not None:
            # Leading axes of length 1 stand for all of the stack.
            leading = missing.shape[:-2]
            own = self.index[len(self.index) - len(leading) :]
            at = tuple(0 if n == 1 else i for n, i in zip(leading, own, strict=True))
            missing = np.broadcast_to(in_memory(missing[at]), layout.plane_shape)[box]
        return Image(data, axes, missing=missing)


def parts(request: Request) -> Iterator[Part]:
    """Yield the parts of an image in the order in which they are restored."""
    r, shape = request, request.layout.plane_shape
    if not (is_large(r.image) and r.method.local and r.layout.dims == 2):
        yield from map(Part, r.layout.planes())
        return
    kernel = 0 if r.inputs.kernel is None else max(r.inputs.kernel.shape) // r.inputs.scale
    tiles = plan(shape, _SIDE, _REACH + kernel, _GRID)
    for index in r.layout.planes():
        for tile in tiles:
            yield Part(index, tile, shape[1])
