"""Planes of a stack help each other: an empirical Wiener filter across a plane and its neighbours.

A denoiser of planes has left in each what it could tell from noise. In patches that reach across
the planes, transformed along all three axes, its results P tell which coefficients hold signal, and
the data Y say how much, with noise of variance v::

    X = w Y,     w = P**4 / (P**4 + v**2)

What is alike in the planes gathers in few coefficients, so that more noise goes and faint structure
comes back. The fourth power, in place of the square of Wiener, counts against what noise the
denoiser has left in P. The mean of a patch is kept.

What moves has its light spread over many coefficients, which would all be small. So each patch goes
with as many neighbours as promise the least error, ``sum w**2 v + (1 - w)**2 P**2``, and stays as
the denoiser left it where that is none. Where what was left out of the planes differs by more than
noise, the denoiser has overlooked something in one of them, and the patch goes with none.

References
----------
K. Dabov et al., "Image denoising by sparse 3-D transform-domain collaborative filtering", IEEE TIP
16(8), 2007 (the second step). M. Maggioni et al., IEEE TIP 22(1), 2013 (volumes).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

SIDE, STEP = 8, 2
"""Of patches, and from one to the next, in pixels."""
_TAPER = 2.0  # of the Kaiser window in which patches are blended
_MOST = 1 << 22  # values of patches that are transformed at once
_SPOT = 1.3  # width of the least objects, in pixels
_OVERLOOKED = 4.0  # standard deviations by which the residuals of two planes may differ


def helped(y: Tensor, denoised: Tensor, variance: Tensor, middle: int) -> Tensor:
    """Return plane `middle`, denoised with the help of the others.

    Parameters
    ----------
    y, denoised : Tensor
        Neighbouring planes ``(N, H, W)`` as they came, and each without its noise.
    variance : Tensor
        Of the noise, ``(N, 1, 1)`` or ``(N, H, W)``; at 0 in the middle nothing is to be done.
    middle : int
        Which of the planes is asked for.

    Returns
    -------
    Tensor
        ``(H, W)``.
    """
    if len(y) == 1 or not bool((variance[middle] > 0).any()):
        return denoised[middle]
    shape = y.shape[1:]
    unit, level = variance[middle].mean().sqrt(), denoised[middle].mean()
    y, denoised, variance = (y - level) / unit, (denoised - level) / unit, variance / unit**2
    differs = _padded(_differing(y - denoised, variance, middle).to(y))
    variance = _padded(variance.expand(len(y), *(shape if variance[0].numel() > 1 else (1, 1))))
    planes, pilots = _padded(y), _padded(denoised)
    total, weights = torch.zeros_like(planes[0]), torch.zeros_like(planes[0])
    for rows in _strips(planes.shape):
        noise = variance if variance.shape[1] == 1 else variance[:, rows]
        group = _Group(planes[:, rows], pilots[:, rows], noise, differs[:, rows], middle)
        values, weight = group.filtered()
        total[rows] += values
        weights[rows] += weight
    inside = (total / weights)[SIDE : SIDE + shape[0], SIDE : SIDE + shape[1]]
    return inside * unit + level


class _Group:
    """All patches of a strip of planes, each with its noise and its possible partners."""

    def __init__(
        self, planes: Tensor, pilots: Tensor, variance: Tensor, differs: Tensor, middle: int
    ) -> None:
        self.shape, self.middle = planes.shape[1:], middle
        self.y, self.pilot = _patches(planes), _patches(pilots)
        self.variance = variance[:, :, :1]
        if variance.shape[1] > 1:
            self.variance = _unfolded(variance).mean(dim=2, keepdim=True)
        self.differs = _unfolded(differs).amax(dim=2) > 0

    def filtered(self) -> tuple[Tensor, Tensor]:
        """Return the sum of the patches of the middle plane in their places, and of weights."""
        best, risk, power = self.alone()
        for reach in _reaches(max(self.middle, len(self.y) - 1 - self.middle)):
            here = slice(max(self.middle - reach, 0), self.middle + reach + 1)
            found, error, kept = self.together(here)
            better = (error <= risk) & ~self.differs[here].any(dim=0)
            best = torch.where(better[:, None], found, best)
            risk, power = torch.where(better, error, risk), torch.where(better, kept, power)
        window = _window(best) / power.clamp_min(1e-12)[:, None]
        back = best @ _transform(best)
        return _folded(back * window, self.shape), _folded(window, self.shape)

    def alone(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the patches as the denoiser left them, with their error and noise."""
        pilot, v = self.pilot[self.middle], self.variance[min(self.middle, len(self.variance) - 1)]
        w = _gains(pilot, v)
        kept = w.square() * v
        return pilot, (kept + (1 - w).square() * pilot.square()).sum(dim=1), kept.sum(dim=1)

    def together(self, here: slice) -> tuple[Tensor, Tensor, Tensor]:
        """Return the patches of the middle filtered with some planes, with error and noise."""
        y, pilot, v = self.y[here], self.pilot[here], self.variance[here]
        along = _cosines(len(y)).to(y)
        v = torch.einsum('tz,znc->tnc', along.square(), v)
        pilot = torch.einsum('tz,znc->tnc', along, pilot)
        w = _gains(pilot, v)
        w[0, :, 0] = 1
        row = along[:, self.middle - here.start]
        found = torch.einsum('t,tnc->nc', row, w * torch.einsum('tz,znc->tnc', along, y))
        kept = torch.einsum('t,tnc->n', row.square(), w.square() * v)
        lost = torch.einsum('t,tnc->n', row.square(), ((1 - w) * pilot).square())
        return found, kept + lost, kept


