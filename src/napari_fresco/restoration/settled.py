"""Decisions that each block of a plane would make by itself, made once for all of them.

When to stop, how strongly to filter, whether more noise must be told than was found: decided
apart, seams would show.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from ..image.blocks import Index
from ..image.layout import Array
from ..physics.problem import Problem
from ..runtime.run import Workbench, run
from ..runtime.tools import Tools
from ..solvers.deblurring import TIMES, Doubling, Noises, are_noisier
from ..types import Step
from .block import Block
from .driving import driven
from .parts import Part, pilots
from .request import Request
from .scene import Scene
from .solver_choice import may_amplify

_SMALLER = 2  # sides of the pilots that are restored whole: a quarter of the work of a block


class _Decision(NamedTuple):
    """Parameters and noise that hold for all blocks of a plane.

    `params`: parameters that differ from those that were asked for.
    `doubling`: how much more noise is told; None where that is no question.
    """

    params: dict[str, Any]
    doubling: Doubling | None = None


class _Pilot(NamedTuple):
    part: Part
    block: Block


class Settled:
    """Asks pilots, squares or columns spread over the whole, which are restored side by side.

    `request`, `scene`: of the image.
    """

    def __init__(self, request: Request, scene: Scene) -> None:
        self._request, self._scene = request, scene
        self._undecided = any(
            getattr(request.params, name) == value for name, value in request.method.undecided
        )
        self._found: dict[Index, _Decision] = {}

    def needed(self, part: Part) -> bool:
        """Whether something is to be decided yet for the blocks that a part is one of."""
        asked = self._undecided or 'kernel' in self._request.facts.needs
        return asked and part.tile is not None and part.index not in self._found

    def find(
        self,
        part: Part,
        count: int,
        tools: Workbench,
        cancel: threading.Event | None,
        seen_as: tuple[Callable[..., Array], Callable[..., Array]],
    ) -> Generator[Step, None, None]:
        """Decide; nothing else is kept of the pilots.

        `count`: how many parts there are.
        `seen_as`: make a plane of an estimate and of a step of a part, which is shown meanwhile.
        """
        self._found[part.index] = _Decision({})
        run_with = _Runner(count, tools, cancel, seen_as)
        asked = list(self._pilots(part.index)) if self._undecided else []
        watched = list(self._watched(part.index))
        if not (asked or watched):
            return
        params: dict[str, Any] = {}
        for times in range(TIMES + 1):
            if asked:
                params = yield from run_with.settling(asked, 2**times)
            known = Doubling(times) if watched else None
            self._found[part.index] = _Decision(params, known)
            if known is None or run_with.cancelled:
                return
            noisy = yield from run_with.watching(watched, self._found[part.index])
            if not noisy:
                return
        self._found[part.index] = _Decision(params, Doubling(TIMES, still=True))

    def _watched(self, index: Index) -> Iterator[_Pilot]:
        """Yield pilots whose results may come out noisier than the image."""
        if self._request.layout.dims == 2 and 'kernel' in self._request.facts.needs:
            for pilot in self._pilots(index, _SMALLER):
                if may_amplify(pilot.block.request, pilot.block):
                    yield pilot

    def _pilots(self, index: Index, share: int = 1) -> Iterator[_Pilot]:
        """Yield the pilots of a plane or volume of which something is known."""
        for pilot in pilots(self._request, index, share):
            own = pilot.of(self._request)
            judged = self._scene.of_part(own)
            pixels = judged.read(())
            if not pixels.empty:
                yield _Pilot(pilot, Block.prepare(own, index, pixels, judged))

    def of(self, part: Part, own: Request) -> Request:
        """Return the request for a part alone, `own`, with what was decided for all."""
        known = self._found.get(part.index)
        return own if part.tile is None or known is None else _told(own, known)


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

    def watching(self, watched: Sequence[_Pilot], known: _Decision) -> Generator[Step, None, bool]:
        """Restore pilots one by one, and return whether they come out noisier than the image."""
        found = []
        for pilot in watched:
            part, block = pilot
            outcome = yield from driven(
                _told(block.request, known),
                block,
                self._tools,
                self._cancel,
                partial(self._passed, pilot=pilot),
            )
            if (outcome.step.final and not known.params) or outcome.finish == 'cancelled':
                return False
            assert part.tile is not None
            problem = block.problem.noisier(2 ** (known.doubling or Doubling()).times)
            found.append(Noises.of(outcome.step.x, problem, part.tile.inside[1:]))
        return are_noisier(found)

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


def _told(own: Request, known: _Decision) -> Request:
    """Return a request with what was decided for all."""
    inputs = replace(own.inputs, doubling=known.doubling)
    return replace(own, params=replace(own.params, **known.params), inputs=inputs)


def _changed(before: Any, after: Any) -> dict[str, Any]:
    """Return the parameters that differ."""
    told = vars(before)
    return {name: value for name, value in vars(after).items() if value != told[name]}
