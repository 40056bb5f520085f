"""USRNet, an unfolded super-resolver for any blur kernel, scale and noise level.

Reference: K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image
Super-Resolution", CVPR 2020, doi:10.1109/CVPR42600.2020.00328.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import KernelError, ParameterError
from ..physics.spectral import powers, sample, spread, transfer_function
from .drunet import DRUNet
from .facts import NetworkFacts
from .precision import full_precision

_MULTIPLE = 8  # the prior halves its grid three times
_SMALLEST = 1e-6
_SIGMA_MAX = 25 / 255


class UnfoldingIterate(NamedTuple):
    """One iteration of a :class:`USRNet`: z agrees with the data, x with the prior."""

    z: Tensor
    x: Tensor


class Transfer(NamedTuple):
    """The operator H of a batch in the Fourier domain; see :func:`transfer`."""

    otf: Tensor
    """Transfer functions of the blurs, half spectra ``(N or 1, 1 or C, s h, s w // 2 + 1)``."""
    power: Tensor
    """Eigenvalues of H H' ``(N or 1, 1 or C, h, s w // 2 + 1)``."""
    sf: int


def transfer(k: Tensor, sf: int, grid: tuple[int, int]) -> Transfer:
    """Prepare :func:`data_step`.

    `k`: kernels ``(N or 1, 1 or C, kh, kw)``, at most as large as `grid`.
    `sf`: s, at least 1.
    `grid`: height and width of x, multiples of s.
    """
    with full_precision(k):
        otf = transfer_function(k.to(torch.promote_types(k.dtype, torch.float32)), grid)
        return Transfer(otf, powers(otf, sf, grid), sf)


def data_step(x: Tensor, y: Tensor, operator: Transfer, alpha: Tensor) -> Tensor:
    """Solve exactly for the data.

    For ``H x = (k * x)`` sampled at the upper left of every s x s cell, with a
    true, circular convolution and k centred at ``size // 2``::

        z = argmin_z |H z - y|^2 + alpha |z - x|^2 = x + H' (H H' + alpha)^-1 (y - H x)

    H H' is diagonal in the Fourier domain of the small grid. The authors' form
    is equal but divides by alpha, which costs digits where there is no noise.
    :class:`~napari_fresco.physics.spectral.Downsample` is the same operator for
    one kernel; this one has a kernel for every image of a batch, and gradients.

    `x`: estimate ``(N, C, s h, s w)``.
    `y`: observation ``(N, C, h, w)``.
    `operator`: H.
    `alpha`: weights of x, ``(N or 1, 1, 1, 1)``, above 0.
    Returns: z, in float32 even under autocast; in float64 where `operator` is.
    """
    otf, power, sf = operator
    grid = (x.shape[-2], x.shape[-1])
    with full_precision(x):
        x, y, alpha = (t.to(power.dtype) for t in (x, y, alpha))
        residual = spread(y - sample(torch.fft.rfft2(x) * otf, sf, grid), sf)
        # Rows of the small spectrum belong to every alias of the large one.
        rows = (residual / (power + alpha)).repeat(1, 1, sf, 1)
        step: Tensor = torch.fft.irfft2(otf.conj() * rows, s=grid)
        return x + step


class HyPaNet(nn.Module):
    """Weights of the data steps and strengths of the prior steps.

    Three 1x1 convolutions; ``forward`` takes ``(N, in_nc, 1, 1)``, sigma in
    working units and the scale factor, and returns ``(N, out_nc, 1, 1)``,
    positive.
    """

    def __init__(self, in_nc: int = 2, out_nc: int = 16, channel: int = 64) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv2d(in_nc, channel, 1),
            nn.ReLU(),
            nn.Conv2d(channel, channel, 1),
            nn.ReLU(),
            nn.Conv2d(channel, out_nc, 1),
            nn.Softplus(),
        )

    def forward(self, x: Tensor) -> Tensor:
        with full_precision(x):
            levels: Tensor = self.mlp(x)
            return levels + _SMALLEST


class ResUNet(DRUNet):
    """The prior: a :class:`~napari_fresco.networks.drunet.DRUNet` for images of any size.

    Continues the image to the right and below by its last column and row.
    """

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        padding = (0, -width % _MULTIPLE, 0, -height % _MULTIPLE)
        clean = super().forward(functional.pad(x, padding, mode='replicate'))
        return clean[..., :height, :width]


