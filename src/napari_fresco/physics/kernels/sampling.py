"""Kernels of direct sampling: where they look, and bicubic downsampling written as one.

A kernel is a float64 array that sums to 1 and whose origin is the pixel
``size // 2``. Direct sampling keeps the upper-left pixel of every cell. No torch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import signal

from .optics import normalise, whole

CENTRED = 0.25
"""Share of the shift by which the centre of mass may be off before it is in doubt."""


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


def position(kernel: np.ndarray, scale: int, said: str = 'auto') -> tuple[bool, str]:
    """Tell whether a kernel is shifted by (scale - 1)/2 to the upper left.

    Parameters
    ----------
    kernel : ndarray, 2-D
        Sums to 1.
    scale : int
        Factor of super-resolution.
    said : {'auto', 'centred', 'shifted'}
        What is known of it; 'auto' looks at the centre of mass.

    Returns
    -------
    shifted : bool
        Whether it is.
    doubt : str
        Why that is not sure, or nothing.
    """
    if scale == 1:
        return False, ''
    if said != 'auto':
        return said == 'shifted', ''
    full = (scale - 1) / 2
    centre = [float(k @ (np.arange(k.size) - k.size // 2)) for k in (kernel.sum(1), kernel.sum(0))]
    shifted = -sum(centre) / 2 >= full / 2
    expected = -full if shifted else 0.0
    if max(abs(c - expected) for c in centre) <= CENTRED * full:
        return shifted, ''
    return shifted, (
        f'the centre of mass of the kernel is {centre[0]:+.2f} rows and {centre[1]:+.2f} columns '
        f'off its middle, so it is not known to be shifted; it was taken as '
        f'{"shifted" if shifted else "centred"}: say kernel_position="centred" or "shifted"'
    )
