"""Networks, with the parameter names of their authors' checkpoints."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from .config import check_names, check_values, without_fixed

if TYPE_CHECKING:
    from torch import nn

    from .dncnn import DnCNN
    from .drunet import DRUNet
    from .facts import NetworkFacts, facts_of
    from .ffdnet import FFDNet
    from .hourglass import Skip, SkipConfig
    from .ircnn import IRCNN, IRCNNBank
    from .rrdbnet import RRDBNet
    from .scunet import SCUNet
    from .usrnet import USRNet
    from .vdir import VDIR
    from .virnet import VIRNet, VIRNetSR

__all__ = [
    'ARCHITECTURES',
    'IRCNN',
    'VDIR',
    'DRUNet',
    'DnCNN',
    'FFDNet',
    'IRCNNBank',
    'NetworkFacts',
    'RRDBNet',
    'SCUNet',
    'Skip',
    'SkipConfig',
    'USRNet',
    'VIRNet',
    'VIRNetSR',
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
    'USRNet': 'usrnet',
    'VIRNet': 'virnet',
    'VIRNetSR': 'virnet',
    'VDIR': 'vdir',
    'SCUNet': 'scunet',
    'RRDBNet': 'rrdbnet',
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
        'usrnet': 'USRNet',
        'virnet': 'VIRNet',
        'virnet_sr': 'VIRNetSR',
        'vdir': 'VDIR',
        'scunet': 'SCUNet',
        'rrdbnet': 'RRDBNet',
    }
)
"""Class of each architecture that :func:`build` knows."""


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
        ``act_mode``; the others: the arguments of their classes. ``skip``: the fields of
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
    accepted = without_fixed(key, config)
    check_names(key, accepted, [*inspect.signature(factory).parameters])
    check_values(key, accepted)
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
    check_names('skip', spelled, list(SkipConfig.__dataclass_fields__))
    try:
        return Skip(SkipConfig(**spelled))
    except TypeError as error:
        raise ParameterError(f'skip cannot be built from {spelled}: {error}') from None
