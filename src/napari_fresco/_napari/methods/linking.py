"""Estimate, then restore: the methods and tasks that can use the estimate of another method."""

from __future__ import annotations

from collections.abc import Collection

from ... import weights
from ...declare.methods import ESTIMATES, ESTIMATORS, METHODS
from ...declare.tasks import TASKS
from ...errors import WeightsError
from ...types import Task

ESTIMATOR = ESTIMATORS[0]
FOUND = ESTIMATES[0]
TITLE = METHODS[ESTIMATOR].title


def estimate_help(estimated: Collection[str]) -> str:
    """Return the help of the button that estimates before the method runs."""
    if estimated and 'sigma' not in estimated:
        return (
            'Finds in the image by what straight motion or defocus it is blurred; the method then '
            'undoes that, and the kernel is added as a layer. Choose a region with edges in a '
            'large photograph.'
        )
    blur = ' and the blur kernel' if 'kernel' in estimated else ''
    return (
        f'{TITLE} first estimates the noise of each pixel{blur} from the image; the method then '
        f'works with them, whatever is set above, and they are added as layers.'
    )


def estimator_problem(task: Task, channels: int, scale: int) -> str:
    """Say why nothing can be estimated for `task`, or nothing."""
    enlarge = TASKS[task].changes_size
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
