"""Blur kernels: made from parameters, measured, fitted to grids.

Kernels are float64 arrays that sum to 1 and whose origin is the pixel ``size // 2``;
:class:`Kernel` holds such an array with what else is known of it, as of a volume. Angles are
in degrees, anticlockwise from the horizontal as an image is displayed. No torch.
"""

from .bead import from_bead
from .beads import from_beads
from .kernel import Kernel
from .microscope import microscope
from .normalise import normalise
from .photograph_blur import from_photograph
from .sampling import direct_sampling, shift
from .shapes import bicubic, box, covariance, disk, from_covariance, gaussian, motion
from .widths import Widths, fwhm

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
    'shift',
]
