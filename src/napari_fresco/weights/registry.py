"""The registry of checkpoints: their networks, sources, licences and quality; torch-free."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from ..declare.names import did_you_mean
from ..declare.tasks import TASKS
from ..errors import WeightsError
from ..types import Task

BUNDLED = Path(__file__).parent / 'bundled'
"""Folder of the checkpoints that come with the package."""

SUFFIXES = ('.safetensors', '.pth', '.pt', '.npz', '.mat', '.data-00000-of-00001')
"""Suffixes of the files of weights that can be read; the last one is TensorFlow's."""

TABLE = Path(__file__).with_name('registry.toml')


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
    task : {'denoise', 'deblock', 'super_resolve'}
        What it was trained for.
    channels : int
        Channels of the image: 1 or 3.
    licence, citation : str
        Terms of use and reference.
    quality : str or None
        PSNR that the authors published, and on what; what a checkpoint of this
        project measures is on its card.
    file : str
        Name of its file.
    urls : tuple of str
        Where the file can be fetched.
    page : str or None
        Where a person finds the file, when it is not for us to fetch it.
    sha256, size : str, int or None
        Of the file, where known; size in bytes.
    megabytes : float or None
        Its size in 10⁶ bytes, where it is known no closer.
    git_sha1 : str or None
        Object name of the file in its authors' repository, where that is
        known and no SHA-256 is.
    tensors_sha256 : str or None
        Over the tensors, where known, so that a converted copy is recognised;
        see :func:`~napari_fresco.weights.loading.tensors_sha256`.
    sigma : (float, float) or None
        Noise levels it was trained for, on the 0-255 scale.
    bfloat16 : float or None
        Noise level on that scale from which on computing in bfloat16 costs less than 0.02 dB,
        where that was measured.
    scales : tuple of int
        Enlargements that it can be asked for; 1 leaves the size as it is.
    generative : bool
        Whether it was trained to invent plausible detail.
    seen : str
        What images it was trained on, where it does little good to others.
    instead : tuple of str
        Methods that do good to them.
    amplifies : tuple of str
        Tasks in whose result noise grows when it is the prior.
    role : str or None
        Method whose ``model='auto'`` this is, see :func:`default_for`.
    """

    name: str
    architecture: str
    config: Mapping[str, Any]
    task: Literal['denoise', 'deblock', 'super_resolve']
    channels: int
    licence: str
    citation: str
    file: str
    quality: str | None = None
    urls: tuple[str, ...] = ()
    page: str | None = None
    sha256: str | None = None
    size: int | None = None
    megabytes: float | None = None
    git_sha1: str | None = None
    tensors_sha256: str | None = None
    sigma: tuple[float, float] | None = None
    bfloat16: float | None = None
    scales: tuple[int, ...] = (1,)
    generative: bool = False
    seen: str = ''
    instead: tuple[str, ...] = ()
    amplifies: tuple[str, ...] = ()
    role: str | None = None

    @property
    def bundled(self) -> bool:
        """True when the checkpoint comes with the package."""
        return not self.urls and self.page is None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks it serves: enlarging by 1 is deblurring."""
        return ('deblur', self.task) if self._deblurs else (self.task,)

    @property
    def _deblurs(self) -> bool:
        return TASKS[self.task].changes_size and 1 in self.scales

    def serves(self, task: str, scale: int = 1) -> bool:
        """Return whether it was made for `task` at `scale`."""
        return task in self.tasks and scale in self.scales

    def doubt(self, channels: int, task: str | None = None) -> str:
        """Return why it does no good to an image of `channels`, or nothing.

        `task`: for which it was named; None where the method has chosen.
        """
        takes_noise = any('noise' in TASKS[task].checks for task in self.tasks)
        if channels == 1 < self.channels and takes_noise and not self.seen:
            return (
                f'{self.name} is made for colours: of the noise of a gray image, the same in all '
                "of them, it leaves most; leave model at 'auto', or choose weights for gray"
            )
        if task in self.amplifies:
            return (
                f'{self.name}, taken for the prior, lets noise grow when a blur or a grid is '
                "undone, so that the result may be worse than the image; leave model at 'auto'"
            )
        if not self.seen or channels == self.channels:
            return ''
        others = ' or '.join(map(repr, self.instead))
        return (
            f'{self.name} has seen {self.seen} only and cannot be trusted with images of '
            f'{channels if channels > 1 else "one"} channel{"s" if channels > 1 else ""}; '
            f'choose method={others}'
        )

    def describe_scales(self) -> str:
        """Return the enlargements in words: 'x2', 'x1-8', or nothing for 1 alone."""
        if self.scales == (1,):
            return ''
        low, high = self.scales[0], self.scales[-1]
        if high - low + 1 == len(self.scales) > 2:
            return f'x{low}-{high}'
        return ', '.join(f'x{scale}' for scale in self.scales)

    @property
    def hashed(self) -> bool:
        """True when a hash is known by which its file can be told from any other."""
        return self.sha256 is not None or self.git_sha1 is not None

    def describe_size(self) -> str:
        """Return the size of the file in words, or nothing where it is unknown."""
        if self.size:
            return f'{self.size / 1e6:.1f} MB'
        return f'about {self.megabytes:.1f} MB' if self.megabytes else ''

    def describe_file(self) -> str:
        """Return name, size and SHA-256 of the file, as far as they are known."""
        known = [self.describe_size(), f'sha256 {self.sha256}' if self.sha256 else '']
        listed = ', '.join(filter(None, known))
        return f'{self.file} ({listed})' if listed else self.file


