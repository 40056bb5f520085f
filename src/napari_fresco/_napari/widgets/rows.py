"""Declared parameters to magicgui widgets: one for each, with its range, unit and help."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit, SpinBox
from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QAbstractSpinBox

from ...declare.fields import Parameter
from ...errors import ParameterError

_LONGEST_UNIT = 8
_WIDEST = 2**31 - 1
_MOST_DECIMALS = 12
AUTO = 'auto'


class Number(LineEdit):
    """A number with as many digits as it has, of any size; empty means "auto".

    Reading :attr:`value` raises a :class:`ParameterError` when what was typed is not allowed.
    """

    def __init__(self, parameter: Parameter, **facts: Any) -> None:
        super().__init__(**facts)
        self._parameter = parameter
        self._exact: tuple[str, Any] = ('', None)
        self.native.setPlaceholderText(AUTO if parameter.optional else '')
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """The checked number, or None for automatic."""
        text = str(self.native.text()).strip()
        if text == self._exact[0]:
            return self._exact[1]
        if not text or text.lower() == AUTO:
            return self._parameter.check(None)
        try:
            number = float(text)
        except ValueError:
            raise ParameterError(
                f'{self._parameter.label}: {text!r} is not {self._parameter.allowed()}'
            ) from None
        return self._parameter.check(number)

    @value.setter
    def value(self, value: Any) -> None:
        checked = self._parameter.check(None if value == AUTO else value)
        text = '' if checked is None else f'{checked:.6g}'
        self._exact = (text, checked)
        self.native.setText(text)


class Pair(LineEdit):
    """Two numbers, such as a range; empty means "auto".

    Reading :attr:`value` raises a :class:`ParameterError` when what was typed is not allowed.
    """

    def __init__(self, parameter: Parameter, **facts: Any) -> None:
        super().__init__(**facts)
        self._parameter = parameter
        self.native.setPlaceholderText(AUTO)

    @property
    def value(self) -> Any:
        """The two numbers, or None for automatic."""
        text = str(self.native.text()).replace(' to ', ' ').strip()
        if not text or text.lower() == AUTO:
            return self._parameter.check(None)
        try:
            return self._parameter.check([float(n) for n in re.split(r'[\s,;]+', text)])
        except ValueError:  # which a ParameterError is, too
            raise ParameterError(
                f'{self._parameter.label}: {text!r} is not {self._parameter.allowed()}, such as '
                '0 to 4095'
            ) from None

    @value.setter
    def value(self, value: Any) -> None:
        pair = self._parameter.check(None if value == AUTO else value)
        self.native.setText('' if pair is None else f'{pair[0]:.12g} to {pair[1]:.12g}')


class Choice(ComboBox):
    """A value out of a list.

    `parameter`: what is edited.
    `choices`: values on offer; one that is set and not there joins them, if the parameter allows
        it.
    `editable`: whether other text may be typed.
    """

    def __init__(
        self, parameter: Parameter, choices: Sequence[str], editable: bool = False, **facts: Any
    ) -> None:
        self._parameter = parameter
        self._words = {None: AUTO} if parameter.optional else {}
        offered = [*self._words.values(), *choices]
        super().__init__(choices=offered, **facts)
        self.native.setEditable(editable)
        self.value = parameter.default

    @property
    def value(self) -> Any:
        """The chosen value."""
        text = str(self.native.currentText()).strip()
        return None if self._parameter.optional and text == AUTO else text or AUTO

    @value.setter
    def value(self, value: Any) -> None:
        text = self._words.get(value) or str(self._parameter.check(value))
        if text not in self.choices:
            self.offer([*self.choices, text])
        self.native.setCurrentText(text)

    def offer(self, choices: Iterable[Any]) -> None:
        """Offer other values; the present one stays where it is among them."""
        offered = [str(choice) for choice in choices]
        if offered != [str(choice) for choice in self.choices]:
            self.choices = self._default_choices = offered


class Tick(CheckBox):
    """A check box whose label stands to its left, like those of all other rows."""

    def __init__(self, label: str, text: str = '', **facts: Any) -> None:
        self._title = label
        super().__init__(**facts)
        self.text = text

    @property
    def label(self) -> str:
        """Label of the row."""
        return self._title

    @label.setter
    def label(self, value: str) -> None:
        self._title = value


class Decimal(FloatSpinBox):
    """A number with arrows, which shows more decimals where a value has them."""

    def set_value(self, value: Any) -> None:
        """Set the number as it is."""
        shown = f'{float(value):.{_MOST_DECIMALS}f}'.rstrip('0').partition('.')[2]
        self.native.setDecimals(max(self.native.decimals(), len(shown)))
        super().set_value(value)


def row_of(
    parameter: Parameter, choices: Sequence[str] = (), *, editable: bool = False
) -> ValueWidget[Any]:
    """Return the widget of a declared parameter, named like it.

    A number that may be left to the method is a line of text that shows "auto" while it is empty;
    everything else is the usual widget of its type.

    `parameter`: what is edited.
    `choices`: values on offer, where they are known only at run time; others are allowed.
    `editable`: whether others may be typed.
    """
    facts: dict[str, Any] = {
        'name': parameter.name,
        'label': label_of(parameter),
        'tooltip': help_of(parameter),
    }
    offered = parameter.choices or tuple(choices)
    if offered:
        return Choice(parameter, offered, editable, **facts)
    if parameter.type is bool:
        return Tick(value=bool(parameter.default), **facts)
    if parameter.type is tuple:
        return Pair(parameter, **facts)
    if parameter.type in (int, float):
        return Number(parameter, **facts) if parameter.optional else _spin_box(parameter, facts)
    return LineEdit(value=parameter.default, **facts)


def label_of(parameter: Parameter) -> str:
    """Return the label with the unit, where that is short."""
    unit = parameter.unit
    return parameter.label + (f' ({unit})' if unit and len(unit) <= _LONGEST_UNIT else '')


def changed_values(
    parameters: Iterable[Parameter], rows: Mapping[str, ValueWidget[Any]]
) -> dict[str, Any]:
    """Return by name the checked values of `parameters` that differ from their defaults.

    Raises ParameterError when what was typed is not allowed.
    """
    values = {p: p.check(rows[p.name].value) for p in parameters}
    return {p.name: value for p, value in values.items() if value != p.default}


def _spin_box(parameter: Parameter, facts: dict[str, Any]) -> ValueWidget[Any]:
    low = -_WIDEST if parameter.minimum is None else max(parameter.minimum, -_WIDEST)
    high = _WIDEST if parameter.maximum is None else min(parameter.maximum, _WIDEST)
    if parameter.type is int:
        return SpinBox(value=parameter.default, min=math.ceil(low), max=math.floor(high), **facts)
    step = 10.0 ** -_decimals(parameter)
    box = Decimal(value=parameter.default, min=low, max=high, step=step, **facts)
    box.native.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    return box


def _decimals(parameter: Parameter) -> int:
    numbers = (parameter.minimum, parameter.maximum, parameter.default)
    shown = [f'{n:.6f}'.rstrip('0').partition('.')[2] for n in numbers if n is not None]
    return max(2, *map(len, shown))


def help_of(parameter: Parameter) -> str:
    """Return the help of a parameter with its unit, as a tooltip."""
    unit = f' [{parameter.unit}]' if parameter.unit else ''
    return f'<p>{parameter.help}{unit}</p>'
