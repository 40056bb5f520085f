"""Blur kernels: made from parameters, read from files, fitted to grids.

Kernels are float64 arrays that sum to 1 and whose origin is the pixel ``size // 2``;
:class:`Kernel` holds such an array with what else is known of it, as of a volume. Angles are
in degrees, anticlockwise from the horizontal as an image is displayed. No torch.
"""

from .io.kernel_calibration import read
from .physics import kernels as _made
from .physics.kernels import *  # noqa: F403 - what makes kernels, and the reader of their files

__all__ = ['read']
__all__ += _made.__all__
