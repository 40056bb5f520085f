"""Bicubic downsampling written as a kernel followed by direct sampling.

A kernel is a float64 array that sums to 1 and whose origin is the pixel
``size // 2``. Direct sampling keeps the upper-left pixel of every cell. No torch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from .psf import normalise, whole


def bicubic(scale: int) -> np.ndarray:
    r"""Make the kernel of MATLAB's antialiased bicubic downsampling.

    With Keys' cubic h of a = -1/2, :math:`k(n) \propto h((n + (s-1)/2)/s)` along each
    axis. Circular convolution with k and taking the upper-left pixel of every
    s x s cell equals ``imresize(image, 1/s)`` away from the border. The kernel
    has negative lobes.

    Parameters
    ----------
    scale : int
        Reduction s, at least 1.

    Raises
    ------
    ParameterError
        When `scale` is not a positive whole number.

    References
    ----------
    R. Keys, "Cubic convolution interpolation for digital image processing",
    IEEE Trans. ASSP 29(6), 1981.
    """
    whole('scale', scale)
    reach = math.floor(2 * scale + (scale - 1) / 2)
    t = np.abs(np.arange(-reach, reach + 1) + (scale - 1) / 2) / scale
    inner = 1.5 * t**3 - 2.5 * t**2 + 1
    outer = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    taps = np.where(t <= 1, inner, np.where(t < 2, outer, 0.0))
    return normalise(np.outer(taps, taps), signed=True)


def direct_sampling(kernel: Any, scale: int) -> np.ndarray:
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
    return np.asarray(signal.convolve(normalise(kernel, signed=True), bicubic(scale)))
