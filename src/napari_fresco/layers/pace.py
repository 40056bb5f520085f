"""How fast methods were on this machine, so that the next run can be foretold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..declare.tasks import TASKS

if TYPE_CHECKING:
    from ..types import Result, Task
    from .layer_request import PanelRequest

_PACES: dict[tuple[str, str], float] = {}


def note_pace(request: PanelRequest, result: Result) -> None:
    """Remember how long a finished run took for each pixel of the image."""
    if result.finish != 'cancelled' and request.image.size:
        seconds = float(result.provenance['seconds'])
        _PACES[request.method.name, request.task] = seconds / request.image.size


def foretold(method: str, task: Task, pixels: int) -> float | None:
    """Return about how many seconds a run will take; None where there was none like it.

    What is filled goes by the damage, not by the pixels, and so is not foretold.
    """
    pace = _PACES.get((method, task))
    if pace is None or 'mask' in TASKS[task].needs:
        return None
    return pace * pixels
