"""Command-line options made from declared parameters, of calls, methods and degradations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from ..declare.fields import Parameter, flag
from ..declare.options import OPTIONS
from ..errors import ParameterError
from ..types import Task

F = TypeVar('F', bound=Callable[..., Any])


class Declaring(Protocol):
    """A declaration of parameters: a method, or a degradation."""

    @property
    def name(self) -> str:
        """The name on the command line."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters."""


Owners = Sequence[tuple[str, Parameter]]


def parameter_options(everyone: Collection[Declaring]) -> Callable[[F], F]:
    """Return a decorator that adds an option for every parameter of everyone."""

    def decorate(function: F) -> F:
        for name, owners in reversed(_declared(everyone).items()):
            function = _option(name, owners, len(everyone))(function)
        return function

    return decorate


def call_options(*, without: Collection[str] = ()) -> Callable[[F], F]:
    """Return a decorator that adds the options of a call, but for those named."""

    def decorate(function: F) -> F:
        for name, option in reversed(OPTIONS.items()):
            if name not in without:
                function = _option(name, [('', option)], 1)(function)
        return function

    return decorate


def given_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a call that were given; names of files are still text."""
    given = {name: options.get(name) for name in OPTIONS}
    return {
        name: _parsed(OPTIONS[name], value) for name, value in given.items() if _is_given(value)
    }


def given_parameters(
    chosen: Declaring, everyone: Collection[Declaring], options: Mapping[str, Any], kind: str
) -> dict[str, Any]:
    """Return the parameters that were given on the command line, if `chosen` has them.

    Raises ParameterError when a parameter belongs to others of its `kind`; the message names them.
    """
    declared = _declared(everyone)
    values = {k: v for k, v in options.items() if _is_given(v) and k in declared}
    known = {p.name: p for p in chosen.parameters}
    for name in values:
        if name not in known:
            owners = ', '.join(owner for owner, _ in declared[name])
            raise ParameterError(
                f'{flag(name)} is no parameter of {chosen.name}; {kind} that have it: {owners}'
            )
    return {name: _parsed(known[name], value) for name, value in values.items()}


def _declared(everyone: Collection[Declaring]) -> dict[str, list[tuple[str, Parameter]]]:
    found: dict[str, list[tuple[str, Parameter]]] = {}
    for owner in everyone:
        for p in owner.parameters:
            found.setdefault(p.name, []).append((owner.name, p))
    return found


def _option(name: str, owners: Owners, everyone: int) -> Callable[[F], F]:
    first = owners[0][1]
    text = _help(owners, everyone)
    if first.type is bool:
        return click.option(f'{flag(name)}/--no-{flag(name)[2:]}', name, default=None, help=text)
    if first.type is tuple:
        return click.option(flag(name), name, type=float, nargs=2, help=text)
    if first.by_channel:
        metavar = f'[CHANNEL=]{_metavar(first)}'
        return click.option(flag(name), name, metavar=metavar, multiple=True, help=text)
    # Values stay text for click; the declaration checks them, here as everywhere.
    return click.option(flag(name), name, metavar=_metavar(first), help=text)


def _help(owners: Owners, everyone: int) -> str:
    """Return the help of a parameter for each method that has it."""
    meanings: dict[str, list[str]] = {}
    for owner, p in owners:
        meanings.setdefault(said(p, p.tasks), []).append(owner)
    if len(meanings) == 1 and len(owners) == everyone:
        return next(iter(meanings))
    return ' '.join(f'[{", ".join(names)}] {text}' for text, names in meanings.items())


def said(p: Parameter, tasks: Sequence[Task]) -> str:
    """Return the meaning of a parameter, its values, its default, and its tasks where not all."""
    limited = p.choices or p.minimum is not None or p.maximum is not None or p.unit
    allowed = f' Allowed: {p.allowed()}.' if limited and p.type is not object else ''
    default = '' if p.default is None else f' Default: {p.default}.'
    used = f' For {", ".join(tasks)}.' if tasks else ''
    apart = ' Of channels apart: CHANNEL=VALUE, again for each.' if p.by_channel else ''
    return p.help + allowed + default + used + apart


def _is_given(value: Any) -> bool:
    """Return whether an option was given; one that may be given again is a tuple."""
    return value is not None and value != ()


def _by_channel(parameter: Parameter, texts: Sequence[str]) -> Any:
    """Return the one value for all channels, or those of ``CHANNEL=VALUE`` by channel."""
    told = [_split(text) for text in texts]
    if len(told) == 1 and not told[0][0]:
        return _parsed(parameter, texts[0])
    found: dict[str, Any] = {}
    for channel, text in told:
        if not channel or channel in found:
            raise ParameterError(
                f'{flag(parameter.name)} was given {len(texts)} times; give one value for all '
                f'channels, or once for each: {flag(parameter.name)} CHANNEL=VALUE'
            )
        found[channel] = text if text == 'auto' else _parsed(parameter, text)
    return found


def _split(text: str) -> tuple[str, str]:
    """Return the channel and the value of ``CHANNEL=VALUE``; a file may have a = in its name."""
    channel, equals, value = text.partition('=')
    return (channel, value) if equals and channel and not Path(text).exists() else ('', text)


def _parsed(parameter: Parameter, text: Any) -> Any:
    """Return typed text as a number where one is declared; the declaration checks it."""
    if isinstance(text, tuple) and parameter.by_channel:
        return _by_channel(parameter, text)
    if parameter.type not in (int, float):
        return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise ParameterError(
            f'{flag(parameter.name)} = {text!r} is not {parameter.allowed()}'
        ) from None
    return int(number) if number.is_integer() else number


def _metavar(parameter: Parameter) -> str:
    if parameter.choices:
        return '|'.join(map(str, parameter.choices))
    return {int: 'N', float: 'NUMBER', str: 'TEXT', object: 'VALUE|FILE'}[parameter.type]
