"""Declarations of parameters of methods and options of calls, without torch.

They are the fields of one frozen dataclass. Each field is made by :func:`param`,
which stores range, unit, help and the tasks that use it. Panels, command-line
options, presets, provenance and documentation tables are all generated from
:meth:`Parameters.declared`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self, get_origin, get_type_hints

from ..errors import ParameterError
from ..types import Task
from .names import unknown

Group = Literal['noise', 'degradation', 'solver', 'advanced']

_LONGEST = 80  # letters of a value in a message
_TYPE_NAMES = MappingProxyType(
    {
        bool: 'true or false',
        int: 'a whole number',
        float: 'a number',
        str: 'text',
        tuple: 'two numbers',
        object: 'an array',
    }
)


@dataclass(frozen=True)
class Parameter:
    """One declared parameter, made by :func:`param`.

    `type` is bool, int, float, str, tuple (two numbers) or object, for what is checked
    where the image is known, such as a mask.
    """

    name: str
    type: type
    default: Any
    help: str
    label: str
    unit: str = ''
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    optional: bool = False
    tasks: tuple[Task, ...] = ()
    group: Group = 'solver'
    goes_with: tuple[str, bool | None] | None = None
    only_with: tuple[str, Any] | None = None
    gives: tuple[Any, str] | None = None
    by_channel: bool = False

    def serves(self, task: Task) -> bool:
        """Return whether `task` uses it."""
        return not self.tasks or task in self.tasks

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Return whether it makes a difference beside the `values` of the others."""
        return self.only_with is None or values[self.only_with[0]] == self.only_with[1]

    def check(self, value: Any) -> Any:
        """Return `value` converted to `type`, or raise :class:`ParameterError`.

        Where it may be given by channel, a mapping from names or numbers is checked in each entry,
        of which 'auto' is None.
        """
        if self.by_channel and self.type is not object and isinstance(value, Mapping):
            entries = {
                n: None if isinstance(v, str) and v == 'auto' else v for n, v in value.items()
            }
            return {name: self.check(own) for name, own in entries.items()}
        if value is None:
            if self.optional:
                return None
            wanted = self.help if self.type is object else f'Allowed: {self.allowed()}'
            raise ParameterError(
                f'{self.name} = None; leave it out for {self.default!r}, or give another. {wanted}'
            )
        converted = self._convert(value)
        if self.choices and converted not in self.choices:
            raise ParameterError(
                f'{shown(self.name, value)} is not offered; choose {self.allowed()}'
            )
        low = self.minimum is not None and converted < self.minimum
        high = self.maximum is not None and converted > self.maximum
        if low or high:
            raise ParameterError(
                f'{shown(self.name, value)} is out of range; give {self.allowed()}'
            )
        return converted

    def allowed(self) -> str:
        """Say in words which values are allowed."""
        if self.choices:
            return 'one of ' + ', '.join(map(repr, self.choices))
        text = _TYPE_NAMES[self.type]
        if self.minimum is not None and self.maximum is not None:
            text += f' from {self.minimum:g} to {self.maximum:g}'
        elif self.minimum is not None:
            text += f' of at least {self.minimum:g}'
        elif self.maximum is not None:
            text += f' of at most {self.maximum:g}'
        return text + (f' ({self.unit})' if self.unit else '')

    def _convert(self, value: Any) -> Any:
        if self.type is object:
            return value
        wrong = ParameterError(f'{shown(self.name, value)} is not {self.allowed()}')
        if self.type is tuple:
            return _pair(value, wrong)
        if self.type is str:
            if not isinstance(value, str | Path):
                raise wrong
            return str(value)
        if self.type is bool:
            if not (isinstance(value, Integral) and value in (0, 1)):
                raise wrong
            return bool(value)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise wrong
        if self.type is int and isinstance(value, Integral):
            return int(value)
        try:
            number = float(value)
        except OverflowError:
            raise wrong from None
        if not math.isfinite(number) or (self.type is int and number != int(number)):
            raise wrong
        return self.type(number)


