"""Reading kernels into layers and writing layers with all that belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..physics import kernels
from ..types import FrescoError
from .results import KERNEL

LayerData = tuple[Any, dict[str, Any], str]
_MOST_KERNELS = 64


def kernel_reader(path: str | list[str]) -> Callable[[str], list[LayerData]] | None:
    """Return the reader of kernel files, or None for a file that holds no kernel."""
    if isinstance(path, list):
        return None
    try:
        read = read_kernels(path)
    except FrescoError:
        return None
    return lambda _: read


def read_kernels(path: str | Path) -> list[LayerData]:
    """Return a layer for every kernel in a file.

    Raises
    ------
    FrescoError
        When the file holds none.
    """
    try:
        found = [kernels.read(path)]
    except FrescoError:
        found = [kernels.read(path, 0)]
        found += list(_others(path))
    stem = Path(path).stem
    names = [stem] if len(found) == 1 else [f'{stem} {i}' for i in range(len(found))]
    return [
        (kernel, {'name': name, 'rgb': False, 'metadata': {KERNEL: True}}, 'image')
        for kernel, name in zip(found, names, strict=True)
    ]


def _others(path: str | Path) -> list[Any]:
    found = []
    for index in range(1, _MOST_KERNELS):
        try:
            found.append(kernels.read(path, index))
        except FrescoError:
            break
    return found
