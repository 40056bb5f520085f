"""The values of a kernel as an array that remembers what it was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class PlaneValues(np.ndarray[Any, np.dtype[np.float64]]):
    """An array like any other; what is computed from it remembers nothing.

    Copies and pickles remember, so that a kernel is the same one in another process; those that
    were changed are known by their values, see :func:`remembered`.
    """

    made_as: Any = None
    """The kernel whose values these are."""

    def __array_finalize__(self, made_of: Any) -> None:
        """Remember what the array remembers that this is a copy or a part of."""
        self.made_as = getattr(made_of, 'made_as', None)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what is computed from it as a plain array, or number."""
        plain = np.asarray(array)
        return plain[()] if return_scalar or plain.ndim == 0 else plain

    def __reduce__(self) -> tuple[Callable[..., PlaneValues], tuple[Any, Any]]:
        """Return how a pickle makes it anew."""
        return _anew, (np.array(self), self.made_as)

    @classmethod
    def of(cls, kernel: Any) -> PlaneValues:
        """Return the values of a kernel."""
        return _anew(np.array(kernel.values), kernel)


def _anew(values: Any, kernel: Any) -> PlaneValues:
    made: PlaneValues = values.view(PlaneValues)
    made.made_as = kernel
    return made


def remembered(value: Any) -> Any:
    """Return the kernel that an array was made as, if it still has its values; else the array."""
    known = getattr(value, 'made_as', None)
    same = known is not None and np.array_equal(known.values, np.asarray(value))
    return known if same else value
