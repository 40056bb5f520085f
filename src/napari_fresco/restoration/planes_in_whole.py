"""The planes of an image, and those of the whole that they were cut from."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..image.blocks import SAMPLE, Index
from ..image.sheet import is_large, sheet_of
from ..noise.camera import Plane
from ..noise.patches import Floats
from .plane_reader import Pixels, PlaneReader
from .request import Request
from .volume_ranges import VolumeRanges

_FEW = 3


class PlanesInWhole:
    """Reads planes of an image, and beside each what tells of its range and noise: its whole.

    The whole is the image itself, what it was cut from, or squares spread over either where it
    is large.

    Parameters
    ----------
    request : Request
        Names the image and its context.
    cancel : threading.Event, optional
        Once set, nothing more is read.
    """

    def __init__(self, request: Request, cancel: threading.Event | None = None) -> None:
        self._request = r = request
        seek = not (r.facts.gains_colour or r.facts.from_jpeg)
        how: Any = {'seek_outliers': seek, 'keep_quiet': _keeps_quiet(r), 'cancel': cancel}
        self.reader = PlaneReader(r.image, r.layout, r.inputs.mask, **how)
        self._whole = self.reader
        begin = {} if r.context is None else r.context.begin(r.image)
        self._first = begin.get('Z')  # plane of its whole, where that is known
        whole = r.image if r.context is None else r.context.whole
        self._volumes: VolumeRanges | None = None
        if is_large(whole, r.layout.dims, r.around_losses):
            mask = r.inputs.mask if r.context is None else None
            if r.layout.dims == 3:
                self._volumes = VolumeRanges(sheet_of(whole, mask, 3, every_plane=True), r.layout)
            whole = sheet_of(whole, mask, r.layout.dims)
        if whole is not r.image:
            layout = r.layout.of_part(whole)
            self._whole = PlaneReader(whole, layout, **how)
        self._last: dict[Index, Pixels] = {}
        self.channel_names = whole.channel_names

    def of_part(self, request: Request) -> PlanesInWhole:
        """Return the planes of a part of the image, which is another request, in the same whole."""
        part = copy.copy(self)
        if request.image is not self._request.image:  # else it has the kernel of a channel
            part.reader = self.reader.of(request.image, request.layout, request.inputs.mask)
        vars(part)['_request'] = request
        return part

    @property
    def are_parts(self) -> bool:
        """Whether planes are parts of others, or beside them."""
        return self._whole is not self.reader

    def read(self, index: Index) -> Pixels:
        """Return plane `index` of the image; outliers of the whole are outliers in it."""
        return self.reader.read(index, among=self._among(index))

    def of_whole(self, index: Index, pixels: Pixels) -> Pixels:
        """Return the plane of the whole that `pixels` of plane `index` are a part of."""
        place = self.place(index)
        return pixels if place is None or not self.are_parts else self._at(place)

    def place(self, index: Index) -> Index | None:
        """Return which plane of the whole plane `index` is, or is a part of."""
        r, whole = self._request, self._whole.layout
        if not self.are_parts:
            return index
        if (known := r.in_context(index)) is not None:
            return known
        if whole.leading == r.layout.leading:
            return index
        return () if not whole.leading else None

    def channel(self, index: Index) -> int:
        """Return the channel that plane `index` belongs to, of the whole where that is known."""
        place = self.place(index)
        if place is not None and 'C' in self._whole.layout.leading_axes:
            return self._whole.layout.channel_of(place)
        return self._request.layout.channel_of(index)

    def sample(self, channel: int) -> Sequence[Index]:
        """Return which planes of the whole stand for a channel."""
        axis = self._whole.layout.leading_axes.find('C')
        indices = self._whole.layout.planes()
        return self._whole.sample([x for x in indices if axis < 0 or x[axis] == channel])

    def few(self, channel: int) -> list[Index]:
        """Return at most three of them, by which it is decided what holds for all."""
        indices = self.sample(channel)
        count = min(_FEW, len(indices))
        return [indices[(2 * i + 1) * len(indices) // (2 * count)] for i in range(count)]

    def at(self, indices: Sequence[Index]) -> Iterator[Pixels]:
        """Read planes of the whole."""
        for index in indices:
            yield self._whole.read(index, again=True)

    def sampled(self, indices: Sequence[Index]) -> Iterator[Plane]:
        """Read planes, in each of which neighbours have one colour, beside what is unknown."""
        for pixels in self.at(indices):
            yield from (lattices_of if self._request.facts.gains_colour else planes_of)(pixels)

    def _at(self, place: Index) -> Pixels:
        if place not in self._last:
            self._last.clear()
            self._last[place] = self._whole.read(place)
        return self._last[place]

    def _among(self, index: Index) -> Floats | None:
        """Return the ordinary ranges of the whole of plane `index`; None for its own."""
        place = self.place(index)
        if place is None or not self.are_parts:
            return None
        found = self._at(place).ordinary if self._volumes is None else self._volumes.of(place)
        if found is None or self._request.layout.dims == 2:
            return found
        depth = self._request.layout.plane_shape[0]
        part = found if self._first is None else found[self._first : self._first + depth]
        return part if len(part) == depth else None


def _keeps_quiet(r: Request) -> bool:
    """Say whether borders with hardly any noise are given back: where the noise is found here."""
    found = not (r.method.blind or r.inputs.tells_noise)
    return found and r.facts.photon_noise and r.inputs.scale == 1


def lattices_of(pixels: Pixels) -> Iterator[Plane]:
    """Yield the four lattices of a mosaic, in each of which neighbours have one colour."""
    mosaic, unknown = pixels.judged, pixels.silent
    rows, columns = (max(n // 2, 1) for n in mosaic.shape)
    for part in (np.s_[i::2, j::2] for i in (0, 1) for j in (0, 1)):
        lattice = mosaic[part][:rows, :columns]
        if lattice.shape == (rows, columns):
            yield lattice, None if unknown is None else unknown[part][:rows, :columns]


def planes_of(pixels: Pixels) -> Iterator[Plane]:
    """Yield a plane, or planes spread over a volume, each beside what says nothing of its noise."""
    for each in pixels.slices(SAMPLE):
        yield each.judged, each.silent
