"""Circular blur and downsampling, exact in the Fourier domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ..errors import ImageError, KernelError, ParameterError
from .degradation import Degradation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    Array = np.ndarray[Any, np.dtype[Any]]


class _Transfer(NamedTuple):
    """The kernel in the Fourier domain, on one device and in one precision."""

    otf: Tensor
    """Transfer function B, half spectrum of the grid of x ``(H, W // 2 + 1)``."""
    conjugate: Tensor
    power: Tensor
    """Eigenvalues of H H': mean of |B|^2 over aliases, ``(H / s, W // 2 + 1)``."""


class Downsample(Degradation):
    """Blur, then keep the upper-left pixel of every s x s cell.

    The blur is a true, circular convolution with one kernel for all channels,
    centred at ``size // 2`` like :func:`scipy.ndimage.convolve`. Aliases are
    folded and unfolded along rows in the half spectrum and along columns in
    space, which is exact and needs two real transforms of the large grid.

    Parameters
    ----------
    kernel : array or Tensor
        Point spread function ``(kh, kw)``, any size up to `shape`, as it is.
    scale : int
        s, at least 1.
    shape : tuple of int
        Height and width of x, multiples of `scale`.

    Raises
    ------
    KernelError
        When the kernel is not two-dimensional and finite or is larger than x.
    ImageError
        When `shape` is not a multiple of `scale`.

    References
    ----------
    N. Zhao, Q. Wei, A. Basarab, N. Dobigeon, D. Kouame, J.-Y. Tourneret, "Fast
    Single Image Super-Resolution Using a New Analytical Solution for l2-l2
    Problems", IEEE TIP 25(8), 2016, doi:10.1109/TIP.2016.2567075.
    """

    kernel: Tensor

    def __init__(self, kernel: Tensor | Array, scale: int, shape: Sequence[int]) -> None:
        height, width = shape
        self.kernel = _checked_kernel(kernel, (height, width))
        if scale < 1 or height % scale or width % scale:
            raise ImageError(
                f'grid {height} x {width} is not a multiple of scale {scale}; '
                f'give the size of the observation times a scale of at least 1'
            )
        self.scale = scale
        self.shape = (height, width)
        self._sampled = (height // scale, width // scale)
        self._cache: dict[tuple[torch.device, torch.dtype], _Transfer] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Return every s-th sample of ``kernel * x`` along both axes."""
        return sample(self._spectrum(x) * self._transfer(x).otf, self.scale, self.shape)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the correlation of the kernel with y between zeros."""
        return self._backproject(self._spread(y), self._transfer(y))

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``z + H' (H H' + alpha)^-1 (y - H z)``; see :meth:`Degradation.prox`.

        `alpha` is a number, or one per image ``(N, 1, 1, 1)``.
        """
        _check(y, self._sampled)
        transfer = self._transfer(z)
        gain = 1 / (transfer.power + _uniform(alpha))
        seen = sample(self._spectrum(z) * transfer.otf, self.scale, self.shape)
        residual = self._spread(y - seen)
        return z + self._backproject(residual * gain, transfer)

    def _spectrum(self, x: Tensor) -> Tensor:
        _check(x, self.shape)
        return _rfft2(x)

    def _spread(self, y: Tensor) -> Tensor:
        _check(y, self._sampled)
        return spread(y, self.scale)

    def _backproject(self, rows: Tensor, transfer: _Transfer) -> Tensor:
        blocks = _blocks(transfer.conjugate, self.scale) * rows[..., None, :, :]
        return _irfft2(blocks.flatten(-3, -2), self.shape)

    def _transfer(self, like: Tensor) -> _Transfer:
        """Return the transfer function in the precision and on the device of `like`."""
        key = (like.device, like.dtype)
        if key not in self._cache:
            with torch.inference_mode(False):
                otf = transfer_function(self.kernel, self.shape)
                power = powers(otf, self.scale, self.shape)
                tables = (otf, otf.conj().resolve_conj(), power)
                cast = [t.to(_precision(t, like.dtype)).to(like.device) for t in tables]
                self._cache[key] = _Transfer(*cast)
        return self._cache[key]


class Blur(Downsample):
    """Circular convolution: :class:`Downsample` at scale 1, with a faster data step.

    Parameters
    ----------
    kernel : array or Tensor
        Point spread function ``(kh, kw)``.
    shape : tuple of int
        Height and width of the image.
    """

    def __init__(self, kernel: Tensor | Array, shape: Sequence[int]) -> None:
        super().__init__(kernel, 1, shape)
        self._matched: tuple[Tensor, Tensor] | None = None

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return F^-1 [(conj(B) F(y) + alpha F(z)) / (|B|^2 + alpha)]."""
        transfer = self._transfer(z)
        gain = 1 / (transfer.power + _uniform(alpha))
        spectrum = (alpha * self._spectrum(z) + self._matched_filter(y)) * gain
        return _irfft2(spectrum, self.shape)

    def _matched_filter(self, y: Tensor) -> Tensor:
        """Return conj(B) F(y), computed once for all the iterations on one y."""
        if self._matched is None or self._matched[0] is not y:
            self._matched = (y, self._spread(y) * self._transfer(y).conjugate)
        return self._matched[1]


def transfer_function(kernel: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return the half spectrum ``(..., H, W // 2 + 1)`` of kernels centred at the origin.

    The kernel ``(..., kh, kw)`` is put at the upper left of a grid of `shape` and rolled by
    minus ``size // 2``, whether its size is odd or even.
    """
    (height, width), (rows, columns) = shape, kernel.shape[-2:]
    padded = functional.pad(kernel, (0, width - columns, 0, height - rows))
    return _rfft2(padded.roll((-(rows // 2), -(columns // 2)), (-2, -1)))


def sample(spectrum: Tensor, scale: int, shape: tuple[int, int]) -> Tensor:
    """Return every s-th sample of the images ``(..., H, W)`` that have these half spectra.

    Dropping rows is folding their aliases; columns are dropped in space, because
    half spectra do not split into whole aliases.
    """
    rows = _blocks(spectrum, scale).mean(-3)
    return _irfft2(rows, (shape[0] // scale, shape[1]))[..., ::scale].contiguous()


def spread(y: Tensor, scale: int) -> Tensor:
    """Return the half spectra of y between zeros, whose rows repeat, once."""
    return _rfft2(functional.pad(y[..., None], (0, scale - 1)).flatten(-2))


def powers(otf: Tensor, scale: int, shape: tuple[int, int]) -> Tensor:
    """Return the eigenvalues of H H' ``(..., H / s, W // 2 + 1)``: mean of |B|^2 over aliases."""
    folded = spread(sample(otf.abs().square().to(otf.dtype), scale, shape), scale)
    return folded.real.clamp_min(0)


def _checked_kernel(kernel: Tensor | Array, shape: tuple[int, int]) -> Tensor:
    source = kernel.detach().cpu() if isinstance(kernel, torch.Tensor) else np.array(kernel)
    tensor = torch.as_tensor(source).to(torch.float64, copy=True)
    if tensor.ndim != 2 or not tensor.numel() or not bool(tensor.isfinite().all()):
        raise KernelError(
            f'kernel of shape {tuple(tensor.shape)} must be two-dimensional and finite'
        )
    if tensor.shape[0] > shape[0] or tensor.shape[1] > shape[1]:
        raise KernelError(
            f'kernel {tuple(tensor.shape)} is larger than the image {shape}; '
            'crop the kernel or extend the image'
        )
    return tensor


def _check(image: Tensor, grid: tuple[int, int]) -> None:
    if tuple(image.shape[-2:]) != grid:
        raise ImageError(
            f'image {tuple(image.shape[-2:])} is not on the grid {grid} of the degradation; '
            'build the operator for the size of the image'
        )


def _uniform(alpha: float | Tensor) -> float | Tensor:
    if isinstance(alpha, torch.Tensor) and alpha.ndim > 1 and alpha.shape[-2:].numel() > 1:
        raise ParameterError(
            f'alpha is a map of shape {tuple(alpha.shape)}; the data step of a blur '
            'takes one number per image, so pass the mean noise level'
        )
    return alpha


def _precision(table: Tensor, dtype: torch.dtype) -> torch.dtype:
    return dtype.to_complex() if table.is_complex() else dtype


def _blocks(spectrum: Tensor, count: int) -> Tensor:
    """Split the rows into `count` blocks, the aliases of one another."""
    *batch, height, width = spectrum.shape
    return spectrum.reshape(*batch, count, height // count, width)


def _rfft2(x: Tensor) -> Tensor:
    spectrum: Tensor = torch.fft.rfft2(x)
    return spectrum


def _irfft2(spectrum: Tensor, shape: tuple[int, int]) -> Tensor:
    x: Tensor = torch.fft.irfft2(spectrum, s=shape)
    return x
