"""Kernels to assume for an image that is to be enlarged and whose blur is unknown.

The authors of USRNet restore photographs of unknown origin with an isotropic
Gaussian and a noise level that they chose by eye. A wider kernel gives sharper
results with more ringing, a larger noise level smoother ones. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ...errors import ParameterError
from ..number_checks import whole
from .shapes import gaussian

SIZE = 25
"""Height and width of the kernels in pixels."""
LARGEST_SCALE = 8


class Assumed(NamedTuple):
    """The assumptions about an image.

    Attributes
    ----------
    kernel : ndarray
        25 x 25, float64, sums to 1, centred on its middle pixel. The authors
        move it by :func:`~napari_fresco.physics.kernels.shift` before use, so
        that the result has the field of view of ordinary enlarging.
    sigma_255 : float
        Standard deviation of the noise, 0-255 scale.
    """

    kernel: np.ndarray
    sigma_255: float


class _Kind(NamedTuple):
    widths: tuple[float, ...]
    """Standard deviations in pixels of the result, for scales 1, 2, 3 and 4."""
    sigma_255: float


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        'clean photo': _Kind((0.4, 0.7, 1.5, 2.0), 2.0),
        'noisy photo': _Kind((0.6, 0.9, 1.7, 2.2), 15.0),
    }
)
# The authors stop at scale 4; their last step is continued.
_WIDTH_PER_SCALE = 0.5

ASSUMPTIONS = tuple(_KINDS)
"""Names that :func:`assumed` knows."""


def assumed(name: str, scale: int) -> Assumed:
    """Return the kernel and noise that the authors of USRNet assume.

    Parameters
    ----------
    name : {'clean photo', 'noisy photo'}
        What the image looks like.
    scale : int
        Factor of super-resolution, 1 to 8.

    Raises
    ------
    ParameterError
        When `name` or `scale` is something else.

    References
    ----------
    K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image
    Super-Resolution", CVPR 2020; numbers from the authors' program.
    """
    if name not in _KINDS:
        raise ParameterError(f'assume = {name!r} is unknown; choose {" or ".join(ASSUMPTIONS)}')
    if whole('scale', scale) > LARGEST_SCALE:
        raise ParameterError(f'scale = {scale} is too large; give 1 to {LARGEST_SCALE}')
    widths, sigma_255 = _KINDS[name]
    beyond = max(scale - len(widths), 0)
    width = widths[scale - 1 - beyond] + _WIDTH_PER_SCALE * beyond
    return Assumed(gaussian(width, size=SIZE), sigma_255)
