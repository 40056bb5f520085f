"""Decisions that each block of a plane would make by itself, made once for all of them.

When to stop, or how strongly to filter: decided apart, seams would show.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ..image.blocks import Index
from ..image.layout import Array
from ..physics.problem import Problem
from ..runtime.run import Workbench, run
from ..runtime.tools import Tools
from ..types import Step
from .block import Block
from .parts import Part, pilots
from .request import Request
from .scene import Scene


class Settled:
    """Asks pilots, squares or columns spread over the whole, which are restored side by side.

    `request`, `scene`: of the image.
    """

    def __init__(self, request: Request, scene: Scene) -> None:
        self._request, self._scene = request, scene
        method, dims = request.method, request.layout.dims
        # In planes on a torus the noise that is told may grow with what comes of it.
        self._wanted = (dims == 3 or dims in method.window) and any(
            getattr(request.params, name) == value for name, value in method.undecided
        )
        self._found: dict[Index, dict[str, Any]] = {}

    def needed(self, part: Part) -> bool:
        """Whether nothing is decided yet for the blocks that a part is one of."""
        return self._wanted and part.tile is not None and part.index not in self._found

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
        self._found[part.index], params = {}, self._request.params
        blocks = list(self._blocks(part.index))
        if not blocks:
            return
        first, block = blocks[0]
        shown, painted = (partial(each, first, block) for each in seen_as)
        problems = [each.problem for _, each in blocks]

        def solver(problem: Problem, params: Any, tools: Tools) -> Iterator[Step]:
            """Restore all pilots to the end, which the runner has no need of, for what is found."""
            module = importlib.import_module(self._request.method.solver.split(':')[0])
            steps = module.settle(problems, params)
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    self._found[part.index] = _changed(params, end.value)
                    return
                yield replace(step, final=False)

        for step in run(solver, block.problem, params, tools, cancel):
            # Steps that bring the result no nearer.
            yield replace(
                step,
                index=1,
                total=count * step.total,
                plane=part.index,
                to_image=shown,
                to_painted=painted,
            )

    def _blocks(self, index: Index) -> Iterator[tuple[Part, Block]]:
        """Yield the pilots of a plane or volume of which something is known."""
        for pilot in pilots(self._request, index):
            own = pilot.of(self._request)
            judged = self._scene.of_part(own)
            pixels = judged.read(())
            if not pixels.empty:
                yield pilot, Block.prepare(own, index, pixels, judged)

    def of(self, part: Part, own: Request) -> Request:
        """Return the request for a part alone, `own`, with what was decided for all."""
        if not self._wanted or part.tile is None:
            return own
        return replace(own, params=replace(own.params, **self._found[part.index]))


def _changed(before: Any, after: Any) -> dict[str, Any]:
    """Return the parameters that differ."""
    told = vars(before)
    return {name: value for name, value in vars(after).items() if value != told[name]}
