"""The values of a kernel as an array that remembers what it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np


class PlaneValues(np.ndarray[Any, np.dtype[np.float64]]):
    """An array like any other; what is computed from it remembers nothing."""

    made_as: Any = None
    """The kernel whose values these are."""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what is computed from it as a plain array, or number."""
        plain = np.asarray(array)
        return plain[()] if return_scalar or plain.ndim == 0 else plain

    @classmethod
    def of(cls, kernel: Any) -> PlaneValues:
        """Return the values of a kernel."""
        values = np.array(kernel.values).view(cls)
        values.made_as = kernel
        return values


def remembered(value: Any) -> Any:
    """Return the kernel that an array was made as, if it still has its values; else the array."""
    known = getattr(value, 'made_as', None)
    same = known is not None and np.array_equal(known.values, np.asarray(value))
    return known if same else value
