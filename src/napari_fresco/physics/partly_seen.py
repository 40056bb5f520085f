"""Data steps for blurred images that were not observed everywhere.

What continues an image beyond its border was made up, and so is what stands for a pixel that was
not measured. Where it contradicts every scene that the blur could have come from, deconvolution
rings from there far into the image. With weights W of the samples, 1 where one was measured and 0
where it was not, such samples have no say::

    argmin_x (H x - y)' W (H x - y) + (x - z)' L (x - z) = z + L^-1 H' v,

    (1 + W Q) v = W (y - H z),        Q = H L^-1 H'

Q is diagonal in the Fourier domain of y, and W in space, so that v has no closed form. Conjugate
gradients on x find it quickly: they begin at, and are preconditioned by, the same problem with
W = 1, whose solution is closed, so that most eigenvalues are 1. As all that they meet has the form
``H' v`` or ``L^-1 H' v``, they need transforms on the grid of y alone, two a step.

S. J. Reeves, "Fast image restoration without boundary artifacts", IEEE TIP 14(10), 2005,
doi:10.1109/TIP.2005.854474, has the border as unknown samples, too.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEAST, MOST = 2, 20
"""Steps. Beyond the most nothing changes by what can be seen, at any weight."""
BY_DECADE = 3.5
"""Steps for each power of ten of 1 / alpha."""


def steps_for(alpha: float | Tensor) -> int:
    """Return how many steps of :func:`dual_of_seen` a weight `alpha` of x asks for."""
    if isinstance(alpha, Tensor):  # its value is not waited for
        return MOST
    return min(max(math.ceil(-BY_DECADE * math.log10(alpha)), LEAST), MOST)


def dual_of_seen(residual: Tensor, seen: Tensor, q: Tensor, steps: int) -> Tensor:
    """Return v on the grid of y.

    `residual`: y - H z, ``(N, C, *spatial)``.
    `seen`: W, 0 to 1, that can be broadcast to it.
    `q`: the diagonal of Q, half spectrum of the grid of y, not negative.
    `steps`: of conjugate gradients.
    """
    shape, axes = residual.shape[2:], list(range(2, residual.ndim))
    twice = _multiplicity(shape[-1], q)

    def spectrum(image: Tensor) -> Tensor:
        transformed: Tensor = torch.fft.rfftn(image, dim=axes)
        return transformed

    def product(a: Tensor, b: Tensor) -> Tensor:
        """Return <a, Q b>, the scalar product of what they stand for on the grid of x."""
        return (q * twice * (a.real * b.real + a.imag * b.imag)).sum(axes, keepdim=True)

    v = spectrum(residual) / (1 + q)
    left = spectrum(seen * (residual - torch.fft.irfftn(q * v, s=list(shape), dim=axes))) - v
    near = left / (1 + q)
    direction, size = near, product(left, near)
    for _ in range(steps):
        ahead = spectrum(seen * torch.fft.irfftn(q * direction, s=list(shape), dim=axes))
        ahead = ahead + direction
        length = _ratio(size, product(direction, ahead))
        v, left = v + length * direction, left - length * ahead
        near = left / (1 + q)
        before, size = size, product(left, near)
        direction = near + _ratio(size, before) * direction
    found: Tensor = torch.fft.irfftn(v, s=list(shape), dim=axes)
    return found


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """Return a / b of numbers that are not negative; 0 where rounding left nothing of b."""
    return torch.where(b > 0, a / b, 0)


def _multiplicity(width: int, like: Tensor) -> Tensor:
    """Return how often each column of a half spectrum stands in the whole one."""
    columns = torch.arange(width // 2 + 1, device=like.device)
    once = (columns == 0) | (2 * columns == width)
    return torch.where(once, 1.0, 2.0).to(like)
