"""Values of a result in the type that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import Array, Floats

_MATTERS = 0.005  # part of the light that rounding may change
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
    """Return whether rounding to whole numbers would change the light of a plane."""
    finite = values[np.isfinite(values)]
    light = float(np.maximum(finite - dark, 0).sum())
    if not finite.size or light <= 0 or light > _FEW * finite.size:
        return False
    change = float((np.rint(finite) - finite).sum())
    return abs(change) > _MATTERS * light
