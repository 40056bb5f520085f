"""Restore images in napari, in Python and on the command line.

The public names are imported when they are first used, so that importing the
package costs next to nothing and brings in neither torch nor napari.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import metrics, networks, samples, simulate, weights
    from .api import estimate_kernel, iterate, restore
    from .catalogue import methods
    from .errors import FrescoError
    from .method import Method
    from .noise import estimate_noise
    from .physics import kernels
    from .solvers.red import red_diagnostics
    from .types import Result, Step

_HOMES = {
    'FrescoError': 'errors',
    'Method': 'method',
    'Result': 'types',
    'Step': 'types',
    'estimate_kernel': 'api',
    'estimate_noise': 'noise',
    'iterate': 'api',
    'methods': 'catalogue',
    'red_diagnostics': 'solvers.red',
    'restore': 'api',
}
_MODULES = {
    'kernels': 'physics.kernels',
    'metrics': 'metrics',
    'networks': 'networks',
    'samples': 'samples',
    'simulate': 'simulate',
    'weights': 'weights',
}

__all__ = [
    'FrescoError',
    'Method',
    'Result',
    'Step',
    'estimate_kernel',
    'estimate_noise',
    'iterate',
    'kernels',
    'methods',
    'metrics',
    'networks',
    'red_diagnostics',
    'restore',
    'samples',
    'simulate',
    'weights',
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f'.{_MODULES[name]}', __name__)
    if name in _HOMES:
        value = getattr(import_module(f'.{_HOMES[name]}', __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return __all__
