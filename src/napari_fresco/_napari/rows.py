"""Declared parameters to widgets: one field for each, with its range, unit and help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from magicgui.widgets import create_widget
from psygnal import Signal
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QWidget

from ..declare.fields import Parameter, Parameters
from ..errors import ParameterError
from .form import Row, Section, make_narrow

_LONGEST_UNIT = 8
_WIDEST = 2**31 - 1


class Field:
    """The widget of one parameter.

    A number that may be left to the method is a line of text that shows "auto"
    while it is empty; everything else is the usual widget of its type.

    Parameters
    ----------
    parameter : Parameter
        What is edited.
    choices : sequence, optional
        Values on offer, where they are known only at run time; a text
        parameter with choices may still hold any other text.
    """

    changed = Signal()

    def __init__(self, parameter: Parameter, choices: Sequence[str] = ()) -> None:
        self.parameter = parameter
        self._offered = tuple(choices)
        self._widget = _widget(parameter, list(choices))
        self._widget.changed.connect(self._on_changed)
        self.native: QWidget = self._widget.native
        if isinstance(self.native, QComboBox):
            make_narrow(self.native)
        self.tooltip = _tooltip(parameter)

    @property
    def label(self) -> str:
        """Label with the unit, where that is short."""
        unit = self.parameter.unit
        shown = f' ({unit})' if unit and len(unit) <= _LONGEST_UNIT else ''
        return self.parameter.label + shown

    @property
    def value(self) -> Any:
        """The checked value.

        Raises
        ------
        ParameterError
            When what was typed is not allowed.
        """
        value = self._widget.value
        if _is_text_number(self.parameter):
            text = str(value).strip()
            if not text or text.lower() == 'auto':
                return None
            try:
                value = float(text)
            except ValueError:
                raise ParameterError(
                    f'{self.parameter.label}: {text!r} is not {self.parameter.allowed()}'
                ) from None
        return self.parameter.check(value)

    @value.setter
    def value(self, value: Any) -> None:
        if _is_text_number(self.parameter):
            value = '' if value is None else f'{value:g}'
        self._widget.value = value

    def offer(self, choices: Sequence[str]) -> None:
        """Offer other values."""
        if tuple(choices) == self._offered:
            return
        self._offered = tuple(choices)
        kept = self._widget.value
        self._widget.choices = list(choices)
        if kept in choices:
            self._widget.value = kept

    def choose(self, value: str) -> None:
        """Choose a value, offering it first where it was not on offer."""
        if value not in self._widget.choices:
            self._widget.choices = [*self._widget.choices, value]
        self._widget.value = value

    def add_to(self, section: Section) -> Row:
        """Add the field to a form."""
        return section.add(self.label, self.native, tooltip=self.tooltip)

    def _on_changed(self, value: Any) -> None:
        self.changed.emit()


def changed_values(fields: Sequence[Field]) -> dict[str, Any]:
    """Return by name the values that differ from their defaults."""
    values = {field.parameter: field.value for field in fields}
    return {p.name: value for p, value in values.items() if value != p.default}


def fields_of(declaration: type[Parameters]) -> list[Field]:
    """Return a field for every declared parameter."""
    return [Field(parameter) for parameter in declaration.declared()]


def _is_text_number(parameter: Parameter) -> bool:
    return parameter.optional and parameter.type in (int, float) and not parameter.choices


def _widget(parameter: Parameter, choices: list[str]) -> Any:
    if parameter.choices or choices:
        options = {'choices': list(parameter.choices) or choices}
        return create_widget(parameter.default, widget_type='ComboBox', options=options)
    if _is_text_number(parameter):
        widget = create_widget('', widget_type='LineEdit')
        widget.native.setPlaceholderText('auto')
        return widget
    if parameter.type in (int, float):
        return _spin_box(parameter)
    if parameter.type is bool:
        return create_widget(parameter.default, widget_type='CheckBox', options={'text': ''})
    return create_widget(parameter.default, widget_type='LineEdit')


def _spin_box(parameter: Parameter) -> Any:
    low = -_WIDEST if parameter.minimum is None else parameter.minimum
    high = _WIDEST if parameter.maximum is None else parameter.maximum
    if parameter.type is int:
        whole = {'min': int(low), 'max': int(high)}
        return create_widget(parameter.default, widget_type='SpinBox', options=whole)
    options = {'min': low, 'max': high, 'step': 10.0 ** -_decimals(parameter)}
    widget = create_widget(parameter.default, widget_type='FloatSpinBox', options=options)
    widget.native.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    return widget


def _decimals(parameter: Parameter) -> int:
    numbers = (parameter.minimum, parameter.maximum, parameter.default)
    shown = [f'{n:.6f}'.rstrip('0').partition('.')[2] for n in numbers if n is not None]
    return max(2, *map(len, shown))


def _tooltip(parameter: Parameter) -> str:
    unit = f' [{parameter.unit}]' if parameter.unit else ''
    return f'<p>{parameter.help}{unit}</p>'
