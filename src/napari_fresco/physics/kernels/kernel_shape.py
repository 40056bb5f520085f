"""Doubtful shapes of kernels, found before anything is restored with them. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .bead import rim_depth
from .kernel import Kernel

LEAST_WIDTH = 1.4
"""Full width in pixels of a Gaussian below which a kernel hardly blurs; two are well sampled."""
CUT = (0.05, 0.9)
"""Border over maximum, between which a kernel ends before its light does; a box has 1."""
CORNERS = 0.01
"""Corners over maximum, up to which they count as dark; those of a disk are."""
LARGE = 0.5
"""Share of the image's sides that the light of a kernel seldom spreads over."""


def fitted(given: Kernel, grid: Sequence[int], scale: int, position: str) -> Kernel:
    """Return a kernel as a result of `grid` pixels takes it, with all that is doubtful about it.

    Raises KernelError where it does not fit.
    """
    kernel = given.fine(scale).without_offset().placed(scale, position)
    kernel.check_fits(grid)
    return replace(kernel, warnings=kernel.warnings or doubts_of_shape(kernel.values, grid, scale))


def doubts_of_shape(
    values: NDArray[np.float64], grid: Sequence[int], scale: int = 1
) -> tuple[str, ...]:
    r"""Return the doubts about the shape of a kernel, a sentence each.

    Its width is :math:`\sqrt{8 \ln 2}` standard deviations of its light along the direction in
    which they are largest: a motion blur is wide although it is thin.

    Parameters
    ----------
    values : ndarray
        The kernel; sums to 1.
    grid : sequence of int
        Size of what it blurs: the result, if that is larger than the image.
    scale : int
        Factor of super-resolution: where it is larger than 1, a narrow kernel is nothing unusual.
    """
    width = _width(values)
    peak = float(values.max())
    border = float(np.median(values[rim_depth(values.shape) == 0])) / peak
    corners = float(values[np.ix_(*[(0, -1)] * values.ndim)].min()) / peak
    found = []
    if width < LEAST_WIDTH and scale == 1:
        found.append(
            f'the kernel is {width:.2g} pixels wide, so that it hardly blurs: was it made for '
            'larger pixels? Make it for those of the image, or leave the image as it is'
        )
    if CUT[0] < border < CUT[1] and corners > CORNERS:
        found.append(
            f'the kernel is cut off: at its border it has {100 * border:.0f} % of its maximum; '
            'give a larger one, or subtract its background'
        )
    if values.ndim == 2 and width > LARGE * min(grid):
        found.append(
            f'the light of the kernel spreads over {width:.0f} pixels of an image of '
            f'{min(grid)}: is it a picture? Crop it around its point'
        )
    return tuple(found)


def _width(values: NDArray[np.float64]) -> float:
    weights = np.maximum(values, 0) / np.maximum(values, 0).sum()
    places = np.indices(values.shape).reshape(values.ndim, -1)
    spread = np.cov(places, aweights=weights.ravel(), ddof=0)
    largest = float(np.linalg.eigvalsh(np.atleast_2d(spread)).max())
    return math.sqrt(8 * math.log(2) * max(largest, 0.0))
