"""Planes of the whole that a part was cut from: those before and after it help as neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..image.blocks import Index
from ..image.model import Image, in_memory
from .block import Block
from .context import Context
from .parts import Part, parts
from .request import Request
from .scene import Scene


@dataclass(frozen=True, eq=False)
class LentPlane:
    """A plane, or a block of one, that lies beside an image.

    `part`: where it would lie in the image, before its first plane or after its last.
    `like`: the part beside it, whose noise it has where that is told.
    """

    part: Part
    like: Part

    def prepared(self, request: Request, scene: Scene) -> Block | None:
        """Read the plane and state its problem; None where nothing of it is known.

        `request`, `scene`: of the image.
        """
        request = request.of_plane(self.like.index)
        alone = _alone(request, self.part.index, request.inputs.plane_sigma(self.like.index))
        part = replace(self.part, index=(0,) * len(self.part.index))
        own = part.of(alone)
        judged = scene.of_part(own)
        pixels = judged.read(part.at_hand)
        return None if pixels.empty else Block.prepare(own, part.index, pixels, judged)


def lent_planes(request: Request) -> tuple[list[LentPlane], list[LentPlane]]:
    """Return the planes before and after an image that its own planes may be helped by."""
    r, context = request, request.context
    if not r.line or context is None or not context.origin:
        return [], []
    at, reach = r.layout.leading_axes.index(r.line), r.options.neighbours
    start, count = context.begin(r.image)[r.line], r.image.length(r.line)
    after = context.whole.length(r.line) - start - count
    known = list(parts(request))

    def beside(place: int, places: range) -> list[LentPlane]:
        """Return planes at some places, cut into parts as the one at `place` is."""
        like = [part for part in known if part.index[at] == place]
        return [
            LentPlane(replace(part, index=(*part.index[:at], k, *part.index[at + 1 :])), part)
            for k in places
            for part in like
        ]

    first, last = range(-min(start, reach), 0), range(count, count + min(after, reach))
    return beside(0, first), beside(count - 1, last)


def _alone(request: Request, index: Index, sigma: Any) -> Request:
    """Return the request for plane `index`, counted from the first of the image."""
    r = request
    assert r.context is not None
    whole, place, where = r.context.whole, r.in_context(index), r.context.begin(r.image)
    assert place is not None
    box: dict[str, Any] = {
        axis: slice(i, i + 1) for axis, i in zip(r.layout.leading_axes, place, strict=True)
    }
    box |= {axis: slice(where[axis], where[axis] + r.image.length(axis)) for axis in 'YX'}
    image = Image(
        whole.data[tuple(box.get(axis, slice(None)) for axis in r.image.axes)],
        r.image.axes,
        missing=_missing(whole, place, (box['Y'], box['X'])),
    )
    return replace(
        r,
        image=image,
        layout=r.layout.of_part(image),
        inputs=replace(r.inputs, sigma=sigma),
        context=Context(whole, place),
    )


def _missing(whole: Image, index: Sequence[int], box: tuple[slice, slice]) -> Any:
    """Return the missing pixels of a plane, in its rows and columns."""
    if whole.missing is None:
        return None
    leading = whole.missing.shape[:-2]
    own = index[len(index) - len(leading) :]
    at = tuple(0 if n == 1 else i for n, i in zip(leading, own, strict=True))
    plane = np.broadcast_to(in_memory(whole.missing[at]), [whole.length(axis) for axis in 'YX'])
    return plane[box]
