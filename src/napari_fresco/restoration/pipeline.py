"""One restoration, from a checked request to a :class:`~napari_fresco.types.Result`.

Plane after plane, or block after block of large ones, is read, stated as a problem, driven by the
runner and put in its place; nothing but the result is kept of it. Solvers never see axes, units or
borders.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial

from ..generators import result_of
from ..runtime.interrupting import RunCancelled
from ..runtime.pool import Pool
from ..runtime.run import RunOutcome, Workbench
from ..types import Result, Step
from .block import Block
from .driving import driven
from .estimation import Estimate, fill_in
from .growing_result import GrowingResult
from .lent_planes import LentPlane, lent_planes
from .neighbours import Neighbours, RestoredPart
from .parts import Part, check_room, parts
from .request import Request
from .scene import Scene
from .settled import Settled
from .uncertainty import REPEATS, Repeats

_UNMEASURED = 'cancelled before the uncertainty was measured, so that none is given'


def run_pipeline(
    request: Request, cancel: threading.Event | None = None, pool: Pool | None = None
) -> Generator[Step, None, Result]:
    """Restore plane after plane, yielding every step; return the result.

    Networks are taken from `pool` and stay there; without one they are let go.
    """
    check_room(request)
    started = time.perf_counter()
    estimate: Estimate | None = None
    if request.inputs.estimated:
        request, estimate = yield from fill_in(request, partial(run_pipeline, pool=pool), cancel)
    return (yield from _Run(request, estimate, cancel, pool).steps(started))


class _Run:
    """A restoration under way.

    `estimate`: what another method has found of noise and blur before.
    `cancel`, `pool`: as for :func:`run_pipeline`.
    """

    def __init__(
        self,
        request: Request,
        estimate: Estimate | None,
        cancel: threading.Event | None,
        pool: Pool | None,
    ) -> None:
        self._request, self._cancel = request, cancel
        options = request.options
        self._tools = Workbench(
            request.device, request.params.precision, options.tile, options.seed, pool
        )
        self._scene = Scene(request, cancel)
        self._result = GrowingResult(request, estimate, self._scene)
        self._before, self._after = lent_planes(request)
        self._neighbours = Neighbours(request, [plane.part for plane in self._after])
        self._parts = list(parts(request))
        self._seeds = _seeds(request, self._parts)
        of_planes = {part.index: seed for part, seed in self._seeds.items() if part.tile is None}
        self._settled = Settled(request, self._scene, of_planes)
        self._repeats = REPEATS if _measures_uncertainty(request) else 0

    def steps(self, started: float) -> Generator[Step, None, Result]:
        """Restore all parts and return the result; `started` is when the run began."""
        try:
            for plane in self._before:
                self._lend(plane)
            for number, part in enumerate(self._parts):
                yield from self._restore(number, part)
                if part.tile is not None:
                    self._tools.tidy()
            for plane in self._after:
                self._lend(plane)
        except RunCancelled:
            self._result.take(self._neighbours.alone())
            self._result.give_back_the_rest(self._parts)
        else:
            self._result.complete = True
        finally:
            used = self._tools.used()
            self._tools.close()
        return self._result.finished(used, time.perf_counter() - started)

    def _lend(self, plane: LentPlane) -> None:
        """Denoise a plane beside the image, which only helps its neighbours."""
        block = plane.prepared(self._request, self._scene)
        if block is None:
            self._result.take(self._neighbours.without(plane.part))
            return
        self._tools.reseed(self._request.options.seed)
        steps = driven(block.request, block, self._tools, self._cancel, lambda step: step)
        restored = RestoredPart(plane.part, block, result_of(steps))
        self._result.take(self._neighbours.after(restored))

    def _restore(self, number: int, part: Part) -> Generator[Step, None, None]:
        """Restore a part, or give it back where there is nothing to restore it from."""
        self._scene.look_ahead(part.index)
        if self._settled.needed(part):
            yield from self._settled.find(
                part,
                len(self._parts),
                self._tools,
                self._cancel,
                (self._result.shown, self._result.painted),
            )
        request = self._settled.of(part, self._result.seen_by(part))
        scene = self._scene.of_part(request)
        if not scene.planes.marks(part.at_hand):
            self._result.give_back(part, scene.planes.raw(part.at_hand))
            self._result.take(self._neighbours.without(part))
            return
        pixels = scene.read(part.at_hand)
        if pixels.empty:
            self._result.give_back(part, pixels.data, 'holds no known pixel')
            self._result.take(self._neighbours.without(part))
            return
        self._result.seen.see(part, pixels.data)
        block = Block.prepare(request, part.index, pixels, scene)
        self._tools.reseed(self._seeds[part])
        outcome, repeats = yield from self._solve(number, part, block)
        self._result.take(self._neighbours.after(RestoredPart(part, block, outcome, repeats)))

    def _solve(
        self, number: int, part: Part, block: Block
    ) -> Generator[Step, None, tuple[RunOutcome, Repeats | None]]:
        """Drive the solver of a part; again for its uncertainty, if that was asked for."""
        outcome = self._settled.restored(part)
        if outcome is None:
            outcome = yield from self._drive(number, part, block)
        else:
            yield self._passing(number, part, block)(outcome.step)
        if not self._repeats or outcome.finish == 'cancelled':
            return outcome, None
        # The result is shown meanwhile, which nothing changes any more.
        shown = replace(outcome.step, residual=None, score=None, metrics={})
        repeats = Repeats(block, outcome.step.x, self._request.options.seed)
        for k in range(self._repeats):
            again = repeats.plane(k)
            repeated = yield from self._repeated(number, part, again, k + 1, shown)
            if repeated is None:
                notes = (*outcome.warnings, _UNMEASURED)
                return replace(outcome, finish='cancelled', warnings=notes), None
            repeats.take(k, again, repeated.step.x)
        return outcome, repeats

    def _repeated(
        self, number: int, part: Part, again: Block, repeat: int, shown: Step
    ) -> Generator[Step, None, RunOutcome | None]:
        """Drive the solver once more; return None when it was cancelled."""
        try:
            outcome = yield from self._drive(number, part, again, repeat, shown)
        except RunCancelled:
            return None
        return None if outcome.finish == 'cancelled' else outcome

    def _drive(
        self, number: int, part: Part, block: Block, repeat: int = 0, shown: Step | None = None
    ) -> Generator[Step, None, RunOutcome]:
        """Drive the solver once, with steps that count through all parts and their repeats.

        `shown`: passed on instead of the steps of a repeat.
        """
        passed = self._passing(number, part, block, repeat, shown)
        return (yield from driven(block.request, block, self._tools, self._cancel, passed))

    def _passing(
        self, number: int, part: Part, block: Block, repeat: int = 0, shown: Step | None = None
    ) -> Callable[[Step], Step]:
        """Return what makes a step of a part one of the image; see :meth:`_drive`."""
        rounds = 1 + self._repeats

        def passed(step: Step) -> Step:
            return replace(
                shown or step,
                index=(number * rounds + repeat) * step.total + step.index,
                total=len(self._parts) * rounds * step.total,
                plane=block.index,
                to_image=partial(self._result.shown, part, block),
                to_painted=partial(self._result.painted, part, block),
            )

        return passed


def _seeds(request: Request, every: Sequence[Part]) -> dict[Part, int]:
    """Return a seed for each part: those of a channel are the same as if it were alone."""
    counts: Counter[int] = Counter()
    found = {}
    for part in every:
        channel = request.layout.channel_of(part.index)
        found[part] = request.options.seed + counts[channel]
        counts[channel] += 1
    return found


def _measures_uncertainty(request: Request) -> bool:
    given = request.method.gives_if_asked(request.task)
    return bool(request.params.uncertainty) and 'uncertainty' in given
