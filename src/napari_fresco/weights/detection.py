"""The network of a checkpoint, read off the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from ..errors import ParameterError, WeightsError
from ..networks import ARCHITECTURES, build, facts_of
from ..networks.facts import NetworkFacts

Tensors = Mapping[str, Tensor]
Found = tuple[str, dict[str, Any]]

_TITLES = {
    'ircnn_bank': 'bank of IRCNN denoisers',
    'virnet_sr': 'VIRNet for super-resolution',
    'foreign': 'network that spandrel knows',
}
_SPELLED_WITH_VOWEL = ('F', 'I', 'R')  # as FFDNet, IRCNN and RRDBNet are read aloud

_NEVER_ALONE = ('skip', 'ircnn')  # untrained, and not told from a DnCNN

_CHAIN = re.compile(r'model\.\d+\.(weight|bias|running_mean|running_var|num_batches_tracked)')


class UnknownArchitecture(WeightsError):
    """The names in a checkpoint are those of none of our networks."""


def detect(tensors: Tensors, path: Path) -> Found:
    """Return architecture and configuration, as :func:`~napari_fresco.networks.build` takes them.

    Seven plain convolutions are taken for a DnCNN: a single IRCNN denoiser
    looks the same, only banks of them are published.

    Raises UnknownArchitecture when the names belong to no known architecture.
    Raises WeightsError when some of the names of an architecture are missing.
    """
    recognise = _recogniser(tensors)
    if recognise is None:
        known = [title_of(name) for name in ARCHITECTURES if name not in _NEVER_ALONE]
        raise UnknownArchitecture(
            f'{path} is of an unknown architecture (it holds {", ".join(islice(tensors, 3))}); '
            f'known are {", ".join(known)}'
        )
    try:
        return recognise(tensors)
    except LookupError as error:
        raise WeightsError(f'{path} lacks {error}, so it is incomplete') from None
    except ParameterError as error:
        raise WeightsError(f'{path}: {error}') from None


def _recogniser(tensors: Tensors) -> Callable[[Tensors], Found] | None:
    for mark, recognise in _RECOGNISERS.items():
        if mark in tensors:
            return recognise
    # Other people's networks also begin with this name, but do not go on like this.
    if 'model.0.weight' in tensors and all(_CHAIN.fullmatch(name) for name in tensors):
        return _chain
    return None


def title_of(architecture: str) -> str:
    """Return the name of an architecture as people write it."""
    return _TITLES.get(architecture) or ARCHITECTURES.get(architecture, architecture)


def with_article(title: str) -> str:
    """Return 'a' or 'an' and the title."""
    return f'{"an" if title.startswith(_SPELLED_WITH_VOWEL) else "a"} {title}'


def describe(facts: NetworkFacts, network: object = None) -> str:
    """Return in words what a network is: 'a SCUNet (3 channels)', 'an RRDBNet (3 channels, x4)'.

    A `network` that is not one of ours brings its own title.
    """
    title = getattr(network, 'title', title_of(facts.architecture))
    channels = f'{facts.channels} channel{"s" * (facts.channels != 1)}'
    scale = f', x{facts.scale}' if facts.scale != 1 else ''
    return f'{with_article(title)} ({channels}{scale})'


def outline(architecture: str, config: Mapping[str, Any]) -> torch.nn.Module:
    """Return a network without numbers: on the meta device nothing is allocated or initialised.

    Raises WeightsError when there is no such network.
    """
    try:
        with torch.device('meta'):
            network = build(architecture, **config)
        facts_of(network)
    except (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError) as error:
        # A forged configuration fails in every way that its numbers can lead to.
        raise WeightsError(f'describes an impossible network: {error}') from None
    return network


def _drunet(tensors: Tensors) -> Found:
    head, tail = tensors['m_head.weight'], tensors['m_tail.weight']
    # A body of one block has no index in its names.
    indices = [re.match(r'm_body\.(\d+)\.res', name) for name in tensors]
    blocks = max((int(i[1]) for i in indices if i), default=0) + 1
    widths = [tensors[f'm_down{i}.{blocks}.weight'].shape[0] for i in (1, 2, 3)]
    config = {
        'in_nc': head.shape[1],
        'out_nc': tail.shape[0],
        'nc': [head.shape[0], *widths],
        'nb': blocks,
    }
    return 'drunet', config


def _usrnet(tensors: Tensors) -> Found:
    prior = {n.removeprefix('p.'): t for n, t in tensors.items() if n.startswith('p.')}
    config = {
        # alpha and beta of every iteration
        'n_iter': tensors['h.mlp.4.weight'].shape[0] // 2,
        'h_nc': tensors['h.mlp.0.weight'].shape[0],
    }
    return 'usrnet', config | _drunet(prior)[1]


def _ircnn_bank(tensors: Tensors) -> Found:
    first, last = tensors['0.model.0.weight'], tensors['0.model.12.weight']
    config = {'in_nc': first.shape[1], 'out_nc': last.shape[0], 'nc': first.shape[0]}
    return 'ircnn_bank', config


def _chain(tensors: Tensors) -> Found:
    found = [re.fullmatch(r'model\.(\d+)\.weight', name) for name in tensors]
    indices = sorted(int(i[1]) for i in found if i and tensors[i[0]].ndim == 4)
    first, last = (tensors[f'model.{i}.weight'] for i in (indices[0], indices[-1]))
    depth: dict[str, Any] = {'nb': len(indices)}
    if any(name.endswith('running_mean') for name in tensors):
        depth['act_mode'] = 'BR'
    channels = last.shape[0]
    # Four sub-images and the noise-level map go in, four sub-images come out.
    if channels % 4 == 0 and first.shape[1] == channels + 1:
        widths = {'in_nc': channels // 4, 'out_nc': channels // 4, 'nc': first.shape[0]}
        return 'ffdnet', widths | depth
    return 'dncnn', {'in_nc': first.shape[1], 'out_nc': channels, 'nc': first.shape[0]} | depth


def _told_by(module: str) -> Callable[[Tensors], Found]:
    def recognise(tensors: Tensors) -> Found:
        found: Found = import_module(f'...networks.{module}', __name__).config_from(tensors)
        return found

    return recognise


# The first name that is in the checkpoint decides.
_RECOGNISERS: Mapping[str, Callable[[Tensors], Found]] = MappingProxyType(
    {
        'p.m_head.weight': _usrnet,
        'm_head.weight': _drunet,
        'm_head.0.weight': _told_by('scunet'),
        'SNet.conv1.weight': _told_by('virnet'),
        'restorer.conv_in.weight': _told_by('vdir'),
        'RRDB_trunk.0.RDB1.conv1.weight': _told_by('rrdbnet'),
        '0.model.0.weight': _ircnn_bank,
    }
)
