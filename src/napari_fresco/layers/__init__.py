"""napari layers as images and results as layers, without Qt: for scripts and for panels."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .growing_layer import undo_fill
    from .layer_files import image_of
    from .results import put_back
    from .scripted import restore_layer
    from .scripted_filling import fill_losses
    from .session_record import record_session, same_as_recorded

_HOMES = {
    'fill_losses': 'scripted_filling',
    'image_of': 'layer_files',
    'put_back': 'results',
    'record_session': 'session_record',
    'restore_layer': 'scripted',
    'same_as_recorded': 'session_record',
    'undo_fill': 'growing_layer',
}

__all__ = [
    'fill_losses',
    'image_of',
    'put_back',
    'record_session',
    'restore_layer',
    'same_as_recorded',
    'undo_fill',
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f'.{_HOMES[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
