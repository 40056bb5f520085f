"""Kernels made wider or narrower."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import ndimage

from ...errors import KernelError
from .kernel import Kernel


def stretched(kernel: Any, factor: float) -> Kernel:
    """Return a kernel of another width, centred on its middle pixel.

    Parameters
    ----------
    kernel : array-like, Image or Kernel
        2-D or 3-D.
    factor : float
        New width over the old one, above 0.

    Raises
    ------
    KernelError
        When it is no kernel, or the factor not above 0.
    """
    if not factor > 0 or not math.isfinite(factor):
        raise KernelError(f'factor = {factor!r}; give a number above 0, such as 1.2')
    given = Kernel.of(kernel, ndim=None)
    values, origin = given.values, given.origin or [n // 2 for n in given.values.shape]
    reach = [
        math.ceil(max(o, n - 1 - o) * factor) for o, n in zip(origin, values.shape, strict=True)
    ]
    offset = [o - r / factor for o, r in zip(origin, reach, strict=True)]
    wider = ndimage.affine_transform(
        values, np.full(values.ndim, 1 / factor), offset, [2 * r + 1 for r in reach], order=1
    )
    return replace(given, values=np.clip(wider, 0, None), origin=None)
