"""The eight turns and flips of the plane, and degradations seen through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .degradation import Degradation, Unknown
from .operators import Identity, Mask, Mosaic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    import torch
    from torch import Tensor

MODES = 8
_FLIPPED: tuple[tuple[int, ...], ...] = ((), (), (-2,), (-1,), (-1,), (-2,), (-2, -1), (-2, -1))
_INVERSE = (0, 1, 2, 5, 4, 3, 6, 7)


def turn(x: Tensor, mode: int) -> Tensor:
    """Turn or flip the last two axes of `x`.

    `x`: images ``(..., H, W)``, of which volumes are turned about their depth.
    `mode`: 0 nothing, 1 transpose, 2 flip vertically, 3 quarter turn clockwise, 4 flip
        horizontally, 5 quarter turn counter-clockwise, 6 half turn, 7 transpose about the other
        diagonal.
    """
    result = x.mT if mode % 2 else x
    return result.flip(_FLIPPED[mode]) if _FLIPPED[mode] else result


def turn_back(x: Tensor, mode: int) -> Tensor:
    """Undo :func:`turn` with the same `mode`."""
    return turn(x, _INVERSE[mode])


class DihedralDegradation(Degradation):
    """``T H T^-1`` for a turn or flip T; exact, for every operator.

    `original`: H.
    `mode`: T, see :func:`turn`.
    `original`, `mode`: as given: what is laid out for the upright image can be found there.
    """

    def __init__(self, original: Degradation, mode: int) -> None:
        self.original, self.mode = original, mode
        self.scale, self.pointwise = original.scale, original.pointwise
        self.kernel = None if original.kernel is None else turn(original.kernel, mode)

    @staticmethod
    def of(degradation: Degradation, mode: int) -> Degradation:
        """Return `degradation` turned, as an operator of its own kind where that is simple."""
        if mode == 0 or isinstance(degradation, Identity | Unknown):
            return degradation
        if isinstance(degradation, Mask) and not isinstance(degradation, Mosaic):
            return Mask(turn(degradation.keep, mode))
        return DihedralDegradation(degradation, mode)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``T H T^-1 x``."""
        return turn(self.original.forward(turn_back(x, self.mode)), self.mode)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return ``T H' T^-1 y``."""
        return turn(self.original.adjoint(turn_back(y, self.mode)), self.mode)

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return the data step of the turned operator; see :meth:`Degradation.prox`."""
        x = self.original.prox(turn_back(z, self.mode), turn_back(y, self.mode), alpha)
        return turn(x, self.mode)

    def residual(self, y: Tensor, x: Tensor) -> Tensor:
        """Return y - H x where y was measured; see :meth:`Degradation.residual`."""
        left = self.original.residual(turn_back(y, self.mode), turn_back(x, self.mode))
        return turn(left, self.mode)

    def shape_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of x for a y of `shape`."""
        swapped = self.mode % 2 == 1
        *front, height, width = shape
        *result, rows, columns = self.original.shape_of(
            (*front, width, height) if swapped else (*front, height, width)
        )
        return (*result, columns, rows) if swapped else (*result, rows, columns)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """Return the operator with its constants on `device` and in `dtype`."""
        return type(self)(self.original.to(device, dtype), self.mode)
