"""Photographs as arrays of one plane, and their scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ImageError, MaskError, ParameterError
from ..image.alignment import nonzero
from ..image.model import Image, values_of
from ..image.one_plane import Pixels as Pixels
from ..image.one_plane import pixels_of
from ..image.prints import is_print
from ..image.units import converted
from ..types import Result

Bools = NDArray[np.bool_]


def plane_of(image: Any, what: str = 'the photograph') -> Pixels:
    """Return the pixels of one plane, ``(H, W)`` or ``(H, W, 3 or 4)``.

    Raises ImageError when there are more planes, or samples that are no colours.
    """
    pixels = pixels_of(image if isinstance(image, Image) else Image.of(image), what)
    if pixels.ndim == 3 and pixels.shape[-1] not in (3, 4):
        raise ImageError(f'{what} has {pixels.shape[-1]} samples; give gray, RGB or RGBA pixels')
    if pixels.dtype.kind not in 'uf':
        raise ImageError(f'{what} has type {pixels.dtype}; give uint8, uint16 or floats')
    return pixels


def result_of(result: Any, photograph: Pixels) -> Pixels:
    """Return the pixels of a result, which has those of the photograph.

    Raises ImageError when it has another shape or type.
    """
    pixels = plane_of(result.image if isinstance(result, Result) else result, 'the result')
    if pixels.shape != photograph.shape or pixels.dtype != photograph.dtype:
        raise ImageError(
            f'the result is {pixels.dtype} of shape {pixels.shape}, the photograph '
            f'{photograph.dtype} of shape {photograph.shape}; give what was made of this photograph'
        )
    return pixels


def filled_of(result: Any, filled: ArrayLike | Image | None, shape: tuple[int, ...]) -> Bools:
    """Return the filled pixels, ``(H, W)``: given ones, else those of the result.

    Raises MaskError when neither says it, or the shape is another.
    """
    given = getattr(result, 'filled', None) if filled is None else filled
    if given is None:
        raise MaskError('it is not known what was filled; give filled, nonzero where it was')
    marks = np.squeeze(values_of(given, 'filled', MaskError))
    if marks.shape != shape[:2]:
        raise MaskError(
            f'what was filled has shape {marks.shape}, the photograph {shape[:2]}; give one value '
            'for each pixel'
        )
    return nonzero(marks, 'filled')


def mm_per_pixel_of(image: Any, given: float | None = None) -> float | None:
    """Return the size of a pixel in mm: the one given, else that of the spacing, else None.

    Dots per inch are the size of a print, not that of a wall, and do not count.

    Raises ParameterError when it is not above 0, or the spacing along Y and X differs.
    """
    if given is not None:
        if not (np.isfinite(given) and given > 0):
            raise ParameterError(f'mm_per_pixel = {given} must be above 0')
        return float(given)
    if not isinstance(image, Image) or is_print(image.metadata):
        return None
    steps = [converted(*image.spacing[axis], 'mm') for axis in 'YX' if axis in image.spacing]
    if len(steps) < 2 or steps[0] is None or steps[1] is None:
        return None
    if abs(steps[0] / steps[1] - 1) > 0.01:
        raise ParameterError(
            f'pixels are {steps[0]:.4g} mm high and {steps[1]:.4g} mm wide; give mm_per_pixel, or '
            'make them square first'
        )
    return float(steps[0])
