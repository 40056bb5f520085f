"""Gray pictures that are stored in colour: equal samples, one of them, or all but for a tint.

A prior of colour photographs takes noise that the samples have in common for structure, and
spreads that of a single one over all of them; so what they have in common is restored, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .layout import Array, Layout
from .model import Image, in_memory
from .tint import Tint, tint_of

_AT_ONCE = 1 << 22  # pixels that are read
_APART = 16  # pixels between those that are looked at first
_SIDE, _PLANES = 256, 4  # pixels of the middle of some planes that tell a tint


def as_shown(layout: Layout, image: Image) -> Layout:
    """Return a layout in which a gray picture in colours counts as gray.

    `image`: the image of the layout, or what it is a part of, where that is told.
    """
    part = layout.of_part(image)
    if part.channels != 3:
        return layout
    lit = carriers_of(image, part)
    return replace(layout, tint=Tint.shown_in(lit) if lit else tint_of(_middles(image, part)))


def carriers_of(image: Image, layout: Layout) -> tuple[int, ...]:
    """Return the colour samples that hold one picture while the others are 0; none of colours.

    `layout`: that of the image, with colours as they are.
    Colours are told by the first of them; all of a gray picture is read once.
    """
    if layout.channels != 3:
        return ()
    lit: tuple[int, ...] = ()
    for colours in _strips(image, layout):
        for part in (colours[::_APART, ::_APART], colours):  # few pixels tell a photograph
            here = _shown(part)
            if here is None:
                return ()
        if here and lit and here != lit:
            return ()
        lit = here or lit
    return lit


def _shown(colours: Array) -> tuple[int, ...] | None:
    """Return the samples that are not 0 all over, or None where they differ."""
    lit = tuple(np.flatnonzero(colours.reshape(-1, 3).any(axis=0)).tolist())
    missing_too = colours.dtype.kind == 'f'  # samples that are all missing are equal
    alike = (
        np.array_equal(colours[..., i], colours[..., j], equal_nan=missing_too)
        for i, j in pairwise(lit)
    )
    return lit if all(alike) else None


def _middles(image: Image, layout: Layout) -> list[Array]:
    """Return the colours in the middle of some planes ``(H, W, 3)``, evenly spread."""
    lengths = dict(zip('ZYX'[-layout.dims :], layout.plane_shape, strict=True))
    sides = {'Z': 1, 'Y': _SIDE, 'X': _SIDE}
    starts = {axis: max((n - sides[axis]) // 2, 0) for axis, n in lengths.items()}
    box = {axis: slice(start, start + sides[axis]) for axis, start in starts.items()}
    indices = list(layout.planes())
    some = indices[:: max(1, math.ceil(len(indices) / _PLANES))]
    found = (_colours(image, layout, index, box) for index in some)
    return [colours[0] if layout.dims == 3 else colours for colours in found]


def _strips(image: Image, layout: Layout) -> Iterator[Array]:
    """Read the colours of all planes, some rows at a time."""
    rows = layout.plane_shape[-2]
    count = max(1, _AT_ONCE // (math.prod(layout.plane_shape) // rows))
    for index in layout.planes():
        for first in range(0, rows, count):
            yield _colours(image, layout, index, {'Y': slice(first, first + count)})


def _colours(
    image: Image, layout: Layout, index: tuple[int, ...], box: Mapping[str, slice]
) -> Array:
    """Read the colours of a box of plane `index`."""
    where: list[int | slice] = [box.get(axis, slice(None)) for axis in image.axes]
    for stack_axis, i in zip(layout.order, index, strict=False):
        where[stack_axis] = i
    return layout.colours(layout.in_order(in_memory(image.data[tuple(where)])))
