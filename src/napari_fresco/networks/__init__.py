"""Networks, with the parameter names of their authors' checkpoints."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError

if TYPE_CHECKING:
    from torch import nn

    from .dncnn import DnCNN
    from .drunet import DRUNet
    from .facts import NetworkFacts, facts_of
    from .ffdnet import FFDNet
    from .hourglass import Skip, SkipConfig
    from .ircnn import IRCNN, IRCNNBank

__all__ = [
    'ARCHITECTURES',
    'IRCNN',
    'DRUNet',
    'DnCNN',
    'FFDNet',
    'IRCNNBank',
    'NetworkFacts',
    'Skip',
    'SkipConfig',
    'build',
    'facts_of',
]

_HOMES = {
    'DRUNet': 'drunet',
    'FFDNet': 'ffdnet',
    'DnCNN': 'dncnn',
    'IRCNN': 'ircnn',
    'IRCNNBank': 'ircnn',
    'Skip': 'hourglass',
    'SkipConfig': 'hourglass',
    'NetworkFacts': 'facts',
    'facts_of': 'facts',
}

ARCHITECTURES: Mapping[str, str] = MappingProxyType(
    {
        'drunet': 'DRUNet',
        'ffdnet': 'FFDNet',
        'dncnn': 'DnCNN',
        'ircnn': 'IRCNN',
        'ircnn_bank': 'IRCNNBank',
        'skip': 'Skip',
    }
)
"""Class of each architecture that :func:`build` knows."""

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
}


def build(architecture: str, **config: Any) -> nn.Module:
    """Return a freshly initialised network.

    Parameters
    ----------
    architecture : str
        One of :data:`ARCHITECTURES`, in any case.
    **config
        Configuration in the authors' spelling. ``drunet``, ``ffdnet``,
        ``dncnn`` and ``ircnn``: ``in_nc``, ``out_nc``, ``nc`` and ``nb``
        (channels in and out, width or widths, layers or blocks), and
        ``act_mode``. ``skip``: the fields of
        :class:`~napari_fresco.networks.hourglass.SkipConfig`, or the shorter
        ``input_depth``, ``n_channels``, ``skip_n33d``, ``skip_n33u``,
        ``skip_n11``, ``num_scales``.

    Raises
    ------
    ParameterError
        When the architecture or a name is unknown, or a value is not allowed.

    Examples
    --------
    >>> from napari_fresco import networks
    >>> network = networks.build('ffdnet', in_nc=3, out_nc=3, nc=96, nb=12)
    >>> sum(p.numel() for p in network.parameters())
    852108
    """
    key = str(architecture).lower()
    if key not in ARCHITECTURES:
        raise ParameterError(
            f'unknown architecture {architecture!r}; choose one of {", ".join(ARCHITECTURES)}'
        )
    if key == 'skip':
        return _build_skip(config)
    factory = _load(ARCHITECTURES[key])
    accepted = _without_fixed(key, config)
    _check_names(key, accepted, [*inspect.signature(factory).parameters])
    for name, value in accepted.items():
        _check_value(key, name, value)
    _check_channels(key, accepted)
    network: nn.Module = factory(**accepted)
    return network


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return _load(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _load(name: str) -> Any:
    return getattr(import_module(f'.{_HOMES[name]}', __name__), name)


def _build_skip(config: Mapping[str, Any]) -> nn.Module:
    from .hourglass import Skip, SkipConfig, from_short_names

    spelled = from_short_names(config)
    _check_names('skip', spelled, list(SkipConfig.__dataclass_fields__))
    try:
        return Skip(SkipConfig(**spelled))
    except TypeError as error:
        raise ParameterError(f'skip cannot be built from {spelled}: {error}') from None


def _without_fixed(architecture: str, config: Mapping[str, Any]) -> dict[str, Any]:
    fixed = _FIXED.get(architecture, {})
    for name in fixed.keys() & config.keys():
        if config[name] not in fixed[name]:
            raise ParameterError(
                f'{architecture} has {name} = {fixed[name][0]!r}, not {config[name]!r}'
            )
    return {name: value for name, value in config.items() if name not in fixed}


def _check_names(architecture: str, config: Mapping[str, Any], known: Sequence[str]) -> None:
    unknown = sorted(config.keys() - set(known))
    if unknown:
        raise ParameterError(
            f'{architecture} has no configuration {", ".join(unknown)}; known: {", ".join(known)}'
        )


def _check_value(architecture: str, name: str, value: Any) -> None:
    if name == 'act_mode':
        valid, allowed = value in ('R', 'BR'), "'R' or 'BR'"
    elif name == 'authors_index':
        valid, allowed = isinstance(value, bool), 'true or false'
    elif (architecture, name) == ('drunet', 'nc'):
        valid = isinstance(value, Sequence) and len(value) == 4 and all(map(_is_count, value))
        allowed = f'four whole numbers from 1 to {_LARGEST}'
    else:
        least = 2 if name == 'nb' and architecture in ('ffdnet', 'dncnn') else 1
        valid, allowed = _is_count(value, least), f'a whole number from {least} to {_LARGEST}'
    if not valid:
        raise ParameterError(f'{architecture} {name} = {value!r} is not {allowed}')


def _is_count(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST


def _check_channels(architecture: str, config: Mapping[str, Any]) -> None:
    inputs, outputs = config.get('in_nc', 1), config.get('out_nc', 1)
    if architecture != 'drunet' and inputs != outputs:
        raise ParameterError(
            f'{architecture} gives the channels that it takes: in_nc = {inputs} and '
            f'out_nc = {outputs} must be equal'
        )
