"""Values of a result in the type that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layout import Array, Floats


def to_dtype(values: Floats, dtype: np.dtype[Any]) -> tuple[Array, int]:
    """Return `values` as `dtype` and how many had to be clipped to fit an integer type."""
    if dtype.kind == 'f':
        return values.astype(dtype), 0
    info = np.iinfo(dtype)
    rounded = np.rint(values)
    clipped = int(np.count_nonzero((rounded < info.min) | (rounded > info.max)))
    return np.clip(rounded, info.min, info.max).astype(dtype), clipped
