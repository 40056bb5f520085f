"""Circular blur and downsampling of planes and volumes, exact in the Fourier domain."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ..errors import ImageError, KernelError, ParameterError
from .degradation import Degradation
from .partly_seen import dual_of_seen, steps_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from torch import Tensor

    Array = np.ndarray[Any, np.dtype[Any]]


_Kind = tuple[torch.device, torch.dtype]


class _Transfer(NamedTuple):
    """The kernel in the Fourier domain, on one device and in one precision."""

    otf: Tensor
    """Transfer function B, half spectrum of the grid of x ``(..., H, W // 2 + 1)``."""
    conjugate: Tensor


class Downsample(Degradation):
    """Blur, then keep the first pixel of every cell of s pixels along each axis.

    The blur is a true, circular convolution with one kernel for all channels,
    centred at ``size // 2`` like :func:`scipy.ndimage.convolve`. Aliases are
    folded and unfolded along the last axis in space and along all others in the
    half spectrum, which is exact and needs two real transforms of the large grid.

    `kernel`: point spread function ``(kh, kw)`` or ``(kd, kh, kw)``, any size up to `shape`, as it
        is.
    `scale`: s, at least 1, for all spatial axes.
    `shape`: size of x along its spatial axes, multiples of `scale`.
    Raises KernelError when the kernel has another number of axes than x, is not finite, or is
        larger than x.
    Raises ImageError when `shape` is not a multiple of `scale`.

    References
    ----------
    N. Zhao, Q. Wei, A. Basarab, N. Dobigeon, D. Kouame, J.-Y. Tourneret, "Fast
    Single Image Super-Resolution Using a New Analytical Solution for l2-l2
    Problems", IEEE TIP 25(8), 2016, doi:10.1109/TIP.2016.2567075.

    Attributes
    ----------
    seen : Tensor or None
        Where y was measured; see :meth:`seen_in`. None: everywhere.
    """

    kernel: Tensor

    def __init__(self, kernel: Tensor | Array, scale: int, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)
        self.kernel = _checked_kernel(kernel, self.shape)
        if scale < 1 or any(n % scale for n in self.shape):
            raise ImageError(
                f'grid {" x ".join(map(str, self.shape))} is not a multiple of scale {scale}; '
                f'give the size of the observation times a scale of at least 1'
            )
        self.scale = scale
        self._sampled = tuple(n // scale for n in self.shape)
        self._filter: Tensor | None = None
        self.seen: Tensor | None = None
        self._cache: dict[_Kind, _Transfer] = {}
        self._powers: dict[_Kind, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Return every s-th sample of ``kernel * x`` along every spatial axis."""
        return sample(self._spectrum(x) * self._transfer(x).otf, self.scale, self.shape)

    def adjoint(self, y: Tensor) -> Tensor:
        """Return the correlation of the kernel with y between zeros."""
        return self._backproject(self._spread(y), self._transfer(y))

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return ``z + H' (H H' + alpha)^-1 (y - H z)``; see :meth:`Degradation.prox`.

        `alpha` is a number, or one per image ``(N, 1, ...)``. Of an operator that was
        :meth:`seen_in` a part, samples of y elsewhere have no say.
        """
        _check(y, self._sampled)
        if self.seen is not None:
            return self._partly_seen_prox(z, y, alpha)
        transfer = self._transfer(z)
        gain = 1 / (self._power(z) + _uniform(alpha, len(self.shape)))
        seen = sample(self._spectrum(z) * transfer.otf, self.scale, self.shape)
        residual = self._spread(y - seen)
        return z + self._backproject(residual * gain, transfer)

    def misfit(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean square of ``H x - y``, of the samples that were seen."""
        squares = self.residual(y, x).square()
        if self.seen is None:
            return squares.mean()
        return squares.sum() / self.seen.to(squares).expand_as(squares).sum()

    def seen_in(self, seen: Tensor) -> Self:
        """Return this operator for data of which only a part was measured.

        `seen`: 1 where a sample was measured and 0 where it was made up, ``(1, 1, ...)`` on the
            grid of y. Only data steps heed it; see :mod:`.partly_seen`.
        """
        _check(seen, self._sampled)
        part = copy.copy(self)
        part.seen = seen
        return part

    def counted_from(self, shift: Sequence[int]) -> Self:
        """Return the operator for images that were rolled by `shift` samples of y."""
        if self.seen is None:
            return self
        return self.seen_in(self.seen.roll(tuple(shift), tuple(range(-len(shift), 0))))

    def residual(self, y: Tensor, x: Tensor) -> Tensor:
        """Return y - H x where y was measured; see :meth:`Degradation.residual`."""
        left = y - self.forward(x)
        return left if self.seen is None else self.seen.to(left) * left

    def dual(self, residual: Tensor, q: Tensor, steps: int) -> Tensor:
        """Return v with ``(1 + W Q) v = W r``, of which a data step is made.

        `residual`: r = y - H z.
        `q`: eigenvalues of ``Q = H L^-1 H'`` for the weight L of x, half spectrum of the grid of y.
        `steps`: of conjugate gradients, where not all was seen; else v is exact.
        """
        if self.seen is None:
            return _irfft(_rfft(residual, len(self.shape)) / (1 + q), self._sampled)
        return dual_of_seen(residual, self.seen.to(residual), q, steps)

    def _partly_seen_prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        weight = _uniform(alpha, len(self.shape))
        # Of samples between zeros the spectrum repeats; the first columns are that of y.
        power = self._power(z)[..., : self._sampled[-1] // 2 + 1]
        v = self.dual(y - self.forward(z), power / weight, steps_for(weight))
        return z + self.adjoint(v) / weight

    def _spectrum(self, x: Tensor) -> Tensor:
        _check(x, self.shape)
        return _rfft(x, len(self.shape))

    def _spread(self, y: Tensor) -> Tensor:
        _check(y, self._sampled)
        return spread(y, self.scale, len(self.shape))

    def _backproject(self, folded: Tensor, transfer: _Transfer) -> Tensor:
        product = _unfolded(folded, transfer.conjugate, self.scale, len(self.shape))
        return _irfft(product, self.shape)

    def _transfer(self, like: Tensor) -> _Transfer:
        """Return the transfer function in the precision and on the device of `like`."""
        kind = like.device, like.dtype
        if kind not in self._cache:
            with torch.inference_mode(False):
                otf = self._exact()
                otf = otf.to(like.dtype.to_complex()).to(like.device)
                self._cache[kind] = _Transfer(otf, otf.conj().resolve_conj())
        return self._cache[kind]

    def _exact(self) -> Tensor:
        """Return the transfer function in double precision."""
        otf = transfer_function(self.kernel, self.shape)
        return otf if self._filter is None else otf * self._filter

    def _power(self, like: Tensor) -> Tensor:
        """Return the eigenvalues of H H' like :meth:`_transfer`; only data steps ask for them."""
        kind = like.device, like.dtype
        if kind not in self._powers:
            with torch.inference_mode(False):
                power = powers(self._exact(), self.scale, self.shape)
                self._powers[kind] = power.to(like.dtype).to(like.device)
        return self._powers[kind]


class Blur(Downsample):
    """Circular convolution: :class:`Downsample` at scale 1, with a faster data step.

    `kernel`: point spread function ``(kh, kw)`` or ``(kd, kh, kw)``.
    `shape`: size of the image along its spatial axes.
    """

    def __init__(self, kernel: Tensor | Array, shape: Sequence[int]) -> None:
        super().__init__(kernel, 1, shape)
        self._matched: tuple[Tensor, Tensor] | None = None
        self._observed: tuple[Tensor, Tensor] | None = None

    def then(self, factors: Tensor) -> Blur:
        """Return this blur followed by a filter without phase.

        `factors`: its real transfer function, float64 on the CPU, half spectrum of the grid.
        """
        blur = Blur(self.kernel, self.shape)
        blur._filter = factors
        return blur

    def misfit(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean square of ``H x - y`` by Parseval's theorem, without going back."""
        if self.seen is not None:
            return super().misfit(x, y)
        if self._observed is None or self._observed[0] is not y:
            self._observed = y, self._spectrum(y)
        missed = self._spectrum(x) * self._transfer(x).otf - self._observed[1]
        power, width = torch.view_as_real(missed).square(), self.shape[-1]
        once = power[..., 0, :].sum()
        if width % 2 == 0:
            once = once + power[..., -1, :].sum()
        # The half that mirrors this one has all other columns.
        return (2 * power.sum() - once) / (x.numel() * math.prod(self.shape))

    def prox(self, z: Tensor, y: Tensor, alpha: float | Tensor) -> Tensor:
        """Return F^-1 [(conj(B) F(y) + alpha F(z)) / (|B|^2 + alpha)]."""
        if self.seen is not None:
            return self._partly_seen_prox(z, y, alpha)
        gain = 1 / (self._power(z) + _uniform(alpha, len(self.shape)))
        spectrum = (alpha * self._spectrum(z) + self._matched_filter(y)) * gain
        return _irfft(spectrum, self.shape)

    def _matched_filter(self, y: Tensor) -> Tensor:
        """Return conj(B) F(y), computed once for all the iterations on one y."""
        if self._matched is None or self._matched[0] is not y:
            self._matched = (y, self._spread(y) * self._transfer(y).conjugate)
        return self._matched[1]


def transfer_function(kernel: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the half spectrum ``(..., H, W // 2 + 1)`` of kernels centred at the origin.

    The kernel, which has as many spatial axes as `shape`, is put at the first corner of a
    grid of `shape` and rolled by minus ``size // 2``, whether its size is odd or even.
    """
    dims = len(shape)
    sizes = kernel.shape[-dims:]
    room = [(0, n - k) for n, k in zip(shape, sizes, strict=True)]
    padded = functional.pad(kernel, [n for pair in reversed(room) for n in pair])
    return _rfft(padded.roll([-(k // 2) for k in sizes], list(range(-dims, 0))), dims)


def sample(spectrum: Tensor, scale: int, shape: Sequence[int]) -> Tensor:
    """Return every s-th sample of the images, of size `shape`, that have these half spectra.

    Dropping lines is folding their aliases; along the last axis they are dropped in
    space, because half spectra do not split into whole aliases.
    """
    for axis in range(-len(shape), -1):
        spectrum = torch.unflatten(spectrum, axis, (scale, -1)).mean(axis - 1)
    *leading, width = shape
    return _irfft(spectrum, [*(n // scale for n in leading), width])[..., ::scale].contiguous()


def spread(y: Tensor, scale: int, dims: int = 2) -> Tensor:
    """Return the half spectra of y between zeros; but for the last axis they repeat, once."""
    return _rfft(functional.pad(y[..., None], (0, scale - 1)).flatten(-2), dims)


def powers(otf: Tensor, scale: int, shape: Sequence[int]) -> Tensor:
    """Return the eigenvalues of H H' ``(..., H / s, W // 2 + 1)``: mean of |B|^2 over aliases."""
    sampled = sample(otf.abs().square().to(otf.dtype), scale, shape)
    return spread(sampled, scale, len(shape)).real.clamp_min(0)


def _unfolded(folded: Tensor, table: Tensor, scale: int, dims: int) -> Tensor:
    """Return `table` times the spectra `folded`, repeated for every alias."""
    for axis in range(-dims, -1):
        folded, table = folded.unsqueeze(axis - 1), torch.unflatten(table, axis, (scale, -1))
    product = table * folded
    for axis in range(-2, -dims - 1, -1):
        product = product.flatten(axis - 1, axis)
    return product


def _checked_kernel(kernel: Tensor | Array, shape: tuple[int, ...]) -> Tensor:
    source = kernel.detach().cpu() if isinstance(kernel, torch.Tensor) else np.array(kernel)
    tensor = torch.as_tensor(source).to(torch.float64, copy=True)
    if tensor.ndim != len(shape) or not tensor.numel() or not bool(tensor.isfinite().all()):
        raise KernelError(
            f'kernel of shape {tuple(tensor.shape)} must be finite and have {len(shape)} axes, '
            f'like the image of {shape}'
        )
    if any(k > n for k, n in zip(tensor.shape, shape, strict=True)):
        raise KernelError(
            f'kernel {tuple(tensor.shape)} is larger than the image {shape}; '
            'crop the kernel or extend the image'
        )
    return tensor


def _check(image: Tensor, grid: tuple[int, ...]) -> None:
    size = tuple(image.shape[2:])
    if size != grid:
        raise ImageError(
            f'image {size} is not on the grid {grid} of the degradation; '
            'build the operator for the size of the image'
        )


def _uniform(alpha: float | Tensor, dims: int) -> float | Tensor:
    if isinstance(alpha, torch.Tensor) and alpha.ndim > 1 and alpha.shape[-dims:].numel() > 1:
        raise ParameterError(
            f'alpha is a map of shape {tuple(alpha.shape)}; the data step of a blur '
            'takes one number per image, so pass the mean noise level'
        )
    return alpha


def _rfft(x: Tensor, dims: int) -> Tensor:
    spectrum: Tensor = torch.fft.rfftn(x, dim=list(range(-dims, 0)))
    return spectrum


def _irfft(spectrum: Tensor, shape: Sequence[int]) -> Tensor:
    x: Tensor = torch.fft.irfftn(spectrum, s=list(shape), dim=list(range(-len(shape), 0)))
    return x
