"""Denoised planes of a stack wait for the next ones, so that neighbours can help each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from ..image.anscombe import Anscombe
from ..image.intensity import Stabilised
from ..runtime.run import RunOutcome
from ..solvers.across_planes import helped
from .block import Block
from .parts import Part
from .posing import as_tensor, values_of
from .request import Request
from .uncertainty import Repeats

_LEFT_ALONE = 'cancelled before its neighbours were denoised, so that they did not help'


class RestoredPart(NamedTuple):
    """A part of an image and the outcome of its restoration."""

    part: Part
    block: Block
    outcome: RunOutcome
    repeats: Repeats | None = None


class Neighbours:
    """Holds parts back until those after them are there, and lets them help each other.

    At most ``2 n + 1`` planes wait along the axis in which they are neighbours, at each place of
    the axes after it.

    `request`: tells the axis and n; without them nothing waits.
    `beyond`: parts after those of the image that come to help.
    """

    def __init__(self, request: Request, beyond: Sequence[Part] = ()) -> None:
        self._reach = request.options.neighbours if request.line else 0
        self._at = request.layout.leading_axes.find(request.line or ' ')
        self._count = request.layout.leading[self._at] if self._reach else 0
        self._last = max((part.index[self._at] for part in beyond), default=self._count - 1)
        self._lines: dict[Any, _InLine] = {}

    def after(self, restored: RestoredPart) -> Iterator[RestoredPart]:
        """Take a restored part, and yield the parts that are finished by it."""
        if not self._reach:
            yield restored
            return
        yield from self._arrived(restored.part, _Waiting(restored))

    def without(self, part: Part) -> Iterator[RestoredPart]:
        """Pass over a part that was given back, and yield the parts that waited for it."""
        if self._reach:
            yield from self._arrived(part, None)

    def alone(self) -> Iterator[RestoredPart]:
        """Yield the waiting parts without the help of neighbours."""
        for line in self._lines.values():
            for place, waiting in line.planes.items():
                if waiting is not None and line.due <= place < self._count:
                    part, block, outcome, repeats = waiting.restored
                    said = replace(outcome, warnings=(*outcome.warnings, _LEFT_ALONE))
                    yield RestoredPart(part, block, said, repeats)
        self._lines.clear()

    def _arrived(self, part: Part, waiting: _Waiting | None) -> Iterator[RestoredPart]:
        place, others = part.index[self._at], list(part.index)
        del others[self._at]
        corner = () if part.tile is None else tuple(span.start for span in part.tile.spans)
        line = self._lines.setdefault((*others, corner), _InLine())
        line.planes[place] = waiting
        end = place + 1 if place == self._last else place + 1 - self._reach
        while line.due < min(end, self._count):
            if line.planes.get(line.due) is not None:
                yield line.finished(line.due, self._reach)
            line.due += 1
            line.planes.pop(line.due - 1 - self._reach, None)
        if place == self._last:
            del self._lines[(*others, corner)]


@dataclass
class _InLine:
    """Planes that follow each other: None where one was given back, and which one is next."""

    planes: dict[int, _Waiting | None] = field(default_factory=dict)
    due: int = 0

    def finished(self, place: int, reach: int) -> RestoredPart:
        """Return a plane with the help of those around it, up to the first that is not there."""
        first = last = place
        while first > place - reach and self.planes.get(first - 1) is not None:
            first -= 1
        while last < place + reach and self.planes.get(last + 1) is not None:
            last += 1
        waiting = [each for k in range(first, last + 1) if (each := self.planes[k]) is not None]
        middle = place - first
        return _with_help([each.seen for each in waiting], waiting[middle].restored, middle)


class _Waiting:
    """A restored part, and how it is seen beside others."""

    def __init__(self, restored: RestoredPart) -> None:
        self.restored = restored

    @cached_property
    def seen(self) -> _Beside:
        """The plane on a scale that it shares with its neighbours."""
        return _Beside.of(self.restored.block, self.restored.outcome.step.x)


class _Beside(NamedTuple):
    """A plane as it came and without its noise, on a scale that it shares with its neighbours.

    `y`, `denoised`: ``(C, H, W)`` in image units, or stabilised where there is photon noise.
    `variance`: of the noise, ``(1, 1)`` or ``(H, W)``.
    """

    y: Tensor
    denoised: Tensor
    variance: Tensor

    @classmethod
    def of(cls, block: Block, x: Tensor) -> Self:
        """Look at a plane of which `x` is the estimate."""
        values: Any = values_of(block.request, block.pixels).astype(np.float64)
        clean, camera = block.estimate(x), _transform(block)
        noise = block.apparent.level if block.request.method.blind else block.told_noise()
        if camera is not None:
            values, clean = camera.forward(values), camera.mean(clean)
            noise = block.apparent.excess
        level = torch.as_tensor(np.atleast_2d(np.asarray(noise)), dtype=torch.float32)
        y, denoised = (as_tensor(each, 2)[0].to(x.device) for each in (values, clean))
        return cls(y, denoised, level.to(x.device).square())


def _with_help(group: Sequence[_Beside], restored: RestoredPart, middle: int) -> RestoredPart:
    """Return a plane that those of `group` around it have helped."""
    y, denoised = (torch.stack([each[k] for each in group], dim=1) for k in (0, 1))
    shape = np.broadcast_shapes(*(each.variance.shape for each in group))
    variance = torch.stack([each.variance.expand(shape) for each in group])
    planes = [helped(y[c], denoised[c], variance, middle) for c in range(len(y))]
    clean = torch.stack(planes).movedim(0, -1).double().cpu().numpy()
    clean = clean[..., 0] if len(planes) == 1 else clean
    block, step = restored.block, restored.outcome.step
    camera = _transform(block)
    x = block.working(clean if camera is None else camera.inverse(clean)).to(step.x)
    return restored._replace(outcome=replace(restored.outcome, step=replace(step, x=x)))


def _transform(block: Block) -> Anscombe | None:
    """Return the transform that stabilises the noise of a plane; None where it is white."""
    if isinstance(block.intensity, Stabilised):
        return block.intensity.transform
    seen = block.apparent.camera
    return Anscombe(*seen) if seen is not None and block.request.method.blind else None
