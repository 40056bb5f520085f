"""Decisions that each part of an image would make by itself, made once for all of them.

When to stop, how strongly to filter, whether more noise must be told than was found: decided
apart by blocks of a plane, seams would show; by planes of a stack, it would flicker; and a part
would not be restored like the whole that it was cut from.
"""

from __future__ import annotations

import importlib
import math
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..image.blocks import Index
from ..image.layout import Array
from ..physics.problem import Problem
from ..runtime.run import RunOutcome, Workbench, run
from ..runtime.tools import Tools
from ..solvers.deblurring import CLEAR, NEARLY, TIMES, Doubling, Noises, are_noisier
from ..types import Step
from .block import Block
from .driving import driven
from .parts import Part, pilots
from .request import Request
from .scene import Scene
from .solver_choice import may_amplify

# Sides of planes that decide alone, and of those that may be restored whole for a region of them,
# to find whether more noise must be told. Of larger ones pilots tell, a quarter as large together.
_ASKED, _WATCHED = 1024, 512


class _Pilot(NamedTuple):
    part: Part
    block: Block

    @property
    def inside(self) -> tuple[slice, ...]:
        """What its noise is judged by: rows and columns that nothing around them reaches."""
        tile, size = self.part.tile, self.block.problem.size
        return tuple(slice(0, n) for n in size) if tile is None else tile.inside[1:]


