"""The registry of checkpoints: what each one is and where it comes from; torch-free."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ..errors import WeightsError

BUNDLED = Path(__file__).parent / 'bundled'
"""Folder of the checkpoints that come with the package."""

SUFFIXES = ('.safetensors', '.pth', '.pt', '.npz', '.mat')
"""Suffixes of the files of weights that can be read."""

_TABLE = Path(__file__).with_name('registry.toml')

# By architecture and task: the checkpoint for gray and the one for colour images.
_DEFAULTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ('drunet', 'denoise'): ('drunet_compact_gray', 'drunet_compact_color'),
    ('drunet', 'deblock'): ('drunet_deblocking_gray', 'drunet_deblocking_color'),
    ('ffdnet', 'denoise'): ('ffdnet_gray', 'ffdnet_color'),
    ('ircnn', 'denoise'): ('ircnn_gray', 'ircnn_color'),
    ('dncnn', 'denoise'): ('dncnn_gray_blind', 'dncnn_color_blind'),
}


@dataclass(frozen=True)
class Entry:
    """One checkpoint.

    Attributes
    ----------
    name : str
        What :func:`~napari_fresco.weights.load` is told.
    architecture : str
        What :func:`~napari_fresco.networks.build` is told.
    config : mapping
        Configuration of the network, in the authors' spelling.
    task : {'denoise', 'deblock'}
        What it was trained for.
    channels : int
        Channels of the image: 1 or 3.
    licence, citation : str
        Terms of use and reference.
    quality : str
        Measured PSNR, and on what.
    file : str
        Name of its file.
    urls : tuple of str
        Where the file is published; empty for bundled checkpoints.
    sha256, size : str, int or None
        Of the file, where known; size in bytes.
    tensors_sha256 : str or None
        Over the tensors, where known, so that a converted copy is recognised;
        see :func:`~napari_fresco.weights.loading.tensors_sha256`.
    sigma : (float, float) or None
        Noise levels it was trained for, on the 0-255 scale.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    task: Literal['denoise', 'deblock']
    channels: int
    licence: str
    citation: str
    quality: str
    file: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None
    tensors_sha256: str | None = None
    sigma: tuple[float, float] | None = None

    @property
    def bundled(self) -> bool:
        """True when the checkpoint comes with the package."""
        return not self.urls

    def describe_file(self) -> str:
        """Return name, size and SHA-256 of the file, as far as they are known."""
        known = [f'{self.size / 1e6:.1f} MB'] if self.size else []
        known += [f'sha256 {self.sha256}'] if self.sha256 else []
        return f'{self.file} ({", ".join(known)})' if known else self.file


@lru_cache(maxsize=1)
def registry() -> Mapping[str, Entry]:
    """Return every known checkpoint by name."""
    table = tomllib.loads(_TABLE.read_text(encoding='utf-8'))
    entries = {}
    for name, facts in table['weights'].items():
        facts = dict(facts)
        source = facts.pop('source', None)
        if source is not None:
            facts['urls'] = (table['sources'][source].format(file=facts['file']),)
        facts['citation'] = table['citations'][facts['citation']]
        facts['config'] = MappingProxyType(facts['config'])
        if 'sigma' in facts:
            facts['sigma'] = tuple(facts['sigma'])
        entries[name] = Entry(name=name, **facts)
    return MappingProxyType(entries)


def entry(name: str) -> Entry:
    """Return the checkpoint called `name`.

    Raises
    ------
    WeightsError
        When there is none; the message lists them.
    """
    known = registry()
    if name not in known:
        near = get_close_matches(str(name), known, n=1)
        hint = f' Did you mean {near[0]!r}?' if near else ''
        raise WeightsError(
            f'unknown weights {name!r}.{hint} Give the path of a file, or one of {", ".join(known)}'
        )
    return known[name]


def default_for(architecture: str, channels: int, task: str = 'denoise') -> str:
    """Return the name of the checkpoint that ``model='auto'`` stands for.

    Parameters
    ----------
    architecture : {'drunet', 'ffdnet', 'ircnn', 'dncnn'}
        Kind of denoiser.
    channels : int
        Channels of the image; other than 3 means the gray checkpoint, which
        is applied to each channel.
    task : {'denoise', 'deblock'}
        What the denoiser is for; 'deblock' has only a 'drunet'.

    Raises
    ------
    WeightsError
        When no checkpoint is known for the architecture and task.
    """
    if (architecture, task) not in _DEFAULTS:
        known = ', '.join(f'{a} ({t})' for a, t in _DEFAULTS)
        raise WeightsError(f'no weights of {architecture!r} for {task!r}; there are {known}')
    gray, color = _DEFAULTS[architecture, task]
    return color if channels == 3 else gray


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def pin() -> None:
    """Write size and SHA-256 of every bundled file into ``registry.toml``.

    For maintainers, after training: ``python -c "from
    napari_fresco.weights.registry import pin; pin()"`` in a checkout.
    """
    text = _TABLE.read_text(encoding='utf-8')
    for known in registry().values():
        path = BUNDLED / known.file
        if not known.bundled or not path.exists():
            continue
        header = f'[weights.{known.name}]\n'
        start = text.index(header)
        stop = text.find('\n[', start)
        block = text[start:] if stop < 0 else text[start:stop]
        pinned = re.sub(r'^(sha256|size) = .*\n', '', block, flags=re.MULTILINE)
        facts = f'size = {path.stat().st_size}\nsha256 = "{file_sha256(path)}"\n'
        file_line = f'file = "{known.file}"\n'
        text = text.replace(block, pinned.replace(file_line, file_line + facts))
    _TABLE.write_text(text, encoding='utf-8')
    registry.cache_clear()
