"""One restoration in a worker thread: the core's iterator behind napari's worker.

Three facts of napari's workers shape this module. A ``RuntimeError`` in a worker
is taken for a deleted Qt object and swallowed, so it is raised again as a
:class:`FrescoError`. A worker that was quit keeps its suspended generator, so
the generator holds nothing but the :class:`Session`, which can be closed from
outside. And tracebacks keep the tensors of their frames, so errors leave the
worker without one.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import FrescoError
from ..evidence.metrics import psnr
from ..restoration import api
from ..types import Result, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..layers.layer_request import PanelRequest

_PREVIEW_SIDE = 1024
_SHORTEST_INTERVAL = 0.25

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Report:
    """What the panel is told of a step; numbers that cost time are on some steps only.

    Attributes
    ----------
    index, total : int
        Steps done and steps there may be, over all planes.
    remaining : float or None
        Seconds still needed if no stopping rule ends the run early.
    residual : float or None
        Root mean square of ``H x - y`` in working units.
    psnr : float or None
        Against the reference layer, in dB.
    preview : ndarray or None
        One plane of the estimate, thinned by `stride`, on the CPU.
    """

    index: int
    total: int
    remaining: float | None = None
    residual: float | None = None
    psnr: float | None = None
    preview: NDArray[Any] | None = None
    stride: int = 1


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    result : Result
        What came of it.
    psnr, before : float or None
        Of the result and of the image against the reference layer, in dB.
    layer : str or None
        Unique id of the result layer, once it is there.
    """

    result: Result
    psnr: float | None = None
    before: float | None = None
    layer: str | None = None


class Session:
    """A run as both threads see it.

    The worker thread calls :meth:`advance`; the GUI thread sets :attr:`cancel`
    and :attr:`preview`, and calls :meth:`close` once the worker has ended.

    Parameters
    ----------
    request : PanelRequest
        What to do.
    rate : float
        Previews and read-outs per second, at most 4.
    """

    def __init__(self, request: PanelRequest, rate: float = 4.0) -> None:
        self.request = request
        self.cancel = threading.Event()
        self.preview = threading.Event()
        self._interval = max(1 / max(rate, 0.01), _SHORTEST_INTERVAL)
        self._steps: Generator[Step, None, Result] | None = None
        self._reference: NDArray[Any] | None = None
        self._first: tuple[float, int] | None = None
        self._last = 0
        self._sampled = -np.inf

    def advance(self) -> Report | Outcome:
        """Do one step and report on it, or return the outcome after the last."""
        if self._steps is None:
            if self.request.reference is not None:
                self._reference = self.request.reference.load_ordered()
            self._steps = api.iterate(**self.request.arguments(), cancel=self.cancel)
        try:
            step = next(self._steps)
        except StopIteration as end:
            return self._outcome(end.value)
        return self._report(step)

    def close(self) -> None:
        """Let the solver clean up and let go of its memory; safe to call again."""
        if self._steps is not None:
            self._steps.close()
        self._steps = self._reference = None

    def _report(self, step: Step) -> Report:
        now = time.monotonic()
        if self._first is None or step.index <= self._last:  # the second of two steps begins
            self._first = (now, step.index)
        self._last = step.index
        remaining = self._remaining(now, step)
        if now - self._sampled < self._interval and step.index < step.total and not step.final:
            return Report(step.index, step.total, remaining)
        self._sampled = now
        residual = None if step.residual is None else float(step.residual)
        wanted = self.preview.is_set()
        if not wanted and self._reference is None:
            return Report(step.index, step.total, remaining, residual)
        image = step.image
        stride = 1 + (max(image.shape[:2]) - 1) // _PREVIEW_SIDE
        thin = np.ascontiguousarray(image[::stride, ::stride]) if wanted else None
        score = self._psnr(image, step.plane)
        return Report(step.index, step.total, remaining, residual, score, thin, stride)

    def _remaining(self, now: float, step: Step) -> float | None:
        # The first step also loads weights and warms up, so the clock starts after it.
        began, first = self._first or (now, step.index)
        done = step.index - first
        return (now - began) / done * (step.total - step.index) if done > 0 else None

    def _psnr(self, image: NDArray[Any], plane: tuple[int, ...]) -> float | None:
        if self._reference is None:
            return None
        reference = self._reference
        if reference.ndim > image.ndim:
            reference = reference[plane]
        return _compare(image, reference)

    def _outcome(self, result: Result) -> Outcome:
        if self._reference is None:
            return Outcome(result)
        part = self.request.image
        after, before = part.ordered(result.image), part.load_ordered()
        truth = np.broadcast_to(self._reference, after.shape)
        return Outcome(result, _compare(after, truth), _compare(before, truth))


def restore_layer(session: Session) -> Generator[Report, None, Outcome]:
    """Run a session to its end in a worker thread.

    Raises
    ------
    FrescoError
        For whatever goes wrong, in one sentence and without a traceback.
    """
    try:
        while isinstance(report := session.advance(), Report):
            yield report
        return report
    except Exception as error:
        failure = _explained(error, session.request)
    finally:
        session.close()
    raise failure


def _explained(error: Exception, request: PanelRequest) -> FrescoError:
    if isinstance(error, FrescoError):
        return FrescoError(str(error))
    logger.error('%s failed\n%s', request.busy_text, ''.join(traceback.format_exception(error)))
    if isinstance(error, MemoryError):
        return FrescoError('not enough memory; choose a smaller tile or a region of interest')
    first_line = (str(error).splitlines() or [''])[0]
    return FrescoError(f'{type(error).__name__}: {first_line}')


def _compare(image: NDArray[Any], reference: NDArray[Any]) -> float | None:
    """PSNR over the range of the reference, or None where the shapes differ."""
    if image.shape != reference.shape:
        return None
    return psnr(image, reference, data_range=_peak(reference))


def _peak(reference: NDArray[Any]) -> float:
    if reference.dtype == np.uint8:
        return 255.0
    low, high = float(reference.min()), float(reference.max())
    if reference.dtype.kind == 'f' and low >= 0 and high <= 1:
        return 1.0
    return max(high - low, 1e-12)
