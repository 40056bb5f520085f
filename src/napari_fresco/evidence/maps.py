"""Evidence as maps: where a result does not explain its image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, KernelError
from ..image.layout import Layout
from ..types import Task
from .error_map import error_map, explained
from .plane_pairs import Compared, colours_of, middle_of
from .residual import examined

Floats = NDArray[np.float64]
MapKind = Literal['error', 'residual', 'chi_square']


class MapFacts(NamedTuple):
    """The title, unit and explanation of a map, and its range of display."""

    title: str
    unit: str
    meaning: str
    limits: tuple[float, float] | None = None


MAPS: dict[MapKind, MapFacts] = {
    'error': MapFacts(
        'error map',
        'image units',
        'What the result, blurred to the sharpness of the image, leaves unexplained; noise alone '
        'is even',
    ),
    'residual': MapFacts(
        'residual',
        'σ of the noise',
        'What was taken away, in units of the noise; no shape of the image should be seen in it',
        (-4.0, 4.0),
    ),
    'chi_square': MapFacts(
        'chi-square',
        'power of the noise',
        'Power of what was taken away around each pixel; far above 1 structure was taken away',
        (0.0, 2.0),
    ),
}


def map_planes(
    kind: MapKind,
    result: Any,
    image: Any,
    *,
    noise: Any,
    kernel: Any = None,
    task: Task | None = None,
) -> Iterator[tuple[tuple[int, ...], NDArray[np.float32]]]:
    """Yield a map of every plane with its index; of colours their mean.

    `kind`: which map.
    `result`, `image`, `kernel`, `task`: as for :func:`napari_fresco.evidence.evaluate`.
    `noise`: of the image, or of each of its channels.
    Planes that light from beyond a volume reaches are NaN.
    Raises ImageError when result and image differ in size, KernelError when the result was freed
        from a blur that is not known, or light from beyond reaches every plane.
    """
    compared = Compared(result, image, kernel=kernel, noise=noise, task=task)
    _check(kind, compared)
    judged, layout = False, Layout.of(compared.source)
    widths: dict[int, float] = {}
    for index in layout.planes():
        width, channel = None, layout.channel_of(index)
        if kind == 'error' and kernel is None:  # found once, for it takes many blurs
            if channel not in widths:
                widths[channel] = _width(*compared.middle(channel)[:2])
            width = widths[channel]
        plane = compared.plane(index)
        seen = plane.result if compared.kernel_unknown else plane.predicted
        if seen is None:
            yield index, np.full(plane.image.shape[:2], np.nan, np.float32)
            continue
        judged = True
        each = (colours_of(values) for values in (plane.image, plane.result, seen))
        noise_here = compared.noise_at(index)
        maps = np.stack(
            [_map(kind, y, x, h, noise_here, width) for y, x, h in zip(*each, strict=True)]
        )
        gain = len(maps) ** 0.5 if kind == 'residual' else 1.0  # so that noise keeps its power
        yield index, (gain * maps.mean(axis=0)).astype(np.float32)
    if not judged:
        raise KernelError(
            'light from beyond the stack, which is not known, reaches each of its planes; give '
            'more planes, or the kernel of a plane'
        )


def _check(kind: MapKind, compared: Compared) -> None:
    if compared.enlarged:
        raise ImageError(
            f'the result has planes of {compared.result.shape}, the image of '
            f'{compared.source.shape}; maps need one size'
        )
    if compared.kernel_unknown and kind != 'error':
        raise KernelError(
            'the kernel that the result was freed from is not known; choose it, or look at the '
            'error map'
        )


def _width(image: Floats, result: Floats) -> float:
    y, x = (colours_of(middle_of(each)).mean(axis=0) for each in (image, result))
    return error_map(y, x).sigma


def _map(kind: MapKind, y: Floats, x: Floats, seen: Floats, noise: Any, width: Any) -> Floats:
    if kind == 'error':
        return explained(y, seen).map if width is None else error_map(y, x, sigma=width).map
    found = examined(y, x, seen, noise)
    return found.values if kind == 'residual' else found.chi_square.local
