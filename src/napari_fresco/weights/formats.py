"""Reading checkpoint files into tensors, without running anything that they contain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from ..errors import WeightsError
from .matconvnet import read_matconvnet
from .registry import SUFFIXES

_WRAPPERS = ('params_ema', 'params', 'model_state_dict', 'state_dict')
"""Under which training programs keep the tensors; the averaged ones first."""

_STATED = {'config', 'scales', 'generative'}  # what a file may say of itself, as JSON

_PARALLEL = 'module.'  # what torch.nn.DataParallel puts before every name


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file holds: tensors by name, and what it says of their network, if anything.

    Floating-point tensors are float32 on the CPU. `scales` are the
    enlargements that the network was made for, None where the file is silent.
    """

    tensors: Mapping[str, Tensor]
    architecture: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    scales: tuple[int, ...] | None = None
    generative: bool | None = None


def read(path: Path) -> Stored:
    """Read a checkpoint file.

    Raises
    ------
    WeightsError
        When the file is missing, of another kind, corrupt, or holds anything
        but finite tensors.
    """
    _check_file(path)
    try:
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
            f'{path} is corrupt or not a {path.suffix} file of weights ({_first_line(error)}); '
            'fetch or copy it again'
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


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f'{type(error).__name__}: {lines[0][:120]}' if lines else type(error).__name__


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
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
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
    """Return the tensors with what the file states of them: JSON that anyone may have written."""
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
    content = torch.load(path, map_location='cpu', weights_only=True)
    return Stored(dict(_flat(path, _unwrapped(content))))


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
    '.data-00000-of-00001': _read_tensorflow,
}
