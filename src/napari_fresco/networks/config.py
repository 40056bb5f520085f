"""Checks of a network's configuration, which may come from a forged file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..errors import ParameterError

_LARGEST = 8192  # bounds what a forged file of weights can make us build

# What the authors' configurations also state, and the values for which it holds here.
_FIXED: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    'drunet': {
        'act_mode': ('R',),
        'downsample_mode': ('strideconv',),
        'upsample_mode': ('convtranspose',),
        'bias': (False,),
    },
    'ircnn': {'nb': (0, 7), 'act_mode': ('R',)},
    'ircnn_bank': {'nb': (0, 7), 'act_mode': ('R',)},
    'usrnet': {
        'act_mode': ('R',),
        'downsample_mode': ('strideconv',),
        'upsample_mode': ('convtranspose',),
    },
    'scunet': {'drop_path_rate': (0, 0.0)},
}

Rule = tuple[Callable[[Any], bool], str]


def without_fixed(architecture: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` without the entries that can have one value only.

    Raises ParameterError when such an entry has another value.
    """
    fixed = _FIXED.get(architecture, {})
    for name in fixed.keys() & config.keys():
        if config[name] not in fixed[name]:
            raise ParameterError(
                f'{architecture} has {name} = {fixed[name][0]!r}, not {config[name]!r}'
            )
    return {name: value for name, value in config.items() if name not in fixed}


def check_names(architecture: str, config: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse names that the network does not know.

    Raises ParameterError with the names that it knows.
    """
    unknown = sorted(config.keys() - set(known))
    if unknown:
        raise ParameterError(
            f'{architecture} has no configuration {", ".join(unknown)}; known: {", ".join(known)}'
        )


def check_values(architecture: str, config: Mapping[str, Any]) -> None:
    """Refuse values that the network cannot be built with.

    Raises ParameterError with what is allowed.
    """
    for name, value in config.items():
        valid, allowed = _RULES.get((architecture, name)) or _RULES.get(('', name)) or _count(1)
        if not valid(value):
            raise ParameterError(f'{architecture} {name} = {value!r} is not {allowed}')
    inputs, outputs = config.get('in_nc', 1), config.get('out_nc', 1)
    if architecture in ('ffdnet', 'dncnn', 'ircnn', 'ircnn_bank') and inputs != outputs:
        raise ParameterError(
            f'{architecture} gives the channels that it takes: in_nc = {inputs} and '
            f'out_nc = {outputs} must be equal'
        )


def _is_count(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST


def _count(least: int) -> Rule:
    return lambda v: _is_count(v, least), f'a whole number from {least} to {_LARGEST}'


def _counts(lengths: tuple[int, ...], number: str) -> Rule:
    def valid(value: Any) -> bool:
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        return listed and len(value) in lengths and all(map(_is_count, value))

    return valid, f'{number} whole numbers from 1 to {_LARGEST}'


def _one_of(*values: Any) -> Rule:
    def valid(value: Any) -> bool:
        return any(type(value) is type(known) and value == known for known in values)

    return valid, ' or '.join(repr(known) for known in values)


_FLAG: Rule = (lambda v: isinstance(v, bool), 'true or false')

# By architecture ('' means any) and name; other entries are counts of at least 1.
_RULES: Mapping[tuple[str, str], Rule] = MappingProxyType(
    {
        ('', 'act_mode'): _one_of('R', 'BR'),
        ('', 'authors_index'): _FLAG,
        ('ffdnet', 'nb'): _count(2),
        ('dncnn', 'nb'): _count(2),
        ('drunet', 'nc'): _counts((4,), 'four'),
        ('usrnet', 'nc'): _counts((4,), 'four'),
        ('scunet', 'config'): _counts((7,), 'seven'),
        ('', 'n_feat'): _counts((2, 3, 4, 5, 6), 'two to six'),
        ('', 'dep_S'): _count(2),
        ('', 'noise_cond'): _FLAG,
        ('', 'kernel_cond'): _FLAG,
        ('', 'noise_avg'): _FLAG,
        ('', 'extra_mode'): _one_of('Input', 'Both', 'Down', 'Null'),
        ('', 'noise_prior'): _one_of('variance', 'deviation'),
        ('rrdbnet', 'sf'): _one_of(2, 4),
        ('vdir', 'scale'): _one_of(1, 2, 4),
    }
)
