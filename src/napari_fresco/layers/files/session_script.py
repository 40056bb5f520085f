"""A session as a Python script, statement by statement."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from ...image.model import Image
from ..images.selection import Selection, named_axes
from ..images.source_layer import Source
from ..images.space import Space
from ..masks.mask_layers import Marked
from ..masks.whole_damage import whole_damage
from ..requests.call_text import FILL, RESTORE, Expression, Sources, call_text
from ..requests.channel_kernels import ChannelKernels
from .session_acts import Act
from .session_files import Saved, SessionFiles, slug

if TYPE_CHECKING:
    from ..requests.layer_request import PanelRequest

_TAKEN = ('viewer', 'here', 'fresco', 'np', 'results', 'file', 'layer', FILL, RESTORE, 'undo_fill')
_NOT_KNOWN = 'the layer that it was made of is gone, and was opened from no file'
_NOT_REPEATED = 'what it was made of cannot be repeated'
_FUNCTIONS = ('fill_losses', 'image_of', 'restore_layer', 'same_as_recorded', 'undo_fill')
_HEAD = '''"""What was done in napari, to be done again: ``python {file}``.

Written by napari-fresco {version}. The same versions on the same machine give the same results, bit
for bit: the last lines say of each whether it is.
"""

from pathlib import Path
{numpy}
from napari.components import ViewerModel  # napari.Viewer() shows what is done

import napari_fresco as fresco
from napari_fresco.layers import {functions}

here = Path(__file__).parent
viewer = ViewerModel()'''
_TAIL = """
results = {{
{lines}
}}
(here / 'results').mkdir(exist_ok=True)
for file, layer in results.items():
    fresco.write(here / 'results' / file, image_of(layer), overwrite=True)
for name, same in same_as_recorded(here / {record!r}, results).items():
    print(f'{{name}}: {{"the same, bit for bit" if same else "another result"}}')
