"""Command-line options made from declared parameters, of methods or of degradations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import click

from ..declare.fields import Parameter
from ..errors import ParameterError

F = TypeVar('F', bound=Callable[..., Any])


class Declaring(Protocol):
    """What declares parameters: a method, or a degradation."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it can be told."""


Owners = Sequence[tuple[str, Parameter]]


def parameter_options(everyone: Collection[Declaring]) -> Callable[[F], F]:
    """Return a decorator that adds an option for every parameter of everyone."""

    def decorate(function: F) -> F:
        for name, owners in reversed(_declared(everyone).items()):
            function = _option(name, owners, len(everyone))(function)
        return function

    return decorate


def given_parameters(
    chosen: Declaring, everyone: Collection[Declaring], options: Mapping[str, Any], kind: str
) -> dict[str, Any]:
    """Return the parameters that were given on the command line, if `chosen` has them.

    Raises
    ------
    ParameterError
        When a parameter belongs to others of its `kind`; the message names them.
    """
    declared = _declared(everyone)
    values = {k: v for k, v in options.items() if v is not None and k in declared}
    known = {p.name: p for p in chosen.parameters}
    for name in values:
        if name not in known:
            owners = ', '.join(owner for owner, _ in declared[name])
            raise ParameterError(
                f'{flag(name)} is no parameter of {chosen.name}; {kind} that have it: {owners}'
            )
    return {name: _parsed(known[name], value) for name, value in values.items()}


def flag(name: str) -> str:
    """Return the option of parameter `name`."""
    return '--' + name.replace('_', '-')


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
    # Values stay text for click; the declaration checks them, here as everywhere.
    return click.option(flag(name), name, metavar=_metavar(first), help=text)


def _help(owners: Owners, everyone: int) -> str:
    """Say what a parameter means to each that has it."""
    meanings: dict[str, list[str]] = {}
    for owner, p in owners:
        default = '' if p.default is None else f' Default: {p.default}.'
        meanings.setdefault(f'{p.help} Allowed: {p.allowed()}.{default}', []).append(owner)
    if len(meanings) == 1 and len(owners) == everyone:
        return next(iter(meanings))
    return ' '.join(f'[{", ".join(names)}] {text}' for text, names in meanings.items())


def _parsed(parameter: Parameter, text: Any) -> Any:
    """Return what was typed as a number where one is declared; the declaration checks it."""
    if parameter.type in (bool, str):
        return text
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
    return {int: 'N', float: 'NUMBER', str: 'TEXT'}[parameter.type]
