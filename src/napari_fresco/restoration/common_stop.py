"""One number of iterations for all blocks of a plane or volume, where each would stop by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial

from ..image.blocks import Index
from ..image.layout import Array
from ..runtime.run import Workbench
from ..types import Step
from .block import Block
from .driving import driven
from .noise_model import Scene
from .parts import Part
from .request import Request


class CommonStop:
    """What the block in the middle stops at holds for the others: else seams would show.

    `request`, `scene`: of the image.
    """

    def __init__(self, request: Request, scene: Scene) -> None:
        self._request, self._scene = request, scene
        self._stops = getattr(request.params, 'stopping', '') == 'discrepancy'
        self._found: dict[Index, int] = {}

    def needed(self, part: Part) -> bool:
        """Whether the blocks that a part is one of have none yet."""
        return self._stops and part.tile is not None and part.index not in self._found

    def find(
        self,
        part: Part,
        every: Sequence[Part],
        tools: Workbench,
        cancel: threading.Event | None,
        seen_as: tuple[Callable[..., Array], Callable[..., Array]],
    ) -> Generator[Step, None, None]:
        """Restore the block in the middle, of which nothing else is kept.

        `seen_as`: make a plane of an estimate and of a step of a part, which is shown meanwhile.
        """
        beside = [each for each in every if each.index == part.index]
        middle = beside[len(beside) // 2]
        own = middle.of(self._request)
        judged = self._scene.of_part(own)
        pixels = judged.planes.read(())
        self._found[part.index] = self._request.params.iterations
        if pixels.empty:
            return
        block = Block.prepare(own, part.index, pixels, judged)
        shown, painted = (partial(each, middle, block) for each in seen_as)
        most = len(every) * self._request.params.iterations

        def passed(step: Step) -> Step:
            """Show a step that brings the result no nearer."""
            return replace(
                step, index=1, total=most, plane=part.index, to_image=shown, to_painted=painted
            )

        outcome = yield from driven(own, block, tools, cancel, passed)
        self._found[part.index] = outcome.steps

    def of(self, part: Part, own: Request) -> Request:
        """Return the request for a part alone, `own`, with the number of iterations of all."""
        if not self._stops or part.tile is None:
            return own
        params = replace(own.params, stopping='none', iterations=self._found[part.index])
        return replace(own, params=params)
