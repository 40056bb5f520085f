"""One restoration, from a checked request to a :class:`~napari_fresco.types.Result`.

For every plane: image units to working units, a :class:`Problem` for the
solver, the runner, and the way back. Solvers never see axes, units or borders.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from . import devices
from .image import Affine, Array, Layout, as_array, intensity_range
from .inputs import Inputs, check_inputs, check_seed, check_tile
from .plane import Plane
from .provenance import provenance
from .run import Outcome, Workbench, find_solver, run
from .types import Method, ParameterError, Result, Step, Task


@dataclass(frozen=True, eq=False)
class Restoration:
    """A checked request: an image, what to do to it, and how."""

    image: Any
    layout: Layout
    range: Affine
    method: Method
    task: Task
    params: Any
    inputs: Inputs
    device: torch.device
    tile: int | None
    seed: int
    keep_known: bool

    @classmethod
    def prepare(
        cls,
        image: Any,
        method: Method,
        task: Task,
        params: Any,
        *,
        mask: Any,
        kernel: Any,
        sigma: Any,
        scale: Any,
        axes: str | None,
        rgb: bool | None,
        data_range: tuple[float, float] | None,
        tile: Any,
        device: str,
        seed: Any,
        keep_known: bool | None,
    ) -> Restoration:
        """Check everything; nothing is computed yet but the range of the intensities."""
        array = as_array(image)
        layout = Layout.of(array, axes, rgb)
        if task == 'demosaic' and layout.samples:
            raise ParameterError(
                f'demosaicing takes a raw one-channel mosaic, not RGB of shape {layout.shape}; '
                'pass rgb=False if the last axis is not colour'
            )
        inputs = check_inputs(
            method, task, layout, mask=mask, kernel=kernel, sigma=sigma, scale=scale
        )
        if keep_known is None:
            keep_known = task == 'inpaint' and inputs.sigma is None
        elif keep_known and task != 'inpaint':
            raise ParameterError(
                f"keep_known needs a mask, and task {task!r} has none; choose task='inpaint'"
            )
        return cls(
            image=array,
            layout=layout,
            range=intensity_range(array, layout, data_range),
            method=method,
            task=task,
            params=params,
            inputs=inputs,
            device=devices.pick(device),
            tile=check_tile(tile),
            seed=check_seed(seed),
            keep_known=bool(keep_known),
        )

    def steps(self, cancel: threading.Event | None = None) -> Generator[Step, None, Result]:
        """Restore plane after plane, yielding every step; return the result."""
        started = time.perf_counter()
        gathered = _Gathered(self)
        tools = Workbench(self.device, self.params.precision, self.tile, self.seed)
        try:
            for number, index in enumerate(self.layout.planes()):
                plane = Plane.prepare(self, index)
                if plane.damaged and not (cancel is not None and cancel.is_set()):
                    tools.reseed(self.seed + number)
                    outcome = yield from self._restore(plane, number, tools, cancel)
                    gathered.add(plane, outcome)
                else:
                    gathered.skip(plane)
            seconds = time.perf_counter() - started
            return gathered.result(tools, seconds)
        finally:
            tools.close()

    def _restore(
        self,
        plane: Plane,
        number: int,
        tools: Workbench,
        cancel: threading.Event | None,
    ) -> Generator[Step, None, Outcome]:
        planes = int(np.prod(self.layout.leading))
        solver = find_solver(self.method)
        runner = run(solver, plane.problem, self.params, tools, cancel)
        while True:
            try:
                step = next(runner)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            except BaseException:
                runner.close()
                raise
            yield replace(
                step,
                index=number * step.total + step.index,
                total=planes * step.total,
                plane=plane.index,
                to_image=plane.to_image,
            )


class _Gathered:
    """The planes restored so far."""

    def __init__(self, restoration: Restoration) -> None:
        self._restoration = restoration
        layout = restoration.layout
        samples = 3 if restoration.task == 'demosaic' else layout.samples
        self._image, self._planes = layout.empty(restoration.inputs.scale, samples)
        self._variance: Array | None = None
        self._kernel = restoration.inputs.kernel
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
        if outcome.step.variance is not None:
            variance = plane.variance(outcome.step.variance)
            if self._variance is None:
                self._variance = np.zeros((*self._restoration.layout.leading, *variance.shape))
            self._variance[plane.index] = variance
        if outcome.step.kernel is not None:
            self._kernel = outcome.step.kernel.detach().double().cpu().numpy()

    def skip(self, plane: Plane) -> None:
        """Give a plane back as it came: undamaged, or left out by a cancel."""
        self._unfinished = self._unfinished or plane.damaged
        self._planes[plane.index] = plane.unrestored()
        self._hash.update(np.ascontiguousarray(plane.data).tobytes())

    def result(self, tools: Workbench, seconds: float) -> Result:
        """Return everything as a result."""
        ends = {outcome.finish for outcome in self._outcomes}
        cancelled = 'cancelled' in ends or self._unfinished
        finish = 'cancelled' if cancelled else 'stopped' if 'stopped' in ends else 'completed'
        record = provenance(
            self._restoration,
            tools.used(),
            outcomes=self._outcomes,
            planes=self._facts,
            finish=finish,
            seconds=seconds,
            clipped=self._clipped,
            input_hash=self._hash.hexdigest(),
        )
        return Result(self._image, self._variance, self._kernel, finish, record)
