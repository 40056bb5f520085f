"""A request as a Python script that does the same in napari's console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..layers.selection import Selection

if TYPE_CHECKING:
    from ..layers.layer_request import PanelRequest

_HEAD = """# In napari's console, where `viewer` exists. The window stays alive meanwhile;
# job.wait() returns the layers, job.cancel() ends it early.
"""
RESTORE = 'restore_layer'


@dataclass(frozen=True, eq=False)
class Sources:
    """The layers that a request was made of, and the options of its mask."""

    image: Any
    mask: Any = None
    kernel: Any = None
    sigma: Any = None
    mask_options: Mapping[str, Any] = field(default_factory=dict)


def script_of(request: PanelRequest, sources: Sources, function: str = RESTORE) -> str:
    """Return the source of a script that runs `request` and adds the same layers.

    `function`: of :mod:`napari_fresco.layers` that does it; one that only fills needs no task.
    """
    arguments = {**_arguments(request, sources), 'wait': False}
    if function != RESTORE:
        arguments = {n: v for n, v in arguments.items() if n not in ('task', 'full_size')}
    lines = [f'    {name}={value!r},' for name, value in arguments.items()]
    call = [f'job = {function}(', f'    viewer, {sources.image.name!r},', *lines, ')']
    return f'{_HEAD}from napari_fresco.layers import {function}\n\n' + '\n'.join(call) + '\n'


def _arguments(request: PanelRequest, sources: Sources) -> dict[str, Any]:
    """Return the keywords of :func:`napari_fresco.layers.restore_layer`; layers by name."""
    arguments: dict[str, Any] = {'method': request.method.name, 'task': request.task}
    if not request.image.is_whole:
        arguments['part'] = tuple(request.image.index)
        arguments |= {'full_size': True} if request.full_size else {}
    if request.mask is not None:
        arguments['mask'] = sources.mask.name
        chosen = {name: value for name, value in sources.mask_options.items() if value}
        arguments |= {'mask_options': chosen} if chosen else {}
    arguments |= {'filled': True} if request.filled else {}
    if request.kernel is not None:
        given = isinstance(request.kernel, str)
        arguments['kernel'] = request.kernel if given else sources.kernel.name
    mapped = isinstance(request.sigma, Selection)
    arguments['sigma'] = sources.sigma.name if mapped else request.sigma
    if request.scale > 1:
        arguments['scale'] = request.scale
    return arguments | dict(request.settings) | dict(request.parameters)
