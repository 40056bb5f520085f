"""Maps of a noise level that varies over the image, as VIRNet is trained and tested with.

A map holds standard deviations for an image in [0, 1].

References
----------
Z. Yue et al., "Deep Variational Network Toward Blind Image Restoration", IEEE TPAMI
46(11), 2024, arXiv:2008.10796.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..errors import ParameterError
from .planes import Floats
from .random_source import RandomSource
from .resize import nearest_index

CASES = (1, 2, 3)
SIDE = 256
CELL = 32
LOWEST, HIGHEST = 10 / 255, 75 / 255
WIDTHS = (0.25, 0.75)
"""Of the bump of a training map, relative to the shorter side."""
RISE = 5 / 255
"""What is added to its upper level."""


def training_maps(images: Tensor, random: RandomSource, largest: float = HIGHEST) -> Tensor:
    """Draw maps of the training law: one Gaussian bump between two random levels.

    The centre is uniform over the plane, the width over 1/4 to 3/4 of the
    shorter side, both levels over 0 to `largest`; 5/255 is added to the upper one.

    `images`: ``(N, C, H, W)``.
    `largest`: by default 75/255.
    Returns: standard deviations ``(N, 1, H, W)``.
    """
    count, _, *shape = images.shape
    centre = random.uniform(0, 1, 2, count) * torch.tensor(shape)[:, None]
    width = random.uniform(*WIDTHS, 1, count) * min(shape)
    levels = random.uniform(0, largest, 2, count)
    drawn = random.put(torch.cat((centre, width, levels)).to(images.dtype))
    return bumps((shape[0], shape[1]), *drawn)


def bumps(
    shape: tuple[int, int], row: Tensor, column: Tensor, width: Tensor, one: Tensor, other: Tensor
) -> Tensor:
    r"""Make maps of the training law, :math:`\exp(-r^2 / 2w^2)` scaled to two levels.

    `shape`: rows and columns.
    `row`, `column`: of the middle, in pixels, ``(N,)``.
    `width`: w in pixels, ``(N,)``.
    `one`, `other`: levels ``(N,)``; 5/255 is added to the larger one.
    Returns ``(N, 1, H, W)``.
    """
    row, column, width, one, other = (v.view(-1, 1, 1, 1) for v in (row, column, width, one, other))
    lower, upper = torch.minimum(one, other), torch.maximum(one, other) + RISE
    down, across = (torch.arange(n, device=row.device) for n in shape)
    squares = (down[:, None] - row).square() + (across - column).square()
    bump = torch.exp(-squares / (2 * width.square()))
    low, high = bump.amin((2, 3), keepdim=True), bump.amax((2, 3), keepdim=True)
    # A single pixel has no range; it gets the upper level.
    share = torch.where(high > low, (bump - low) / (high - low), 1)
    return lower + share * (upper - lower)


def case_map(case: int, shape: tuple[int, int], random: np.random.Generator) -> Floats:
    """Make the noise map of a test case, 10/255 to 75/255.

    `case`: {1, 2, 3}, 1: :func:`peaks`; 2: :func:`waves`; 3: :func:`mixture`, the only one that is
        random.
    `shape`: rows and columns; the map of 256 x 256 is resized by nearest neighbours.
    Raises ParameterError when the case is unknown.
    """
    return nearest(square_map(case, random), shape)


def square_map(case: int, random: np.random.Generator) -> Floats:
    """Make the noise map of a test case at its own size, 256 x 256; see :func:`case_map`."""
    if case not in CASES:
        raise ParameterError(f'case = {case!r}; the published test cases are 1, 2 and 3')
    if case == 3:
        return _between(mixture((SIDE, SIDE), random), LOWEST, HIGHEST)
    return _between(peaks(SIDE) if case == 1 else waves(SIDE), LOWEST, HIGHEST)


def nearest(values: Floats, shape: tuple[int, int]) -> Floats:
    """Resize a map by nearest neighbours, as OpenCV 4's ``INTER_NEAREST_EXACT`` does."""
    rows, columns = (nearest_index(n, k) for n, k in zip(values.shape, shape, strict=True))
    return np.asarray(values[np.ix_(rows, columns)])


def peaks(side: int) -> Floats:
    """Return MATLAB's ``peaks`` surface on ``linspace(-3, 3, side)``, y along rows."""
    axis = np.linspace(-3, 3, side)
    x, y = axis[None, :], axis[:, None]
    near = 3 * (1 - x) ** 2 * np.exp(-(x**2) - (y + 1) ** 2)
    middle = 10 * (x / 5 - x**3 - y**5) * np.exp(-(x**2) - y**2)
    return np.asarray(near - middle - np.exp(-((x + 1) ** 2) - y**2) / 3)


def waves(side: int) -> Floats:
    """Return ``sin(x) + cos(y)``, x from 1 to 10 along columns, y from 1 to 20 along rows."""
    return np.asarray(
        np.sin(np.linspace(1, 10, side))[None, :] + np.cos(np.linspace(1, 20, side))[:, None]
    )


def mixture(shape: tuple[int, int], random: np.random.Generator) -> Floats:
    """Draw the mean of normal densities, one for every whole cell of 32 x 32 pixels.

    The order of the draws is part of the test case: all columns of the centres,
    all rows, all widths (16 to 32 pixels), cells row by row.

    Returns a density, not yet scaled to noise levels.
    """
    cells = tuple(max(n // CELL, 1) for n in shape)
    count = cells[0] * cells[1]
    top, left = CELL * np.indices(cells).reshape(2, -1)
    col = left + random.uniform(0, CELL, count)
    row = top + random.uniform(0, CELL, count)
    width = random.uniform(CELL / 2, CELL, count)
    along_rows = np.exp(-((np.arange(shape[0])[:, None] - row) ** 2) / (2 * width**2))
    along_cols = np.exp(-((np.arange(shape[1])[:, None] - col) ** 2) / (2 * width**2))
    # A Gaussian is separable: the sum over cells is one product of matrices.
    return np.asarray(along_rows @ (along_cols / (2 * np.pi * width**2)).T / count)


def _between(values: Floats, low: float, high: float) -> Floats:
    span = float(np.ptp(values))
    if span == 0:  # a single pixel has no range; it gets the upper level
        return np.full_like(values, high)
    return np.asarray(low + (values - values.min()) / span * (high - low))
