"""Kernels of simple shapes: Gaussian, straight motion, defocus, bicubic reduction.

A kernel is a float64 array that sums to 1 and whose origin is the pixel
``size // 2``. Angles are in degrees, anticlockwise from the horizontal as an
image is displayed (rows run downwards). No torch.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy import fft

from ...errors import ParameterError
from ..number_checks import odd_size, positive, whole
from .normalise import normalise

NEARLY_SINGULAR = 1e-5
"""Added to both variances of a Gaussian that is a line, without a width across it."""


def gaussian(
    sigma: float, sigma_y: float | None = None, angle: float = 0.0, size: int | None = None
) -> np.ndarray:
    r"""Make a Gaussian kernel, :math:`k \propto \exp(-u^2/2\sigma^2 - v^2/2\sigma_y^2)`.

    Parameters
    ----------
    sigma, sigma_y : float
        Standard deviations in pixels along and across `angle`; equal by default.
    angle : float
        Direction of the axis u, degrees anticlockwise from the horizontal.
    size : int, optional
        Odd number of pixels; by default four standard deviations on either side.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """
    sigma_y = sigma if sigma_y is None else sigma_y
    positive('sigma', sigma)
    positive('sigma_y', sigma_y)
    u, v = _axes(odd_size(size, 4 * max(sigma, sigma_y)), angle)
    exponent = (u / sigma) ** 2 + (v / sigma_y) ** 2
    return normalise(np.exp((exponent.min() - exponent) / 2))


def motion(length: float, angle: float = 0.0, size: int | None = None) -> np.ndarray:
    """Make the kernel of a straight, uniform motion: an antialiased line.

    Each pixel holds the overlap of a unit square, turned by `angle`, with the
    path, times a linear fall-off across it.

    Parameters
    ----------
    length : float
        Distance travelled during the exposure, in pixels.
    angle : float
        Direction, degrees anticlockwise from the horizontal.
    size : int, optional
        Odd number of pixels; by default the path fits.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """
    positive('length', length)
    u, v = _axes(odd_size(size, length / 2), angle)
    along = np.clip((length + 1) / 2 - np.abs(u), 0, min(1.0, length))
    return normalise(along * np.clip(1 - np.abs(v), 0, None))


def disk(radius: float) -> np.ndarray:
    """Make the kernel of a geometric defocus: an antialiased disk.

    Parameters
    ----------
    radius : float
        Radius of the blur circle in pixels.

    Raises
    ------
    ParameterError
        When `radius` is not positive.
    """
    positive('radius', radius)
    u, v = _axes(odd_size(None, radius), 0.0)
    return normalise(np.clip(radius + 0.5 - np.hypot(u, v), 0, min(1.0, 2 * radius)))


def box(width: int) -> np.ndarray:
    """Make the kernel of a mean over ``width x width`` pixels, such as the binning of a camera.

    Parameters
    ----------
    width : int
        Pixels along each side, odd or even.

    Raises
    ------
    ParameterError
        When `width` is not a whole number above 0.
    """
    return normalise(np.ones((whole('width', width),) * 2))


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


def from_covariance(
    variance_x: float,
    variance_y: float,
    rho: float = 0.0,
    size: int = 21,
    scale: int = 1,
    shift: bool = False,
    axis: Literal['xy', 'authors'] = 'xy',
) -> np.ndarray:
    r"""Make a Gaussian kernel from the covariance matrix of its distribution.

    .. math:: k(d) \propto e^{-d^T \Sigma^{-1} d / 2}, \quad
              \Sigma = \begin{pmatrix} v_x & \rho\sqrt{v_x v_y} \\
                       \rho\sqrt{v_x v_y} & v_y \end{pmatrix},

    with :math:`d = (\text{column}, \text{row})` from the centre.

    Parameters
    ----------
    variance_x, variance_y : float
        Variances along x (columns) and y (rows, downwards) in squared pixels.
    rho : float
        Correlation of x and y, from -1 to 1; positive for a blur from the
        upper left to the lower right.
    size : int
        Odd number of pixels along each side.
    scale : int
        Super-resolution factor s that `shift` is for.
    shift : bool
        Move the centre by (s - 1)/2 pixels down and right.
    axis : {'xy', 'authors'}
        'authors' takes the first variance along the rows instead, as the
        training objective of VIRNet's code does; the network itself is taught
        that the first variance is along x.

    Returns
    -------
    ndarray, float64
        ``(size, size)``, of sum 1.

    Raises
    ------
    ParameterError
        When a number is out of range.

    References
    ----------
    Z. Yue et al., "Deep Variational Network Toward Blind Image Restoration",
    IEEE TPAMI, 2024, arXiv:2008.10796.
    """
    positive('variance_x', variance_x)
    positive('variance_y', variance_y)
    if not -1 <= rho <= 1:
        raise ParameterError(f'rho = {rho} is no correlation; it lies from -1 to 1')
    if axis not in ('xy', 'authors'):
        raise ParameterError(f"axis = {axis!r} is not offered; choose 'xy' or 'authors'")
    side = odd_size(size, 0)
    centre = side // 2 + ((whole('scale', scale) - 1) / 2 if shift else 0)
    rows, columns = np.mgrid[:side, :side] - centre
    x, y = (columns, rows) if axis == 'xy' else (rows, columns)
    mixed = rho * math.sqrt(variance_x * variance_y)
    if variance_x * variance_y <= mixed**2:
        variance_x, variance_y = variance_x + NEARLY_SINGULAR, variance_y + NEARLY_SINGULAR
    determinant = variance_x * variance_y - mixed**2
    exponent = (variance_y * x**2 - 2 * mixed * x * y + variance_x * y**2) / determinant
    weights = np.exp((exponent.min() - exponent) / 2)
    return np.asarray(weights / weights.sum())


def covariance(along: float, across: float, angle: float) -> tuple[float, float, float]:
    r"""Return the covariance of a Gaussian from its principal axes.

    :math:`\Sigma = R\,\mathrm{diag}(a, b)\,R^T` for the rotation R by `angle`.

    Parameters
    ----------
    along, across : float
        Variances a and b along and across `angle`, in squared pixels.
    angle : float
        Degrees anticlockwise from the horizontal as an image is displayed.

    Returns
    -------
    (float, float, float)
        ``variance_x``, ``variance_y`` and ``rho`` of :func:`from_covariance`.

    Raises
    ------
    ParameterError
        When a number is out of range.
    """
    positive('along', along)
    positive('across', across)
    if not math.isfinite(angle):
        raise ParameterError(f'angle = {angle} must be a finite number of degrees')
    # Rows run downwards, so that the displayed angle turns the other way round.
    cos, sin = math.cos(math.radians(-angle)), math.sin(math.radians(-angle))
    variance_x = along * cos**2 + across * sin**2
    variance_y = along * sin**2 + across * cos**2
    mixed = (along - across) * cos * sin
    return variance_x, variance_y, mixed / math.sqrt(variance_x * variance_y)


def _axes(size: int, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates along and across the direction `angle`."""
    if not math.isfinite(angle):
        raise ParameterError(f'angle = {angle} must be a finite number of degrees')
    rows, cols = np.mgrid[:size, :size] - size // 2
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return cols * cos - rows * sin, cols * sin + rows * cos


def convolved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the convolution of two kernels, as large as it reaches."""
    shape = tuple(n + m - 1 for n, m in zip(a.shape, b.shape, strict=True))
    return np.asarray(fft.irfftn(fft.rfftn(a, shape) * fft.rfftn(b, shape), shape))
