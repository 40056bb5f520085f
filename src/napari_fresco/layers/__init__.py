"""napari layers as images and results as layers, without Qt: for scripts and for panels."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .growing_layer import undo_fill
    from .results import put_back
    from .scripted import restore_layer
    from .scripted_filling import fill_losses

_HOMES = {
    'fill_losses': 'scripted_filling',
    'put_back': 'results',
    'restore_layer': 'scripted',
    'undo_fill': 'growing_layer',
}

__all__ = ['fill_losses', 'put_back', 'restore_layer', 'undo_fill']


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f'.{_HOMES[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
