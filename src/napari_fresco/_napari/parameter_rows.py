"""The rows of everything that methods and a call declare, as the user prefers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from magicgui.widgets.bases import ValueWidget

from ..declare.fields import Parameter
from ..declare.methods import Method
from ..declare.options import OPTIONS
from ..types import Task
from .model_row import PARAMETERS as MODEL_PARAMETERS
from .rows import row_of
from .settings import Preferences

DEVICES = ('auto', 'cpu', 'cuda', 'mps')
_ON_OFFER = {**dict.fromkeys(MODEL_PARAMETERS, ('auto',)), 'device': DEVICES}
OPTION_ROWS = ('neighbours', 'along', 'data_range', 'dtype', 'repair', 'device', 'tile', 'seed')
"""Options of a call that have a row of their own among those of the method."""


class DeclaredRow(NamedTuple):
    """A declaration, its widget, and the names of the methods that have it."""

    parameter: Parameter
    widget: ValueWidget[Any]
    methods: frozenset[str]

    def serves(self, method: Method, task: Task) -> bool:
        """Say whether `method` uses it for `task`."""
        return method.name in self.methods and method.uses(self.parameter, task)


class ParameterRows:
    """The widgets of some methods: those that declare a parameter alike share one.

    So what is set stays when another method is chosen. A parameter of the same name that means
    something else, and the weights, keep a value of their own for when their method comes back.

    `methods`: those of a panel.
    `preferences`: of the user.
    """

    def __init__(self, methods: Sequence[Method], preferences: Preferences) -> None:
        options = [OPTIONS[name] for name in OPTION_ROWS]
        owners: dict[tuple[str, Parameter], list[str]] = {}
        for method in methods:
            for p in (*method.parameters, *options):
                own = method.name if p.name in MODEL_PARAMETERS else ''
                owners.setdefault((own, p), []).append(method.name)
        self.every = [DeclaredRow(p, _row(p), frozenset(names)) for (_, p), names in owners.items()]
        for row in self.every:
            if row.parameter.name in ('device', 'tile'):
                row.widget.value = getattr(preferences, row.parameter.name)

    def of(self, method: Method) -> dict[str, ValueWidget[Any]]:
        """Return the widgets of `method` by name."""
        return {r.parameter.name: r.widget for r in self.every if method.name in r.methods}

    def of_groups(self, *groups: str) -> list[DeclaredRow]:
        """Return the rows of some groups."""
        return [row for row in self.every if row.parameter.group in groups]


def values_beside(parameter: Parameter, widgets: Mapping[str, ValueWidget[Any]]) -> dict[str, Any]:
    """Return the value that tells whether `parameter` makes a difference, by name."""
    other = None if parameter.only_with is None else parameter.only_with[0]
    return {} if other is None else {other: widgets[other].value}


def _row(parameter: Parameter) -> ValueWidget[Any]:
    """Return the row of a parameter, with what is on offer where that is known beforehand."""
    return row_of(parameter, _ON_OFFER.get(parameter.name, ()), editable=parameter.name == 'device')
