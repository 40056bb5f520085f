"""The rows of everything a method and a call declare, as the user prefers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from magicgui.widgets.bases import ValueWidget

from ..declare.fields import Parameter
from ..declare.methods import Method
from ..declare.options import OPTIONS
from .model_row import PARAMETERS as MODEL_PARAMETERS
from .rows import row_of
from .settings import Preferences

DEVICES = ('auto', 'cpu', 'cuda', 'mps')
_ON_OFFER = {**dict.fromkeys(MODEL_PARAMETERS, ('auto',)), 'device': DEVICES}
OPTION_ROWS = ('data_range', 'dtype', 'repair', 'device', 'tile', 'seed')
"""Options of a call that have a row of their own among the advanced ones."""


class ParameterRows(NamedTuple):
    """Declarations and their widgets, by name."""

    declared: Mapping[str, Parameter]
    rows: Mapping[str, ValueWidget[Any]]

    @classmethod
    def of(cls, method: Method, preferences: Preferences) -> ParameterRows:
        """Return those of `method` and of the options that any method takes."""
        every = (*method.parameters, *(OPTIONS[name] for name in OPTION_ROWS))
        rows = {p.name: _row(p) for p in every}
        rows['device'].value = preferences.device
        rows['tile'].value = preferences.tile
        return cls({p.name: p for p in every}, rows)

    def of_groups(self, *groups: str) -> ParameterRows:
        """Return those of some groups."""
        chosen = {name: p for name, p in self.declared.items() if p.group in groups}
        return ParameterRows(chosen, {name: self.rows[name] for name in chosen})


def _row(parameter: Parameter) -> ValueWidget[Any]:
    """Return the row of a parameter, with what is on offer where that is known beforehand."""
    return row_of(parameter, _ON_OFFER.get(parameter.name, ()), editable=parameter.name == 'device')