class Settled:
    """Asks pilots, squares or columns spread over the whole, which are restored side by side.

    What decides by itself is only a plane that is small, and neither cut from another nor one of a
    stack.

    `request`, `scene`: of the image.
    `seeds`: of planes that are restored as they are.
    """

    def __init__(self, request: Request, scene: Scene, seeds: Mapping[Index, int]) -> None:
        self._request, self._scene, self._seeds = request, scene, seeds
        self._undecided = any(
            getattr(request.params, name) == value for name, value in request.method.undecided
        )
        self._blurred = 'kernel' in request.facts.needs
        self._params: dict[Index, dict[str, Any]] = {}
        self._doublings: dict[int, Doubling | None] = {}
        self._restored: dict[Index, RunOutcome] = {}

    def needed(self, part: Part) -> bool:
        """Whether something is to be decided yet for the whole that a part belongs to."""
        if not (self._undecided or self._blurred):
            return False
        return part.index not in self._params or self._channel(part) not in self._doublings

    def find(
        self,
        part: Part,
        count: int,
        tools: Workbench,
        cancel: threading.Event | None,
        seen_as: tuple[Callable[..., Array], Callable[..., Array]],
    ) -> Generator[Step, None, None]:
        """Decide; of pilots that are planes of the image the outcome is kept, see :meth:`restored`.

        `count`: how many parts there are.
        `seen_as`: make a plane of an estimate and of a step of a part, which is shown meanwhile.
        """
        run_with = _Runner(count, tools, cancel, seen_as)
        channel = self._channel(part)
        if channel not in self._doublings:
            self._doublings[channel] = None
            watched = list(self._watched(part))
            if watched:
                found = yield from _doubling(run_with, watched, self._seeds)
                self._doublings[channel] = found.doubling
                if not (self._undecided or found.doubling.still or self._request.context):
                    self._restored |= found.restored
        doubling = self._doublings[channel] or Doubling()
        self._params[part.index] = {}
        asked = [] if run_with.cancelled else list(self._asked(part))
        if asked:
            self._params[part.index] = yield from run_with.settling(asked, 2**doubling.times)

    def restored(self, part: Part) -> RunOutcome | None:
        """Return the outcome of a part that was a pilot, once; None if it is to be restored yet."""
        return None if part.tile is not None else self._restored.pop(part.index, None)

    def _channel(self, part: Part) -> int:
        return self._scene.channel(part.index)

    def _watched(self, part: Part) -> Iterator[_Pilot]:
        """Yield pilots whose results may come out noisier than the image: of planes of a channel.

        Planes that are told different noise would flicker.
        """
        whole, _ = self._whole_of(part)
        if whole is None or not self._blurred or self._request.layout.dims == 3:
            return
        several = self._scene.few(part.index)
        alone = self._is_whole(part) and len(several) == 1
        if alone and _area(whole) <= _ASKED**2:
            return
        at_once = len(several) == 1 or self._request.context is None  # else a part is asked for
        if at_once and _area(whole) <= _WATCHED**2:
            parts = [Part(index, None, whole.layout.plane_shape) for index in several]
        else:
            side = round(_WATCHED / 2 / math.sqrt(len(several)))
            parts = [pilot for index in several for pilot in pilots(whole, index, side)]
        for pilot in self._prepared(whole, parts):
            if may_amplify(pilot.block.request, pilot.block):
                yield pilot

    def _asked(self, part: Part) -> Iterator[_Pilot]:
        """Yield the pilots that tell when to stop, and how strongly to filter, in a plane."""
        whole, place = self._whole_of(part)
        small = self._request.layout.dims == 2 and whole is not None and _area(whole) <= _ASKED**2
        alone = self._is_whole(part) and (small or self._request.layout.dims == 3)
        if not self._undecided or whole is None or place is None or alone:
            return
        if small:
            parts = [Part(place, None, whole.layout.plane_shape)]
        else:
            parts = pilots(whole, place, _ASKED // 2)
        yield from self._prepared(whole, parts)

    def _is_whole(self, part: Part) -> bool:
        """Whether a part is a plane that nothing lies around."""
        cut = self._request.context is not None and self._request.layout.dims == 2
        return part.tile is None and not cut

    def _whole_of(self, part: Part) -> tuple[Request | None, Index | None]:
        """Return the request for the whole that a part belongs to, and which plane of it it is.

        None where a map of noise tells of the part alone.
        """
        r = self._request.of_plane(part.index)
        if r.context is None or r.layout.dims == 3:
            return r, part.index
        if isinstance(r.inputs.sigma, np.ndarray):
            return None, None
        whole = r.context.whole
        inputs = replace(r.inputs, mask=None)
        layout = r.layout.of_part(whole)
        found = replace(r, image=whole, layout=layout, inputs=inputs, context=None)
        return found, self._scene.place(part.index)

    def _prepared(self, whole: Request, parts: Sequence[Part]) -> Iterator[_Pilot]:
        """Yield the pilots of a plane or volume of which something is known."""
        for pilot in parts:
            own = pilot.of(whole)
            judged = self._scene.of_part(own)
            pixels = judged.read(pilot.at_hand)
            if not pixels.empty:
                yield _Pilot(pilot, Block.prepare(own, pilot.index, pixels, judged))

    def of(self, part: Part, own: Request) -> Request:
        """Return the request for a part alone, `own`, with what was decided for all."""
        known = self._doublings.get(self._channel(part))
        if known is not None:
            known = known._replace(least=self._is_whole(part))
        return _told(own, self._params.get(part.index, {}), known)


class _Watched(NamedTuple):
    """The doubling that was found, and the outcomes of whole planes that were told as much."""

    doubling: Doubling
    restored: dict[Index, RunOutcome]


def _doubling(
    run_with: _Runner, watched: Sequence[_Pilot], seeds: Mapping[Index, int]
) -> Generator[Step, None, _Watched]:
    """Find how much more noise must be told for results not to be noisier than the image."""
    for times in range(TIMES + 1):
        restored: dict[Index, RunOutcome] = {}
        noisy = yield from run_with.watching(watched, Doubling(times), seeds, restored)
        if not noisy or run_with.cancelled:
            return _Watched(Doubling(times), restored)
    return _Watched(Doubling(TIMES, still=True), {})


def _area(request: Request) -> int:
    return math.prod(request.layout.plane_shape)


class _Runner:
    """Restores pilots, and passes their steps on as steps of the image.

    `count`, `tools`, `cancel`, `seen_as`: as for :meth:`Settled.find`.
    """

    def __init__(
        self,
        count: int,
        tools: Workbench,
        cancel: threading.Event | None,
        seen_as: tuple[Callable[..., Array], Callable[..., Array]],
    ) -> None:
        self._count, self._tools, self._cancel, self._seen_as = count, tools, cancel, seen_as

    @property
    def cancelled(self) -> bool:
        """Whether the run is to end."""
        return self._cancel is not None and self._cancel.is_set()

    def settling(
        self, asked: Sequence[_Pilot], noisier: float
    ) -> Generator[Step, None, dict[str, Any]]:
        """Restore pilots side by side, and return the parameters that were found.

        `noisier`: factor of the noise that is told.
        """
        request = asked[0].block.request
        found: dict[str, Any] = {}
        problems = [pilot.block.problem.noisier(noisier) for pilot in asked]

        def solver(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
            """Restore all pilots to the end, which the runner has no need of, for what is found."""
            module = importlib.import_module(request.method.solver.split(':')[0])
            steps = module.settle(problems, params)
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    found.update(_changed(params, end.value))
                    return
                yield replace(step, final=False)

        steps = run(solver, problems[0], request.params, self._tools, self._cancel)
        for step in steps:
            yield self._passed(step, asked[0])
        return found

    def watching(
        self,
        watched: Sequence[_Pilot],
        known: Doubling,
        seeds: Mapping[Index, int],
        restored: dict[Index, RunOutcome],
    ) -> Generator[Step, None, bool]:
        """Restore pilots one by one, and return whether they come out noisier than the image.

        Those of several planes: whether one of the planes nearly does.

        `restored`: is given the outcomes of whole planes.
        """
        found: dict[Index, list[Noises]] = {}
        for pilot in watched:
            block = pilot.block
            if pilot.part.tile is None and pilot.part.index in seeds:
                self._tools.reseed(seeds[pilot.part.index])
            outcome = yield from driven(
                _told(block.request, {}, known),
                block,
                self._tools,
                self._cancel,
                partial(self._passed, pilot=pilot),
            )
            if outcome.step.final or outcome.finish == 'cancelled':
                return False
            if pilot.part.tile is None:
                restored[pilot.part.index] = outcome
            problem = block.problem.noisier(2**known.times)
            own = found.setdefault(pilot.part.index, [])
            own.append(Noises.of(outcome.step.x, problem, pilot.inside))
        clear = CLEAR if len(found) == 1 else NEARLY
        return any(are_noisier(parts, clear) for parts in found.values())

    def _passed(self, step: Step, pilot: _Pilot) -> Step:
        """Return a step that brings the result no nearer."""
        shown, painted = (partial(each, *pilot) for each in self._seen_as)
        return replace(
            step,
            index=1,
            total=self._count * step.total,
            plane=pilot.block.index,
            to_image=shown,
            to_painted=painted,
        )


def _told(own: Request, params: dict[str, Any], known: Doubling | None) -> Request:
    """Return a request with what was decided for all."""
    if not params and known is None:
        return own
    inputs = replace(own.inputs, doubling=known)
    return replace(own, params=replace(own.params, **params), inputs=inputs)


def _changed(before: Any, after: Any) -> dict[str, Any]:
    """Return the parameters that differ."""
    told = vars(before)
    return {name: value for name, value in vars(after).items() if value != told[name]}
