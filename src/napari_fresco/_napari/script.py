"""A request as a Python script that does the same in napari's console."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..declare.tasks import TASKS
from ..layers.selection import Selection
from ..layers.space import Space

if TYPE_CHECKING:
    from ..layers.layer_request import PanelRequest

_HEAD = "# In napari's console, where `viewer` exists.\nimport napari_fresco as fresco\n"
_MASK_HEAD = 'from napari_fresco.layers.mask_layers import mask_array\n'
_ROOT_HEAD = 'import numpy as np\n'


@dataclass(frozen=True, eq=False)
class Sources:
    """The layers that a request was made of, and the options of its mask."""

    image: Any
    mask: Any = None
    kernel: Any = None
    sigma: Any = None
    mask_options: Mapping[str, Any] = field(default_factory=dict)


def script_of(request: PanelRequest, sources: Sources) -> str:
    """Return the source of a script that runs `request` and adds the result."""
    body = []
    if request.mask is not None:
        body.append(_mask(request, sources))
    body.append(f'result = fresco.restore(\n    {_data(sources.image, request.image)},')
    body += [f'    {name}={value},' for name, value in _arguments(request, sources).items()]
    body.append(')')
    body.append(f'viewer.add_image(result.image, {_appearance(request, sources)})')
    head = _HEAD
    if request.variance:
        head += _ROOT_HEAD
    if request.mask is not None:
        head += _MASK_HEAD
    return f'{head}\n' + '\n'.join(body) + '\n'


def _arguments(request: PanelRequest, sources: Sources) -> dict[str, str]:
    part = request.image
    arguments = {'method': repr(request.method.name), 'task': repr(request.task)}
    if request.mask is not None:
        arguments['mask'] = 'mask'
    if request.kernel is not None:
        arguments['kernel'] = _kernel(request, sources)
    arguments['sigma'] = _sigma(request, sources)
    if request.scale > 1:
        arguments['scale'] = repr(request.scale)
    usual = part.spatial == (len(part.index) - 2, len(part.index) - 1)
    arguments |= {'rgb': repr(part.rgb)} if usual else {'axes': repr(part.axes)}
    for name, value in {**request.settings, **request.parameters}.items():
        arguments[name] = repr(value)
    return arguments


def _kernel(request: PanelRequest, sources: Sources) -> str:
    if isinstance(request.kernel, str):
        return repr(request.kernel)
    data = _data(sources.kernel)
    converted = f'fresco.kernels.direct_sampling({data}, {request.sampled})'
    return data if request.sampled is None else converted


def _sigma(request: PanelRequest, sources: Sources) -> str:
    if not isinstance(request.sigma, Selection):
        return repr(request.sigma)
    data = _data(sources.sigma, request.sigma)
    return f'np.sqrt(np.maximum({data}, 0))' if request.variance else data


def _layer(layer: Any) -> str:
    return f'viewer.layers[{layer.name!r}]'


def _data(layer: Any, part: Selection | None = None) -> str:
    data = f'{_layer(layer)}.data[0]' if layer.multiscale else f'{_layer(layer)}.data'
    return data if part is None or _is_whole(part) else f'{data}[{_slices(part.index)}]'


def _is_whole(part: Selection) -> bool:
    grid = zip(part.index, part.data.shape, strict=False)
    return all(s.step is None and s.stop - s.start == n for s, n in grid)


def _slices(index: tuple[slice, ...]) -> str:
    return ', '.join(
        f'{s.start}:{s.stop}' if s.step is None else f'{s.start}:{s.stop}:{s.step}' for s in index
    )


def _mask(request: PanelRequest, sources: Sources) -> str:
    options = ''.join(
        f', {name}={value!r}' for name, value in sources.mask_options.items() if value
    )
    line = f'mask = mask_array({_layer(sources.image)}, {_layer(sources.mask)}{options})'
    part = request.image
    if _is_whole(part) or request.mask is None:
        return line
    plane = tuple(part.index[axis] for axis in part.spatial)
    leading = tuple(s for axis, s in enumerate(part.index) if axis not in part.spatial)
    stacked = request.mask.pixels.ndim > 2
    return f'{line}[{_slices(leading + plane) if stacked else "..., " + _slices(plane)}]'


def _appearance(request: PanelRequest, sources: Sources) -> str:
    rgb = request.image.rgb or TASKS[request.task].gains_colour
    words = [f'name={request.title!r}', f'rgb={rgb}']
    if request.scale == 1:
        space = Space.of(sources.image)
        words.append(f'scale={[float(n) for n in space.scale]}')
        words.append(f'units={[str(unit) for unit in space.units]}')
        moved = space.part(request.image.origin, [1.0] * len(space.scale))['translate']
        words.append(f'translate={[float(n) for n in moved]}')
    return ', '.join(words)
