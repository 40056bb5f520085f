"""Values of a result in the type that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import Array, Floats

_MATTERS = 0.005  # part of the light that rounding may change
_SIDE = 32  # of the regions whose light counts
_FEW = 20.0  # mean steps above the darkest beyond which rounding cannot change as much


def to_dtype(
    values: Floats, dtype: np.dtype[Any], *, dark: float | None = None, seed: int = 0
) -> tuple[Array, int]:
    """Return `values` as `dtype` and how many had to be clipped to fit an integer type.

    Parameters
    ----------
    dark : float, optional
        Intensity without light. Where rounding to the nearest number would change the light
        by more than half a percent, numbers are rounded up as often as keeps their mean.
    seed : int
        Of that.
    """
    if dtype.kind == 'f':
        return values.astype(dtype), 0
    info = np.iinfo(dtype)
    rounded = np.rint(values)
    if dark is not None and rounding_matters(values, dark):
        rounded = np.floor(values + np.random.default_rng(seed).random(values.shape))
    clipped = int(np.count_nonzero((rounded < info.min) | (rounded > info.max)))
    return np.clip(rounded, info.min, info.max).astype(dtype), clipped


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
