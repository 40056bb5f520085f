"""Every degradation in one place, and those that act pixel by pixel.

The common contract is :class:`~napari_fresco.physics.degradation.Degradation`;
blurs live in :mod:`napari_fresco.physics.spectral`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from ..errors import MaskError, ParameterError
from .degradation import Degradation
from .spectral import Blur, Downsample
from .window import WindowedBlur

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from torch import Tensor

__all__ = ['Blur', 'Degradation', 'Downsample', 'Identity', 'Mask', 'Mosaic', 'WindowedBlur']


class Identity(Degradation):
    """Noise alone: H x = x."""

    pointwise = True

    def forward(self, x: Tensor) -> Tensor:
        """Return x."""
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        """Return y."""
        return y

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``(y + alpha z) / (1 + alpha)``."""
        return z + (y - z) / (1 + alpha)


class Mask(Degradation):
    """Known and lost pixels: H x = keep * x.

    Parameters
    ----------
    keep : Tensor
        1 where the pixel is known, 0 where it is lost, broadcastable to the
        image; values between (a soft edge) attenuate.

    Raises
    ------
    MaskError
        When `keep` has values outside [0, 1].
    """

    pointwise = True

    def __init__(self, keep: Tensor) -> None:
        self.keep = keep if keep.is_floating_point() else keep.to(torch.float32)
        low, high = self.keep.amin().item(), self.keep.amax().item()
        if not 0 <= low <= high <= 1:
            raise MaskError(
                f'keep ranges from {low:g} to {high:g}; give 1 for known pixels and 0 for lost ones'
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``keep x``."""
        return self.keep.to(x) * x

    def adjoint(self, y: Tensor) -> Tensor:
        """Return ``keep y``."""
        return self.keep.to(y) * y

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``(keep y + alpha z) / (keep^2 + alpha)``."""
        keep = self.keep.to(z)
        return z + keep * (y - keep * z) / (keep.square() + alpha)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """Return the operator with `keep` on `device` and in `dtype`."""
        moved = copy.copy(self)
        moved.keep = self.keep.to(device=device, dtype=dtype)
        return moved


class Mosaic(Mask):
    """A colour filter array: one of the three channels at each pixel.

    x is ``(N, 3, H, W)`` in the order R, G, B and y is ``(N, 1, H, W)``.

    Parameters
    ----------
    pattern : str
        Colours of the upper-left 2 x 2 pixels, row by row, such as 'RGGB'.
    shape : tuple of int
        Height and width, odd ones included.

    Raises
    ------
    ParameterError
        When `pattern` is not four letters out of R, G and B.
    """

    def __init__(self, pattern: str, shape: Sequence[int]) -> None:
        if len(pattern) != 4 or set(pattern) - set('RGB'):
            raise ParameterError(f'pattern {pattern!r} is not four letters of R, G and B; try RGGB')
        height, width = shape
        cell = torch.tensor([[colour == c for c in pattern] for colour in 'RGB'])
        tiles = cell.reshape(3, 2, 2).repeat(1, height // 2 + 1, width // 2 + 1)
        super().__init__(tiles[None, :, :height, :width])

    def forward(self, x: Tensor) -> Tensor:
        """Return the one measured channel at each pixel, ``(N, 1, H, W)``."""
        return super().forward(x).sum(1, keepdim=True)

    def shape_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape ``(N, 3, H, W)`` of x for a y of ``(N, 1, H, W)``."""
        return (shape[0], 3, *shape[2:])
