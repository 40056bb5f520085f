"""From a checkpoint file to a network that is ready to run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from .. import devices
from ..errors import ParameterError, WeightsError
from ..networks import build
from ..networks.facts import Network, facts_of
from ..networks.ircnn import MODELS
from .formats import read
from .registry import Entry, file_sha256

_NAMED = 3  # how many keys an error message names before it stops


def load_file(path: Path, entry: Entry | None, device: str | torch.device) -> Network:
    """Read a file and return its network: float32, in evaluation mode, frozen.

    Parameters
    ----------
    path : Path
        The file.
    entry : Entry or None
        What the file must be; None detects it from the file itself.
    device : str or torch.device
        Where the network is put; 'auto' picks.

    Raises
    ------
    WeightsError
        When the file cannot be read or is not what it should be.
    DeviceError
        When the device is absent.
    """
    stored = read(path)
    if entry is not None:
        architecture, config = entry.architecture, entry.config
    elif stored.architecture is not None:
        architecture, config = stored.architecture, stored.config
    else:
        architecture, config = detect(stored.tensors, path)
    network = assemble(architecture, config, stored.tensors, path)
    network.weights_sha256 = file_sha256(path)
    network.weights_name = entry.name if entry else path.name
    if entry is not None:
        _verify(entry, network, path)
        if entry.sigma is not None:
            low, high = entry.sigma
            network.facts = replace(network.facts, sigma_range=(low / 255, high / 255))
    network.to(devices.pick(device))
    return network


def detect(tensors: Mapping[str, Tensor], path: Path) -> tuple[str, dict[str, Any]]:
    """Return architecture and configuration, read off names and shapes.

    Seven plain convolutions are taken for a DnCNN: a single IRCNN denoiser
    looks the same, only banks of them are published.

    Raises
    ------
    WeightsError
        When the names belong to no known architecture.
    """
    try:
        if 'm_head.weight' in tensors:
            return 'drunet', _drunet_config(tensors)
        if '0.model.0.weight' in tensors:
            first, last = tensors['0.model.0.weight'], tensors['0.model.12.weight']
            widths = first.shape[1], last.shape[0], first.shape[0]
            return 'ircnn_bank', dict(zip(('in_nc', 'out_nc', 'nc'), widths, strict=True))
        if 'model.0.weight' in tensors:
            return _detect_chain(tensors)
    except (KeyError, IndexError) as error:
        raise WeightsError(f'{path} lacks {error}, so it is incomplete') from None
    raise WeightsError(
        f'{path} is of an unknown architecture (it begins with {next(iter(tensors))}); '
        f'known are DRUNet, FFDNet, DnCNN and the bank of {MODELS} IRCNN denoisers'
    )


def assemble(
    architecture: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor], path: Path
) -> Network:
    """Return the network `architecture` with `tensors` for parameters, and its facts.

    Raises
    ------
    WeightsError
        When names or shapes are not exactly those of the network.
    """
    try:
        # On the meta device nothing is allocated or initialised: the tensors become the parameters.
        with torch.device('meta'):
            network = cast('Network', build(architecture, **config))
        network.facts = facts_of(network)
    except ParameterError as error:
        raise WeightsError(f'{path} describes an impossible network: {error}') from None
    wrong = _differences(network.state_dict(), tensors)
    if wrong:
        raise WeightsError(f'{path} does not fit {architecture}: {"; ".join(wrong)}')
    network.load_state_dict(tensors, strict=True, assign=True)
    network.requires_grad_(False).eval()
    return network


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over names and values, the same in every file format.

    Over each tensor in order: the bytes of its name, then of its values as
    little-endian float32 in C order.
    """
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().astype('<f4').tobytes())
    return digest.hexdigest()


def _verify(entry: Entry, network: Network, path: Path) -> None:
    known = [h for h in (entry.sha256, entry.tensors_sha256) if h]
    if not known or network.weights_sha256 in known:
        return
    if entry.tensors_sha256 and tensors_sha256(network.state_dict()) in known:
        return
    raise WeightsError(
        f'{path} is not {entry.name}: its sha256 is {network.weights_sha256}, not {known[0]}; '
        'remove it and fetch it again, or load other weights by their path'
    )


def _differences(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    missing = [name for name in expected if name not in given]
    unexpected = [name for name in given if name not in expected]
    shapes = [
        f'{name} is {tuple(given[name].shape)}, not {tuple(tensor.shape)}'
        for name, tensor in expected.items()
        if name in given and given[name].shape != tensor.shape
    ]
    found = {'missing': missing, 'unexpected': unexpected, 'ill-shaped': shapes}
    return [f'{kind}: {_some(names)}' for kind, names in found.items() if names]


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ', '.join(names[:_NAMED]) + (f' and {more} more' if more > 0 else '')


def _drunet_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    head, tail = tensors['m_head.weight'], tensors['m_tail.weight']
    # A body of one block has no index in its names.
    indices = [re.match(r'm_body\.(\d+)\.res', name) for name in tensors]
    blocks = max((int(i[1]) for i in indices if i), default=0) + 1
    widths = [tensors[f'm_down{i}.{blocks}.weight'].shape[0] for i in (1, 2, 3)]
    return {
        'in_nc': head.shape[1],
        'out_nc': tail.shape[0],
        'nc': [head.shape[0], *widths],
        'nb': blocks,
    }


def _detect_chain(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    found = [re.fullmatch(r'model\.(\d+)\.weight', name) for name in tensors]
    indices = sorted(int(i[1]) for i in found if i and tensors[i[0]].ndim == 4)
    first, last = (tensors[f'model.{i}.weight'] for i in (indices[0], indices[-1]))
    depth: dict[str, Any] = {'nb': len(indices)}
    if any(name.endswith('running_mean') for name in tensors):
        depth['act_mode'] = 'BR'
    inputs, outputs = first.shape[1], last.shape[0]
    if inputs == outputs + 1 and outputs % 4 == 0:
        return 'ffdnet', {
            'in_nc': outputs // 4,
            'out_nc': outputs // 4,
            'nc': first.shape[0],
            **depth,
        }
    return 'dncnn', {'in_nc': inputs, 'out_nc': outputs, 'nc': first.shape[0], **depth}
