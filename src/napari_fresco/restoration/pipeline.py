"""One restoration, from a checked request to a :class:`~napari_fresco.types.Result`.

Plane after plane is stated as a problem, driven by the runner and put in its
place. Solvers never see axes, units or borders.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..declare.tasks import TASKS
from ..image.layout import Array
from ..physics.kernels import Kernel
from ..runtime.pool import Pool
from ..runtime.run import Outcome, Workbench, find_solver, run
from ..solvers.ensemble import eightfold
from ..types import Finish, Result, Step
from .block import Plane
from .estimation import Estimate, fill_in
from .noise_model import Judge
from .provenance import provenance
from .request import Request


def carry_out(
    request: Request, cancel: threading.Event | None = None, pool: Pool | None = None
) -> Generator[Step, None, Result]:
    """Restore plane after plane, yielding every step; return the result.

    Networks are taken from `pool` and stay there; without one they are let go.
    """
    started = time.perf_counter()
    estimate: Estimate | None = None
    if request.inputs.estimated:
        request, estimate = yield from fill_in(request, partial(carry_out, pool=pool), cancel)
    gathered, judge = _Gathered(request, estimate), Judge(request)
    options = request.options
    tools = Workbench(request.device, request.params.precision, options.tile, options.seed, pool)
    try:
        for number, index in enumerate(request.layout.planes()):
            plane = Plane.prepare(request, index, judge)
            if plane.damaged and not (cancel is not None and cancel.is_set()):
                tools.reseed(options.seed + number)
                outcome = yield from _restore(request, plane, number, tools, cancel)
                gathered.add(plane, outcome)
            else:
                gathered.skip(plane)
        return gathered.result(tools, time.perf_counter() - started)
    finally:
        tools.close()


def _restore(
    request: Request,
    plane: Plane,
    number: int,
    tools: Workbench,
    cancel: threading.Event | None,
) -> Generator[Step, None, Outcome]:
    """Restore plane `number`, with steps that count through the stack."""
    planes = int(np.prod(request.layout.leading))
    solver = find_solver(request.method)
    if request.params.ensemble:
        solver = eightfold(solver)
    runner = run(solver, plane.problem, request.params, tools, cancel)
    with closing(runner):
        while True:
            try:
                step = next(runner)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            yield replace(
                step,
                index=number * step.total + step.index,
                total=planes * step.total,
                plane=plane.index,
                to_image=plane.to_image,
            )


class _Gathered:
    """The planes restored so far."""

    def __init__(self, request: Request, estimate: Estimate | None) -> None:
        self._request, self._estimate = request, estimate
        samples = 3 if TASKS[request.task].gains_colour else request.layout.samples
        self._image, self._planes = request.layout.empty(request.inputs.scale, samples)
        self._maps: dict[str, Array] = {}
        self._kernels: list[Array] = []
        self._outcomes: list[Outcome] = []
        self._facts: list[dict[str, Any]] = []
        self._hash = hashlib.sha256()
        self._clipped = 0
        self._unfinished = False

    def add(self, plane: Plane, outcome: Outcome) -> None:
        """Put a restored plane in its place."""
        image, clipped = plane.finish(outcome.step.x)
        self._planes[plane.index] = image
        self._clipped += clipped
        self._outcomes.append(outcome)
        self._facts.append(plane.facts())
        self._hash.update(np.ascontiguousarray(plane.data).tobytes())
        for name, values in _side_results(plane, outcome.step):
            if name not in self._maps:
                self._maps[name] = np.zeros((*self._request.layout.leading, *values.shape))
            self._maps[name][plane.index] = values
        if outcome.step.kernel is not None:
            self._kernels.append(outcome.step.kernel.detach().double().cpu().numpy())

    def skip(self, plane: Plane) -> None:
        """Give a plane back as it came: undamaged, or left out by a cancel."""
        self._unfinished = self._unfinished or plane.damaged
        self._planes[plane.index] = plane.unrestored()
        self._hash.update(np.ascontiguousarray(plane.data).tobytes())

    def result(self, tools: Workbench, seconds: float) -> Result:
        """Return everything as a result."""
        ends = {outcome.finish for outcome in self._outcomes}
        cancelled = 'cancelled' in ends or self._unfinished
        finish: Finish = (
            'cancelled' if cancelled else 'stopped' if 'stopped' in ends else 'completed'
        )
        kernel = self._kernel()
        record = provenance(
            self._request,
            tools.used(),
            kernel=kernel,
            estimate=None if self._estimate is None else self._estimate.record,
            outcomes=self._outcomes,
            planes=self._facts,
            finish=finish,
            seconds=seconds,
            clipped=self._clipped,
            input_hash=self._hash.hexdigest(),
        )
        return Result(
            self._image,
            self._maps.get('variance', None if self._estimate is None else self._estimate.variance),
            None if kernel is None else kernel.values,
            finish,
            record,
            uncertainty=self._maps.get('uncertainty'),
            latent=self._maps.get('latent'),
        )

    def _kernel(self) -> Kernel | None:
        """Return the kernel that was given, or the mean of those found in the planes."""
        if self._request.inputs.kernel is not None or not self._kernels:
            return self._request.inputs.kernel
        return Kernel(np.mean(self._kernels, axis=0), source=self._request.method.name)


def _side_results(plane: Plane, step: Step) -> Iterator[tuple[str, Array]]:
    """Yield the maps that a step brings beside the image, in image units."""
    if step.variance is not None:
        yield 'variance', plane.deviation(step.x, step.variance.sqrt()) ** 2
    if step.uncertainty is not None:
        yield 'uncertainty', plane.deviation(step.x, step.uncertainty)
    if step.latent is not None:
        yield 'latent', step.latent.detach()[0].double().cpu().numpy()
