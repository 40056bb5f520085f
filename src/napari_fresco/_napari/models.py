"""Which models a drop-down list offers: those whose weights are on this computer."""

from __future__ import annotations

import os
from importlib.util import find_spec

from .. import weights
from ..method import Method
from ..types import Task
from ..weights.store import FOLDER_VARIABLE

PARAMETERS = ('model', 'prior')
"""Names of the parameters that choose a denoiser."""


def model_choices(method: Method, task: Task, parameter: str) -> list[str]:
    """Return the names that `parameter` of `method` may take for `task`, the default first."""
    here = [found.entry for found in weights.status() if found.path is not None]
    aim = 'deblock' if task == 'deblock' else 'denoise'
    own = {entry.architecture for entry in weights.registry().values()} & {method.name}
    one_pass = len(method.tasks) == 1
    names = [
        entry.name
        for entry in here
        if entry.task == aim and (not one_pass or entry.architecture in own)
    ]
    plain = [] if one_pass or aim == 'deblock' else ['nlm']
    if plain and find_spec('bm3d'):
        plain.append('bm3d')
    return ['auto', *(['none'] if parameter == 'prior' else []), *names, *plain]


def look_in(folder: str) -> None:
    """Let the library look for weights in the folder of the user's preferences, too."""
    if folder:
        os.environ[FOLDER_VARIABLE] = folder
