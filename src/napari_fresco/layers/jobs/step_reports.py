"""The reports of a run to its panel: few of the steps, with a preview now and then."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...evidence.metrics import psnr
from ...types import Result, Step
from ..comparing.compared import peak_of
from ..results.side_layers import as_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..requests.layer_request import PanelRequest

_PREVIEW_SIDE = 1024
_SHORTEST_INTERVAL = 0.25  # seconds between two previews
_REPORT_INTERVAL = 0.04  # seconds between two reports
_SHARE = 10  # of the time of a run that may go into previews: a tenth


@dataclass(frozen=True, eq=False)
class Report:
    """The report of a step to the panel; numbers that cost time are on some steps only.

    `index`, `total`: steps done and steps there may be, over all planes.
    `remaining`: seconds still needed if no stopping rule ends the run early.
    `residual`: root mean square of ``H x - y`` in working units.
    `psnr`: against the reference layer, in dB.
    `preview`: one plane of the estimate, thinned by `stride`, on the CPU.
    `painted`: where losses of that plane have their final value; `plane` tells which it is.
    """

    index: int
    total: int
    remaining: float | None = None
    residual: float | None = None
    psnr: float | None = None
    preview: NDArray[Any] | None = None
    stride: int = 1
    painted: NDArray[np.bool_] | None = None
    plane: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class LayerOutcome:
    """The outcome of a run, with the PSNR of result and image against the reference, in dB."""

    result: Result
    psnr: float | None = None
    before: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the run was cancelled before anything was restored."""
        return self.result.is_empty


class StepReports:
    """Turns steps into reports in the worker thread, and keeps the time."""

    def __init__(self, request: PanelRequest, rate: float) -> None:
        self.preview = threading.Event()
        self.wants_painted = False
        """Whether previews are not thinned, and come with where they were painted."""
        self._request = request
        self._interval = max(1 / max(rate, 0.01), _SHORTEST_INTERVAL)
        self._reference: NDArray[Any] | None = None
        self._first: tuple[float, int] | None = None
        self._last = 0
        self._reported = self._sampled = -np.inf
        self._cost = 0.0  # seconds that the last preview took

    def load_reference(self) -> None:
        """Read the image to compare with."""
        if self._request.reference is not None:
            self._reference = self._request.reference.load_ordered()

    def forget(self) -> None:
        """Let go of the image to compare with."""
        self._reference = None

    def of(self, step: Step) -> Report | None:
        """Return the report of a step; None for most steps of a quick run."""
        now = time.monotonic()
        if self._first is None or step.index <= self._last:  # the second of two runs begins
            self._first = (now, step.index)
        self._last = step.index
        ends = step.index >= step.total or step.final
        if not ends and now - self._reported < _REPORT_INTERVAL:
            return None
        self._reported = now
        remaining = self._remaining(now, step)
        if not ends and now - self._sampled < max(self._interval, _SHARE * self._cost):
            return Report(step.index, step.total, remaining)
        self._sampled = now
        residual = None if step.residual is None else float(step.residual)
        wanted = self.preview.is_set()
        if not wanted and self._reference is None:
            return Report(step.index, step.total, remaining, residual)
        image = step.image
        whole = self.wants_painted
        stride = 1 if whole else 1 + (max(image.shape[:3]) - 1) // _PREVIEW_SIDE
        shown = image[len(image) // 2] if self._request.is_volume else image
        thin = np.ascontiguousarray(shown[::stride, ::stride]) if wanted else None
        score = self._psnr(image, step.plane)
        painted = step.painted if whole and wanted else None
        sampled = Report(step.index, step.total, remaining, residual, score, thin, stride)
        self._cost = time.monotonic() - now
        return replace(sampled, painted=painted, plane=step.plane)

    def outcome(self, result: Result) -> LayerOutcome:
        """Return the result with its PSNR against the reference."""
        outcome = LayerOutcome(result)
        if self._reference is None or outcome.is_empty:
            return outcome
        part = self._request.image
        after, before = part.ordered(as_pixels(result.image)), part.load_ordered()
        truth = np.broadcast_to(self._reference, after.shape)
        return LayerOutcome(result, _compare(after, truth), _compare(before, truth))

    def _remaining(self, now: float, step: Step) -> float | None:
        # The first step also loads weights and warms up, so the clock starts after it.
        began, first = self._first or (now, step.index)
        done = step.index - first
        return (now - began) / done * (step.total - step.index) if done > 0 else None

    def _psnr(self, image: NDArray[Any], plane: tuple[int, ...]) -> float | None:
        if self._reference is None:
            return None
        reference = self._reference
        return _compare(image, reference[plane] if reference.ndim > image.ndim else reference)


def _compare(image: NDArray[Any], reference: NDArray[Any]) -> float | None:
    """PSNR over the range of the reference, or None where the shapes differ."""
    if image.shape != reference.shape:
        return None
    return psnr(image, reference, data_range=peak_of(reference))
