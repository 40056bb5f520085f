"""Degradations of an image, as linear operators.

An observation is ``y = H x + noise``. Every :class:`Degradation` has the
operator H (`forward`), its transpose (`adjoint`) and the data step of
half-quadratic splitting (`prox`)::

    prox(z, y, alpha) = argmin_x |H x - y|^2 + alpha |x - z|^2
                      = z + H' (H H' + alpha)^-1 (y - H z)

H H' is diagonal for every operator with a closed form, in space for masks and
mosaics and in the Fourier domain for blurs, so that the step is exact and
cheap. The second form never divides by a small `alpha`, unlike the one in the
papers, which loses three digits in float32 where there is hardly any noise.

Images are ``(N, C, *spatial)``, planes ``(H, W)`` or volumes ``(D, H, W)``, float32 or
float64. Operators neither modify
their arguments nor wait for the device.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    import torch
    from torch import Tensor


class Degradation(ABC):
    """A linear operator H from the grid of x to the grid of y.

    Attributes
    ----------
    scale : int
        How many pixels of x there are to a pixel of y along each axis.
    kernel : Tensor or None
        Point spread function on the grid of x, with its spatial axes, float64 on the CPU.
    pointwise : bool
        Whether each sample of y comes from one pixel of x, so that the weight
        of the data step may vary over the image.
    """

    scale: int = 1
    kernel: Tensor | None = None
    pointwise: bool = False

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Return H x; differentiable."""

    @abstractmethod
    def adjoint(self, y: Tensor) -> Tensor:
        """Return H' y, so that <H x, y> = <x, H' y>."""

    @abstractmethod
    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return the x that minimises ``|H x - y|^2 + alpha |x - z|^2``.

        Parameters
        ----------
        z : Tensor
            Present estimate on the grid of x.
        y : Tensor
            Observation on the grid of y; constant, not to be changed in place.
        alpha : float or Tensor
            Weight of `z`, above 0. Pointwise operators also take a map on the
            grid of y, which is how noise that varies over the image enters;
            blurs take one number, or one per image ``(N, 1, ...)``.
        """

    def residual(self, y: Tensor, x: Tensor) -> Tensor:
        """Return ``y - H x``, and 0 for samples of `y` that were made up, not measured."""
        return y - self.forward(x)

    def misfit(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean square of ``H x - y``."""
        return (self.forward(x) - y).square().mean()

    def shape_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape ``(N, C, *spatial)`` of x for a y of `shape`."""
        return (*shape[:2], *(n * self.scale for n in shape[2:]))

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """Return the operator with its constants on `device` and in `dtype`.

        Operators whose constants follow the images by themselves return
        themselves.
        """
        return self


class Unknown(Degradation):
    """A degradation of which only the scale is known: blind methods find out the rest.

    Parameters
    ----------
    scale : int
        How many pixels of x there are to a pixel of y along each axis.
    """

    def __init__(self, scale: int = 1) -> None:
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Refuse: the degradation is unknown."""
        raise NotImplementedError('the degradation is not known, so it cannot be applied')

    def adjoint(self, y: Tensor) -> Tensor:
        """Refuse: the degradation is unknown."""
        raise NotImplementedError('the degradation is not known, so it has no transpose')

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Refuse: the degradation is unknown."""
        raise NotImplementedError('the degradation is not known, so it has no data step')