def _gains(pilot: Tensor, variance: Tensor) -> Tensor:
    return 1 / (1 + (variance / pilot.square().clamp_min(1e-30)).square())


def _reaches(most: int) -> Sequence[int]:
    """Return the reaches of patches: 1, 2, 4 and so on, and `most`."""
    return [*(2**k for k in range(most.bit_length()) if 2**k < most), most]


def _differing(residual: Tensor, variance: Tensor, middle: int) -> Tensor:
    """Return where ``(N, H, W)`` planes differ from the middle one in what was left out of them."""
    unit = residual / variance.sqrt().clamp_min(1e-15)
    kernel = torch.exp(-torch.arange(-4.0, 5.0).square() / (2 * _SPOT**2)).to(residual)
    kernel = kernel / kernel.square().sum().sqrt()
    padded = F.pad(unit[:, None], (4, 4, 4, 4), mode='replicate')
    seen = F.conv2d(F.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])[:, 0]
    return (seen - seen[middle]).abs() > _OVERLOOKED * math.sqrt(2)


def _padded(planes: Tensor) -> Tensor:
    """Return planes continued by a patch on every side; what is no plane stays."""
    if planes.shape[-1] == 1:
        return planes
    for axis in (1, 2):
        place = torch.arange(-SIDE, planes.shape[axis] + SIDE, device=planes.device)
        period = max(2 * (planes.shape[axis] - 1), 1)
        place = place.remainder(period)
        planes = planes.index_select(axis, torch.minimum(place, period - place))
    return planes


def _strips(shape: Sequence[int]) -> Iterator[slice]:
    """Yield rows whose patches are transformed at once; each patch lies in one strip."""
    count, rows, columns = shape
    every = (rows - SIDE) // STEP + 1
    at_once = max(1, _MOST // (count * SIDE**2 * ((columns - SIDE) // STEP + 1)))
    for first in range(0, every, at_once):
        last = min(first + at_once, every) - 1
        yield slice(first * STEP, last * STEP + SIDE)


def _unfolded(planes: Tensor) -> Tensor:
    """Return the patches of ``(N, H, W)`` as ``(N, patches, pixels)``."""
    return F.unfold(planes[:, None], SIDE, stride=STEP).transpose(1, 2)


def _patches(planes: Tensor) -> Tensor:
    """Return the cosine transforms of the patches of ``(N, H, W)``."""
    return _unfolded(planes) @ _transform(planes).T


def _folded(patches: Tensor, shape: torch.Size) -> Tensor:
    """Return the sum ``(H, W)`` of patches in their places."""
    rows, columns = ((n - SIDE) // STEP * STEP + SIDE for n in shape)
    inside = F.fold(patches.T[None], (rows, columns), SIDE, stride=STEP)[0, 0]
    return F.pad(inside, (0, shape[1] - columns, 0, shape[0] - rows))


def _transform(like: Tensor) -> Tensor:
    """Return the matrix that transforms the pixels of a patch along both axes."""
    return torch.kron(_cosines(SIDE), _cosines(SIDE)).to(like)


def _window(like: Tensor) -> Tensor:
    """Return the weights of the pixels of a patch."""
    rows = torch.kaiser_window(SIDE, periodic=False, beta=_TAPER)
    return torch.outer(rows, rows).reshape(1, -1).to(like)


@lru_cache(maxsize=64)
def _cosines(count: int) -> Tensor:
    """Return the orthonormal cosine transform of `count` values."""
    k = torch.arange(count, dtype=torch.float64)
    matrix = torch.cos(math.pi / count * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / count)
    matrix[0] /= math.sqrt(2)
    return matrix.float()
