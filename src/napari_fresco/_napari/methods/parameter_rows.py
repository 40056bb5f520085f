"""The rows of all declared parameters and options, with the user's preferences as defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from magicgui.widgets.bases import ValueWidget
from psygnal import Signal

from ...declare.fields import Parameter
from ...declare.method import Method
from ...declare.options import OPTIONS
from ...types import Task
from ..widgets.rows import row_of
from ..widgets.settings import Preferences
from .offered_models import PARAMETERS as MODEL_PARAMETERS

DEVICES = ('auto', 'cpu', 'cuda', 'mps')
_ON_OFFER = {**dict.fromkeys(MODEL_PARAMETERS, ('auto',)), 'device': DEVICES}
OF_SOLVER = ('solver', 'advanced')
"""Groups of parameters that say how an image is restored, not what it is."""
OPTION_ROWS = ('neighbours', 'along', 'data_range', 'dtype', 'repair', 'device', 'tile', 'seed')
"""Options of a call that have a row of their own among those of the method."""


@dataclass(frozen=True, eq=False)
class DeclaredRow:
    """A declaration, the names of the methods that have it, and its widget, made when asked for.

    `make`: makes the widget.
    """

    parameter: Parameter
    methods: frozenset[str]
    make: Callable[[Parameter], ValueWidget[Any]]

    @cached_property
    def widget(self) -> ValueWidget[Any]:
        """The field in which it is set."""
        return self.make(self.parameter)

    def serves(self, method: Method, task: Task) -> bool:
        """Say whether `method` uses it for `task`."""
        return method.name in self.methods and method.uses(self.parameter, task)


class ParameterRows:
    """The widgets of some methods: those that declare a parameter alike share one.

    So what is set stays when another method is chosen. A parameter of the same name that means
    something else, and the weights, keep a value of their own for when their method comes back.
    A widget is made when its method is first chosen: all of them would take long.

    `methods`: those of a panel, which may fold their rows away (`are_folded`).
    `preferences`: of the user.
    """

    changed = Signal()
    """A value of the solver has changed; what others change, their sections tell."""

    def __init__(self, methods: Sequence[Method], preferences: Preferences) -> None:
        self.methods, self.preferences = methods, preferences
        self.are_folded = False
        options = [OPTIONS[name] for name in OPTION_ROWS]
        owners: dict[tuple[str, Parameter], list[str]] = {}
        for method in methods:
            for p in (*method.parameters, *options):
                own = method.name if p.name in MODEL_PARAMETERS else ''
                owners.setdefault((own, p), []).append(method.name)
        self.every = [
            DeclaredRow(p, frozenset(names), self._made) for (_, p), names in owners.items()
        ]

    def of(self, method: Method) -> dict[str, ValueWidget[Any]]:
        """Return the widgets of `method` by name."""
        return {r.parameter.name: r.widget for r in self.every if method.name in r.methods}

    def of_groups(self, *groups: str) -> list[DeclaredRow]:
        """Return the rows of some groups."""
        return [row for row in self.every if row.parameter.group in groups]

    def _made(self, parameter: Parameter) -> ValueWidget[Any]:
        """Return a widget, with its choices where they are known beforehand."""
        name = parameter.name
        widget = row_of(parameter, _ON_OFFER.get(name, ()), editable=name == 'device')
        if name in ('device', 'tile'):
            widget.value = getattr(self.preferences, name)
        if parameter.group in OF_SOLVER:
            widget.changed.connect(lambda: self.changed.emit())
        return widget


def values_beside(parameter: Parameter, widgets: Mapping[str, ValueWidget[Any]]) -> dict[str, Any]:
    """Return the value that tells whether `parameter` makes a difference, by name."""
    other = None if parameter.only_with is None else parameter.only_with[0]
    return {} if other is None else {other: widgets[other].value}
