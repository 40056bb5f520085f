"""A sweep: one part of an image, restored with several values of one or two settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brief import Brief
from ..declare.call import Call
from ..declare.options import BY_CHANNEL
from ..declare.tasks import TASKS
from ..errors import ParameterError
from ..generators import Returning, result_of
from ..image.by_channel import of_each_channel
from ..image.contact_sheet import ContactSheet
from ..image.layout import Layout
from ..image.model import Image
from ..noise.camera import Camera
from ..physics.kernels.stretching import stretched
from ..types import Check, Task
from .held_out import NOISIER, HeldOut
from .session import Session

KERNEL_WIDTH = 'kernel_width'
"""What may be swept beside parameters and options: the width of the given kernel, as a factor."""

_MOST = 64  # cells
_WIDTH = 'How wide the blur was is not told by the noise'
_CAMERA = ('gain', 'offset', 'read_noise')


@dataclass(frozen=True, eq=False, repr=False)
class Cell(Brief):
    """One result of a sweep.

    Attributes
    ----------
    values : mapping
        What was varied, by name.
    image : ndarray
        The result.
    checks : tuple of Check
        What was verified about it.
    error : float, optional
        Mean square error on noise that it has not seen, in units of the noise; only differences
        mean something. None where the task, or the image, cannot be judged so.
    """

    values: Mapping[str, Any]
    image: NDArray[Any]
    checks: tuple[Check, ...]
    error: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Brief):
    """The outcome of a sweep.

    Attributes
    ----------
    over : mapping
        What was varied, with its values: along the rows first, then along the columns.
    cells : tuple of Cell
        Row by row; fewer than there are values where the sweep was cancelled.
    suggested : Cell, optional
        The one with the least error on noise that it has not seen.
    reason : str
        Why, and how sure that is; or why there is none.
    """

    over: Mapping[str, tuple[Any, ...]]
    cells: tuple[Cell, ...]
    suggested: Cell | None
    reason: str

    def contact_sheet(self) -> ContactSheet:
        """Return all results as one image, each below its values; a star marks the suggestion."""
        columns = len([*self.over.values()][-1]) if len(self.over) > 1 else len(self.cells)
        texts = [_text(cell, cell is self.suggested) for cell in self.cells]
        return ContactSheet.of([cell.image for cell in self.cells], texts, max(columns, 1))


def sweep(
    image: Any,
    over: Mapping[str, Sequence[Any]],
    *,
    callback: Callable[[Cell], object] | None = None,
    **asked: Any,
) -> Sweep:
    """Restore one plane with several values of one or two settings, and suggest the best.

    Parameters
    ----------
    image : Image or array-like
        A small plane, gray or with colours: a part of an image, say of 128 x 128 pixels.
    over : mapping
        Values by name, of one or two parameters or options, such as ``{'sigma': (4, 8, 16)}``;
        ``'kernel_width'`` multiplies the width of the given kernel.
    callback : callable, optional
        Called with every :class:`Cell`; returning False ends the sweep.
    **asked
        The method and everything else, as for :func:`napari_fresco.restore`; and ``session``, a
        :class:`~napari_fresco.Session` whose networks are used.

    Returns
    -------
    Sweep
        Its suggestion needs no truth: every setting also restores a noisier copy of the image,
        and is judged by noise that it has not seen. Noise that neighbouring pixels share
        misleads it.

    Raises
    ------
    FrescoError
        When anything given is wrong; nothing has been restored then.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> noisy = np.random.default_rng(0).normal(100, 10, (48, 48))
    >>> found = fresco.sweep(noisy, {'sigma': (3, 10, 30)}, method='ffdnet', task='denoise')
    >>> [cell.values['sigma'] for cell in found.cells]
    [3, 10, 30]
    """
    cancel = threading.Event()
    cells = Returning(iterate_sweep(image, over, cancel=cancel, **asked))
    for cell in cells:
        if callback is not None and callback(cell) is False:
            cancel.set()
    return cells.result


def iterate_sweep(
    image: Any,
    over: Mapping[str, Sequence[Any]],
    *,
    cancel: threading.Event | None = None,
    session: Session | None = None,
    **asked: Any,
) -> Generator[Cell, None, Sweep]:
    """Do the same as :func:`sweep`, yielding every cell.

    `cancel`: when set, the sweep ends after the present step, with the cells that are finished.
    `session`: whose networks are used.
    """
    cancel = cancel or threading.Event()
    plane = _plane(image, asked)
    alone = [n for n, v in over.items() if isinstance(v, str) or not hasattr(v, '__iter__')]
    if alone:
        raise ParameterError(
            f'over = {dict(over)!r}; give several values of {alone[0]}, such as (4, 8, 16)'
        )
    grid = {name: tuple(values) for name, values in over.items()}
    every = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    _check(grid, len(every))
    calls = [_call(asked, values) for values in every]
    checked = [_checked(call) for call in calls]
    judging = _Judging(plane, checked[0], varied=tuple(grid))
    cells: list[Cell] = []
    used = session or Session()
    try:
        for values, call in zip(every, calls, strict=True):
            result = _restored(used, plane, call, cancel)
            errors = None if result is None else judging.errors(used, call, result, cancel)
            if result is None or cancel.is_set():
                break
            error = None if errors is None else float(errors.mean())
            cells.append(Cell(values, np.asarray(result.image.data), result.checks, error))
            yield cells[-1]
    finally:
        if session is None:
            used.close()
    suggested, reason = judging.suggestion(cells)
    return Sweep(grid, tuple(cells), suggested, reason)


class _Judging:
    """Judges results by noise that they have not seen, where that can be done."""

    def __init__(self, plane: Image, call: Call, varied: Sequence[str]) -> None:
        self._plane, self._task = plane, call.task
        self._errors: list[NDArray[np.float64]] = []
        self._held: HeldOut | None = None
        if _is_judged(call.task) and plane.missing is None:
            self._held = HeldOut.of(plane.data, _noise_told(call, varied), call.options.seed)

    def errors(
        self, session: Session, call: Mapping[str, Any], result: Any, cancel: threading.Event
    ) -> NDArray[np.float64] | None:
        """Return the square errors of a setting; None where it cannot be judged."""
        if self._held is None:
            return None
        low, high = result.provenance['planes'][0]['range']
        own = {name: value for name, value in call.items() if not name.startswith('context')}
        noisier = {'data_range': (low, high), **own, 'dtype': 'float64'}
        if not isinstance(call.get('sigma', 'auto'), str):
            noisier['sigma'] = np.asarray(call['sigma']) * NOISIER
        image = replace(self._plane, data=self._held.image)
        made = _restored(session, image, noisier, cancel)
        if made is None:
            return None
        kernel = result.kernel if 'kernel' in TASKS[self._task].takes else None
        self._errors.append(self._held.errors(made.image.data, kernel))
        return self._errors[-1]

    def suggestion(self, cells: Sequence[Cell]) -> tuple[Cell | None, str]:
        """Return the best of `cells`, and why; None where that is not known."""
        if not _is_judged(self._task):
            return None, f'Nothing but the truth tells what is best to {self._task}: look at them.'
        if self._held is None or not cells:
            return None, 'There is no noise to judge by: look at them.'
        able = [n for n, cell in enumerate(cells) if cell.values.get(KERNEL_WIDTH, 1) == 1]
        if not able:
            return None, f'{_WIDTH}: look at them.'
        best = min(able, key=lambda n: float(self._errors[n].mean()))
        alike = sum(_alike(self._errors[n], self._errors[best]) for n in able) - 1
        said = ['Least error on noise that it has not seen.']
        said += [f'As good for all that is known: {alike} more.'] if alike else []
        said += [f'{_WIDTH}; this is the best with the kernel as given.'] * (len(able) < len(cells))
        return cells[best], ' '.join(said)


def _is_judged(task: Task) -> bool:
    """Say whether a result, blurred again, is the whole image without its noise."""
    facts = TASKS[task]
    whole = not facts.changes_size and not facts.gains_colour and 'mask' not in facts.takes
    return whole and 'sigma' in facts.takes


def _alike(errors: NDArray[np.float64], least: NDArray[np.float64]) -> bool:
    """Say whether the errors are greater by chance alone, for all that is known."""
    shape = [min(pair) for pair in zip(errors.shape, least.shape, strict=True)]
    difference = _middle(errors, shape) - _middle(least, shape)
    return bool(difference.mean() <= 2 * difference.std() / np.sqrt(difference.size))


def _middle(values: NDArray[np.float64], shape: Sequence[int]) -> NDArray[np.float64]:
    starts = [(n - m) // 2 for n, m in zip(values.shape, shape, strict=True)]
    return values[tuple(slice(s, s + m) for s, m in zip(starts, shape, strict=True))]


def _noise_told(call: Call, varied: Sequence[str]) -> float | Camera | None:
    """Return the noise given to all cells; None where it is varied or to be found."""
    told = [getattr(call.parameters, name) for name in _CAMERA]
    if None not in told and not {*_CAMERA} & {*varied}:
        return Camera(*told)
    known = isinstance(call.options.sigma, float | int) and 'sigma' not in varied
    return float(call.options.sigma) if known else None


def _restored(
    session: Session, image: Image, call: Mapping[str, Any], cancel: threading.Event
) -> Any:
    """Return the result for an image; None when it was cancelled."""
    result = result_of(session.iterate(image, cancel=cancel, **call))
    return None if result.finish == 'cancelled' else result


def _plane(image: Any, asked: dict[str, Any]) -> Image:
    """Return a plane, of which rows and columns come first, and take its axes out of `asked`."""
    given = {name: asked.pop(name, None) for name in ('axes', 'rgb', 'spacing')}
    whole = Image.of(image, **given)
    for name in BY_CHANNEL:
        if isinstance(told := asked.get(name), Mapping):
            each = of_each_channel(told, whole, name, ParameterError)
            asked[name] = each[0] if len(each) == 1 else told
    layout = Layout.of(whole)
    if any(n > 1 for n in layout.leading):
        raise ParameterError(
            f'the image has axes {whole.axes} and shape {whole.shape}; a sweep takes one plane, '
            'such as image[0]'
        )
    return whole if not layout.leading else _first(whole, layout)


def _first(whole: Image, layout: Layout) -> Image:
    index = tuple(0 if axis in layout.leading_axes else slice(None) for axis in whole.axes)
    axes = ''.join(axis for axis in whole.axes if axis not in layout.leading_axes)
    return Image(np.asarray(whole.data[index]), axes)


def _check(grid: Mapping[str, Sequence[Any]], cells: int) -> None:
    if len(grid) not in (1, 2) or not all(grid.values()):
        raise ParameterError(
            f'over = {dict(grid)!r}; give values of one or two settings, such as '
            "{'sigma': (4, 8, 16)}"
        )
    if cells > _MOST:
        raise ParameterError(f'over has {cells} combinations; give at most {_MOST}')


def _call(asked: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of a cell."""
    call = {**asked, **values}
    factor = call.pop(KERNEL_WIDTH, None)
    if factor is not None:
        if call.get('kernel') is None or isinstance(call['kernel'], str):
            raise ParameterError(f'{KERNEL_WIDTH} multiplies the width of a kernel; give one')
        call['kernel'] = stretched(call['kernel'], factor)
    return call


def _checked(call: Mapping[str, Any]) -> Call:
    apart = ('method', 'task', 'params')
    given = {n: v for n, v in call.items() if n not in apart and not n.startswith('context')}
    return Call.of(call.get('method'), call.get('task'), call.get('params'), given)


def _text(cell: Cell, suggested: bool) -> str:
    said = ', '.join(f'{v:.4g}' if isinstance(v, float) else str(v) for v in cell.values.values())
    accused = ' !' if any(not check.ok for check in cell.checks) else ''
    return f'{"* " if suggested else ""}{said}{accused}'
