"""The models that a drop-down list offers: those whose weights are on this computer."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ... import weights
from ...declare.common_parameters import NetworkParameters
from ...declare.method import Method
from ...declare.parameters import DeepREDParameters
from ...declare.tasks import TASKS
from ...errors import WeightsError
from ...types import Kind, Task
from ...weights.registry import chosen

PARAMETERS = ('model', 'prior')
"""Names of the parameters that choose a network."""


def model_choices(method: Method, task: Task, parameter: str, scale: int = 1) -> list[str]:
    """Return the names that `parameter` of `method` may take for `task`, the default first."""
    here = [found.entry for found in weights.status() if found.path is not None]
    if is_network(method):
        own = _architectures(method)
        fitting = [e for e in here if e.architecture in own and e.serves(task, scale)]
        return ['auto', *(entry.name for entry in fitting)]
    prior = task if TASKS[task].from_jpeg else 'denoise'
    names = [entry.name for entry in here if entry.serves(prior) and entry.architecture in _PRIORS]
    none = ['none'] if parameter == 'prior' else []
    return ['auto', *none, *names, *(_plain() if not TASKS[task].from_jpeg else ())]


def is_network(method: Method) -> bool:
    """Say whether `method` is one trained network, and not a solver with a denoiser in it."""
    return issubclass(method.parameters_class, NetworkParameters)


def fits_a_network(method: Method) -> bool:
    """Say whether `method` trains a network anew on each image, which takes its time."""
    return issubclass(method.parameters_class, DeepREDParameters)


def checkpoint(
    method: Method, task: Task, *, model: str, channels: int, scale: int
) -> weights.Entry | None:
    """Return the registry entry of the network that would run, if there is one.

    `method`, `task`: what is to be done.
    `model`: 'auto', a registry name, or a file.
    `channels`: channels of the image.
    `scale`: enlargement.
    """
    if not is_network(method):
        return None
    return chosen(method.name, model, channels, task, scale)


def kind_of(method: Method, known: weights.Entry | None) -> Kind:
    """Return the kind of result that `method` gives with a checkpoint, None for a file."""
    if known is not None and known.generative:
        return 'generative'
    if method.kind != 'generative' or known is None:
        return method.kind
    return 'feed-forward' if method.blind else 'data-consistent'


def is_here(known: weights.Entry) -> bool:
    """Say whether the file of a checkpoint is on this computer."""
    try:
        weights.path(known.name)
    except WeightsError:
        return False
    return True


def weights_problem(method: Method, task: Task, channels: int, scale: int) -> str:
    """Say for which tasks and scales there are weights, if not for these, or nothing."""
    if not is_network(method):
        return ''
    try:
        weights.default_for(method.name, channels, task, scale)
    except WeightsError as error:
        return f'{method.title}: {error}.'
    return ''


def is_served(method: Method, task: Task) -> bool:
    """Say whether weights for `task` are known, at any scale."""
    scales = method.scales if TASKS[task].changes_size else (1,)
    return any(not weights_problem(method, task, 3, scale) for scale in scales)


def first_scale(method: Method) -> int:
    """Return the smallest enlargement for which there are weights, else the smallest of all."""
    usable = [s for s in method.scales if not weights_problem(method, 'super_resolve', 3, s)]
    return min(usable or method.scales)


_PRIORS = ('drunet', 'ffdnet', 'ircnn', 'dncnn')


def _architectures(method: Method) -> set[str]:
    cast = {
        known.architecture for known in weights.registry().values() if known.role == method.name
    }
    return cast | {method.name}


def _plain() -> Iterator[str]:
    """Yield the denoisers that need no weights."""
    yield 'nlm'
    if find_spec('bm3d'):
        yield 'bm3d'
