"""A request as the Python that does the same with layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layer_request import PanelRequest

RESTORE, FILL = 'restore_layer', 'fill_losses'
_NOT_TO_FILL = ('task', 'full_size')
_HEAD = """# In napari's console, where `viewer` exists. The window stays alive meanwhile;
# job.wait() returns the layers, job.cancel() ends it early.
"""


class Expression(str):
    """Python that stands for itself, such as the name of a variable."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, eq=False)
class Sources:
    """The inputs of a request by name: layers or expressions, and the options of its mask."""

    image: str
    mask: str = ''
    kernel: str | Mapping[int, str] = ''
    sigma: str = ''
    mask_options: Mapping[str, Any] = field(default_factory=dict)


def script_of(request: PanelRequest, sources: Sources, function: str = RESTORE) -> str:
    """Return the source of a script for the console that runs `request` and adds its layers.

    `function`: of :mod:`napari_fresco.layers` that does it.
    """
    call = call_text(request, sources, function, wait=False)
    return f'{_HEAD}from napari_fresco.layers import {function}\n\njob = {call}\n'


def call_text(request: PanelRequest, sources: Sources, function: str, **more: Any) -> str:
    """Return the call of a function for layers that runs `request`.

    `more`: further keywords.
    """
    arguments = {**_arguments(request, sources), **more}
    if function == FILL:
        arguments = {n: v for n, v in arguments.items() if n not in _NOT_TO_FILL}
    lines = [f'    {name}={value!r},' for name, value in arguments.items()]
    return '\n'.join([f'{function}(', '    viewer,', f'    {sources.image!r},', *lines, ')'])


def _arguments(request: PanelRequest, sources: Sources) -> dict[str, Any]:
    """Return the keywords of :func:`napari_fresco.layers.restore_layer`."""
    arguments: dict[str, Any] = {'method': request.method.name, 'task': request.task}
    if not request.image.is_whole:
        arguments['part'] = Expression(f'({", ".join(map(_slice, request.image.index))})')
        arguments |= {'full_size': True} if request.full_size else {}
    if sources.mask:
        arguments['mask'] = sources.mask
        chosen = {name: value for name, value in sources.mask_options.items() if value}
        arguments |= {'mask_options': chosen} if chosen else {}
    arguments |= {'filled': True} if request.filled else {}
    if request.kernel is not None:
        arguments['kernel'] = request.kernel if isinstance(request.kernel, str) else sources.kernel
    arguments['sigma'] = sources.sigma if request.maps_noise else request.sigma
    if request.scale > 1:
        arguments['scale'] = request.scale
    return arguments | dict(request.settings) | dict(request.parameters)


def _slice(part: slice) -> str:
    return f'slice({part.start}, {part.stop})'
