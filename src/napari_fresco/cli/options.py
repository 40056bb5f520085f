"""Command-line options made from the declared parameters of the methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..catalogue import METHODS
from ..errors import ParameterError
from ..method import Method
from ..params import Parameter

F = TypeVar('F', bound=Callable[..., Any])


def parameter_options(function: F) -> F:
    """Add an option for every parameter of every method."""
    for name in reversed(list(_declared())):
        function = _option(name, _declared()[name])(function)
    return function


def given_parameters(method: Method, options: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given on the command line, if `method` has them.

    Raises
    ------
    ParameterError
        When a parameter belongs to other methods; the message names them.
    """
    values = {k: v for k, v in options.items() if v is not None and k in _declared()}
    known = {p.name: p for p in method.parameters}
    for name in values:
        if name not in known:
            owners = ', '.join(m.name for m, _ in _declared()[name])
            raise ParameterError(
                f'{flag(name)} is no parameter of {method.name}; methods that have it: {owners}'
            )
    return {name: _parsed(known[name], value) for name, value in values.items()}


def flag(name: str) -> str:
    """Return the option of parameter `name`."""
    return '--' + name.replace('_', '-')


def _declared() -> dict[str, list[tuple[Method, Parameter]]]:
    found: dict[str, list[tuple[Method, Parameter]]] = {}
    for method in METHODS.values():
        for p in method.parameters:
            found.setdefault(p.name, []).append((method, p))
    return found


def _option(name: str, owners: list[tuple[Method, Parameter]]) -> Callable[[F], F]:
    first = owners[0][1]
    everywhere = len(owners) == len(METHODS)
    where = '' if everywhere else f'[{", ".join(m.name for m, _ in owners)}] '
    default = '' if first.default is None else f' Default: {first.default}.'
    text = f'{where}{first.help} Allowed: {first.allowed()}.{default}'
    if first.type is bool:
        return click.option(f'{flag(name)}/--no-{flag(name)[2:]}', name, default=None, help=text)
    # Values stay text for click; the declaration checks them, here as everywhere.
    return click.option(flag(name), name, metavar=_metavar(first), help=text)


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
