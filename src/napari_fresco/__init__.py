"""Restore images in napari, in Python and on the command line.

The public names are imported when they are first used, so that importing the
package costs next to nothing and brings in neither torch nor napari.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = '0.1.0'

if TYPE_CHECKING:
    from . import batch, damage, degrade, evidence, intervention, networks, samples, weights
    from .declare.method import Method
    from .declare.methods import methods
    from .declare.presets import Preset, presets
    from .declare.recommendations import Recommendation
    from .errors import FrescoError, FrescoWarning
    from .evidence import metrics
    from .image.model import Image
    from .io.files import read, write
    from .noise.camera import Camera, estimate_camera
    from .noise.level import estimate_noise
    from .noise.photon_transfer import photon_transfer
    from .physics import kernels
    from .restoration.api import estimate_kernel, iterate, restore
    from .restoration.image_facts import recommend
    from .restoration.session import Session
    from .restoration.sweep import Sweep, sweep
    from .solvers.red import red_diagnostics
    from .types import Result, Step

_HOMES = {
    'Camera': 'noise.camera',
    'FrescoError': 'errors',
    'FrescoWarning': 'errors',
    'Image': 'image.model',
    'read': 'io.files',
    'write': 'io.files',
    'Method': 'declare.method',
    'Preset': 'declare.presets',
    'Recommendation': 'declare.recommendations',
    'Result': 'types',
    'Session': 'restoration.session',
    'Step': 'types',
    'Sweep': 'restoration.sweep',
    'estimate_camera': 'noise.camera',
    'estimate_kernel': 'restoration.api',
    'estimate_noise': 'noise.level',
    'iterate': 'restoration.api',
    'methods': 'declare.methods',
    'photon_transfer': 'noise.photon_transfer',
    'presets': 'declare.presets',
    'recommend': 'restoration.image_facts',
    'red_diagnostics': 'solvers.red',
    'restore': 'restoration.api',
    'sweep': 'restoration.sweep',
}
_MODULES = {
    'batch': 'batch',
    'damage': 'damage',
    'evidence': 'evidence',
    'intervention': 'intervention',
    'kernels': 'kernels',
    'metrics': 'evidence.metrics',
    'networks': 'networks',
    'samples': 'samples',
    'degrade': 'degrade',
    'weights': 'weights',
}

__all__ = [
    'Camera',
    'FrescoError',
    'FrescoWarning',
    'Image',
    'Method',
    'Preset',
    'Recommendation',
    'Result',
    'Session',
    'Step',
    'Sweep',
    'batch',
    'damage',
    'degrade',
    'estimate_camera',
    'estimate_kernel',
    'estimate_noise',
    'evidence',
    'intervention',
    'iterate',
    'kernels',
    'methods',
    'metrics',
    'networks',
    'photon_transfer',
    'presets',
    'read',
    'recommend',
    'red_diagnostics',
    'restore',
    'samples',
    'sweep',
    'weights',
    'write',
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
