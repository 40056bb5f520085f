"""Values of a result in the type that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from .layout import Array, Floats

_MATTERS = 0.005  # part of the light that rounding may change
_SIDE = 32  # of the regions whose light counts
_FEW = 20.0  # mean steps above the darkest beyond which rounding cannot change as much


def to_dtype(
    values: Floats,
    dtype: np.dtype[Any],
    *,
    dark: float | None = None,
    seed: int | Sequence[int] = 0,
) -> tuple[Array, int]:
    """Return `values` as `dtype` and how many had to be clipped to fit an integer type.

    Parameters
    ----------
    dark : float, optional
        Intensity without light. Where rounding to the nearest number would change the light
        by more than half a percent, numbers are rounded up as often as keeps their mean. What
        is below the lowest number is taken from the light around it.
    seed : int or sequence of int
        Of that. What is rounded by the same numbers, such as the planes of a stack, shares a
        pattern that its mean would keep.
    """
    if dtype.kind == 'f':
        return values.astype(dtype), 0
    info = np.iinfo(dtype)
    rounded = np.rint(values)
    clipped = int(np.count_nonzero((rounded < info.min) | (rounded > info.max)))
    if dark is not None and rounding_matters(values, dark):
        positive = _at_least(values, info.min)
        rounded = np.floor(positive + np.random.default_rng(seed).random(values.shape))
    return np.clip(rounded, info.min, info.max).astype(dtype), clipped


def _at_least(values: Floats, lowest: float) -> Floats:
    """Return `values` of at least `lowest` with nearly the same local means."""
    above = np.nan_to_num(values) - lowest
    light = np.maximum(above, 0)
    if light.sum() <= above.sum():
        return values
    widths = (_SIDE / 4, _SIDE / 4, *[0] * (values.ndim - 2))
    wanted, given = (ndimage.gaussian_filter(each, widths) for each in (above, light))
    share = np.divide(wanted.clip(0), given, out=np.zeros_like(given), where=given > 0)
    positive: Floats = lowest + light * share
    return positive


def rounding_matters(values: Floats, dark: float) -> bool:
    """Return whether rounding to whole numbers would change the light of regions of a plane."""
    exact = np.nan_to_num(values)
    light = float(np.maximum(exact - dark, 0).sum())
    if light <= 0 or light > _FEW * exact.size:
        return False
    change = np.rint(exact) - exact
    for axis in (0, 1):
        change = np.add.reduceat(change, np.arange(0, change.shape[axis], _SIDE), axis=axis)
    return float(np.abs(change).sum()) > _MATTERS * light
