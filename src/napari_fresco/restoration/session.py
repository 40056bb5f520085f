"""A session: devices, networks and denoisers that outlive a call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from ..declare.call import Call
from ..declare.presets import PresetLike
from ..errors import ParameterError
from ..generators import Returning
from ..runtime.garbage import imported_unsearched
from ..types import Result, Step
from .check_warning import warn_of

if TYPE_CHECKING:
    from ..runtime.pool import Pool


class Session:
    """Restores one image after the other with networks that stay loaded.

    Weights are read and hashed once. The memory is given back when the session is
    closed, at the end of its ``with`` block. Calls may come from several threads.

    Parameters
    ----------
    device : str
        Where calls run that name no device themselves; see :func:`napari_fresco.restore`.
    warn : bool
        Whether :meth:`restore` warns of checks that have failed; False where the caller says so.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> noisy = np.random.default_rng(0).normal(100, 20, (2, 32, 32))
    >>> with fresco.Session() as session:
    ...     results = [session.restore(image, method='ffdnet', sigma=20) for image in noisy]
    >>> [result.image.shape for result in results]
    [(32, 32), (32, 32)]
    """

    def __init__(self, device: str = 'auto', *, warn: bool = True) -> None:
        self.device = device
        self._warn = warn
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all networks and give the memory back; a further call loads them anew."""
        if self._pool is not None:
            self._pool.close()

    def iterate(
        self,
        image: Any,
        *,
        method: str | None = None,
        task: str | None = None,
        params: PresetLike = None,
        cancel: threading.Event | None = None,
        context: Any = None,
        context_index: tuple[int, ...] | None = None,
        context_origin: tuple[int, ...] | None = None,
        output: str | Path | None = None,
        **options: Any,
    ) -> Generator[Step, None, Result]:
        """Restore `image` step by step; see :func:`napari_fresco.iterate`.

        Parameters
        ----------
        context : Image, optional
            What `image` is a part of, such as the layer that a region or a slice was cut
            from: range and noise are found there, so that the part is restored like the
            whole. Damaged pixels, those of `mask` too, are to be marked as missing in it.
        context_index : tuple of int, optional
            Which plane of the context, along its stack axes, a single plane was cut from.
        context_origin : tuple of int, optional
            Where in the context, which has the same axes, the image begins: a place for each axis
            but S. With it, planes before and after the image help as neighbours, too.
        """
        call = Call.of(method, task, params, {'device': self.device, **options})

        with imported_unsearched():
            from ..runtime.pool import Pool
            from .context import Context
            from .pipeline import run_pipeline
            from .request import Request

        self._pool = self._pool or Pool()
        request = Request.prepare(
            image,
            call,
            context=Context.of(context, context_index, context_origin),
            output=output,
        )
        return (yield from run_pipeline(request, cancel, self._pool))

    def doubts(
        self,
        image: Any,
        *,
        method: str | None = None,
        task: str | None = None,
        params: PresetLike = None,
        **options: Any,
    ) -> tuple[str, ...]:
        """Return doubts about a call before anything is restored.

        Mask, kernel, noise level, camera, range and weights are compared with the image, of a
        stack with its middle plane, of a large plane with a part. The result says the same in its
        checks and warnings.

        Parameters
        ----------
        image, method, task, params, **options
            Those of :func:`napari_fresco.restore`.

        Returns
        -------
        tuple of str
            Sentences with the remedy; empty where nothing is doubtful.

        Raises
        ------
        FrescoError
            When the call is no valid one.
        """
        call = Call.of(method, task, params, {'device': self.device, **options})

        from .checking import doubts_before
        from .request import Request

        return doubts_before(Request.prepare(image, call))

    def restore(
        self,
        image: Any,
        *,
        method: str | None = None,
        task: str | None = None,
        params: PresetLike = None,
        progress: bool = False,
        callback: Callable[[Step], object] | None = None,
        cancelled: Callable[[], bool] | None = None,
        **options: Any,
    ) -> Result:
        """Restore `image`; parameters and result are those of :func:`napari_fresco.restore`.

        `cancelled`: asked between the tiles and planes of a step, too; once it is true the run
        ends.
        """
        if callback is not None and not callable(callback):
            raise ParameterError(f'callback = {callback!r} is no function; it is given each step')
        from ..runtime.interrupting import Cancelling

        cancel = Cancelling(cancelled)
        steps = Returning(
            self.iterate(image, method=method, task=task, params=params, cancel=cancel, **options)
        )
        with tqdm(desc=method or 'restore', disable=not progress) as bar:
            for step in steps:
                bar.total = step.total
                bar.update(step.index - bar.n)
                if callback is not None and callback(step) is False:
                    cancel.set()
        if self._warn:
            warn_of(steps.result, 'result.checks')
        return steps.result
