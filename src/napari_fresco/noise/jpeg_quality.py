"""The quality at which an image was saved as JPEG, told by the steps of its coefficients.

JPEG rounds each coefficient of a block of 8 x 8 pixels to a multiple of a step, which its quality
and its frequency tell. What was decoded and rounded to whole numbers still lies near those
multiples; that it does so by chance is less likely the larger the step.

References
----------
Z. Fan, R. L. de Queiroz, "Identification of Bitmap Compression History: JPEG Detection and
Quantizer Estimation", IEEE Trans. Image Process., 2003, doi:10.1109/TIP.2002.807361.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

Floats = NDArray[np.float64]

_BLOCK = 8
_SIDE = 512  # pixels of the middle that are looked at
_SOME = 200  # blocks that are looked at where the image may begin within one
_LUMA = (0.299, 0.587, 0.114)
_ROUNDING = 0.35  # deviation of a coefficient from its multiple, by rounding of pixels
_FAR = 1e-3  # part of the coefficients that lie anywhere
_ENOUGH = 20  # coefficients that are not 0
_LEAST = 0.1  # logarithm by which one of them is likelier
_STEPS = (
    (16, 11, 10, 16, 24),
    (12, 12, 14, 19, 26),
    (14, 13, 16, 24, 40),
    (14, 17, 22, 29, 51),
    (18, 22, 37, 56, 68),
)  # of luma at quality 50, as the Independent JPEG Group has them


def jpeg_quality(plane: NDArray[Any]) -> int | None:
    """Return the quality, 1 to 97, at which a plane was saved as JPEG; None where that is untold.

    It may have been cut out since. At higher qualities rounding to whole numbers hides the steps.

    `plane`: ``(H, W)`` or ``(H, W, 3)``, in whole numbers from 0 to 255.
    """
    if min(plane.shape[:2]) < 3 * _BLOCK or not _is_bytes(plane):
        return None
    middle = tuple(slice(max(0, (n - _SIDE) // 2), (n + _SIDE) // 2) for n in plane.shape[:2])
    part = plane[middle]
    values = np.asarray(part, np.float64)
    luma = values @ np.array(_LUMA) if values.ndim == 3 else values
    clipped = (part <= 0) | (part >= 255)
    luma[clipped.any(axis=-1) if values.ndim == 3 else clipped] = np.nan
    start = [-each.start % _BLOCK for each in middle]
    offsets = sorted(itertools.product(range(_BLOCK), repeat=2), key=lambda at: list(at) != start)
    likelihood, quality = -math.inf, 0
    for number, (i, j) in enumerate(offsets):
        blocks = _blocks(luma[i:, j:])
        if number:  # that an image was cut out since is rare
            blocks = blocks[:: max(1, len(blocks) // _SOME)]
        likelihood, quality = max((likelihood, quality), _likelihood(_coefficients(blocks)))
        if likelihood > _LEAST:
            return quality
    return None


def _is_bytes(plane: NDArray[Any]) -> bool:
    """Say whether all values are whole numbers from 0 to 255."""
    if plane.dtype == np.uint8:
        return True
    whole = np.isfinite(plane).all() and plane.min() >= 0 and plane.max() <= 255
    return bool(whole and (plane == np.rint(plane)).all())


def _blocks(luma: Floats) -> Floats:
    """Return the blocks in which nothing was clipped, ``(blocks, 8, 8)``."""
    rows, columns = (n // _BLOCK for n in luma.shape)
    whole = luma[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    blocks = whole.swapaxes(1, 2).reshape(-1, _BLOCK, _BLOCK)
    return np.asarray(blocks[np.isfinite(blocks).all(axis=(1, 2))])


def _coefficients(blocks: Floats) -> Floats:
    """Return the first coefficients of blocks, ``(5, 5, blocks)``."""
    found = dctn(blocks - 128, axes=(1, 2), norm='ortho')[:, :5, :5]
    return np.asarray(found.transpose(1, 2, 0))


def _likelihood(coefficients: Floats) -> tuple[float, int]:
    """Return how much likelier the likeliest quality is than none, per coefficient, and it."""
    found = [(_of_steps(coefficients, _steps(quality)), quality) for quality in range(1, 98)]
    return max(found)


def _steps(quality: int) -> Floats:
    """Return the steps of the first coefficients of luma."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps: Floats = np.clip((np.array(_STEPS) * percent + 50) // 100, 1, 255).astype(np.float64)
    return steps


def _of_steps(coefficients: Floats, steps: Floats) -> float:
    """Return the mean logarithm by which steps make coefficients that are not 0 likelier."""
    step = steps[..., None]
    multiple = np.rint(coefficients / step)
    seen = multiple != 0
    seen[0, 0] = False
    number = int(np.count_nonzero(seen))
    if number < _ENOUGH:
        return -math.inf
    away = ((coefficients - step * multiple) / _ROUNDING)[seen]
    wide = np.broadcast_to(step, coefficients.shape)[seen]
    near = wide * np.exp(-(away**2) / 2) / (_ROUNDING * math.sqrt(2 * math.pi))
    return float(np.mean(np.log((1 - _FAR) * near + _FAR)))
