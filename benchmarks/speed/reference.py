"""The authors' way of running the same networks and loops, for comparison.

Float32 in the default memory layout, complex Fourier transforms, and C's
default allocator; written from the papers, not copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

REGULARIZATION = 0.23
"""DPIR's weight lambda of the prior."""


def drunet(network: nn.Module, x: Tensor, sigma: float) -> Tensor:
    """Denoise by a DRUNet: image and noise map side by side."""
    noise_map = torch.full_like(x[:, :1], sigma)
    with torch.no_grad():
        clean: Tensor = network(torch.cat((x, noise_map), dim=1))
    return clean


def ffdnet(network: nn.Module, x: Tensor, sigma: float) -> Tensor:
    """Denoise by an FFDNet."""
    with torch.no_grad():
        clean: Tensor = network(x, torch.full((len(x), 1, 1, 1), sigma).to(x))
    return clean


class DataStep:
    """The data step of blur and s-fold downsampling with full, complex transforms.

    ``X = (R - conj(B) [mean(B R) / (mean |B|^2 + alpha)]) / alpha`` with
    ``R = conj(B) F(y^) + F(alpha z)``, where ``y^`` holds y between zeros, the
    means are over aliases and [.] repeats them.

    Parameters
    ----------
    y : Tensor
        Observation ``(N, C, h, w)``.
    kernel : Tensor
        ``(kh, kw)``, on the device of `y`.
    scale : int
        s.
    keep : bool, optional
        Compute what depends on the kernel and y alone once and not at each call.

    References
    ----------
    K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image
    Super-Resolution", CVPR 2020, doi:10.1109/CVPR42600.2020.00328.
    """

    def __init__(self, y: Tensor, kernel: Tensor, scale: int = 1, *, keep: bool = False) -> None:
        self.y, self.kernel, self.scale = y, kernel, scale
        self._kept = self._tables() if keep else None

    def __call__(self, z: Tensor, alpha: float) -> Tensor:
        """Return the x that minimises ``|H x - y|^2 + alpha |x - z|^2``."""
        otf, conjugate, power, matched = self._kept or self._tables()
        r = matched + torch.fft.fftn(alpha * z, dim=(-2, -1))
        s = self.scale
        inverse = _alias_mean(otf * r, s) / (_alias_mean(power, s) + alpha)
        x = (r - conjugate * inverse.repeat(1, 1, s, s)) / alpha
        image: Tensor = torch.fft.ifftn(x, dim=(-2, -1)).real
        return image

    def _tables(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        s, y = self.scale, self.y
        height, width = y.shape[-2] * s, y.shape[-1] * s
        rows, columns = self.kernel.shape
        padded = y.new_zeros(1, 1, height, width)
        padded[..., :rows, :columns] = self.kernel
        padded = torch.roll(padded, (-(rows // 2), -(columns // 2)), dims=(-2, -1))
        otf = torch.fft.fftn(padded, dim=(-2, -1))
        spread = y.new_zeros(*y.shape[:2], height, width)
        spread[..., ::s, ::s] = y
        matched = otf.conj() * torch.fft.fftn(spread, dim=(-2, -1))
        return otf, otf.conj(), otf.abs() ** 2, matched


def deblur(
    denoise: Callable[[Tensor, float], Tensor],
    y: Tensor,
    kernel: Tensor,
    sigma: float,
    iterations: int = 8,
) -> Tensor:
    """Deblur by DPIR: half-quadratic splitting with a turn of the image at each step.

    Parameters
    ----------
    denoise : callable
        f(x, sigma).
    y : Tensor
        Blurred, noisy image ``(1, C, H, W)`` in working units.
    kernel : Tensor
        Blur kernel ``(kh, kw)``.
    sigma : float
        Noise of `y` in working units.
    iterations : int, optional
        Steps, from a denoiser strength of 49/255 down to `sigma`.
    """
    step = DataStep(y, kernel, keep=True)
    levels = torch.logspace(math.log10(49 / 255), math.log10(sigma), iterations).tolist()
    z = y
    for k, level in enumerate(levels):
        x = step(z, REGULARIZATION * sigma**2 / level**2)
        turns, flip = k % 4, k % 8 > 3
        turned = torch.rot90(x.flip(-1) if flip else x, turns, (-2, -1))
        back = torch.rot90(denoise(turned, level), -turns, (-2, -1))
        z = back.flip(-1) if flip else back
    return z


class ImagePrior:
    """One iteration of deep image prior after another, denoising one image.

    Parameters
    ----------
    network : Module
        The hourglass.
    y : Tensor
        Noisy image ``(1, C, H, W)``.
    depth : int, optional
        Channels of the network's input.
    """

    def __init__(self, network: nn.Module, y: Tensor, depth: int = 32) -> None:
        self.network, self.y = network.train(), y
        self.fixed = 0.1 * torch.rand(1, depth, *y.shape[-2:], device=y.device)
        self.noise = torch.empty_like(self.fixed)
        self.optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
        self.average = torch.zeros_like(y)

    def step(self) -> float:
        """Take one step of Adam; return the loss before it."""
        self.optimizer.zero_grad()
        out = self.network(self.fixed + self.noise.normal_() / 30)
        self.average = 0.99 * self.average + 0.01 * out.detach()
        loss = nn.functional.mse_loss(out, self.y)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()


def _alias_mean(spectrum: Tensor, scale: int) -> Tensor:
    """Average the s x s blocks of a spectrum."""
    columns = torch.stack(spectrum.chunk(scale, dim=-1))
    rows = torch.stack(columns.mean(0).chunk(scale, dim=-2))
    return rows.mean(0)
