"""Driving the solver of a plane or block to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import closing

from ..generators import Returning
from ..runtime.run import RunOutcome, Workbench, run
from ..types import Step
from .block import Block
from .request import Request
from .solver_choice import solver_for


def driven(
    request: Request,
    block: Block,
    tools: Workbench,
    cancel: threading.Event | None,
    passed: Callable[[Step], Step],
) -> Generator[Step, None, RunOutcome]:
    """Drive the solver of a plane, passing steps on as `passed` has them."""
    runner = run(solver_for(request, block), block.problem, request.params, tools, cancel)
    with closing(runner):
        steps = Returning(runner)
        for step in steps:
            yield passed(step)
        return steps.result
