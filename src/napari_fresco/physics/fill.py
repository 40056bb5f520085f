"""First guesses for missing pixels, from which inpainting starts. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import linalg

from ..errors import MaskError

DIRECT = 20_000
SWEEPS = 12
SHORTEST = 8


def harmonic(image: Any, keep: Any) -> np.ndarray:
    r"""Fill holes of any size by the smoothest membrane through their edges.

    Solves Laplace's equation :math:`\Delta x = 0` in the holes, with the known pixels as
    boundary values and no slope across the border of the image, from coarse to
    fine grids. The filled values lie between those around the hole.

    `image`: array_like, (H, W) or (H, W, C).
    `keep`: array_like, (H, W), nonzero where the pixel is known; holes may touch the border.
    Returns: known pixels as they were; elsewhere exact for up to 20000 missing pixels, beyond that
        to about 1 % of the range.
    Raises MaskError when `keep` has another shape or knows no pixel.

    References
    ----------
    F. Bornemann, P. Deuflhard, "The cascadic multigrid method for elliptic
    problems", Numer. Math. 75, 1996.
    """
    values, known = harmonic_checked(image, keep)
    return _membrane(values, known, SWEEPS).reshape(np.shape(image))


def with_planes_between(volume: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return a volume whose other planes are interpolated from those that are `told`.

    `volume`: (D, H, W) or (D, H, W, C), changed in place.
    `told`: (D,), of one plane at least; beyond the first and the last one, these are repeated.
    """
    places = np.flatnonzero(told)
    for z in np.flatnonzero(~told):
        at = int(np.searchsorted(places, z))
        low, high = places[max(at - 1, 0)], places[min(at, len(places) - 1)]
        share = 0.0 if low == high else min(max((z - low) / (high - low), 0.0), 1.0)
        volume[z] = (1 - share) * volume[low] + share * volume[high]
    return volume


def expected_error(image: Any, keep: Any) -> float:
    """Return the least root mean square error to expect of :func:`harmonic` in the holes.

    Known pixels, hidden by the same holes in three other places, are filled and compared.

    `image`, `keep`: as for :func:`harmonic`.
    Returns: like the image; the standard deviation of the known pixels where holes of this shape
        fit nowhere else.
    """
    values, known = harmonic_checked(image, keep)
    rows, cols = known.shape
    errors = [float(values[known].std())]
    for shift in ((rows // 2, cols // 2), (rows // 2, 0), (0, cols // 2)):
        left = known & np.roll(known, shift, (0, 1))
        hidden = known & ~left
        if hidden.any() and left.any():
            filled = _membrane(np.where(left[..., None], values, 0.0), left, SWEEPS)
            errors.append(float(np.sqrt(np.square(filled - values)[hidden].mean())))
    return min(errors)


def harmonic_checked(image: Any, keep: Any) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(image, dtype=np.float64)
    known = np.asarray(keep) != 0
    if values.ndim not in (2, 3) or known.shape != values.shape[:2]:
        raise MaskError(f'the mask {known.shape} does not fit the image {values.shape}')
    if not known.any():
        raise MaskError('the mask covers the whole image; leave some pixels known')
    values = values.reshape(*known.shape, -1)
    return np.where(known[..., None], values, 0.0), known


def _membrane(values: np.ndarray, known: np.ndarray, sweeps: int) -> np.ndarray:
    """Solve from coarse to fine; coarser grids, which cost less, get more sweeps."""
    missing = int(np.count_nonzero(~known))
    if missing == 0:
        return values
    if missing <= DIRECT or min(known.shape) <= SHORTEST:
        return _solve(values, known)
    coarse, coarse_known = halve(values, known)
    guess = _double(_membrane(coarse, coarse_known, 2 * sweeps), known)
    return _relax(values, known, guess, sweeps)


def halve(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average the known pixels of every 2 x 2 cell."""
    rows, cols = (n % 2 for n in known.shape)
    weight = np.pad(known, ((0, rows), (0, cols))).astype(np.float64)
    total = np.pad(values, ((0, rows), (0, cols), (0, 0)))
    height, width = weight.shape[0] // 2, weight.shape[1] // 2
    weight = weight.reshape(height, 2, width, 2).sum(axis=(1, 3))
    total = total.reshape(height, 2, width, 2, -1).sum(axis=(1, 3))
    return total / np.maximum(weight, 1)[..., None], weight > 0


def _double(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Interpolate linearly, onto the missing pixels of a grid of twice the density."""
    rows, cols = np.nonzero(~known)
    places = np.stack([(rows - 0.5) / 2, (cols - 0.5) / 2])
    planes = [
        ndimage.map_coordinates(plane, places, order=1, mode='nearest')
        for plane in np.moveaxis(values, 2, 0)
    ]
    return np.stack(planes, axis=-1)


def _solve(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    matrix, right = _laplacian(values, known)
    filled = values.copy()
    filled[~known] = linalg.splu(matrix.tocsc()).solve(right)
    return filled


def _relax(values: np.ndarray, known: np.ndarray, guess: np.ndarray, sweeps: int) -> np.ndarray:
    """Improve `guess`, the values of the missing pixels, by `sweeps` conjugate gradients."""
    matrix, right = _laplacian(values, known)
    scale = sparse.diags_array(1 / matrix.diagonal())
    columns = [
        linalg.cg(matrix, right[:, c], x0=guess[:, c], rtol=1e-6, maxiter=sweeps, M=scale)[0]
        for c in range(values.shape[2])
    ]
    filled = values.copy()
    filled[~known] = np.stack(columns, axis=1)
    return filled


def _laplacian(values: np.ndarray, known: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Return the graph Laplacian of the missing pixels, and the sums of their known neighbours."""
    rows, cols = np.nonzero(~known)
    size = rows.size
    number = np.full(known.shape, -1, dtype=np.int32)
    number[rows, cols] = np.arange(size, dtype=np.int32)
    degree = np.zeros(size)
    right = np.zeros((size, values.shape[2]))
    here, there = [], []
    for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = rows + down, cols + across
        inside = (r >= 0) & (r < known.shape[0]) & (c >= 0) & (c < known.shape[1])
        pixels = np.flatnonzero(inside).astype(np.int32)
        neighbours = number[r[inside], c[inside]]
        degree += inside
        right[pixels] += values[r[inside], c[inside]] * (neighbours < 0)[:, None]
        here.append(pixels[neighbours >= 0])
        there.append(neighbours[neighbours >= 0])
    i, j = np.concatenate(here), np.concatenate(there)
    ties = sparse.coo_array((np.ones(i.size), (i, j)), shape=(size, size))
    return (sparse.diags_array(degree) - ties).tocsr(), right