@lru_cache(maxsize=1)
def registry() -> Mapping[str, Entry]:
    """Return every known checkpoint by name."""
    table = tomllib.loads(TABLE.read_text(encoding='utf-8'))
    entries = {}
    for name, facts in table['weights'].items():
        facts = dict(facts)
        source = facts.pop('source', None)
        if source is not None:
            facts['urls'] = (table['sources'][source].format(file=facts['file']),)
        facts['citation'] = table['citations'][facts['citation']]
        facts['config'] = MappingProxyType(facts['config'])
        for listed in facts.keys() & {'sigma', 'scales', 'instead', 'amplifies'}:
            facts[listed] = tuple(facts[listed])
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
        hint = did_you_mean(name, known)
        raise WeightsError(
            f'unknown weights {name!r}{hint} Give the path of a file, or one of {", ".join(known)}'
        )
    return known[name]


def default_for(role: str, channels: int, task: str = 'denoise', scale: int = 1) -> str:
    """Return the name of the checkpoint that ``model='auto'`` stands for.

    Among those of the role, the task and the scale, a bundled one is preferred,
    then one of as many channels as the image, then one that does not invent detail.

    Parameters
    ----------
    role : str
        Method, or kind of denoiser.
    channels : int
        Channels of the image. Other than 1 or 3, they are restored one by one.
        Where only one kind of checkpoint is known, it serves for all images:
        a gray one channel by channel, a colour one with equal channels.
    task : {'denoise', 'deblock', 'super_resolve', 'deblur'}
        What the network is for.
    scale : int
        Enlargement.

    Raises
    ------
    WeightsError
        When no checkpoint is known for them; the message says for what there are.
    """
    of_role = [known for known in registry().values() if known.role == role]
    fitting = [known for known in of_role if known.serves(task, scale)]
    if not fitting:
        asked = f'{task} x{scale}' if scale > 1 else task
        raise WeightsError(
            f'no weights of {role!r} for {asked!r}; there are {_offers(of_role)}. '
            'Give the name or the path of others as model'
        )
    wanted = 3 if channels == 3 else 1

    def drawback(known: Entry) -> tuple[bool, bool, bool]:
        return not known.bundled, known.channels != wanted, known.generative

    return min(fitting, key=drawback).name


def chosen(
    role: str, model: str, channels: int, task: str = 'denoise', scale: int = 1
) -> Entry | None:
    """Return the checkpoint that `model` stands for, as in :func:`default_for`, if it is known."""
    try:
        name = default_for(role, channels, task, scale) if model == 'auto' else model
    except WeightsError:
        return None
    return registry().get(name)


def _offers(of_role: list[Entry]) -> str:
    """Return the uses of the checkpoints of a role, in words."""
    if not of_role:
        roles = sorted({known.role for known in registry().values() if known.role})
        return f'some of {", ".join(roles)}'
    offers = []
    for task in dict.fromkeys(task for known in of_role for task in known.tasks):
        scales = sorted({s for known in of_role if task in known.tasks for s in known.scales} - {1})
        sizes = f' {", ".join(f"x{s}" for s in scales)}' if TASKS[task].changes_size else ''
        offers.append(task + sizes)
    return 'some for ' + '; '.join(offers)


def published_as(path: Path, sha256: str) -> Entry | None:
    """Return the published checkpoint that a file is, if it is one.

    Known by its SHA-256, or by the name of the file where no SHA-256 is known.
    """
    for known in registry().values():
        if known.sha256 == sha256 or (known.sha256 is None and known.file == path.name):
            return known
    return None


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
