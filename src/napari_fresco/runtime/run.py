"""Runs any solver: cancel, NaN stop, best iterate, seeds, memory.

Every solver is a generator of :class:`~napari_fresco.types.Step`; only this
module drives one. It also holds the :class:`Workbench`, which lends a solver
its device, random numbers, denoisers and fast arithmetic.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from typing import Any

import torch

from ..declare.method import Method
from ..errors import DeviceError, DivergedError
from ..networks import devices
from ..physics.problem import Problem
from ..types import Denoiser, Finish, Step
from .interrupting import RunCancelled, interruptible
from .pool import Pool
from .tiled_network import TiledNetwork
from .tools import Solver

_CHECK_SECONDS = 0.5  # looking for NaN waits for the GPU, so it is not done every step
_WORSE_THAN_ITS_START = (
    'the run ended before its estimate was better than what it started from, by what the image '
    'says; the start is given back: allow more iterations'
)


@dataclass(frozen=True, eq=False)
class RunOutcome:
    """The outcome of a solver on one plane."""

    step: Step
    finish: Finish
    steps: int
    warnings: tuple[str, ...] = ()


class Workbench:
    """The tools of a solver; implements :class:`~napari_fresco.runtime.tools.Tools`.

    `device`: where everything runs.
    `precision`: {'auto', 'float32', 'bfloat16', 'int8'}, arithmetic of the networks.
    `tile`: side of the tiles that networks see; None decides by free memory.
    `seed`: of :attr:`generator`.
    `pool`: keeps networks for further runs; without one they are let go at the end of this.
    """

    def __init__(
        self,
        device: torch.device,
        precision: str,
        tile: int | None,
        seed: int,
        pool: Pool | None = None,
    ) -> None:
        self.device = device
        self.precision = precision
        self.tile = tile
        self.generator = torch.Generator(device)
        self._pool = pool or Pool()
        self._lent = pool is not None
        self._used: dict[int, Denoiser | TiledNetwork] = {}
        self.reseed(seed)
        devices.tune_allocator()

    def reseed(self, seed: int) -> None:
        """Start the random numbers again from `seed`."""
        self.generator.manual_seed(seed)

    def denoiser(self, name: str, channels: int) -> Denoiser:
        """Return the denoiser `name` for images of `channels`, made on first use."""
        found = self._pool.denoiser(name, channels, self.device, self.precision, self.tile)
        self._used[id(found)] = found
        return found

    def network(self, name: str) -> TiledNetwork:
        """Return the network of the weights `name`, loaded on first use."""
        found = self._pool.network(name, self.device, self.precision, self.tile)
        self._used[id(found)] = found
        return found

    def autocast(self) -> AbstractContextManager[object]:
        """Return the fast-precision context for a network that a solver trains."""
        return devices.autocast(self.device, self.precision)

    def used(self) -> list[Denoiser | TiledNetwork]:
        """Return the denoisers and networks that this run has asked for."""
        return list(self._used.values())

    def tidy(self) -> None:
        """Give back what a block of a large image has left: the next one may have another size."""
        devices.free(self.device, keep=True)

    def close(self) -> None:
        """Give the memory of this run back; networks stay with a pool that was lent."""
        self._used.clear()
        if self._lent:
            self._pool.frees(self.device)
        else:
            self._pool.close()
        devices.free(self.device, keep=self._lent)
        devices.tune_allocator(during_run=False)


def find_solver(method: Method) -> Solver:
    """Import and return the solver of `method`."""
    module, name = method.solver.split(':')
    solver: Solver = getattr(importlib.import_module(module), name)
    return solver


def run(
    solver: Solver,
    problem: Problem,
    params: Any,
    tools: Workbench,
    cancel: threading.Event | None = None,
) -> Generator[Step, None, RunOutcome]:
    """Drive `solver` to its end, passing its steps on; return the best one.

    Raises RunCancelled when the run is cancelled before there is an estimate.
    Raises DivergedError when the first estimates are already NaN or infinite.
    Raises DeviceError when the device runs out of memory where tiling cannot help.
    """
    keeper = _Keeper()
    count, checked = 0, 0.0
    with closing(_guarded(solver, problem, params, tools)) as steps:
        while True:
            try:
                with interruptible(cancel):
                    step = next(steps)
            except StopIteration:
                return keeper.outcome('completed', count)
            except RunCancelled:
                if not count:
                    raise
                return keeper.outcome('cancelled', count)
            count += 1
            now = time.monotonic()
            due = _looks_always(problem.y.device) or now - checked > _CHECK_SECONDS
            # The best score so far is looked at whatever the time: it may be the result.
            if due or step.final or keeper.improves(step):
                checked = now
                if not keeper.offer(step):
                    return keeper.outcome('stopped', count, _diverged(step))
            else:
                keeper.hold(step)
            yield step
            if cancel is not None and cancel.is_set():
                return keeper.outcome('cancelled', count)
            if step.final:
                return keeper.outcome('stopped' if step.index < step.total else 'completed', count)


class _Keeper:
    """Keeps the best finite step seen so far."""

    def __init__(self) -> None:
        self._best: Step | None = None
        self._held: Step | None = None

    def improves(self, step: Step) -> bool:
        """Return whether `step` has a better score than any that was looked at."""
        if step.score is None:
            return False
        return self._best is None or step.follows(self._best)

    def hold(self, step: Step) -> None:
        """Remember a step whose values have not been checked."""
        self._held = step

    def offer(self, step: Step) -> bool:
        """Take `step` if it is finite and no worse; return whether it was finite."""
        self._held = None
        looked_at = step.x if step.changed is None else step.changed
        if not bool(torch.isfinite(looked_at).all()):
            return False
        if self._best is None or step.follows(self._best):
            self._best = step
        return True

    def outcome(self, finish: Finish, count: int, warning: str = '') -> RunOutcome:
        """Return the best step and the reason for the end."""
        if self._held is not None and not self.offer(self._held):
            warning = 'the last iterates were not finite; the last finite one was kept'
            finish = 'stopped'
        if self._best is None:
            raise DivergedError(
                'the iteration produced NaN or infinite values from its first step on; try '
                'precision="float32", a larger sigma or a smaller learning rate'
            )
        best = self._best
        notes = [warning, *best.notes] if warning else list(best.notes)
        if best.better is not None:
            notes.append(_WORSE_THAN_ITS_START)
            best = replace(best, x=best.better, better=None)
        return RunOutcome(best, finish, count, tuple(notes))


def _looks_always(device: torch.device) -> bool:
    """Return whether looking for NaN costs next to nothing."""
    return device.type == 'cpu'


def _diverged(step: Step) -> str:
    return f'step {step.index} was not finite; the best iterate before it was kept'


def _guarded(
    solver: Solver, problem: Problem, params: Any, tools: Workbench
) -> Generator[Step, None, None]:
    """Pass the steps of `solver` on, and explain running out of memory in plain words."""
    try:
        yield from solver(problem, params, tools)
    except RuntimeError as error:
        if devices.is_out_of_memory(error):
            raise DeviceError(
                f'{tools.device} ran out of memory on a plane of {tuple(problem.y.shape[-2:])}; '
                'restore a region of it, or choose another device'
            ) from None
        raise