def param(
    default: Any,
    help: str,
    *,
    label: str = '',
    unit: str = '',
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[Any, ...] = (),
    tasks: tuple[Task, ...] = (),
    group: Group = 'solver',
    goes_with: tuple[str, bool | None] | None = None,
    only_with: tuple[str, Any] | None = None,
    gives: tuple[Any, str] | None = None,
    by_channel: bool = False,
) -> Any:
    """Declare a parameter as a dataclass field.

    Parameters
    ----------
    default : object
        Value when nothing is given; None marks "chosen by the method".
    help : str
        One sentence for tooltips, ``--help`` and the documentation.
    label : str, optional
        Name shown in panels; by default the field's name in words.
    unit : str, optional
        Unit of the value, such as ``'image units'``.
    minimum, maximum : float, optional
        Inclusive range.
    choices : tuple, optional
        Every allowed value.
    tasks : tuple of Task, optional
        Tasks that use the parameter; empty means all.
    group : {'noise', 'degradation', 'solver', 'advanced'}
        Where a panel shows it. What describes the degradation is refused by tasks that do not
        use it; the rest is reported as unused.
    goes_with : (str, bool or None), optional
        Option of the call that the method must take for this parameter to matter, and whether
        it must be given (True), left out (False), or either (None).
    only_with : (str, object), optional
        Another parameter and the value that it must have for this one to matter.
    gives : (object, str), optional
        A value, and what the result then holds beside the image.
    by_channel : bool, optional
        Whether channels may have values of their own, in a mapping from their names or numbers.
    """
    facts = {
        'help': help,
        'label': label,
        'unit': unit,
        'minimum': minimum,
        'maximum': maximum,
        'choices': choices,
        'tasks': tasks,
        'group': group,
        'goes_with': goes_with,
        'only_with': only_with,
        'gives': gives,
        'by_channel': by_channel,
    }
    return field(default=default, metadata=facts)


@dataclass(frozen=True)
class Parameters:
    """Base of every method's parameters."""

    @classmethod
    def declared(cls) -> tuple[Parameter, ...]:
        """Return the declared parameters in order."""
        itself: Any = cls  # mypy takes the hash of a class for that of its instances
        return _declared(itself)

    @classmethod
    def create(cls, values: Mapping[str, Any] | None = None) -> Self:
        """Build from names and values, checking every one of them.

        Raises
        ------
        ParameterError
            For an unknown name, a wrong type or a value out of range.
        """
        declared = {p.name: p for p in cls.declared()}
        checked = {}
        for name, value in (values or {}).items():
            if name not in declared:
                raise ParameterError(unknown(name, declared))
            checked[name] = declared[name].check(value)
        return cls(**checked)

    def changed(self) -> dict[str, Any]:
        """Return the values that differ from their defaults, by name."""
        every = {p.name: (getattr(self, p.name), p.default) for p in self.declared()}
        return {
            name: value
            for name, (value, default) in every.items()
            if value is not default and not _equal(value, default)
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name, ready for JSON; those by channel with names as text."""
        return {name: _by_text(value) for name, value in asdict(self).items()}


@cache
def _declared(cls: type[Any]) -> tuple[Parameter, ...]:
    hints = get_type_hints(cls)
    return tuple(_parameter(f.name, hints[f.name], f.default, f.metadata) for f in fields(cls))


def _parameter(name: str, hint: Any, default: Any, facts: Mapping[str, Any]) -> Parameter:
    kinds = [t for t in getattr(hint, '__args__', (hint,)) if t is not type(None)]
    facts = dict(facts)
    facts['label'] = facts['label'] or name.replace('_', ' ').capitalize()
    optional = default is None
    kind = object if kinds[0] is Any else get_origin(kinds[0]) or kinds[0]
    return Parameter(name=name, type=kind, default=default, optional=optional, **facts)


def _pair(value: Any, wrong: ParameterError) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in value)
    except (TypeError, ValueError):
        raise wrong from None
    return low, high


def _equal(value: Any, default: Any) -> bool:
    return isinstance(value, bool | int | float | str) and value == default


def _by_text(value: Any) -> Any:
    return {str(n): own for n, own in value.items()} if isinstance(value, dict) else value


def shown(name: str, value: Any) -> str:
    """Return a given value as one short line."""
    text = ' '.join(repr(value).split())
    return f'{name} = {text}' if len(text) <= _LONGEST else f'{name} = {text[:_LONGEST]}…'


def as_flags(said: str) -> str:
    """Return words on a call, such as ``task='deblur'``, as on a command: ``--task deblur``."""
    return re.sub(r"\b(\w+)='([^']*)'", lambda match: f'{flag(match[1])} {match[2]}', said)


def flag(name: str) -> str:
    """Return the option of the command line for parameter `name`."""
    return '--' + name.replace('_', '-')
