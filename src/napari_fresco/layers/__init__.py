"""napari layers as images and results as layers, without Qt: for scripts and for panels."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import put_back
    from .scripted import restore_layer

_HOMES = {'put_back': 'results', 'restore_layer': 'scripted'}

__all__ = ['put_back', 'restore_layer']


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f'.{_HOMES[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
