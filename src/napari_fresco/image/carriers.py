"""Gray pictures that are stored in colour: with three equal samples, or shown in one colour.

A gray micrograph that was saved as RGB has the same noise in all samples, and one shown in green
has nothing in the others. A prior of colour photographs takes the first for structure, and spreads
the second over all samples; so what the samples have in common is restored, once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .layout import Array, Layout
from .model import Image, in_memory

_AT_ONCE = 1 << 22  # pixels that are read
_APART = 16  # pixels between those that are looked at first


def as_shown(layout: Layout, image: Image) -> Layout:
    """Return a layout in which a gray picture in colours counts as gray.

    `image`: the image of the layout, or what it is a part of, where that is told.
    """
    return replace(layout, carriers=carriers_of(image, layout.of_part(image)))


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


def _strips(image: Image, layout: Layout) -> Iterator[Array]:
    """Read the colours of all planes, some rows at a time."""
    rows = layout.plane_shape[-2]
    count = max(1, _AT_ONCE // (math.prod(layout.plane_shape) // rows))
    axis = image.axes.index('Y')
    for index in layout.planes():
        chosen: list[int | slice] = [slice(None)] * len(layout.shape)
        for stack_axis, i in zip(layout.order, index, strict=False):
            chosen[stack_axis] = i
        for first in range(0, rows, count):
            chosen[axis] = slice(first, first + count)
            yield layout.colours(layout.in_order(in_memory(image.data[tuple(chosen)])))
