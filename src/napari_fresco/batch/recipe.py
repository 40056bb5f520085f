"""A batch as data: the images, their treatment, and the files to write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from ..declare.call import Call
from ..declare.methods import ESTIMATES, METHODS, find_method
from ..declare.names import unknown
from ..declare.options import OPTIONS, WORDS
from ..declare.presets import Preset, presets
from ..errors import FileError, FrescoError, ParameterError
from ..image.by_channel import each_entry
from ..io.files import SUFFIXES, write_text
from .file_job import FileJob
from .outputs import BESIDE, check_given
from .records import ENDING
from .side_files import SIDES, as_number
from .unique_keys import loaded

RECIPE_SUFFIXES = ('.yaml', '.yml', '.json')
"""Suffixes of the files that recipes are kept in."""

_WHERE = ('device', 'tile')  # options that change where a result is made, not the result
_NUMBER = (int, str)


def _key(kind: tuple[type, ...], help: str, *, default: Any = None, many: bool = False) -> Any:
    """Declare a key of a recipe.

    `kind`: types of its value.
    `many`: a list of such values, or one of them.
    """
    facts = {'kind': kind, 'many': many, 'help': help}
    return field(default=default, metadata=facts)


@dataclass(frozen=True)
class BatchRecipe:
    """The treatment of a folder of images; its fields are the keys of its file.

    The options of a call (`options`) are keys of their own in a file, such as ``sigma: auto``.
    Names of files are relative to `base`, the folder of the recipe's file.

    Attributes
    ----------
    images : tuple of str
        Folders, files and patterns; ``**`` stands for any folders.
    output : str
        Folder of the results.
    method, task : str
        As in :func:`napari_fresco.restore`.
    parameters : mapping
        Parameters of the method.
    preset : str, optional
        Name or JSON file of a :class:`~napari_fresco.Preset`; what is given beside it counts more.
    name : str
        Name of a result, with ``{name}``, ``{stem}``, ``{suffix}`` and ``{folder}`` of the image;
        its suffix says the format.
    keep : tuple of str
        What is kept beside the image, such as ``'variance'`` or ``'report'``.
    channels : tuple
        Names or numbers of the channels that are restored; all by default.
    series : int or str, optional
        Image in files of several; all by default.
    kernel_index : int, optional
        Kernel in a file of several.
    records : str, optional
        Folder of the log, the summary and what is known of finished files; by default beside
        `output`, with ``.batch`` behind its name.
    options : mapping
        Options of a call. Mask, kernel and sigma may name files, with ``{stem}`` and so on of the
        image; kernel and sigma one for each channel, by its name or number.
    base : Path
        Folder to which names are relative.

    Raises
    ------
    FrescoError
        When names, types, values or combinations are wrong; nothing has run then.
    """

    images: tuple[str, ...] = _key((str,), 'Folders, files and patterns of images.', many=True)
    output: str = _key((str,), 'Folder of the results.')
    method: str = _key((str,), 'Method, if the preset names none; see `napari-fresco methods`.')
    task: str | None = _key((str,), "Task; the method's first one by default.")
    parameters: Mapping[str, Any] = _key((dict,), 'Parameters of the method, by name.')
    preset: str | None = _key((str,), 'Name of a bundled preset, or a JSON file.')
    name: str = _key(
        (str,),
        'Name of a result, from {name}, {stem}, {suffix} and {folder} of its image; its suffix '
        'says the format.',
        default='{name}',
    )
    keep: tuple[str, ...] = _key(
        (str,),
        'What is kept beside the image, such as variance, provenance and report.',
        default=(),
        many=True,
    )
    channels: tuple[int | str, ...] = _key(
        _NUMBER, 'Names or numbers (from 0) of the channels to restore.', default=(), many=True
    )
    series: int | str | None = _key(_NUMBER, 'Number or name of the image in files of several.')
    kernel_index: int | None = _key((int,), 'Which kernel, from 0, of a file of several.')
    records: str | None = _key(
        (str,), 'Folder of log, summary and records; beside the output, with .batch, by default.'
    )
    options: Mapping[str, Any] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)

    def __post_init__(self) -> None:
        for name, facts in KEYS.items():
            value = _checked(name, facts, getattr(self, name))
            object.__setattr__(self, name, value)
        if not self.method and self.preset is not None:
            object.__setattr__(self, 'method', self.settings.method)
        elif self.method:
            object.__setattr__(self, 'method', find_method(self.method).name)
        for name in ('images', 'output', 'method'):
            if not getattr(self, name):
                raise ParameterError(f'{name} must be given: {KEYS[name]["help"]}')
        options = {name: _tuples(value) for name, value in self.options.items()}
        if isinstance(sigma := options.get('sigma'), Mapping):
            options['sigma'] = {channel: as_number(own) for channel, own in sigma.items()}
        elif 'sigma' in options:
            options['sigma'] = as_number(sigma)
        object.__setattr__(self, 'options', options)
        for name in options:
            if name not in OPTIONS:
                raise ParameterError(unknown(name, OPTIONS, 'option', WORDS))

    @classmethod
    def read(cls, path: str | Path) -> BatchRecipe:
        """Read a recipe from a YAML or JSON file.

        Raises FrescoError when the file cannot be read, or holds an unknown key or a wrong value.
        """
        path = Path(path)
        try:
            values = loaded(path.read_text(encoding='utf-8'))
        except OSError as error:
            raise FileError(f'recipe {path} cannot be read: {error.strerror}') from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise FileError(f'recipe {path} cannot be read as YAML: {error}') from None
        if not isinstance(values, dict):
            raise ParameterError(f'recipe {path} must hold names and values, such as method: dpir')
        try:
            return cls.of(values, base=path.parent)
        except FrescoError as error:
            raise type(error)(f'recipe {path}: {error}') from None

    @classmethod
    def of(cls, values: Mapping[str, Any], base: Path | None = None) -> BatchRecipe:
        """Return the recipe with these keys, those of the options among them."""
        for name in values:
            if name in _parameters() and name not in KEYS and name not in OPTIONS:
                raise ParameterError(
                    f'{name} is a parameter of a method: write it below parameters, such as '
                    f'parameters: {{{name}: {values[name]}}}'
                )
            if name not in KEYS and name not in OPTIONS:
                raise ParameterError(unknown(str(name), [*KEYS, *OPTIONS], 'key', WORDS))
        own = {name: value for name, value in values.items() if name in KEYS}
        options = {name: value for name, value in values.items() if name in OPTIONS}
        return cls(**own, options=options, base=Path.cwd() if base is None else base)

    def to_dict(self) -> dict[str, Any]:
        """Return the keys that differ from their defaults, as :meth:`of` takes them."""
        defaults = {each.name: each.default for each in fields(self)}
        own = {name: getattr(self, name) for name in KEYS}
        kept = {name: value for name, value in own.items() if value not in (defaults[name], {})}
        return {name: _lists(value) for name, value in {**kept, **self.options}.items()}

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the recipe as YAML, or as JSON where the suffix says so."""
        path, values = Path(path), self.to_dict()
        if path.suffix.lower() == '.json':
            text = json.dumps(values, indent=2) + '\n'
        else:
            text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        write_text(path, text, suffixes=RECIPE_SUFFIXES, overwrite=overwrite)

    def job(self, sides: Mapping[str, Any] | None = None, *, overwrite: bool = False) -> FileJob:
        """Return the recipe as a job that waits for its image.

        `sides`: files that take the place of the patterns of mask, kernel and sigma, by role.
        Raises FrescoError when something is wrong that does not depend on the image.
        """
        return FileJob.of(
            self.method,
            self.task,
            preset=self.settings,
            parameters=self.resolved_parameters(),
            options=self._with(sides or {}),
            kernel_index=self.kernel_index,
            series=self.series,
            channels=self.channels,
            overwrite=overwrite,
        )

    def check(self) -> Call:
        """Return the checked call; refuse an impossible one before any file is touched.

        Raises FrescoError when method, task, options, parameters and what is to be kept do not
        fit together, or a file that serves all images cannot be read.
        """
        given: dict[str, Any] = {name: object() for name in self.sides() if name != 'mask'}
        given |= {n: self.path(text) for n, text in self.sides().items() if self.is_fixed(n)}
        job = self.job(given)
        check_given(job.call, self.keep)
        suffix = Path(self.name.replace('{name}', 'a.tif').replace('{suffix}', '.tif')).suffix
        if suffix.lower() not in SUFFIXES:
            raise FileError(
                f'name {self.name} has no suffix that can be written; choose {", ".join(SUFFIXES)}'
            )
        return job.call

    def sides(self) -> dict[str, str]:
        """Return the patterns of the files of mask, kernel and map of the noise, by their role.

        A role is the name of the option, for one of its channels with that behind a colon.
        """
        found = {}
        for name in SIDES:
            for channel, own in each_entry(self.options.get(name)):
                if _names_file(own):
                    found[f'{name}:{channel}' if channel else name] = str(own)
        return found

    def is_fixed(self, side: str) -> bool:
        """Return whether one file serves all images."""
        return side != 'mask' and '{' not in self.sides()[side]

    def _with(self, sides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options with something in place of files, by their roles."""
        options = dict(self.options)
        for role, own in sides.items():
            name, _, channel = role.partition(':')
            told = {str(each): old for each, old in options[name].items()} if channel else {}
            options[name] = {**told, channel: own} if channel else own
        return options

    def path(self, text: str | Path) -> Path:
        """Return the file that is named."""
        return self.base / Path(text).expanduser()

    @property
    def settings(self) -> Preset:
        """The preset that is named; one that says nothing where none is.

        Raises ParameterError when it cannot be read.
        """
        if self.preset is None or self.preset in presets():
            return Preset.of(self.preset)
        return Preset.of(self.path(self.preset))

    @property
    def output_folder(self) -> Path:
        """Folder of the results."""
        return self.path(self.output)

    @property
    def record_folder(self) -> Path:
        """Folder of log, summary and records."""
        if self.records is not None:
            return self.path(self.records)
        folder = self.output_folder
        folder = folder if folder.name else folder.resolve()
        return folder.with_name(f'{folder.name}{ENDING}')

    def resolved_parameters(self) -> dict[str, Any]:
        """Return the parameters; weights that are a file by their whole name."""
        return {name: str(f) if (f := self._file(v)) else v for name, v in self.parameters.items()}

    def weights_files(self) -> dict[str, Path]:
        """Return the parameters that name a file, such as one of weights."""
        return {name: f for name, v in self.parameters.items() if (f := self._file(v))}

    def sha256(self) -> str:
        """Return a hash that differs between recipes whose results differ.

        Names and contents of files do not count: they are looked at for each image.
        Raises FrescoError as :meth:`check`.
        """
        call = self.check()
        files = self.weights_files()
        parameters = call.parameters.changed().items()
        told = {name: 'file' if name in files else value for name, value in parameters}
        options = {n: v for n, v in call.options.changed().items() if n not in _WHERE}
        named = self._with(dict.fromkeys(self.sides(), 'file'))
        options |= {role.partition(':')[0]: named[role.partition(':')[0]] for role in self.sides()}
        facts = {
            'method': call.method.name,
            'task': call.task,
            'parameters': told,
            'options': options,
            'channels': self.channels,
            'series': self.series,
            'kernel_index': self.kernel_index,
        }
        text = json.dumps(facts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _file(self, value: Any) -> Path | None:
        named = isinstance(value, str) and ('.' in value or '/' in value)
        path = self.path(value) if named else None
        return path if path is not None and path.is_file() else None


KEYS: Mapping[str, Mapping[str, Any]] = {
    each.name: each.metadata for each in fields(BatchRecipe) if 'kind' in each.metadata
}
"""The keys of a recipe beside the options of a call: types and meaning."""


def _parameters() -> set[str]:
    """Return the names of the parameters of all methods."""
    return {each.name for method in METHODS.values() for each in method.parameters}


def _names_file(value: Any) -> bool:
    return isinstance(value, str | Path) and value not in ESTIMATES


def _checked(name: str, facts: Mapping[str, Any], value: Any) -> Any:
    """Return a value as its key takes it."""
    kinds: tuple[type, ...] = facts['kind']
    if value is None:
        return {} if kinds == (dict,) else value
    if kinds == (str,) and not facts['many'] and isinstance(value, Path):
        value = str(value)
    if facts['many']:
        value = tuple(value) if isinstance(value, list | tuple) else (value,)
    each = value if facts['many'] else (value,)
    each = tuple(str(v) if isinstance(v, Path) else v for v in each)
    if not all(isinstance(v, kinds) and not isinstance(v, bool) for v in each):
        words = {str: 'text', int: 'a whole number', dict: 'names and values'}
        allowed = ' or '.join(words[kind] for kind in kinds)
        raise ParameterError(f'{name} = {value!r} is not {allowed}')
    if name == 'keep' and (wrong := [v for v in each if v not in BESIDE]):
        raise ParameterError(unknown(str(wrong[0]), BESIDE, 'part of a result'))
    if name == 'name':
        _check_pattern(name, str(value))
    return each if facts['many'] else each[0]


def _check_pattern(name: str, pattern: str) -> None:
    try:
        pattern.format(name='', stem='', suffix='', folder='')
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ParameterError(
            f'{name} = {pattern!r} is no pattern; {{name}}, {{stem}}, {{suffix}} and {{folder}} '
            'stand for those of the image'
        ) from None


def _tuples(value: Any) -> Any:
    """Return lists, as YAML has them, as the tuples that calls take."""
    if isinstance(value, list):
        return tuple(_tuples(each) for each in value)
    if isinstance(value, Mapping):
        return {name: _tuples(each) for name, each in value.items()}
    return value


def _lists(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_lists(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _lists(each) for name, each in value.items()}
    return str(value) if isinstance(value, Path) else value
