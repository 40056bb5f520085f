"""Presets: a method, its parameters and the options of a call, under a name, as JSON.

One file serves panels, Python, the command line and recipes of batches. What belongs to one image
is not in it: masks, maps and kernels. Files of bare parameters and those of cameras are presets,
too, for any method.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from ..errors import ParameterError
from ..image.by_channel import each_entry
from ..types import Task
from .fields import Parameters, shown
from .methods import ESTIMATES, find_method, find_task
from .names import named_once, unknown
from .options import OPTIONS, WORDS, Options

SUFFIX = '.json'
"""Suffix of the files of presets."""

_KIND, _CAMERA = 'preset', 'camera'
_TEXTS = ('kind', 'title', 'about', 'method', 'task')
_OF_CAMERA = ('gain', 'offset', 'read_noise')  # parameters among the facts of a camera
OF_COMPUTER = ('device', 'tile')
"""Options that belong to one computer."""

_APART = ('mask', 'guides', 'axes', 'rgb', 'spacing', *OF_COMPUTER)  # the first are of one image


@dataclass(frozen=True)
class Preset:
    """Settings of a call that can be used again.

    Attributes
    ----------
    method, task : str, optional
        What to do; without a method the parameters are for any that has them.
    parameters : mapping
        Parameters of the method by name, where they differ from the defaults.
    options : mapping
        Options of a call by name. A kernel or a noise level is a number or the name of what
        estimates it; a noise level, like the numbers of a camera, may have one for each channel.
    title, about : str
        What it is called, and in which way and why it differs from the defaults.

    Raises
    ------
    FrescoError
        When a name is unknown, or a value not allowed.
    """

    method: str | None = None
    task: Task | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = ''
    about: str = ''

    def __post_init__(self) -> None:
        for name, value in self.options.items():
            if name not in OPTIONS or name in _APART:
                offered = [each for each in OPTIONS if each not in _APART]
                raise ParameterError(unknown(name, offered, 'option of a preset', WORDS))
            own = [each for _, each in each_entry(value)] if name in ('kernel', 'sigma') else []
            if any(isinstance(each, str) and each not in ESTIMATES for each in own):
                raise ParameterError(
                    f'{shown(name, value)} belongs to one image; a preset takes '
                    f'{", ".join(map(repr, ESTIMATES))} or a noise level; give files beside it'
                )
        Options.create(self.options)
        if self.method is not None:
            chosen = find_method(self.method)
            object.__setattr__(self, 'method', chosen.name)
            if self.task is not None:
                object.__setattr__(self, 'task', find_task(chosen, self.task))
            chosen.parameters_class.create(self.parameters)

    @classmethod
    def of(cls, given: PresetLike) -> Self:
        """Return the preset that is `given` as one, as its values, its file, or its name.

        A name is that of a bundled preset. Bare parameters and cameras are presets without a
        method.

        Raises ParameterError when there is no such preset, or it is none.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return given
        if isinstance(given, Parameters):
            return cls(parameters=given.changed())
        if isinstance(given, Mapping):
            return cls._of_values(given)
        if not isinstance(given, str | Path):
            raise ParameterError(
                f'{shown("preset or params", given)} is no preset; give its values, the path of '
                'its JSON file, or its name'
            )
        if isinstance(given, str) and given in presets():
            return cls._of_values(presets()[given].to_dict())
        return cls._read(Path(given).expanduser())

    @classmethod
    def _of_values(cls, values: Mapping[str, Any]) -> Self:
        if values.get('kind') == _CAMERA:
            return cls(parameters={n: v for n, v in values.items() if n in _OF_CAMERA})
        if not {'kind', 'method', 'task', 'parameters'} & set(values):
            return cls(parameters=dict(values))
        if {'finish', 'weights'} <= set(values):
            raise ParameterError(
                'this is the record of a run and no preset: maps and masks are not in it; the '
                'command in its report repeats it, as does fresco.evidence.command_line(record)'
            )
        known = (*_TEXTS, 'parameters', *OPTIONS)
        for name in values:
            if name not in known:
                raise ParameterError(unknown(str(name), known, 'key of a preset', WORDS))
        if values.get('kind', _KIND) != _KIND or not isinstance(values.get('parameters', {}), dict):
            raise ParameterError(
                'a preset has "kind": "preset", and its "parameters" are names and values'
            )
        texts = {name: values[name] for name in _TEXTS[1:] if name in values}
        options = {name: value for name, value in values.items() if name in OPTIONS}
        return cls(**texts, parameters=values.get('parameters', {}), options=options)

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            values = json.loads(path.read_text(encoding='utf-8'), object_pairs_hook=named_once)
        except OSError as error:
            hint = '' if path.suffix else f'; bundled ones are {", ".join(presets())}'
            raise ParameterError(f'preset {path} cannot be read: {error.strerror}{hint}') from None
        except ValueError as error:
            raise ParameterError(f'preset {path} cannot be read as JSON: {error}') from None
        if not isinstance(values, dict):
            raise ParameterError(f'preset {path} must hold an object of names and values')
        try:
            return cls._of_values(values)
        except ParameterError as error:
            raise ParameterError(f'preset {path}: {error}') from None

    def to_dict(self) -> dict[str, Any]:
        """Return the values of its file, without empty ones."""
        texts = {name: getattr(self, name) for name in _TEXTS[1:] if getattr(self, name)}
        parameters = {'parameters': dict(self.parameters)} if self.parameters else {}
        return {'kind': _KIND, **texts, **parameters, **self.options}

    def to_json(self) -> str:
        """Return the text of its file."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + '\n'

    def under(self, other: Preset) -> Preset:
        """Return this preset overridden by `other`.

        Raises ParameterError when they are for different methods.
        """
        if other.method and self.method and other.method != self.method:
            raise ParameterError(
                f'the preset {self.title or "given"!r} is for {self.method}, not {other.method}; '
                'leave out one of them'
            )
        return replace(
            self,
            method=other.method or self.method,
            task=other.task or self.task,
            parameters={**self.parameters, **other.parameters},
            options={**self.options, **other.options},
        )


PresetLike = Preset | Mapping[str, Any] | Parameters | str | Path | None
"""A preset, its values, its file or its name."""


@cache
def _bundled() -> Mapping[str, Preset]:
    folder = files('napari_fresco') / 'presets'
    found = sorted(
        (Path(each.name).stem, each) for each in folder.iterdir() if each.name.endswith(SUFFIX)
    )
    return MappingProxyType(
        {name: Preset.of(json.loads(file.read_text('utf-8'))) for name, file in found}
    )


def presets() -> Mapping[str, Preset]:
    """Return the bundled presets by name.

    Each differs from the defaults for a reason, which is its `about`.

    Examples
    --------
    >>> import napari_fresco as fresco
    >>> fresco.presets()['stack'].options
    {'neighbours': 2}
    """
    return _bundled()
