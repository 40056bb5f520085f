"""Changes of size: MATLAB's, ResizeRight's and OpenCV's rules, and plain decimation.

Images are ``(H, W)`` or ``(H, W, C)``. Every rule is a sparse matrix for each axis. No torch.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
from scipy import sparse

from ..errors import ParameterError
from ..physics.arguments import positive, whole
from .planes import Floats, as_plane

Mode = Literal['bilinear', 'bicubic', 'area']
MODES: tuple[Mode, ...] = get_args(Mode)


def downsample(image: Any, scale: int) -> np.ndarray:
    """Keep the upper-left pixel of every `scale` x `scale` cell."""
    step = whole('scale', scale)
    return np.asarray(image)[::step, ::step]


def imresize(image: Any, scale: float) -> Floats:
    """Resize like MATLAB's ``imresize(image, scale, 'bicubic')``.

    Keys' cubic with a = -1/2, widened by ``1 / scale`` when shrinking so that it
    does not alias; the border is mirrored with its edge repeated.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    scale : float
        Size of the result over size of the image.

    Returns
    -------
    ndarray, float64
        ``ceil(scale H)`` rows and ``ceil(scale W)`` columns, unclipped.
    """
    positive('scale', scale)

    def rule(n: int) -> sparse.csr_array:
        centres = (np.arange(math.ceil(scale * n - 1e-9)) + 0.5) / scale - 0.5
        reach = 2 / min(scale, 1.0)
        taps = _taps(np.floor(centres - reach) + 1, math.ceil(2 * reach) + 1)
        return _matrix(_keys(min(scale, 1.0) * (centres[:, None] - taps)), _mirror(taps, n), n)

    return _apply(image, rule, rule)


def resize_right(image: Any, scale: int, *, authors: bool = False) -> Floats:
    """Shrink `scale`-fold by ResizeRight's antialiased cubic, centred on the image.

    Equal to :func:`imresize` where `scale` divides the sides. Otherwise the
    grids share their centre, not their upper-left corner.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    scale : int
        s, at least 1.
    authors : bool
        VIRNet's copy of ResizeRight weighs a pixel beyond the border by the distance of
        its mirror image; the two outermost pixels of the result differ.

    Returns
    -------
    ndarray, float64
        ``ceil(H / s)`` rows and ``ceil(W / s)`` columns, unclipped.
    """
    step = whole('scale', scale)

    def rule(n: int) -> sparse.csr_array:
        count = -(-n // step)
        centres = np.arange(count) * step + (n - 1) / 2 - (count - 1) * step / 2
        taps = _taps(np.ceil(centres - 2 * step - 1e-9), 4 * step)
        index = _mirror(taps, n)
        weighed = index if authors else taps
        return _matrix(_keys((centres[:, None] - weighed) / step), index, n)

    return _apply(image, rule, rule)


def resize(image: Any, shape: tuple[int, int], mode: Mode) -> Floats:
    """Resize as OpenCV's ``resize`` does.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, C)
    shape : tuple of int
        Rows and columns of the result.
    mode : {'bilinear', 'bicubic', 'area'}
        'area' averages what a pixel of the result covers; the others do not
        widen when shrinking, so that they alias ('bicubic' is Keys' cubic with
        a = -3/4). The border is replicated.

    Returns
    -------
    ndarray, float64
        Unclipped.

    Raises
    ------
    ParameterError
        When the mode is unknown.
    """
    if mode not in MODES:
        raise ParameterError(f'mode = {mode!r}; choose {", ".join(MODES)}')
    rule = _covered if mode == 'area' else _interpolated
    rows, cols = (max(1, int(n)) for n in shape)
    return _apply(image, lambda n: rule(n, rows, mode), lambda n: rule(n, cols, mode))


def nearest_exact(image: Any, shape: tuple[int, int]) -> Floats:
    """Resize by nearest neighbours as OpenCV 4's ``INTER_NEAREST_EXACT`` does."""
    values = as_plane(image)
    rows, cols = (nearest_index(a, b) for a, b in zip(values.shape[:2], shape, strict=True))
    return np.asarray(values[np.ix_(rows, cols)])


def nearest_index(source: int, target: int) -> np.ndarray:
    """Return which of `source` pixels each of `target` pixels copies, in OpenCV 4's integers."""
    factor = ((source << 16) + target // 2) // target
    index = (factor * np.arange(target) + factor // 2 - source % 2) >> 16
    return np.asarray(np.clip(index, 0, source - 1))


def _taps(first: Floats, count: int) -> Floats:
    return first[:, None] + np.arange(count)


def _mirror(taps: Floats, n: int) -> np.ndarray:
    index = taps.astype(int) % (2 * n)
    return np.asarray(np.minimum(index, 2 * n - 1 - index))


def _keys(distance: Floats, a: float = -0.5) -> Floats:
    """Return Keys' cubic convolution kernel, doi:10.1109/TASSP.1981.1163711."""
    t = np.abs(distance)
    near = ((a + 2) * t - (a + 3)) * t**2 + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _interpolated(n: int, count: int, mode: Mode) -> sparse.csr_array:
    centres = (np.arange(count) + 0.5) * (n / count) - 0.5
    reach = 1 if mode == 'bilinear' else 2
    taps = _taps(np.floor(centres) - reach + 1, 2 * reach)
    distance = centres[:, None] - taps
    weights = np.clip(1 - np.abs(distance), 0, None) if reach == 1 else _keys(distance, -0.75)
    return _matrix(weights, np.clip(taps, 0, n - 1).astype(int), n)


def _covered(n: int, count: int, mode: Mode) -> sparse.csr_array:
    """Weigh each pixel by the part of it that a pixel of the result covers."""
    del mode
    edges = np.arange(count + 1) * (n / count)
    taps = _taps(np.floor(edges[:-1] + 1e-9), math.ceil(n / count) + 1)
    overlap = np.minimum(taps + 1, edges[1:, None]) - np.maximum(taps, edges[:-1, None])
    return _matrix(np.clip(overlap, 0, None), np.clip(taps, 0, n - 1).astype(int), n)


def _matrix(weights: Floats, index: np.ndarray, n: int) -> sparse.csr_array:
    count, width = weights.shape
    scaled = weights / weights.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(count), width)
    return sparse.csr_array((scaled.ravel(), (rows, index.ravel())), shape=(count, n))


def _apply(image: Any, rows: Any, cols: Any) -> Floats:
    values = as_plane(image)
    for axis, rule in enumerate((rows, cols)):
        moved = np.moveaxis(values, axis, 0)
        flat = rule(moved.shape[0]) @ moved.reshape(moved.shape[0], -1)
        values = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
    return np.ascontiguousarray(values)
