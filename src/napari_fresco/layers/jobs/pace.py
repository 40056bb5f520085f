"""The speed of methods on this machine, for forecasts of the next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...declare.tasks import TASKS

if TYPE_CHECKING:
    from ...types import Result, Task
    from ..requests.layer_request import PanelRequest


@dataclass(frozen=True)
class Pace:
    """The speed of the last run of a method.

    `seconds`: for each pixel of the image; None of what is filled, which goes by the damage.
    `device`: where it ran.
    `networks`: how each of its networks ran, as the provenance has it.
    `around`: whether they saw the surroundings of losses alone, however large the image is.
    """

    seconds: float | None
    device: str
    networks: tuple[Mapping[str, Any], ...] = ()
    around: bool = False

    def memory(self, pixels: int) -> int:
        """Return the approximate bytes of the largest network for a plane of so many pixels.

        0 where they do not go by the plane.
        """
        if self.around:
            return 0
        return max((_bytes(each, pixels) for each in self.networks), default=0)


_PACES: dict[tuple[str, str], Pace] = {}


def note_pace(request: PanelRequest, result: Result) -> None:
    """Remember the speed of a finished run."""
    record = result.provenance
    if result.finish != 'cancelled' and request.image.size:
        seconds = float(record['seconds']) / request.image.size
        filled = 'mask' in TASKS[request.task].needs
        _PACES[request.method.name, request.task] = Pace(
            None if filled else seconds,
            record['device'],
            tuple(record.get('computing', ())),
            filled and request.method.local and bool(record.get('keep_known')),
        )


def pace_of(method: str, task: Task) -> Pace | None:
    """Return the last speed of a method; None where it has not run."""
    return _PACES.get((method, task))


def _bytes(network: Mapping[str, Any], pixels: int) -> int:
    tile = network['tile']
    seen = pixels if tile is None else min(pixels, (tile + 2 * network['halo']) ** 2)
    return int(network['bytes_per_pixel'] * seen)
