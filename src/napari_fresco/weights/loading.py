"""From a checkpoint file to a network that is ready to run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch

from ..errors import WeightsError
from ..networks import devices
from ..networks.facts import Network, facts_of
from .assembling import Loaded, assemble, differences
from .cache import pin_file, pinned
from .detection import (
    Tensors,
    UnknownArchitecture,
    describe,
    detect,
    outline,
    title_of,
    with_article,
)
from .formats import Stored, read
from .registry import Entry, file_sha256, published_as, registry
from .spandrel_networks import adopt

_ANY_SCALE = ('usrnet', 'virnet_sr')  # the scale is an argument, not part of the network


def load_file(path: Path, entry: Entry | None, device: str | torch.device) -> Loaded:
    """Read a file and return its network: float32, in evaluation mode, frozen.

    `path`: the file.
    `entry`: what the file must be; None detects it from the file itself.
    `device`: where the network is put; 'auto' picks.
    Raises WeightsError when the file cannot be read or is not what it should be.
    Raises DeviceError when the device is absent.
    """
    size = entry.size if entry is not None and entry.file == path.name else None
    stored, sha256 = read(path, size), file_sha256(path)
    if entry is None:
        network = _recognised(stored, path)
        known = _published(path, sha256, network)
    else:
        network, known = _as_entered(entry, stored, path), entry
    network.weights_sha256 = sha256
    network.weights_name = entry.name if entry else path.name
    if entry is not None:
        _verify(entry, network, path)
    _label(network, known, stored)
    network.to(devices.pick(device))
    return network


def expect(
    network: Network,
    architectures: str | Collection[str],
    channels: int | Collection[int] | None = None,
    scale: int | None = None,
) -> None:
    """Refuse a network of another architecture, scale or number of channels.

    `network`: from :func:`napari_fresco.weights.load`.
    `architectures`: what is wanted.
    `channels`: channels of the image that will do; None means any number.
    `scale`: enlargement that it will be asked for.
    Raises WeightsError when it is of another architecture, or was made for other channels or
        another scale; the message says what it looks like.
    """
    wanted = [architectures] if isinstance(architectures, str) else list(architectures)
    looks = f'{network.weights_name} looks like {describe(network.facts, network)}'
    advice = 'choose other weights, or "auto"'
    if network.facts.architecture not in wanted:
        titles = ' or '.join(with_article(title_of(name)) for name in wanted)
        raise WeightsError(f'{looks}; this takes {titles}: {advice}')
    allowed = [channels] if isinstance(channels, int) else list(channels or ())
    if allowed and network.facts.channels not in allowed:
        counts = ' or '.join(map(str, allowed))
        raise WeightsError(f'{looks}; this takes one with {counts}: {advice}')
    scales: tuple[int, ...] | None = getattr(network, 'scales', None)
    if scale is not None and scales is not None and scale not in scales:
        made = ', '.join(f'x{s}' for s in scales)
        raise WeightsError(f'{network.weights_name} is made for {made}, not for x{scale}: {advice}')


def tensors_sha256(tensors: Tensors) -> str:
    """Return the SHA-256 over names and values, the same in every file format.

    Over each tensor in order: the bytes of its name, then of its values as
    little-endian float32 in C order.
    """
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().astype('<f4').tobytes())
    return digest.hexdigest()


def _found_in(stored: Stored, path: Path) -> tuple[str, Mapping[str, Any]]:
    if stored.architecture is not None:
        return stored.architecture, stored.config
    return detect(stored.tensors, path)


def _recognised(stored: Stored, path: Path) -> Loaded:
    """Return the network that the file holds: one of ours, or one that spandrel knows."""
    try:
        architecture, config = _found_in(stored, path)
    except UnknownArchitecture:
        adopted = adopt(path, stored.tensors)
        if adopted is None:
            raise
        return cast('Loaded', adopted)
    return assemble(architecture, config, stored.tensors, path)


def _as_entered(entry: Entry, stored: Stored, path: Path) -> Loaded:
    """Return the network of `entry`, or say which other one the file looks like."""
    try:
        return assemble(entry.architecture, entry.config, stored.tensors, path)
    except WeightsError as error:
        seen = _other_than(entry, stored, path)
        raise WeightsError(seen or str(error)) from None


def _other_than(entry: Entry, stored: Stored, path: Path) -> str | None:
    try:
        seen, wanted = (
            describe(facts_of(outline(*kind)))
            for kind in (_found_in(stored, path), (entry.architecture, entry.config))
        )
    except WeightsError:
        return None
    if seen == wanted:
        return None
    return f'{path} looks like {seen}; {entry.name} takes {wanted}: {_remedy(entry)}'


def _published(path: Path, sha256: str, network: Loaded) -> Entry | None:
    """Return the published checkpoint that a file is; its hash or its file name tells."""
    known = published_as(path, sha256)
    if known is None or known.architecture != network.facts.architecture:
        return None
    same = outline(known.architecture, known.config).state_dict()
    return None if differences(same, network.state_dict()) else known


def _label(network: Loaded, known: Entry | None, stored: Stored) -> None:
    """Note the facts that no tensor tells: the scales, and how the weights were trained."""
    facts = network.facts
    if known is not None:
        network.generative = known.generative
    elif not hasattr(network, 'generative'):
        network.generative = stored.generative
    network.scales = known.scales if known else stored.scales
    if network.scales is None and facts.architecture not in _ANY_SCALE:
        network.scales = (facts.scale,)
    if known is not None and known.bfloat16 is not None:
        network.bfloat16_sigma = known.bfloat16 / 255
    if known is not None and known.sigma is not None:
        low, high = known.sigma
        network.facts = replace(facts, sigma_range=(low / 255, high / 255))


def _verify(entry: Entry, network: Loaded, path: Path) -> None:
    """Refuse a file that has another hash than the published one, or else the pinned one."""
    sha256 = network.weights_sha256
    if entry.sha256 not in (None, sha256) and not _same_tensors(entry, network):
        raise WeightsError(
            f'{path} is {_instead_of(entry, network)}: its sha256 is {sha256}, not {entry.sha256}; '
            f'{_remedy(entry)}'
        )
    git_sha1 = entry.git_sha1 and _git_sha1(path)
    if git_sha1 != entry.git_sha1:
        raise WeightsError(
            f'{path} is not {entry.name}: git calls it {git_sha1}, not {entry.git_sha1}; '
            f'{_remedy(entry)}'
        )
    first = pinned(entry)
    if first not in (None, sha256):
        raise WeightsError(
            f'{path} is not the file that first came as {entry.name}: its sha256 is {sha256}, not '
            f'{first}; {_remedy(entry)}, or delete {pin_file(entry)} if this is the one you trust'
        )


def _same_tensors(entry: Entry, network: Loaded) -> bool:
    wanted = entry.tensors_sha256
    return wanted is not None and tensors_sha256(network.state_dict()) == wanted


def _instead_of(entry: Entry, network: Loaded) -> str:
    """Return in words which other checkpoints a file holds, and that it is not `entry`."""
    hashes = {network.weights_sha256, tensors_sha256(network.state_dict())}
    others = [k.name for k in registry().values() if hashes & {k.sha256, k.tensors_sha256}]
    return ' and '.join([*others, f'not {entry.name}'])


def _remedy(entry: Entry) -> str:
    if entry.bundled:
        return 'install napari-fresco again'
    return 'fetch it again, or load other weights by their path'


def _git_sha1(path: Path) -> str:
    header = f'blob {path.stat().st_size}\0'.encode()
    with path.open('rb') as file:
        digest = hashlib.sha1(header, usedforsecurity=False)
        return hashlib.file_digest(file, lambda: digest).hexdigest()