"""


class SessionScript:
    """Statements that repeat the acts of a session, one after the other.

    `files`: where inputs are found, and written to.
    """

    def __init__(self, files: SessionFiles) -> None:
        self._files = files
        self._statements: list[str] = []
        self._names: dict[Any, str] = {}
        self._order: tuple[int, int] | None = None
        self._sides: dict[int, dict[str, Saved]] = {}
        self.images: dict[Any, str] = {}
        """Files of images, by the ids of their layers."""

    def add(self, act: Act) -> str:
        """Add the statements of an act; return why it cannot be repeated, or nothing."""
        problem = act.problem
        if problem or act.source is None:
            return problem
        image = self._variable_of(act.source, act.made.request.image, act.made.request.source)
        if not image:
            return _NOT_KNOWN if act.source.made is None else _NOT_REPEATED
        if act.undone:
            self._statements.append(f'undo_fill(viewer, {image}, {act.undone})')
            return ''
        target = self._names.setdefault(id(act.thing), self._free(slug(act.title)))
        record = act.made.record
        said = f'{act.title}: {record["title"]}, {record["task"]}, {record["seconds"]:g} s'
        self._turn(act.made.request.image)
        self._statements.append(f'\n# {said} on {record["device"]}, {act.at[:16]}')
        self._statements.append(f'{target} = {self._call(act, image, target)}[-1]')
        return ''

    def sides_of(self, act: Act) -> dict[str, str]:
        """Return the files of mask, kernel and noise map of an act."""
        return {name: saved.file for name, saved in self._sides.get(id(act), {}).items()}

    def name_of(self, act: Act) -> str:
        """Return the variable that holds the layer of an act."""
        return self._names[id(act.thing)]

    def text(self, file: str, record: str, results: Mapping[str, str]) -> str:
        """Return the script.

        `file`, `record`: names of the script and of the record beside it.
        `results`: variables of the layers that are saved and compared, by names of files.
        """
        lines = '\n'.join(f'    {name!r}: {variable},' for name, variable in results.items())
        done = '\n'.join([*self._statements, _TAIL.format(lines=lines, record=record)])
        head = _HEAD.format(
            file=file,
            version=version('napari-fresco'),
            numpy='\nimport numpy as np' if 'np.' in done else '',
            functions=', '.join(name for name in _FUNCTIONS if f'{name}(' in done),
        )
        return f'{head}\n{done}'

    def _call(self, act: Act, image: str, target: str) -> str:
        request, more = act.made.request, {}
        if act.fills is not None:
            more = {'again': list(act.made.again)} if act.made.again else {}
            request = replace(request, mask=_unknown(act))
        sides = self._sides[id(act)] = self._saved(request, target)
        codes: dict[str, Any] = {name: saved.code for name, saved in sides.items()}
        sources = Sources(image=Expression(image), **codes)
        return call_text(request, sources, RESTORE if act.fills is None else FILL, **more)

    def _saved(self, request: PanelRequest, target: str) -> dict[str, Saved]:
        """Write mask, kernel and noise map into files."""
        sides: dict[str, Saved] = {}
        if request.mask is not None:
            sides['mask'] = self._files.mask(f'{target} mask', _whole_mask(request))
        if request.kernel is not None and not isinstance(request.kernel, str):
            sides['kernel'] = self._kernels(request, f'{target} kernel')
        if request.maps_noise:
            sides['sigma'] = self._files.map(f'{target} noise', request.noise())
        return sides

    def _kernels(self, request: PanelRequest, name: str) -> Saved:
        """Write a kernel, or that of each channel."""
        if not isinstance(request.kernel, ChannelKernels):
            return self._files.kernel(name, request.kernel)
        each = {
            number: self._files.kernel(f'{name} {number}', kernel)
            for number, kernel in request.kernel.in_layer(request.image).items()
        }
        code = ', '.join(f'{number}: {saved.code}' for number, saved in each.items())
        return Saved('', Expression(f'{{{code}}}'))

    def _variable_of(self, source: Source, part: Selection, name: str) -> str:
        """Return the variable of a source layer; empty if there is none."""
        key: Any = source.layer_id if source.made is None else id(source.made)
        if key in self._names or source.made is not None:
            return self._names.get(key, '')
        found = self._files.image(name, part)
        if found is None:
            return ''
        self.images[key] = found.file
        variable = self._names[key] = self._free(slug(name))
        self._statements.append(f'\n{variable} = {_added(found.code, part, name)}')
        return variable

    def _turn(self, part: Selection) -> None:
        """Put rows and columns on the screen, where they are not the last axes."""
        count = len(part.index)
        usual = part.space is not None and named_axes(part.space.axis_labels) is not None
        axes = (part.spatial[0] - count, part.spatial[1] - count)
        if usual or axes == (self._order or (-2, -1)):
            return
        self._order = axes
        last = f'viewer.dims.ndim - {-axes[0]}, viewer.dims.ndim - {-axes[1]}'
        self._statements.append(
            f'viewer.dims.order = [*(set(range(viewer.dims.ndim)) - {{{last}}}), {last}]'
        )

    def _free(self, name: str) -> str:
        """Return a variable that is not used yet."""
        stem = f'layer_{name}' if name[0].isdigit() or keyword.iskeyword(name) else name
        taken, free, number = {*_TAKEN, *self._names.values()}, stem, 2
        while free in taken:
            free, number = f'{stem}_{number}', number + 1
        return free


def _unknown(act: Act) -> Image:
    """Return the unknown pixels of a run that filled, in the whole photograph."""
    assert act.fills is not None, 'it has filled'
    part = act.made.request.image
    return Image(act.fills.unknown_to(act.run), part.axes[: len(part.index)])


def _whole_mask(request: PanelRequest) -> Any:
    """Return the mask of a request: where it was drawn over the whole layer, all of that."""
    if not isinstance(request.mask, Marked):
        return request.mask
    part = request.image
    if part.is_whole:
        return request.mask.image()
    letters = ''.join(part.axes[axis] for axis in (*part.leading, *part.spatial))
    return Image(whole_damage(part, request.mask), letters)


def _added(expression: str, part: Selection, name: str) -> str:
    """Return the statement that adds a layer where it lay."""
    lines = [f'    {expression}.data,', f'    name={name!r},', f'    rgb={part.rgb},']
    if part.space is not None:
        lines += [f'    {key}={value!r},' for key, value in _place(part.space).items()]
    return '\n'.join(['viewer.add_image(', *lines, ')'])


def _place(space: Space) -> dict[str, Any]:
    """Return the keywords that put a layer in its place, without those that say nothing."""
    ndim = space.ndim
    usual = {
        'scale': np.ones(ndim),
        'translate': np.zeros(ndim),
        'rotate': np.eye(ndim),
        'shear': np.eye(ndim),
        'affine': np.eye(ndim + 1),
    }
    own = {name: getattr(space, name) for name in usual}
    given = {n: value for n, value in own.items() if not np.array_equal(value, usual[n])}
    place: dict[str, Any] = {name: value.tolist() for name, value in given.items()}
    units = [str(unit) for unit in space.units]
    place |= {} if set(units) == {'pixel'} else {'units': units}
    labels = list(space.axis_labels)
    plain: Sequence[str] = [str(axis - ndim) for axis in range(ndim)]
    return place | ({} if labels == plain else {'axis_labels': labels})
