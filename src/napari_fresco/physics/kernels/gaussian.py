"""Gaussian kernels from their covariance, as VIRNet estimates it.

A kernel is a float64 array that sums to 1. No torch.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ...errors import ParameterError
from .optics import odd_size, positive, whole

_NEARLY_SINGULAR = 1e-5


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
        variance_x, variance_y = variance_x + _NEARLY_SINGULAR, variance_y + _NEARLY_SINGULAR
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
