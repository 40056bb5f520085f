"""Evidence as maps: where a result does not explain its image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..image.layout import Layout
from ..image.model import Image
from .error_map import error_map
from .evaluation import alike, colours_of, middle_index, middle_of, read_plane
from .residual import residual

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
    kind: MapKind, result: Any, image: Any, *, noise: Any, kernel: Any = None
) -> Iterator[tuple[tuple[int, ...], NDArray[np.float32]]]:
    """Yield a map of every plane with its index; of colours their mean.

    `kind`: which map.
    `result`, `image`: as for :func:`napari_fresco.evidence.evaluate`.
    `noise`, `kernel`: of the image.
    Raises ImageError when result and image differ in size.
    """
    source = Image.of(image)
    others = [*alike(source, result), None, None]
    width = None
    if kind == 'error' and kernel is None:  # found once, for it takes many blurs
        width = _width(*read_plane(source, middle_index(source), others)[:2])
    for index in Layout.of(source).planes():
        y, x = read_plane(source, index, others)[:2]
        assert y is not None
        assert x is not None
        if y.shape != x.shape:
            raise ImageError(
                f'the result has planes of {x.shape}, the image of {y.shape}; maps need one size'
            )
        pairs = zip(colours_of(y), colours_of(x), strict=True)
        maps = np.stack([_map(kind, a, b, noise, kernel, width) for a, b in pairs])
        gain = len(maps) ** 0.5 if kind == 'residual' else 1.0  # so that noise keeps its power
        yield index, (gain * maps.mean(axis=0)).astype(np.float32)


def _width(image: Floats | None, result: Floats | None) -> float:
    assert image is not None
    assert result is not None
    y, x = (colours_of(middle_of(each)).mean(axis=0) for each in (image, result))
    return error_map(y, x).sigma


def _map(kind: MapKind, y: Floats, x: Floats, noise: Any, kernel: Any, width: Any) -> Floats:
    if kind == 'error':
        return error_map(y, x, sigma=width, kernel=kernel).map
    found = residual(y, x, noise, kernel)
    return found.values if kind == 'residual' else found.chi_square.local
