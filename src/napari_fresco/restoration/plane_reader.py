"""Planes as they came, with their damaged, missing and outlying pixels.

Damaged and missing pixels and outliers are unknown: they neither set the range of intensities
nor tell of the noise, and no value that they hold reaches a solver.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..image.blocks import BlockReader, Index
from ..image.intensity import ordinary_range
from ..image.layout import Array, Layout
from ..image.model import Image, in_memory
from ..noise.level import channels_of, level_of_plane, smooth_map_of_plane
from ..noise.patches import Bools, Floats, Patches
from ..noise.places import unevenness
from ..noise.quiet_borders import QuietBorder, quiet_border
from ..physics.fill import harmonic, with_planes_between
from ..runtime.interrupting import RunCancelled
from .inputs import plane_of
from .unknown_pixels import (
    either,
    flat_borders,
    joined,
    ordinary_ranges,
    outliers_of,
    struck_pixels,
)

_FEW = 256  # pixels along a side that tell a mean
_ROUGHLY = 2000  # patches that tell whether the noise hides the rounding of fast arithmetic


@dataclass(frozen=True, eq=False)
class Pixels:
    """A plane as it came.

    `data`: ``(H, W)`` or ``(H, W, samples)`` in image units.
    `colours`: what is restored of it, ``(H, W)`` or ``(H, W, 3)``.
    `mask`: ``(H, W)``, what is to be filled; None where nothing is marked.
    `missing`, `hot`: like `colours`: values that are not there, and outliers. Both are given back.
    `flat`: ``(H, W)``, borders that were filled with one value, and planes of a volume, which are
        given back, too.
    `kept`: ``(H, W)``, borders with hardly any noise beside that of the picture: the same.
    `clear`: ``(H, W)``, what is wholly transparent, whose colours nobody sees: given back where it
        is not to be filled.
    `ordinary`: between which values nearly all pixels lie, ``(2,)``, of every colour by itself
        ``(3, 2)``; None where outliers were not looked for.

    Of a volume all of them are ``(D, H, W)`` and ``(D, H, W, 3)``, `ordinary` ``(D, ..., 2)``.
    """

    data: Array
    colours: Array
    mask: Bools | None
    missing: Bools | None
    hot: Bools | None
    dims: int = 2
    ordinary: Floats | None = None
    flat: Bools | None = None
    kept: Bools | None = None
    clear: Bools | None = None

    @classmethod
    def of(
        cls,
        data: Array,
        layout: Layout,
        mask: Bools | None = None,
        missing: Bools | None = None,
        *,
        seek_outliers: bool = True,
        keep_quiet: bool = False,
        among: Floats | None = None,
    ) -> Pixels:
        """Find the missing and outlying pixels of a plane.

        `keep_quiet`: whether borders with hardly any noise are given back.
        `among`: as `ordinary`, of what the plane is a part of; by default its own.
        """
        colours = layout.colours(data)
        mask = mask if mask is not None and mask.any() else None
        absent = None
        if colours.dtype.kind == 'f' and not np.isfinite(colours).all():
            absent = ~np.isfinite(colours)
        if missing is not None and missing.any():
            marked = np.broadcast_to(
                missing[..., None] if colours.ndim > layout.dims else missing, colours.shape
            )
            absent = marked if absent is None else absent | marked
        clear = _transparent(layout.alpha(data))
        unknown = joined(layout.dims, mask, absent, clear)
        hot, ranges, flat = None, None, None
        if seek_outliers:
            # What is to be filled is filled from its surroundings, whatever made them.
            flat = flat_borders(colours, unknown, layout.dims) if mask is None else None
            struck = struck_pixels(colours, joined(layout.dims, unknown, flat), layout.dims, among)
            unknown = joined(layout.dims, unknown, flat, struck)
            ranges = ordinary_ranges(colours, unknown, layout.dims) if among is None else among
            hot = either(struck, outliers_of(colours, unknown, layout.dims, ranges))
        found = cls(data, colours, mask, absent, hot, layout.dims, ranges, flat, clear=clear)
        return found._with_kept() if keep_quiet else found

    def _with_kept(self) -> Pixels:
        """Return the same with what is given back of a quiet border."""
        if self.quiet is None or not self.quiet.hardly.any():
            return self
        whole = replace(self, kept=self.quiet.hardly)
        vars(whole)['quiet'] = self.quiet  # of what is unknown now nothing is found
        return whole

    @cached_property
    def unknown(self) -> Bools | None:
        """Where ``(H, W)`` a value says nothing; None where all can be believed."""
        return joined(self.dims, self.mask, self.missing, self.hot, self.borders)

    @cached_property
    def borders(self) -> Bools | None:
        """Where ``(H, W)`` a border or a clear part is given back as it came; None if nowhere."""
        clear = self.clear
        if clear is not None and self.mask is not None:
            clear = clear & ~self.mask
        return joined(self.dims, self.flat, self.kept, clear)

    @property
    def holes(self) -> Bools | None:
        """Where ``(H, W)`` what is to be filled is transparent; None if nowhere."""
        return None if self.clear is None or self.mask is None else self.clear & self.mask

    @property
    def flat_planes(self) -> list[int]:
        """Numbers of the planes of a volume that have one value."""
        if self.flat is None or self.dims == 2:
            return []
        return [int(z) for z in np.flatnonzero(self.flat.all(axis=(1, 2)))]

    @property
    def flat_borders(self) -> Bools | None:
        """`flat` without whole planes."""
        if self.flat is None or self.dims == 2:
            return self.flat
        return self.flat & ~self.flat.all(axis=(1, 2), keepdims=True)

    @property
    def filled(self) -> Bools:
        """Where ``(H, W)`` the result is newly painted."""
        shape = self.colours.shape[: self.dims]
        return np.zeros(shape, bool) if self.mask is None else self.mask

    @property
    def unfilled(self) -> Bools | None:
        """Where values are missing that are not to be filled, like the colours."""
        if self.missing is None or self.mask is None:
            return self.missing
        return self.missing & ~(
            self.mask if self.missing.ndim == self.dims else self.mask[..., None]
        )

    def slices(self, most: int) -> list[Pixels]:
        """Return at most `most` planes of a volume, evenly spread; a plane is its only one."""
        if self.dims == 2:
            return [self]
        places = range(0, len(self.data), max(1, math.ceil(len(self.data) / most)))

        def at(values: Bools | None, z: int) -> Bools | None:
            return None if values is None else values[z]

        return [
            Pixels(
                self.data[z],
                self.colours[z],
                at(self.mask, z),
                at(self.missing, z),
                at(self.hot, z),
                flat=at(self.borders, z),
            )
            for z in places
        ]

    @property
    def empty(self) -> bool:
        """Whether nothing at all is known."""
        return self.unknown is not None and bool(self.unknown.all())

    @cached_property
    def constant(self) -> Array | None:
        """The one value, or colour, that all known pixels have; None where they differ."""
        known = self.colours if self.unknown is None else self.colours[~self.unknown]
        samples = known.shape[-1] if self.colours.ndim > self.dims else 1
        each = known.reshape(-1, samples)
        alike = len(each) > 0 and bool((each[-1] == each[0]).all() and (each == each[0]).all())
        return each[0].astype(np.float64) if alike else None

    @cached_property
    def extent(self) -> tuple[float, float] | None:
        """Ordinary range of the values that are known; None where nothing is."""
        if self.empty:
            return None
        return ordinary_range(self.colours if self.unknown is None else self.colours[~self.unknown])

    @cached_property
    def rough_level(self) -> float:
        """About how noisy it is, if the noise is white: from few patches."""
        values, unknown = self.judged, self.silent
        patches = [Patches.of(channel, unknown, _ROUGHLY) for channel in channels_of(values)]
        return level_of_plane(values, unknown, patches)

    @cached_property
    def unevenness(self) -> float:
        """How many times as strong the noise is in some places as in others; 1 of a volume."""
        return unevenness(self.judged, self.silent) if self.dims == 2 else 1.0

    @cached_property
    def level_map(self) -> Floats:
        """How noisy it is around each pixel, if the noise is white, but in quiet borders."""
        return smooth_map_of_plane(self.judged, self.silent)

    @cached_property
    def quiet(self) -> QuietBorder | None:
        """Borders with noise of their own; None where there are none, and of a volume."""
        return quiet_border(self.judged, self.unknown) if self.dims == 2 else None

    @cached_property
    def silent(self) -> Bools | None:
        """Where ``(H, W)`` a value says nothing of the noise of the picture; None if nowhere."""
        return joined(self.dims, self.unknown, None if self.quiet is None else self.quiet.beside)

    @cached_property
    def judged(self) -> Array:
        """`colours` as noise is looked for in them: of their type, unknown ones near the mean.

        Colours lie in memory one after the other, since each is looked at by itself.
        """
        values = self.colours
        if values.ndim > self.dims:
            values = np.moveaxis(np.array(np.moveaxis(values, -1, 0), order='C'), 0, -1)
        if self.unknown is None:
            return values
        few = tuple(slice(None, None, max(1, n // _FEW)) for n in self.unknown.shape)
        known = values[few][~self.unknown[few]]
        if not len(known):
            known = values[~self.unknown]
        mean = known.mean(axis=0, dtype=np.float64) if len(known) else 0
        values = values if values is not self.colours else values.copy()
        values[self.unknown] = mean if values.dtype.kind == 'f' else np.rint(mean)
        return values

    @cached_property
    def mean_filled(self) -> Array:
        """`colours`, with the mean of the known values at the unknown ones."""
        if self.unknown is None:
            return self.colours
        values, known = self.colours.astype(np.float64), ~self.unknown
        where = known if values.ndim == known.ndim else known[..., None]
        axes = tuple(range(known.ndim))  # without a copy of what is known
        values[self.unknown] = values.mean(axis=axes, where=where) if known.any() else 0.0
        return values

    def continued(self, lattices: bool = False) -> Array:
        """Return `colours` with a smooth continuation of the known values at the unknown ones.

        In `lattices`, those of a mosaic of colours, every second row and column is continued
        by itself. Planes of a volume of which nothing is known lie between those beside them.
        """
        if self.unknown is None:
            return self.colours
        values = self.mean_filled.copy()
        if self.dims == 3:
            told = np.asarray(~self.unknown.all(axis=(1, 2)))
            for z in np.flatnonzero(self.unknown.any(axis=(1, 2)) & told):
                values[z] = harmonic(values[z], ~self.unknown[z])
            return with_planes_between(values, told)
        step = 2 if lattices else 1
        for part in (np.s_[i::step, j::step] for i in range(step) for j in range(step)):
            keep = ~self.unknown[part]
            if keep.any() and not keep.all():
                values[part] = harmonic(values[part], keep)
        sound = self._sound_samples
        if sound is not None:
            values[sound] = self.colours[sound]
        return values

    @property
    def _sound_samples(self) -> Bools | None:
        """Known colours beside missing ones of the same pixel."""
        if self.colours.ndim == self.dims or self.unknown is None:
            return None
        lost = [x for x in (self.missing, self.hot) if x is not None]
        if self.mask is not None or self.borders is not None or not lost:
            return None
        sound: Bools = ~np.logical_or.reduce(lost)
        return sound


class PlaneReader:
    """Reads the planes of an image, each of them once.

    `image`: where they come from.
    `layout`: of `image`.
    `mask`: damage, as in :class:`~napari_fresco.restoration.inputs.Inputs`.
    `seek_outliers`: whether hot and dead pixels are looked for.
    `keep_quiet`: whether borders with hardly any noise are given back.
    `cancel`: once set, nothing more is read.
    """

    def __init__(
        self,
        image: Image,
        layout: Layout,
        mask: Bools | None = None,
        *,
        seek_outliers: bool = True,
        keep_quiet: bool = False,
        cancel: threading.Event | None = None,
    ) -> None:
        self.layout = layout
        self._missing, self._mask, self._cancel = image.missing, mask, cancel
        if self._missing is not None and layout.dims == 3:
            self._missing = layout.in_planes(in_memory(self._missing))
        self._seek = {'seek_outliers': seek_outliers, 'keep_quiet': keep_quiet}
        self._blocks = BlockReader(image.data, layout)
        self._last: tuple[tuple[Index, bool], Pixels] | None = None

    def of(self, image: Image, layout: Layout, mask: Bools | None) -> PlaneReader:
        """Return a reader of another image that looks for the same and ends with this one."""
        return PlaneReader(image, layout, mask, **self._seek, cancel=self._cancel)

    def read(self, index: Index, *, again: bool = False, among: Floats | None = None) -> Pixels:
        """Return plane `index`; `again` says that it will be read once more.

        `among`: as for :meth:`Pixels.of`.
        Raises RunCancelled when the run has been cancelled.
        """
        asked = index, among is None
        if self._last is not None and self._last[0] == asked:
            return self._last[1]
        data = self.raw(index, again=again)
        missing = None
        if self._missing is not None:
            missing = _missing_plane(self._missing, index, self.layout.dims)
        found = Pixels.of(
            data,
            self.layout,
            self.mask(index),
            missing,
            **self._seek,
            among=among,
        )
        if not self.lazy:  # what was read would not be given back
            self._last = asked, found
        return found

    def raw(self, index: Index, *, again: bool = False) -> Array:
        """Return plane `index` and nothing about it."""
        if self._cancel is not None and self._cancel.is_set():
            raise RunCancelled
        return self._blocks.read(index, again=again)

    def mask(self, index: Index) -> Bools | None:
        """Return the damage of plane `index`."""
        return None if self._mask is None else plane_of(self._mask, index, self.layout.dims)

    def marks(self, index: Index) -> bool:
        """Return whether plane `index` holds anything to restore."""
        mask = self.mask(index)
        return mask is None or bool(mask.any())

    def sample(self, indices: Sequence[Index]) -> Sequence[Index]:
        """Return those of the planes `indices` that stand for all of them."""
        return self._blocks.sample(indices)

    @property
    def lazy(self) -> bool:
        """Whether reading costs something."""
        return self._blocks.lazy


def _transparent(alpha: Array) -> Bools | None:
    """Return where ``(H, W)`` nothing is to be seen; None where there is no such part."""
    if not alpha.size or alpha.all():
        return None
    clear: Bools = (alpha == 0).all(axis=-1)
    return None if clear.all() else clear  # as programs write it that know of no alpha


def _missing_plane(missing: Any, index: Index, dims: int) -> Bools:
    leading = missing.shape[:-dims]
    own = index[len(index) - len(leading) :]
    place = tuple(0 if n == 1 else i for n, i in zip(leading, own, strict=True))
    return in_memory(missing[place]).astype(bool, copy=False)
