"""Checkpoints: their registry, their files, and their loading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WeightsError
from .bioimageio_package import export_bioimageio
from .cache import cache_folder
from .registry import Entry, default_for, entry, registry
from .store import Status, add, check, get, path, status

if TYPE_CHECKING:
    import torch

    from .assembling import Loaded
    from .loading import expect

__all__ = [
    'Entry',
    'Status',
    'add',
    'cache_folder',
    'check',
    'default_for',
    'entry',
    'expect',
    'export_bioimageio',
    'get',
    'load',
    'path',
    'registry',
    'status',
]


def load(name_or_path: str | Path, device: str | torch.device = 'cpu') -> Loaded:
    """Return the network of a checkpoint, ready to run.

    Parameters
    ----------
    name_or_path : str or Path
        Registry name, or the path of a ``.safetensors``, ``.pth``, ``.pt``,
        ``.npz``, ``.mat`` or TensorFlow ``.data-00000-of-00001`` file, whose
        architecture is detected.
    device : str or torch.device
        Where the network is put; 'auto' picks.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, float32, without gradients, with the attributes
        ``facts``, ``weights_name``, ``weights_sha256``, ``generative`` and
        ``scales``.

    Raises
    ------
    WeightsError
        When the name is unknown, or the file is missing, corrupt, of an
        unknown architecture or not what the registry says. Nothing is ever
        fetched: :func:`get` does that.
    DeviceError
        When the device is absent.
    """
    from .loading import load_file

    if not isinstance(name_or_path, str | Path):
        raise WeightsError(f'weights {name_or_path!r} are neither a registry name nor a path')
    if isinstance(name_or_path, str) and name_or_path in registry():
        return load_file(path(name_or_path), entry(name_or_path), device)
    file = Path(name_or_path)
    if not file.exists() and not file.suffix and file == Path(file.name):
        entry(str(name_or_path))
    return load_file(file, None, device)


def __getattr__(name: str) -> Any:
    # The one name that needs torch, which the registry does without.
    if name == 'expect':
        from .loading import expect

        return expect
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
