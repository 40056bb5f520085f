"""One restoration, from a checked request to a :class:`~napari_fresco.types.Result`.

Plane after plane, or block after block of large ones, is read, stated as a problem, driven by the
runner and put in its place; nothing but the result is kept of it. Solvers never see axes, units or
borders.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from ..evidence.mask_measures import left_over
from ..generators import result_of
from ..image.layout import Array
from ..image.model import Image
from ..io.files import read, write
from ..physics.kernels import Kernel
from ..runtime.pool import Pool
from ..runtime.run import RunOutcome, Workbench
from ..types import Finish, Result, Step
from .across_blocks import put_fills, with_earlier_fills, with_fills
from .block import Block, unrestored
from .checking import Checking
from .driving import driven
from .estimation import Estimate, fill_in
from .growing_result import growing
from .input_hash import InputHash
from .lent_planes import LentPlane, lent_planes
from .neighbours import Neighbours, RestoredPart
from .noise_model import Scene
from .parts import Part, check_room, parts
from .plane_reader import RunCancelled
from .provenance import Account, provenance
from .request import Request
from .settled import Settled
from .uncertainty import REPEATS, Repeats

_UNMEASURED = 'cancelled before the uncertainty was measured, so that none is given'
_GIVEN_BACK_SECONDS = 1.0  # for planes in memory that a cancelled run did not come to


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
    options = request.options
    tools = Workbench(request.device, request.params.precision, options.tile, options.seed, pool)
    scene = Scene(request, cancel)
    gathered, (before, after) = _Gathered(request, estimate, scene), lent_planes(request)
    waiting = Neighbours(request, [lent.part for lent in after])
    lend = partial(_lend, request, waiting, scene, tools, cancel)
    every = list(parts(request))
    settled = Settled(request, scene)
    try:
        for lent in before:
            gathered.take(lend(lent))
        for number, part in enumerate(every):
            scene.model(part.index)  # may look at planes that are yet to come, and keeps them
            if settled.needed(part):
                seen_as = gathered.shown, gathered.painted
                yield from settled.find(part, len(every), tools, cancel, seen_as)
            own = settled.of(part, gathered.seen_by(part))
            judged = scene.of_part(own)
            if not judged.planes.marks(part.at_hand):
                gathered.give_back(part, judged.planes.raw(part.at_hand))
                gathered.take(waiting.without(part))
                continue
            pixels = judged.read(part.at_hand)
            if pixels.empty:
                gathered.give_back(part, pixels.data, 'holds no known pixel')
                gathered.take(waiting.without(part))
                continue
            gathered.seen.see(part, pixels.data)
            block = Block.prepare(own, part.index, pixels, judged)
            tools.reseed(options.seed + number)
            shown = partial(gathered.shown, part, block)
            painted = partial(gathered.painted, part, block)
            count = number, len(every)
            restored = yield from _restore(own, block, count, tools, cancel, (shown, painted))
            gathered.take(waiting.after(RestoredPart(part, block, *restored)))
            del pixels, block, restored, own, judged, shown, painted
        for lent in after:
            gathered.take(lend(lent))
    except RunCancelled:
        gathered.take(waiting.alone())
        gathered.leave(every)
    else:
        gathered.complete = True
    finally:
        used = tools.used()
        tools.close()
    return gathered.result(used, time.perf_counter() - started)


def _lend(
    request: Request,
    waiting: Neighbours,
    scene: Scene,
    tools: Workbench,
    cancel: threading.Event | None,
    lent: LentPlane,
) -> Iterator[RestoredPart]:
    """Denoise a plane that only helps; return what is finished by it."""
    block = lent.prepared(request, scene)
    if block is None:
        return waiting.without(lent.part)
    tools.reseed(request.options.seed)
    steps = driven(block.request, block, tools, cancel, lambda step: step)
    return waiting.after(RestoredPart(lent.part, block, result_of(steps)))


def _restore(
    request: Request,
    block: Block,
    count: tuple[int, int],
    tools: Workbench,
    cancel: threading.Event | None,
    seen_as: tuple[Callable[[Tensor], Array], Callable[[Step], Array]],
) -> Generator[Step, None, tuple[RunOutcome, Repeats | None]]:
    """Restore a plane or block, with steps that count through all; map what is asked for.

    `count`: its number, and how many there are.
    `seen_as`: make an image of an estimate, and a plane of what was painted.
    """
    asked = request.params.uncertainty and 'uncertainty' in request.method.gives_if_asked(
        request.task
    )
    repeats = REPEATS if asked else 0
    number, every = count

    def passed(now: Step, repeat: int = 0, seen: Step | None = None) -> Step:
        before = number * (1 + repeats) + repeat
        return replace(
            seen or now,
            index=before * now.total + now.index,
            total=every * (1 + repeats) * now.total,
            plane=block.index,
            to_image=seen_as[0],
            to_painted=seen_as[1],
        )

    outcome = yield from driven(request, block, tools, cancel, passed)
    if not repeats or outcome.finish == 'cancelled':
        return outcome, None
    # What is seen meanwhile is the result, which nothing changes any more.
    seen = replace(outcome.step, residual=None, score=None, metrics={})
    found = Repeats(block, outcome.step.x, request.options.seed)
    for k in range(repeats):
        again = found.plane(k)
        told = partial(passed, repeat=k + 1, seen=seen)
        repeated = yield from driven(request, again, tools, cancel, told)
        if repeated.finish == 'cancelled':
            notes = (*outcome.warnings, _UNMEASURED)
            return replace(outcome, finish='cancelled', warnings=notes), None
        found.take(k, again, repeated.step.x)
    return outcome, found


class _Gathered:
    """What is kept of the planes so far: their results, and an account of how they came about."""

    def __init__(self, request: Request, estimate: Estimate | None, scene: Scene) -> None:
        self._request, self._estimate, self._scene = request, estimate, scene
        samples = 3 if request.facts.gains_colour else request.layout.samples
        self._planes: Any
        self._image: Any
        if request.output is None:
            self._image, self._planes = request.layout.empty(
                request.inputs.scale, samples, request.dtype
            )
        else:
            self._image, self._planes = None, growing(request, samples)
        self._filled: Array | None = None
        if 'mask' in request.facts.takes:
            self._filled = np.zeros((*request.layout.leading, *request.layout.plane_shape), bool)
        self._maps: dict[str, Array] = {}
        self._kernel: Array | None = None
        self._account = Account()
        self._checking = Checking(request, scene)
        self.seen = InputHash(request)
        self._done: set[Part] = set()
        self.complete = False

    def seen_by(self, part: Part) -> Request:
        """Return the request for a part, in which what earlier parts have filled is known."""
        own = part.of(self._request)
        if own.core is not None and self._filled is not None:
            self.seen.see(part, own.layout.in_order(own.image.data))
            own = with_earlier_fills(part, own, self._planes, self._filled)
        return own

    def take(self, finished: Iterable[RestoredPart]) -> None:
        """Put parts in their places as they are finished."""
        for each in finished:
            self.add(each)

    def add(self, restored: RestoredPart) -> None:
        """Put a restored part in its place, with what repeats tell if they were asked for."""
        part, block, outcome, repeats = restored
        scale = self._request.inputs.scale
        block.end(outcome.step.x)
        painted = block.painted(outcome.step)
        image, clipped = block.finish(outcome.step.x, painted)
        self._put(part, image)
        self._checking.add(block, outcome.step, image)
        facts = block.facts()
        if self._filled is not None:
            put_fills(part, block.request, (image, painted), (self._planes, self._filled))
        maps = block.maps(outcome.step)
        if repeats is not None:
            maps['uncertainty'] = repeats.deviation()
            facts['uncertainty'] = repeats.facts()
        self._account.add(outcome, facts, clipped)
        for name, values in maps.items():
            if part.tile is not None and name == 'latent':
                continue  # belongs to cells of a block, not to pixels of the plane
            if name not in self._maps:
                size = values.shape
                if part.tile is not None:
                    size = tuple(n * scale for n in self._request.layout.plane_shape)
                    size += values.shape[2:]
                shape = (*self._request.layout.leading, *size)
                self._maps[name] = np.full(shape, np.nan, np.float32)
            self._maps[name][part.place(scale)] = part.inside(values, scale)
        if outcome.step.kernel is not None:
            kernel = outcome.step.kernel.detach().double().cpu().numpy()
            count = self._account.restored
            mean = kernel if self._kernel is None else self._kernel
            self._kernel = mean + (kernel - mean) / count

    def give_back(self, part: Part, data: Array, why: str = '') -> None:
        """Give a plane or block back as it came."""
        self.seen.see(part, data)
        self._put(part, unrestored(data, self._request))
        if why:
            self._account.warn(f'plane {part.index} {why}; it was given back as it is')

    def shown(self, part: Part, block: Block, x: Tensor) -> Array:
        """Return the plane with the estimate `x` of a part of it in its place."""
        scale = self._request.inputs.scale
        image = part.inside(block.to_image(x), scale)
        if part.tile is None or self._image is None:
            return image
        plane: Array = self._planes[part.index].copy()
        plane[part.place(scale)[len(part.index) :]] = image
        return plane

    def painted(self, part: Part, block: Block, step: Step) -> Array:
        """Return where the plane was newly painted, with what a step tells of a part of it."""
        found = part.inside(block.painted(step))
        if part.tile is None or self._filled is None:
            return found
        plane: Array = self._filled[part.index].copy()
        plane[part.place(1)[len(part.index) :]] = found
        return plane

    def _put(self, part: Part, image: Array) -> None:
        scale = self._request.inputs.scale
        self._planes[part.place(scale)] = part.inside(image, scale)
        self._done.add(part)

    def leave(self, every: Sequence[Part]) -> None:
        """Fill in what a cancelled run did not come to: as it came, as far as that is quick."""
        r, began = self._request, time.monotonic()
        late = self._scene.planes.lazy
        if self._image is None:
            return
        for part in every:
            late = late or time.monotonic() - began > _GIVEN_BACK_SECONDS
            if part in self._done:
                continue
            place = part.place(r.inputs.scale)
            if not late:
                whole = r.layout.read(r.image.data, part.index)
                given = unrestored(whole[part.place(1)[len(part.index) :]], r)
                self._planes[place] = with_fills(part, given, self._planes, self._filled)
            elif r.dtype.kind == 'f':
                self._planes[place] = np.nan

    def result(self, used: list[Any], seconds: float) -> Result:
        """Return everything as a result."""
        r, finish = self._request, self._finish()
        if finish == 'cancelled' and self._filled is not None and r.inputs.mask is not None:
            self._account.warn(left_over(r.inputs.mask, self._filled))
        kernel, told = r.inputs.kernel, self._estimate
        if kernel is None and self._kernel is not None:
            kernel = Kernel(self._kernel, source=r.method.name)
        record = provenance(
            r,
            used,
            kernel=kernel,
            estimate=None if told is None else told.record,
            account=self._account,
            scene=self._scene,
            checks=self._checking.found,
            finish=finish,
            seconds=seconds,
            input_hash=self.seen.hexdigest() if self.complete else None,
        )
        if r.output is not None:
            self._image = self._written(record)
        return Result(
            self._image if r.bare else self._with_belongings(record),
            self._maps.get('variance', None if told is None else told.variance),
            None if kernel is None else kernel.values,
            finish,
            record,
            uncertainty=self._maps.get('uncertainty'),
            spread=self._maps.get('spread'),
            latent=self._maps.get('latent'),
            filled=None if self._filled is None else r.layout.in_own_order(self._filled),
            restored=self._account.restored,
            checks=self._checking.found,
        )

    def _written(self, record: dict[str, Any]) -> Any:
        """Return the pixels of the store, on the axes of the image."""
        store = str(self._request.output)
        if self.complete:
            self._planes.finish({'provenance': record})
            if self._filled is not None:
                filled = self._request.layout.in_own_order(self._filled)
                axes = self._request.image.axes.replace('S', '')
                write(f'{store}/labels/filled', Image(filled, axes))
        found = read(store)
        own = self._request.image.axes
        axes = own if set(found.axes) <= set(own) else own + 'S'
        # One sample alone is not stored.
        data = found.data if len(found.axes) == len(axes) else found.data[..., None]
        stored = found.axes if len(found.axes) == len(axes) else found.axes + 'S'
        return data.transpose([stored.index(axis) for axis in axes])

    def _with_belongings(self, record: dict[str, Any]) -> Image:
        """Return the restored image with all that belonged to the given one, and its making."""
        image = self._request.image.like(self._image, scale=self._request.inputs.scale)
        return replace(image, metadata={**image.metadata, 'provenance': record})

    def _finish(self) -> Finish:
        if not self.complete or 'cancelled' in self._account.ends:
            return 'cancelled'
        return 'stopped' if 'stopped' in self._account.ends else 'completed'
