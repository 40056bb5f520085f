"""Resampling of images: cubic interpolation, MATLAB's imresize, sub-pixel shifts.

Images are tensors whose last two axes are height and width. Pixel centres
are at half-integers throughout, except where a phase is named.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ..errors import ParameterError
from .degradation import Degradation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from torch import Tensor


def upsample_cubic(x: Tensor, scale: int) -> Tensor:
    """Enlarge by cubic convolution, as OpenCV's ``INTER_CUBIC`` does.

    `x`: image ``(N, C, h, w)``.
    `scale`: enlargement, at least 1.
    Returns ``(N, C, scale h, scale w)``: Keys' kernel with a = -0.75, half-pixel centres,
        replicated border; it may overshoot the range of `x`.
    """
    height, width = x.shape[-2:]
    return functional.interpolate(
        x, size=(height * scale, width * scale), mode='bicubic', align_corners=False
    )


def imresize(x: Tensor, scale: float) -> Tensor:
    """Resize like MATLAB's ``imresize(x, scale, 'bicubic')``.

    Keys' kernel with a = -0.5, widened by ``1 / scale`` when shrinking so that
    it does not alias; the border is mirrored with its edge repeated.

    `x`: image ``(..., H, W)``.
    `scale`: size of the output over size of the input, above 0.
    Returns ``(..., ceil(scale H), ceil(scale W))``.
    """
    return _resize_rows(_resize_rows(x, scale).mT, scale).mT.contiguous()


def _resize_rows(x: Tensor, scale: float) -> Tensor:
    """Resample along the second axis from the end, one tap at a time."""
    length = x.shape[-2]
    count = math.ceil(scale * length - 1e-9)
    shrink = min(scale, 1.0)
    width = 4 / shrink
    centres = (torch.arange(count, dtype=torch.float64) + 0.5) / scale - 0.5
    first = torch.floor(centres - width / 2) + 1
    taps = first[:, None] + torch.arange(math.ceil(width) + 1)
    weights = _keys(shrink * (centres[:, None] - taps))
    weights = (weights / weights.sum(1, keepdim=True)).to(x)
    index = taps.long().remainder(2 * length)
    index = torch.minimum(index, 2 * length - 1 - index).to(x.device)
    total = x.new_zeros(*x.shape[:-2], count, x.shape[-1])
    for tap in range(taps.shape[1]):
        total += weights[:, tap, None] * x.index_select(-2, index[:, tap])
    return total


def _keys(distance: Tensor, a: float = -0.5) -> Tensor:
    """Return Keys' cubic convolution kernel, doi:10.1109/TASSP.1981.1163711."""
    t = distance.abs()
    near = ((a + 2) * t - (a + 3)) * t.square() + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return torch.where(t <= 1, near, torch.where(t < 2, far, 0.0))


def pixel_shift(x: Tensor, scale: int, upper_left: bool = True) -> Tensor:
    """Move an image between the two phases of an s-fold grid.

    Cubic enlargement puts sample i at ``s i + (s - 1) / 2``, while a
    :class:`~napari_fresco.physics.operators.Downsample` reads ``s i``. This is
    ``out(i, j) = x(i + d, j + d)`` with ``d = (s - 1) / 2``, by bilinear
    interpolation with coordinates clipped to the image.

    `x`: image or kernel ``(..., H, W)``.
    `scale`: s.
    `upper_left`: False moves the other way, ``d = -(s - 1) / 2``.
    """
    shift = (scale - 1) / 2 if upper_left else (1 - scale) / 2
    return _shift_rows(_shift_rows(x, shift).mT, shift).mT.contiguous()


def _shift_rows(x: Tensor, shift: float) -> Tensor:
    last = x.shape[-2] - 1
    rows = (torch.arange(last + 1, dtype=torch.float64) + shift).clamp(0, last)
    below = rows.floor().long()
    weight = (rows - below).to(x)[:, None]
    lower, upper = below.to(x.device), (below + 1).clamp_max(last).to(x.device)
    return torch.lerp(x.index_select(-2, lower), x.index_select(-2, upper), weight)


