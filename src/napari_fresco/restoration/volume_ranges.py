"""Between which values nearly all voxels of volumes lie that are too large to be read at once."""

from __future__ import annotations

import math

import numpy as np

from ..image.blocks import Index
from ..image.layout import Layout
from ..image.model import Image
from ..noise.patches import Floats
from .parts import Part
from .plane_reader import PlaneReader

_AT_ONCE = 1 << 25  # voxels that are read


class VolumeRanges:
    """Ordinary ranges of all planes of volumes, found once for all their columns.

    `sheet`: columns spread over the volumes, of every plane.
    `layout`: that of the volumes.
    """

    def __init__(self, sheet: Image, layout: Layout) -> None:
        self._sheet, self._layout = sheet, layout.of_part(sheet)
        self._found: dict[Index, Floats] = {}

    def of(self, place: Index) -> Floats:
        """Return ``(D, ..., 2)`` for a volume, as :class:`.plane_reader.Pixels` has them."""
        if place not in self._found:
            depth, *across = self._layout.plane_shape
            count = max(1, _AT_ONCE // math.prod(across))
            every = [self._some(place, z, min(z + count, depth)) for z in range(0, depth, count)]
            self._found[place] = np.concatenate(every)
        return self._found[place]

    def _some(self, place: Index, first: int, end: int) -> Floats:
        across = self._layout.plane_shape[1:]
        box = slice(first, end), *(slice(0, n) for n in across)
        some = Part(place).read(self._sheet, self._layout, box)
        found = PlaneReader(some, self._layout.of_part(some)).read(()).ordinary
        assert found is not None
        return found
