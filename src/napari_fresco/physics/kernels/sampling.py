"""Kernels for methods that keep one pixel of every cell, as arrays. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel


def shift(kernel: Any, scale: int, upper_left: bool = True) -> NDArray[np.float64]:
    """Move a centred kernel to suit sampling at the corner of each cell.

    A kernel that is centred for the middle of a `scale` x `scale` cell is moved by
    (scale - 1)/2 pixels up and left, bilinearly, because downsampling keeps the
    upper-left pixel of the cell. Entries beyond the border repeat the border,
    and the result is scaled to sum to 1, as DPIR's authors do.

    Parameters
    ----------
    kernel : array_like, 2-D
        See :func:`normalise`; negative entries are accepted.
    scale : int
        Super-resolution factor, at least 1.
    upper_left : bool
        False moves down and right, which undoes the shift.

    Raises
    ------
    KernelError, ParameterError
        When `kernel` or `scale` is not usable.
    """
    return Kernel.of(kernel, signed=True).shifted(scale, upper_left).values


def direct_sampling(kernel: Any, scale: int) -> NDArray[np.float64]:
    r"""Make the kernel whose direct sampling equals blurring and bicubic downsampling.

    For the taps b of :func:`bicubic`, :math:`k_d = k * b`: convolution with
    :math:`k_d` and taking the upper-left pixel of every s x s cell equals
    convolution with k and then ``imresize(image, 1/s)``, away from the border
    and for sizes that are multiples of s. It turns the kernel of a network
    that was taught bicubic downsampling, such as VIRNet, into the one of a
    method that samples directly, such as USRNet.

    Parameters
    ----------
    kernel : array_like, 2-D
        k, centred; see :func:`normalise`.
    scale : int
        Reduction s, at least 1.

    Returns
    -------
    ndarray, float64
        Larger than `kernel`, of sum 1 and centroid :math:`-(s-1)/2` along both
        axes if k has its centroid at the origin. It has small negative lobes.

    Raises
    ------
    KernelError, ParameterError
        When `kernel` or `scale` is not usable.
    """
    return Kernel.of(kernel, signed=True).direct(scale).values
