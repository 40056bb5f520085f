"""napari layers as images and results as layers, without Qt: for scripts and for panels."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files.layer_files import image_of
    from .files.session_record import record_session, same_as_recorded
    from .fills.growing_layer import undo_fill
    from .fills.scripted_filling import fill_losses
    from .jobs.scripted import restore_layer
    from .results.results import put_back

_HOMES = {
    'fill_losses': 'fills.scripted_filling',
    'image_of': 'files.layer_files',
    'put_back': 'results.results',
    'record_session': 'files.session_record',
    'restore_layer': 'jobs.scripted',
    'same_as_recorded': 'files.session_record',
    'undo_fill': 'fills.growing_layer',
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
