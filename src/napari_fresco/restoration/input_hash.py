"""The hash of the input pixels: the same whether or not planes were cut into blocks."""

from __future__ import annotations

import hashlib

import numpy as np

from ..image.layout import Array, Layout
from .parts import Part
from .request import Request


class InputHash:
    """Takes the parts of an image in the order in which they are restored."""

    def __init__(self, request: Request) -> None:
        self._request, self._row = request, list[Array]()
        self._last: Part | None = None
        self._hash = hashlib.sha256()

    def see(self, part: Part, data: Array) -> None:
        """Take the pixels of a part into the hash, once."""
        if part == self._last:
            return
        self._last = part
        if part.tile is not None and self._request.layout.dims == 3:
            if part.ends_volume:
                self._see_volume(part)
            return
        self._row.append(part.inside(data))
        if part.ends_row:
            self._update(np.concatenate(self._row, axis=1))
            self._row.clear()

    def hexdigest(self) -> str:
        """Return the hash of all that was seen."""
        return self._hash.hexdigest()

    def _see_volume(self, part: Part) -> None:
        """Read a volume again, plane by plane: its blocks have them in another order."""
        r = self._request
        depth, *across = r.layout.plane_shape
        for z in range(depth):
            box = slice(z, z + 1), *(slice(0, n) for n in across)
            plane = part.read(r.image, r.layout, box)
            self._update(Layout.of(plane, 3).read(plane.data, ()))

    def _update(self, data: Array) -> None:
        self._hash.update(np.ascontiguousarray(data).tobytes())
