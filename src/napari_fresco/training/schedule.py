"""The pace of a run through its regime, so that it ends in time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_MEASURED = 20  # steps that the first estimate is made of
_INERTIA = 0.9


@dataclass
class TrainingSchedule:
    """The position in a regime, counted in its steps, and how far each real step takes it.

    `total`: steps of the regime.
    `stride`: steps of the regime in a step.
    `seconds`: time that the run is to take; None keeps the stride.
    `position`: where the run is, from 0 to `total`.
    `step_seconds`: running mean of the time of a step.
    """

    total: int
    stride: float = 1.0
    seconds: float | None = None
    position: float = 0.0
    step_seconds: float = 0.0

    @property
    def part(self) -> float:
        """Part of the regime that has been gone through, from 0 to 1."""
        return self.position / self.total

    @property
    def done(self) -> bool:
        """Whether the regime has been gone through."""
        return self.part > 1 - 1e-6

    def advance(self, step: int, spent: float, took: float) -> None:
        """Take note of a step.

        `step`: number of steps before it.
        `spent`: seconds that the run has taken, with this step.
        `took`: seconds of this step.
        """
        weight = _INERTIA if step else 0.0
        self.step_seconds = weight * self.step_seconds + (1 - weight) * took
        if self.seconds is not None:
            # Until the time of a step is known the run waits at its beginning.
            self.stride = 0.0 if step < _MEASURED else self._fitting(self.seconds - spent)
        self.position = min(self.position + self.stride, self.total)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a resumed run."""
        return asdict(self)

    def _fitting(self, left: float) -> float:
        remaining = self.total - self.position
        steps = max(left, 0.0) / max(self.step_seconds, 1e-9)
        return remaining / max(steps, 1.0)
