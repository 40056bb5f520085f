"""Estimate, then restore: which methods and tasks can use what another one estimates."""

from __future__ import annotations

from collections.abc import Collection

from .. import weights
from ..declare.methods import ESTIMATORS, METHODS
from ..declare.tasks import TASKS
from ..errors import WeightsError
from ..types import Task

ESTIMATOR = ESTIMATORS[0]
TITLE = METHODS[ESTIMATOR].title


def estimate_help(estimated: Collection[str]) -> str:
    """Say what estimating does before the method runs."""
    blur = ' and the blur kernel' if 'kernel' in estimated else ''
    return (
        f'{TITLE} first estimates the noise of each pixel{blur} from the image; the method then '
        f'works with them, whatever is set above, and they are added as layers.'
    )


def estimator_problem(task: Task, channels: int, scale: int) -> str:
    """Say why nothing can be estimated for `task`, or nothing."""
    enlarge = 'kernel' in TASKS[task].estimable
    scales = METHODS[ESTIMATOR].scales
    if enlarge and scale not in scales:
        offered = ', '.join(f'× {known}' for known in scales)
        return f'{TITLE} estimates the blur for {offered}, not for × {scale}.'
    try:
        weights.default_for(
            ESTIMATOR, channels, 'super_resolve' if enlarge else 'denoise', scale if enlarge else 1
        )
    except WeightsError as error:
        return f'{TITLE} has {error}.'
    return ''
