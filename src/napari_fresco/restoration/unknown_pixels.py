"""Pixels of a plane that say nothing: outliers, struck ones, borders and planes of one value.

Each is found in every plane and colour by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..image.layout import Array
from ..noise.flat_borders import flat_border
from ..noise.flat_planes import flat_planes
from ..noise.impulses import impulses
from ..noise.outliers import Ordinary, ordinary, outliers
from ..noise.patches import Bools, Floats
from ..noise.stuck_lines import stuck_lines


def joined(dims: int, *parts: Bools | None) -> Bools | None:
    """Return where ``(H, W)`` any of `parts` is true, in any colour."""
    flat = [x.any(axis=-1) if x.ndim > dims else x for x in parts if x is not None]
    return np.logical_or.reduce(flat) if flat else None


def flat_borders(colours: Array, unknown: Bools | None, dims: int) -> Bools | None:
    """Find borders of one value in every plane by itself, and such planes of a volume."""
    if dims == 2:
        return flat_border(colours, unknown)
    damaged = [None] * len(colours) if unknown is None else unknown
    found = [flat_border(plane, bad) for plane, bad in zip(colours, damaged, strict=True)]
    for z in flat_planes(colours, unknown):
        found[z] = np.ones(colours.shape[1:3], bool)
    if all(x is None for x in found):
        return None
    none = np.zeros(colours.shape[1:3], bool)
    return np.stack([none if x is None else x for x in found])


def ordinary_ranges(colours: Array, unknown: Bools | None, dims: int) -> Floats:
    """Find the ordinary range of every plane and colour by itself."""
    if colours.ndim == 2:
        return np.array(ordinary(colours, unknown))
    if dims == 3:
        damaged = [None] * len(colours) if unknown is None else unknown
        each = [ordinary_ranges(plane, bad, 2) for plane, bad in zip(colours, damaged, strict=True)]
    else:
        each = [np.array(ordinary(colours[..., c], unknown)) for c in range(colours.shape[-1])]
    return np.stack(each)


def outliers_of(colours: Array, unknown: Bools | None, dims: int, among: Floats) -> Bools | None:
    """Find outliers in every plane and colour by itself."""
    ranges = iter(among.reshape(-1, 2))
    return each_colour(
        lambda x, bad: outliers(x, bad, Ordinary(*next(ranges))), colours, unknown, dims
    )


def struck_pixels(
    colours: Array, unknown: Bools | None, dims: int, among: Floats | None
) -> Bools | None:
    """Find salt and pepper, and rows and columns that are stuck, in every plane and colour."""
    ranges = None if among is None else iter(among.reshape(-1, 2))

    def struck(channel: Array, bad: Bools | None) -> Bools | None:
        own = None if ranges is None else Ordinary(*next(ranges))
        return either(impulses(channel, bad, own), stuck_lines(channel, bad))

    return each_colour(struck, colours, unknown, dims)


def either(first: Bools | None, second: Bools | None) -> Bools | None:
    if first is None or second is None:
        return second if first is None else first
    return first | second


def each_colour(
    find: Callable[[Array, Bools | None], Bools | None],
    colours: Array,
    unknown: Bools | None,
    dims: int,
) -> Bools | None:
    """Find something in every plane and colour by itself, in their order."""
    if colours.ndim == 2:
        return find(colours, unknown)
    if dims == 3:
        damaged = [None] * len(colours) if unknown is None else unknown
        pairs = zip(colours, damaged, strict=True)
        found, axis = [each_colour(find, plane, bad, 2) for plane, bad in pairs], 0
    else:
        found, axis = [find(colour, unknown) for colour in np.moveaxis(colours, -1, 0)], -1
    if all(x is None for x in found):
        return None
    none = np.zeros(np.take(colours, 0, axis).shape, bool)
    return np.stack([none if x is None else x for x in found], axis=axis)