class USRNet(nn.Module):
    """A fixed number of data steps and prior steps, with one prior for all.

    Parameters
    ----------
    n_iter : int
        Iterations n.
    h_nc : int
        Width of the hyper-parameter module.
    in_nc : int
        Input channels of the prior: those of the image and one map.
    out_nc : int
        Channels of the image.
    nc : sequence of four int
        Widths of the prior.
    nb : int
        Residual blocks at each scale of the prior.

    Notes
    -----
    The image that comes out lies as its kernel does: where the kernel is
    centred on its middle pixel, pixel ``s i`` of the result lies on pixel i of
    the observation; a kernel that is moved up and left by ``(s - 1) / 2``
    gives the field of view of ordinary enlarging.
    """

    def __init__(
        self,
        n_iter: int = 8,
        h_nc: int = 64,
        in_nc: int = 4,
        out_nc: int = 3,
        nc: Sequence[int] = (64, 128, 256, 512),
        nb: int = 2,
    ) -> None:
        super().__init__()
        self.n_iter = n_iter
        self.p = ResUNet(in_nc, out_nc, nc, nb)
        self.h = HyPaNet(2, 2 * n_iter, h_nc)

    def forward(self, y: Tensor, k: Tensor, sf: int, sigma: Tensor) -> Tensor:
        """Return the image ``(N, C, s h, s w)``; arguments as for :meth:`iterate`."""
        return deque(self.iterate(y, k, sf, sigma), maxlen=1).pop().x

    def iterate(self, y: Tensor, k: Tensor, sf: int, sigma: Tensor) -> Iterator[UnfoldingIterate]:
        """Yield the iterations.

        `y`: observation ``(N, C, h, w)`` in working units; periodic.
        `k`: kernels ``(N or 1, 1 or C, kh, kw)`` that sum to 1, as they are for a convolution; any
            size up to that of the result.
        `sf`: scale factor s, at least 1.
        `sigma`: standard deviation of the noise ``(N or 1, 1, 1, 1)``, working units.
        Raises KernelError when a kernel is larger than the result or does not fit the batch.
        Raises ParameterError when `sf` is not a whole number of at least 1.
        """
        _check(y, k, sf)
        alphas, betas = self.strengths(sigma, sf)
        operator = transfer(k.to(y.dtype), sf, (y.shape[-2] * sf, y.shape[-1] * sf))
        x = functional.interpolate(y, scale_factor=sf, mode='nearest')
        for i in range(self.n_iter):
            z = data_step(x, y, operator, alphas[:, i : i + 1])
            x = self.p(with_map(z, betas[:, i : i + 1]))
            yield UnfoldingIterate(z, x)

    def strengths(self, sigma: Tensor, sf: int) -> tuple[Tensor, Tensor]:
        """Return alpha and beta of all iterations, ``(N, n, 1, 1)`` each.

        alpha weighs the prior in the data step and grows with the noise; beta is
        the noise level that the prior is told to remove.
        """
        ab: Tensor = self.h(torch.cat((sigma, torch.full_like(sigma, sf)), 1))
        alphas, betas = ab.chunk(2, 1)
        return alphas, betas

    def describe(self) -> NetworkFacts:
        """Return the facts about the prior, the part that is cut into tiles."""
        prior = self.p.describe()
        return replace(prior, architecture='usrnet', multiple=1, sigma_range=(0.0, _SIGMA_MAX))


def with_map(image: Tensor, level: float | Tensor) -> Tensor:
    """Return `image` with `level`, a number or ``(N or 1, 1, 1, 1)``, as one more channel."""
    plane = image[:, :1]
    return torch.cat((image, torch.ones_like(plane) * level), 1)


def _check(y: Tensor, k: Tensor, sf: int) -> None:
    if isinstance(sf, bool) or not isinstance(sf, int) or sf < 1:
        raise ParameterError(f'scale factor {sf!r} is not a whole number of at least 1')
    images, channels, height, width = y.shape
    if k.ndim != 4 or k.shape[0] not in (1, images) or k.shape[1] not in (1, channels):
        raise KernelError(
            f'kernels {tuple(k.shape)} do not fit images {tuple(y.shape)}; '
            f'give ({images} or 1, 1 or {channels}, rows, columns)'
        )
    if k.shape[2] > height * sf or k.shape[3] > width * sf:
        raise KernelError(
            f'kernel {tuple(k.shape[2:])} is larger than the result '
            f'({height * sf}, {width * sf}); crop the kernel or extend the image'
        )
