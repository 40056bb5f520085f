"""Checks that a kernel is usable, and normalises its sum. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import KernelError

_ROUNDING = float(np.finfo(np.float64).eps)


def normalise(kernel: Any, *, signed: bool = False, ndim: int | None = 2) -> np.ndarray:
    """Check a blur kernel and scale it to sum to 1.

    Parameters
    ----------
    kernel : array_like, 2-D
        Odd or even sizes; the origin is the pixel ``size // 2``.
    signed : bool
        Accept negative entries, as antialiasing filters have them
        (:func:`napari_fresco.physics.kernels.bicubic`); a point spread
        function has none.
    ndim : {2, 3, None}
        How many axes the kernel must have; None: two or three.

    Returns
    -------
    ndarray, float64
        A new array of sum 1.

    Raises
    ------
    KernelError
        When the array is not a usable kernel; the message says why.
    """
    try:
        array = np.asarray(kernel)
        real = not np.iscomplexobj(array)
        values = array.astype(np.float64) if real else array
    except (TypeError, ValueError):
        raise KernelError(f'a kernel must be an array of numbers, not {kernel!r:.80}') from None
    if array.ndim not in ((2, 3) if ndim is None else (ndim,)) or array.size == 0:
        advice = {3: 'give the axes Z, Y, X', None: 'give the axes Y, X or Z, Y, X'}.get(
            ndim, 'give one plane of a stack or one channel of a colour image'
        )
        size = '2-D or 3-D' if ndim is None else f'{ndim}-D'
        raise KernelError(
            f'a kernel must be {size} and not empty, but has shape {array.shape}; {advice}'
        )
    if not real:
        raise KernelError('a kernel must be real, but is complex; give its absolute square')
    bad = int(values.size - np.count_nonzero(np.isfinite(values)))
    if bad:
        raise KernelError(f'the kernel holds {bad} NaN or infinite of {values.size} entries')
    return _scaled(values, signed)


def _scaled(values: np.ndarray, signed: bool) -> np.ndarray:
    negative = int(np.count_nonzero(values < 0))
    if negative and not signed:
        raise KernelError(
            f'the kernel has {negative} negative of {values.size} entries, the least '
            f'{values.min():.3g}; subtract the background and clip it with np.clip(kernel, 0, None)'
        )
    largest = float(np.abs(values).max())
    if largest == 0:
        raise KernelError('the kernel is zero everywhere; it must have a positive sum')
    if abs(float(values.sum()) - 1) <= _ROUNDING * values.size:
        return np.ascontiguousarray(values)  # so that a kernel that was saved stays what it is
    values = values / largest
    total = float(values.sum())
    if total <= 1e-9:
        raise KernelError(
            f'the entries of the kernel sum to {total * largest:.3g}; a blur needs > 0'
        )
    return np.ascontiguousarray(values / total)