class StridedFilter(Degradation):
    """Correlate with a kernel beyond a replicated border, keep every s-th pixel.

    This is H of the deep image prior, where neither periodic borders nor the
    upper-left phase of :class:`~napari_fresco.physics.operators.Downsample`
    apply: ``y(i) = sum_j k(j) x(s i + j - p)``.

    `kernel`: weights ``(kh, kw)``.
    `scale`: s.
    `padding`: replicated rows and columns on each side: left, right, top, bottom.
    `shape`: height and width of x where they are not multiples of `scale`.
    `iterations`: conjugate gradient steps of the data step, which has no closed form.
    """

    kernel: Tensor

    def __init__(
        self,
        kernel: Tensor,
        scale: int,
        padding: tuple[int, int, int, int],
        shape: tuple[int, int] | None = None,
        iterations: int = 40,
    ) -> None:
        self.kernel = kernel.detach().to('cpu', torch.float64)
        self.weights = self.kernel[None, None]
        self.scale = scale
        self.padding = padding
        self.shape = shape
        self.iterations = iterations

    def forward(self, x: Tensor) -> Tensor:
        """Return every s-th pixel of the filtered image."""
        planes = functional.pad(x.flatten(0, 1)[:, None], self.padding, mode='replicate')
        y = functional.conv2d(planes, self.weights.to(x), stride=self.scale)
        return y.reshape(*x.shape[:2], *y.shape[-2:])

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the filter's transpose: spread y, then fold the border back."""
        batch, channels, height, width = self.shape_of(y.shape)
        left, right, top, bottom = self.padding
        planes = functional.conv_transpose2d(
            y.flatten(0, 1)[:, None], self.weights.to(y), stride=self.scale
        )
        missing = (
            width + left + right - planes.shape[-1],
            height + top + bottom - planes.shape[-2],
        )
        planes = functional.pad(planes, (0, missing[0], 0, missing[1]))
        planes = _fold_rows(_fold_rows(planes, top, bottom).mT, left, right).mT
        return planes.reshape(batch, channels, height, width)

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``z + H' (H H' + alpha)^-1 (y - H z)`` by conjugate gradients."""
        return iterated_prox(self, z, y, alpha, self.iterations)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """Return the operator with its weights on `device` and in `dtype`."""
        moved = copy.copy(self)
        moved.weights = self.weights.to(device=device, dtype=dtype)
        return moved

    def shape_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of x for a y of `shape`."""
        return super().shape_of(shape) if self.shape is None else (*shape[:2], *self.shape)


class LanczosDownsample(StridedFilter):
    """Shrink by a Lanczos filter centred on each s x s cell.

    `scale`: s, at least 2.
    `support`: lobes a of the window: 2 or 3.
    `phase`: 0.5 centres the filter on the cell, 0 on its upper-left pixel.

    References
    ----------
    K. Turkowski, "Filters for Common Resampling Tasks", Graphics Gems I, 1990.
    """

    def __init__(self, scale: int, support: int = 2, phase: float = 0.5) -> None:
        if phase not in (0, 0.5):
            raise ParameterError(f'phase is {phase}; it is 0 (upper left) or 0.5 (centre)')
        # The centre of an odd cell is a pixel, so that it takes the taps of phase 0.
        kernel = lanczos_kernel(scale, support, phase if scale % 2 == 0 else 0)
        centre = (scale - 1) / 2 if phase else 0
        before = round((kernel.shape[0] - 1) / 2 - centre)
        after = kernel.shape[0] - scale - before
        super().__init__(kernel, scale, (before, after, before, after))


def lanczos_kernel(scale: int, support: int = 2, phase: float = 0.5) -> Tensor:
    """Return a separable Lanczos kernel for s-fold shrinking, of sum 1.

    Taps lie at distances ``|i| / s`` for whole i at phase 0 (``2 a s + 1``
    taps) and for half-integer i at phase 0.5 (``2 a s`` taps); each has the
    value ``sinc(d) sinc(d / a)``.
    """
    reach = support * scale - phase
    distance = torch.linspace(-reach, reach, round(2 * reach) + 1, dtype=torch.float64) / scale
    taps = torch.sinc(distance) * torch.sinc(distance / support)
    kernel = torch.outer(taps, taps)
    return kernel / kernel.sum()


def iterated_prox(
    degradation: Degradation, z: Tensor, y: Tensor, alpha: float | Tensor, iterations: int
) -> Tensor:
    """Return ``z + H' (H H' + alpha)^-1 (y - H z)`` where it has no closed form.

    A map `alpha` on the grid of y is ``mu sd^2`` for noise of standard deviation sd: the
    minimiser of ``|(H x - y) / sd|^2 + mu |x - z|^2``.
    """

    def normal(v: Tensor) -> Tensor:
        return degradation.forward(degradation.adjoint(v)) + alpha * v

    residual = y - degradation.forward(z)
    return z + degradation.adjoint(conjugate_gradient(normal, residual, iterations))


def conjugate_gradient(apply: Callable[[Tensor], Tensor], b: Tensor, iterations: int) -> Tensor:
    """Solve ``A v = b`` for a positive definite A, each image of a batch by itself.

    A fixed number of steps, so that nothing waits for the device.
    """
    v, residual = torch.zeros_like(b), b
    direction, energy = b, _dot(b, b)
    tiny = torch.finfo(b.dtype).tiny
    for _ in range(iterations):
        image = apply(direction)
        step = energy / _dot(direction, image).clamp_min(tiny)
        v, residual = v + step * direction, residual - step * image
        previous, energy = energy, _dot(residual, residual)
        direction = residual + energy / previous.clamp_min(tiny) * direction
    return v


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(list(range(1, a.ndim)), keepdim=True)


def _fold_rows(x: Tensor, before: int, after: int) -> Tensor:
    """Add padded rows to the border rows that they replicate."""
    end = x.shape[-2] - after
    folded = x[..., before:end, :].clone()
    folded[..., 0, :] += x[..., :before, :].sum(-2)
    folded[..., -1, :] += x[..., end:, :].sum(-2)
    return folded
