"""The place of an image on the ground, as tags of a GeoTIFF tell it, on a finer or coarser grid.

Tags of GeoTIFF 1.1: ModelPixelScale, ModelTiepoint, ModelTransformation, and the key
GTRasterType, by which pixels are counted from their corners (1) or their middles (2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

PIXEL_SCALE, TIE_POINTS, TRANSFORMATION, KEYS = 33550, 33922, 34264, 34735
_RASTER_TYPE, _FROM_MIDDLES = 1025, 2


def with_place(
    metadata: Mapping[str, Any], scale: float, shift: Sequence[float], size: Sequence[int]
) -> Mapping[str, Any]:
    """Return metadata of an image with the place on the ground that it has on another grid.

    `metadata`: its 'geotiff' holds 'tags' by number, and the 'size' of their image, rows first.
    `scale`: how many times more pixels there are along Y and X.
    `shift`: middle of the first of them along Y and X, in pixels of the image before.
    `size`: rows and columns now; of another part nothing is known.
    """
    ground = metadata.get('geotiff')
    lengths = zip(ground['size'] if ground else (), size, strict=False)
    if scale == 1 or not ground or any(round(n * scale) != now for n, now in lengths):
        return metadata
    tags = dict(ground['tags'])
    # Raster positions before are (raster now - first) / scale, columns first.
    middle = 0.0 if _from_middles(tags) else 0.5
    first = np.array([middle - scale * (middle + float(move)) for move in (shift[1], shift[0])])
    if PIXEL_SCALE in tags:
        across, down, *rest = tags[PIXEL_SCALE]
        tags[PIXEL_SCALE] = (across / scale, down / scale, *rest)
    if TIE_POINTS in tags:
        points = np.array(tags[TIE_POINTS], dtype=float).reshape(-1, 6)
        points[:, :2] = points[:, :2] * scale + first
        tags[TIE_POINTS] = tuple(float(value) for value in points.ravel())
    if TRANSFORMATION in tags:
        matrix = np.array(tags[TRANSFORMATION], dtype=float).reshape(4, 4)
        matrix[:, :2] /= scale
        matrix[:, 3] -= matrix[:, :2] @ first
        tags[TRANSFORMATION] = tuple(float(value) for value in matrix.ravel())
    return {**metadata, 'geotiff': {**ground, 'tags': tags, 'size': tuple(size)}}


def _from_middles(tags: Mapping[int, Any]) -> bool:
    """Whether position 0 is the middle of the first pixel, and not its corner."""
    keys = [int(value) for value in tags.get(KEYS, ())]
    entries = [keys[i : i + 4] for i in range(4, len(keys), 4)]
    return [_RASTER_TYPE, 0, 1, _FROM_MIDDLES] in entries
