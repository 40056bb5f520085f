"""A blur seen through a window: light from beyond the border of the image reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from .boundary import crop, fast_size
from .degradation import Degradation
from .resample import iterated_prox
from .spectral import Blur

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Self

    import numpy as np
    import torch
    from torch import Tensor

    Array = np.ndarray[Any, np.dtype[Any]]

ITERATIONS = 40
"""Conjugate gradient steps of the data step, which has no closed form."""


class WindowedBlur(Degradation):
    """The valid part of a blur: ``H x`` is what a camera sees of ``kernel * x``.

    x lives on a grid that is larger than the window by the size of the kernel, less one: from
    there light reaches the window. As in :func:`.boundary.extend` the window lies at the first
    corner, and what lies before it is at the other end of the grid.

    `kernel`: point spread function ``(kh, kw)`` or ``(kd, kh, kw)``.
    `window`: size of the observation along its spatial axes.
    Raises KernelError as :class:`~napari_fresco.physics.spectral.Downsample` does.

    References
    ----------
    M. Bertero, P. Boccacci, "A simple method for the reduction of boundary effects in the
    Richardson-Lucy approach to image deconvolution", A&A 437, 2005,
    doi:10.1051/0004-6361:20052717.
    """

    kernel: Tensor

    def __init__(
        self, kernel: Tensor | Array, window: Sequence[int], iterations: int = ITERATIONS
    ) -> None:
        self.window, self.iterations = tuple(window), iterations
        sizes = zip(self.window, kernel.shape, strict=True)
        self._blur = Blur(kernel, [fast_size(n + k - 1, 1) for n, k in sizes])
        self.kernel = self._blur.kernel

    @property
    def grid(self) -> tuple[int, ...]:
        """Size of x along its spatial axes."""
        return self._blur.shape

    def forward(self, x: Tensor) -> Tensor:
        """Return the part of the blurred scene that lies in the window."""
        return self.seen(self._blur.forward(x))

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the correlation of the kernel with y, dark beyond the window."""
        return self._blur.adjoint(self.embedded(y))

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``z + H' (H H' + alpha)^-1 (y - H z)`` by conjugate gradients."""
        return iterated_prox(self, z, y, alpha, self.iterations)

    def seen(self, x: Tensor) -> Tensor:
        """Return the window of an image on the grid of x."""
        return crop(x, (*x.shape[:2], *self.window))

    def embedded(self, y: Tensor) -> Tensor:
        """Return an image on the grid of x that is `y` in the window and 0 beyond."""
        room = [m - n for n, m in zip(self.window, self.grid, strict=True)]
        return functional.pad(y, [side for n in reversed(room) for side in (0, n)])

    def shape_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of x for a y of `shape`."""
        return (*shape[:2], *self.grid)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """Return the operator, whose tables follow the images by themselves."""
        return self
