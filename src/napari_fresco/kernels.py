"""Blur kernels: made from parameters, read from files, fitted to grids.

Kernels are float64 arrays that sum to 1 and whose origin is the pixel ``size // 2``;
:class:`Kernel` holds such an array with what else is known of it, as of a volume. Angles are
in degrees, anticlockwise from the horizontal as an image is displayed. No torch.
"""

from .io.kernel_calibration import read
from .physics.kernels import (
    Kernel,
    Widths,
    bicubic,
    box,
    covariance,
    direct_sampling,
    disk,
    from_bead,
    from_beads,
    from_covariance,
    from_photograph,
    fwhm,
    gaussian,
    microscope,
    motion,
    normalise,
    shift,
)

__all__ = [
    'Kernel',
    'Widths',
    'bicubic',
    'box',
    'covariance',
    'direct_sampling',
    'disk',
    'from_bead',
    'from_beads',
    'from_covariance',
    'from_photograph',
    'fwhm',
    'gaussian',
    'microscope',
    'motion',
    'normalise',
    'read',
    'shift',
]
