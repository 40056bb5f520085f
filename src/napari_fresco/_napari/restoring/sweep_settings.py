"""The settings of a method that can be swept, and their first values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...declare.fields import Parameter
from ...declare.method import Method
from ...declare.options import OPTIONS
from ...errors import ParameterError
from ...types import Task
from ..widgets.rows import AUTO

KERNEL_WIDTH = 'kernel_width'
"""The width of the chosen kernel, as a factor."""

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)
_NOISE_STEPS = (0.5, 0.7, 1.0, 1.4, 2.0)
_WIDTHS = (0.7, 0.85, 1.0, 1.2, 1.4)
_NOT_SWEPT = ('gain', 'offset', 'read_noise', 'noise', 'precision', 'kernel_position', 'pattern')
_GROUPS = ('solver', 'degradation', 'advanced')
_SIGMA = replace(OPTIONS['sigma'], type=float, minimum=0)
_WIDTH = Parameter(
    name=KERNEL_WIDTH,
    type=float,
    default=1.0,
    help='Width of the chosen kernel, in parts of what it is; a wider one undoes more blur.',
    label='Kernel width',
    unit='×',
    minimum=0.1,
    maximum=10.0,
)


def sweepable(method: Method, task: Task, *, kernel: bool) -> dict[str, Parameter]:
    """Return the settings that can be swept by name, the most important first.

    `kernel`: whether there is a kernel.
    """
    found = [_SIGMA] if method.reads_noise(task) else []
    found += [_WIDTH] if kernel and 'kernel' in method.takes(task) else []
    found += [p for p in method.parameters if _varies(p) and method.uses(p, task)]
    return {p.name: p for p in found}


def first_values(parameter: Parameter, sigma: float | None = None) -> str:
    """Return values to begin with, as they are typed.

    `sigma`: noise that was found in the image.
    """
    if parameter.name == _SIGMA.name:
        return '' if sigma is None else _listed(float(f'{sigma * s:.3g}') for s in _NOISE_STEPS)
    if parameter.name == KERNEL_WIDTH:
        return _listed(_WIDTHS)
    if parameter.choices:
        return ', '.join(map(str, parameter.choices))
    if parameter.type is bool:
        return 'no, yes'
    middle = parameter.default or _middle(parameter)
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    values = [min(max(middle * step, low), high) for step in _STEPS]
    if parameter.type is int:
        values = [round(value) for value in values]
    return _listed(dict.fromkeys(values))


def values_of(parameter: Parameter, text: str) -> tuple[Any, ...]:
    """Return typed values, which are separated by commas.

    Raises ParameterError when there is none, or one is not allowed.
    """
    words = [word.strip() for word in text.split(',') if word.strip()]
    if not words:
        raise ParameterError(f'{parameter.label}: give values, such as {first_values(parameter)}')
    return tuple(_value(parameter, word) for word in words)


def _value(parameter: Parameter, word: str) -> Any:
    if word == AUTO and parameter.optional:
        return None
    if parameter.type is bool and word in ('yes', 'no'):
        return word == 'yes'
    if parameter.type in (int, float):
        try:
            number = float(word)
        except ValueError:
            raise ParameterError(
                f'{parameter.label}: {word!r} is not {parameter.allowed()}'
            ) from None
        return parameter.check(int(number) if number.is_integer() else number)
    return parameter.check(word)


def _varies(parameter: Parameter) -> bool:
    several = parameter.type in (int, float, bool) or bool(parameter.choices)
    plain = parameter.gives is None and parameter.name not in _NOT_SWEPT
    return several and plain and parameter.group in _GROUPS


def _middle(parameter: Parameter) -> float:
    """Return a value in the middle of the range, which is that of a scale."""
    low, high = parameter.minimum or 0.01, parameter.maximum or 100.0
    return math.sqrt(low * high)


def _listed(values: Iterable[float]) -> str:
    return ', '.join(f'{value:.4g}' for value in values)
