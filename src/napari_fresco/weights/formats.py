"""Reading checkpoint files into tensors, without running anything that they contain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from pickle import UnpicklingError
from textwrap import shorten
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from ..errors import WeightsError
from ..silence import without_warnings
from .matconvnet import read_matconvnet
from .pickles import program_in
from .registry import SUFFIXES

TENSORFLOW_SUFFIX = '.data-00000-of-00001'

_WRAPPERS = ('params_ema', 'params', 'model_state_dict', 'state_dict')
"""Under which training programs keep the tensors; the averaged ones first."""

_STATED = {'config', 'scales', 'generative'}  # what a file may say of itself, as JSON

_OTHERS = (
    ((b'<!doctype', b'<html', b'<?xml'), 'a web page, such as a log-in or an error'),
    ((b'version https://git-lfs',), 'the note that Git LFS leaves in place of a file'),
)
"""How files begin that are fetched by mistake, in lower case, and what they are."""

_LINE = 100  # characters of what a reader says of a damaged file

_PARALLEL = 'module.'  # what torch.nn.DataParallel puts before every name


@dataclass(frozen=True, eq=False)
class Stored:
    """The content of a file: tensors by name, and the configuration of their network, if stated.

    Floating-point tensors are float32 on the CPU. `scales` are the
    enlargements that the network was made for, None where the file is silent.
    """

    tensors: Mapping[str, Tensor]
    architecture: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    scales: tuple[int, ...] | None = None
    generative: bool | None = None


def read(path: Path, size: int | None = None) -> Stored:
    """Read a checkpoint file.

    `path`: the file.
    `size`: bytes that it should have, where that is known: one that cannot be read and has less is
        said to be cut short.
    Raises WeightsError when the file is missing, of another kind, corrupt, or holds anything but
        finite tensors.
    """
    _check_file(path)
    try:
        _check_beginning(path)
        stored = _READERS[path.suffix.lower()](path)
        tensors = {name: _as_float32(t) for name, t in _unprefixed(stored.tensors).items()}
        broken = [name for name, t in tensors.items() if not bool(torch.isfinite(t).all())]
    except WeightsError:
        raise
    except PermissionError:
        raise WeightsError(f'{path} may not be read; change its permissions') from None
    except Exception as error:
        # Damaged files fail in every way that their bytes can lead to.
        raise WeightsError(
            f'{path} is {_damage(path, size, error)}; fetch or copy it again'
        ) from None
    if not tensors:
        raise WeightsError(f'{path} holds no tensors')
    if broken:
        raise WeightsError(f'{path} holds NaN or inf in {broken[0]}; fetch or copy it again')
    return replace(stored, tensors=tensors)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise WeightsError(f'{path} is a folder; give a file of weights ({", ".join(SUFFIXES)})')
    if not path.is_file():
        raise WeightsError(f'there is no file {path}; give a registry name or an existing file')
    if path.suffix.lower() not in _READERS:
        raise WeightsError(
            f'{path} is not a file of weights; it must be one of {", ".join(SUFFIXES)}'
        )


def _check_beginning(path: Path) -> None:
    with path.open('rb') as file:
        beginning = file.read(64).lstrip().lower()
    if not path.stat().st_size:
        raise WeightsError(f'{path} is empty; fetch or copy it again')
    for beginnings, title in _OTHERS:
        if beginning.startswith(beginnings):
            raise WeightsError(f'{path} is {title}, and not weights; fetch the file itself')


def _damage(path: Path, size: int | None, error: Exception) -> str:
    here = path.stat().st_size
    if size is not None and here < size:
        return f'cut short: it has {here} bytes, not {size}'
    return f'cut short, corrupt or not a {path.suffix} file of weights ({_first_line(error)})'


def _first_line(error: Exception) -> str:
    if isinstance(error, UnpicklingError):
        # PyTorch goes on to say how to read it nevertheless.
        return 'PyTorch does not read it as tensors alone'
    lines = str(error).strip().splitlines()
    kind = type(error).__name__
    return f'{kind}: {shorten(lines[0], _LINE, placeholder="...")}' if lines else kind


def _as_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _unprefixed(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    if not all(name.startswith(_PARALLEL) for name in tensors):
        return tensors
    return {name.removeprefix(_PARALLEL): tensor for name, tensor in tensors.items()}


def _read_safetensors(path: Path) -> Stored:
    with safe_open(path, framework='pt') as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata() or {}
    stated = {name: json.loads(metadata[name]) for name in _STATED & metadata.keys()}
    return _described(path, tensors, metadata.get('architecture'), stated)


def _read_npz(path: Path) -> Stored:
    # NumPy leaves a damaged file open unless it was opened for it.
    with path.open('rb') as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except ValueError as error:
            if 'allow_pickle' not in str(error):
                raise
            program = 'pickled objects' if is_zipfile(path) else program_in(path)
            if program is None:
                raise ValueError('no zip archive') from None
            raise _refusal(path, program) from None
    meta = json.loads(str(arrays.pop('meta', '{}')))
    config = dict(meta.get('config', {}))
    architecture = config.pop('arch', None)
    stated = {name: meta[name] for name in _STATED & meta.keys()} | {'config': config}
    tensors = {name: torch.from_numpy(_native(array)) for name, array in arrays.items()}
    return _described(path, tensors, architecture, stated)


def _native(array: np.ndarray) -> np.ndarray:
    return np.array(array, dtype=array.dtype.newbyteorder('='))


def _described(
    path: Path, tensors: dict[str, Tensor], architecture: Any, stated: Mapping[str, Any]
) -> Stored:
    """Return the tensors with the file's own description: JSON that anyone may have written."""
    if architecture is None:
        return Stored(tensors)
    config, scales = stated.get('config', {}), stated.get('scales')
    generative = stated.get('generative')
    valid = (
        isinstance(architecture, str)
        and isinstance(config, dict)
        and (scales is None or _are_scales(scales))
        and isinstance(generative, bool | None)
    )
    if not valid:
        raise WeightsError(f'{path} describes its network in a way that cannot be understood')
    made_for = None if scales is None else tuple(scales)
    return Stored(tensors, architecture.lower(), config, made_for, generative)


