"""Listing the globals that a pickle would call, without opening it."""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO

_HARMLESS = ('collections.OrderedDict', 'torch._utils._rebuild', 'torch.storage', 'torch.Float')
_PICKLES = 4  # one after the other in a file of torch.save before it wrote zip archives


def program_in(path: Path, complaint: str = '') -> str | None:
    """Return the program in a file that PyTorch refuses; None where none is found.

    `path`: the file.
    `complaint`: what PyTorch says of it: the name, unless the file is pickled in a way that its
        reader of tensors does not know.
    """
    if 'TorchScript' in complaint:
        return 'TorchScript'
    named = re.search(r'GLOBAL (\S+)', complaint)
    if named is not None and not _harmless(named[1]):
        return named[1]
    return next((name for name in _called(path) if not _harmless(name)), None)


def _harmless(name: str) -> bool:
    """Say whether a name is one of tensors, or the beginning of one where a file was cut."""
    beginning = name.rstrip('.')
    return name.startswith(_HARMLESS) or any(each.startswith(beginning) for each in _HARMLESS)


def _called(path: Path) -> Iterator[str]:
    """Yield the names of the globals that the pickles of a file call, as far as readable."""
    # Of anything else than a pickle, pickletools says so in many ways.
    with suppress(Exception), _pickled(path) as stream:
        texts = ['', '']
        for opcode, argument, _ in chain(*map(pickletools.genops, [stream] * _PICKLES)):
            if opcode.name in ('GLOBAL', 'INST'):
                yield str(argument).replace(' ', '.')
            elif opcode.name == 'STACK_GLOBAL':
                yield '.'.join(texts[-2:])
            elif isinstance(argument, str):
                texts.append(argument)


@contextmanager
def _pickled(path: Path) -> Iterator[IO[bytes]]:
    if not zipfile.is_zipfile(path):
        with path.open('rb') as file:
            yield file
        return
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith('data.pkl'))
        with archive.open(name) as file:
            yield file
