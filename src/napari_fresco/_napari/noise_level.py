"""The noise of a plane, estimated beside the window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from ..layers.job import Job
from ..layers.selection import Selection
from ..noise.level import estimate_noise

_LARGEST_SIDE = 1024


def noise_job(part: Selection, name: str, take: Callable[[float], None]) -> Job[float]:
    """Return the job that estimates the noise of `part` of the layer `name` and gives it on."""

    def work(cancel: threading.Event) -> Generator[Any, None, float]:
        yield
        return noise_level(part)

    def deliver(level: float) -> list[Any]:
        take(level)
        return []

    return Job(f'Noise of {name}', work, deliver)


def noise_level(part: Selection) -> float:
    """Estimate the noise of the middle plane of `part`, in image units.

    Of a large plane the central part is looked at.

    Raises
    ------
    FrescoError
        When the image holds NaN or is too small.
    """
    index = list(part.index)
    for axis, chosen in enumerate(index):
        middle, reach = (chosen.start + chosen.stop) // 2, _LARGEST_SIDE // 2
        if axis not in part.spatial:
            index[axis] = slice(middle, middle + 1)
        elif chosen.stop - chosen.start > _LARGEST_SIDE:
            index[axis] = slice(middle - reach, middle + reach)
    plane = Selection(part.data, tuple(index), part.spatial, part.rgb).load_ordered()
    channels = plane.shape[-1:] if part.rgb else ()
    rows_columns = plane.shape[-3:-1] if part.rgb else plane.shape[-2:]
    plane = np.reshape(plane, (*rows_columns, *channels))
    return float(estimate_noise(plane, axes='YXS' if part.rgb else 'YX'))