def _are_scales(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(type(s) is int for s in value)


def _read_pickle(path: Path) -> Stored:
    try:
        with without_warnings():  # they ask to report files that are refused below
            content = torch.load(path, map_location='cpu', weights_only=True)
    except (UnpicklingError, RuntimeError) as error:
        program = program_in(path, str(error))
        if program is None:
            raise
        raise _refusal(path, program) from None
    return Stored(dict(_flat(path, _unwrapped(content))))


def _refusal(path: Path, program: str) -> WeightsError:
    return WeightsError(
        f'{path} would run a program when opened ({program}), so it is not opened; give the '
        'state_dict of a network alone, from somebody whom you trust'
    )


def _unwrapped(content: Any) -> Any:
    """Return the tensors alone of a file that a training program keeps its counters in, too."""
    if isinstance(content, dict):
        for wrapper in _WRAPPERS:
            if isinstance(content.get(wrapper), dict):
                return content[wrapper]
    return content


def _flat(path: Path, content: Any, prefix: str = '') -> Iterator[tuple[str, Tensor]]:
    if not isinstance(content, dict):
        raise WeightsError(f'{path} holds a {type(content).__name__}, not tensors by name')
    for name, value in content.items():
        if isinstance(value, Tensor):
            yield f'{prefix}{name}', value
        elif isinstance(value, dict) and not prefix:
            yield from _flat(path, value, f'{name}.')
        else:
            raise WeightsError(
                f'{path} holds {prefix}{name}, which is a {type(value).__name__} and no tensor; '
                'give the state_dict of a network alone'
            )


def _read_mat(path: Path) -> Stored:
    return Stored(read_matconvnet(path))


def _read_tensorflow(path: Path) -> Stored:
    from .tensorflow import read_tensorflow

    return Stored(read_tensorflow(path))


_READERS = {
    '.safetensors': _read_safetensors,
    '.pth': _read_pickle,
    '.pt': _read_pickle,
    '.npz': _read_npz,
    '.mat': _read_mat,
    TENSORFLOW_SUFFIX: _read_tensorflow,
}
