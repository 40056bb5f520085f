"""The first guess of IRCNN's authors for missing pixels."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy import ndimage, signal


def shepard(
    image: Any,
    keep: Any,
    window: int = 7,
    power: float = 2.0,
    convention: Literal['matlab', 'python'] = 'matlab',
) -> np.ndarray:
    r"""Fill missing pixels by inverse-distance weights of the known ones nearby.

    .. math:: x_i = \sum_j w_{ij} y_j \Big/ \sum_j w_{ij},\qquad w_{ij} = |i - j|^{-p}

    over the known pixels j in the window around i; 0 where it holds none.

    `image`: array_like, (H, W) or (H, W, C).
    `keep`: array_like, (H, W), nonzero where the pixel is known.
    `window`: width of the window; 7 for scattered pixels, 10 to 30 for larger holes.
    `power`: exponent p of the distance.
    `convention`: {'matlab', 'python'}, the window reaches ``window // 2`` pixels to every side.
        IRCNN's authors' Python code does not look at the last of them below and to the right, nor
        at the last row and column of the image.
    Returns: known pixels as they were.
    """
    known = np.asarray(keep) != 0
    values = np.where(known[..., None], np.asarray(image, np.float64).reshape(*known.shape, -1), 0)
    reach = window // 2
    rows, cols = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows, cols)
    distance[reach, reach] = np.inf
    weights = distance**-power
    visible = known.astype(np.float64)
    if convention == 'python':
        weights[(rows == reach) | (cols == reach)] = 0
        visible[-1] = visible[:, -1] = 0
    seen = _gather(visible, (weights > 0).astype(np.float64)) > 0.5
    total = np.where(seen, _gather(visible, weights), 1.0)
    planes = [_gather(visible * plane, weights) / total for plane in np.moveaxis(values, 2, 0)]
    filled = np.where(seen[..., None], np.stack(planes, axis=-1), 0.0)
    return np.where(known[..., None], values, filled).reshape(np.shape(image))


def _gather(plane: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Correlate with a window, zero beyond the border."""
    if weights.size <= 121:
        return np.asarray(ndimage.correlate(plane, weights, mode='constant'))
    return np.asarray(signal.fftconvolve(plane, weights[::-1, ::-1], mode='same'))
