r"""The objectives of VIRNet: negative evidence lower bounds of its two models.

Posteriors are Gaussian for the clean image (variance :math:`\varepsilon^2`) and
inverse gamma for the variances, whose shape parameter says how many pixels an
estimate stands for. Every term is a mean over the pixels it is made of. Images
are ``(N, C, H, W)`` in [0, 1]; variances are in squared units of the image.

Reference: Z. Yue et al., "Deep Variational Network Toward Blind Image
Restoration", IEEE TPAMI, 2024, arXiv:2008.10796.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..degrade.blur import blur
from ..degrade.gaussian_kernels import gaussians_of_covariance
from ..networks.precision import full_precision

LEAST_VARIANCE = 1e-10
"""Below this no prior of a noise variance goes."""


@dataclass(frozen=True)
class ElboSettings:
    r"""Constants of the objective for super-resolution.

    `window`: side p of the window that a variance stands for; :math:`\alpha_0 = p^2/2`.
    `eps2`: variance of the sharp image.
    `kappa0`: shape of the posterior of the kernel's variances, plus 1.
    `r2`: variance of the kernel's correlation.
    `penalty`: weights of the correlation within the kernel's term, and of the mean of its three
        parts.
    `size`: side of the kernel in pixels.
    """

    window: int = 9
    eps2: float = 1e-5
    kappa0: int = 50
    r2: float = 1e-4
    penalty: tuple[float, float] = (0.02, 2.0)
    size: int = 21


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of an objective, whose sum is the loss; `kernel` for super-resolution only."""

    likelihood: Tensor
    image: Tensor
    noise: Tensor
    kernel: Tensor | None = None

    @property
    def loss(self) -> Tensor:
        """The sum of the terms."""
        total = self.likelihood + self.image + self.noise
        return total if self.kernel is None else total + self.kernel


@dataclass(frozen=True, eq=False)
class Draws:
    """The random numbers of one evaluation for super-resolution.

    `gamma`: gamma-distributed of shape ``kappa0 - 1`` and rate 1, ``(N, 2)``.
    `rho`: standard normal, ``(N, 1)``.
    `image`: standard normal, shaped like the sharp image.
    """

    gamma: Tensor
    rho: Tensor
    image: Tensor

    @classmethod
    def sample(cls, like: Tensor, generator: torch.Generator, kappa0: int = 50) -> Draws:
        """Draw for sharp images shaped like `like`, on the device of both."""
        count = like.shape[0]
        # The sum of n exponentials is gamma-distributed of shape n.
        waits = like.new_empty(count, 2, kappa0 - 1).exponential_(generator=generator)
        rho = like.new_empty(count, 1).normal_(generator=generator)
        image = torch.empty_like(like).normal_(generator=generator)
        return cls(waits.sum(dim=-1), rho, image)


def denoising(
    mu: Tensor,
    variance: Tensor,
    y: Tensor,
    x: Tensor,
    prior: Tensor,
    *,
    window: int = 7,
    eps2: float = 1e-6,
) -> Terms:
    r"""Return the objective for denoising; nothing is drawn at random.

    With :math:`\alpha_0 = p^2/2`, :math:`a = \alpha_0 - 1` and the estimate s:

    .. math:: \tfrac12\Big[\ln(\alpha_0 s) - \psi(a)
              + \tfrac{a}{\alpha_0 s}\big((y-\mu)^2 + \varepsilon^2\big) + \ln 2\pi\Big]
              + \frac{(\mu-x)^2}{2\varepsilon^2} + a\Big[\frac{\xi}{s} - 1 + \ln\frac{s}{\xi}\Big].

    `mu`, `variance`: answer of the network: the image ``(N, C, H, W)`` and s ``(N, 1 or C, H, W)``.
    `y`, `x`: noisy and clean image.
    `prior`: the true variance :math:`\xi`, see :func:`known_prior`.
    `window`: p.
    `eps2`: :math:`\varepsilon^2`.
    """
    alpha0 = window**2 / 2
    return Terms(
        likelihood(y, mu, alpha0 * variance, alpha0 - 1, eps2),
        gaussian_divergence(mu, x, eps2),
        inverse_gamma_divergence(variance, prior, alpha0 - 1),
    )


def super_resolution(
    mu: Tensor,
    variance: Tensor,
    kernel: Tensor,
    y: Tensor,
    x: Tensor,
    prior: Tensor,
    kernel_prior: Tensor,
    draws: Draws,
    downsample: Callable[[Tensor], Tensor],
    settings: ElboSettings | None = None,
) -> Terms:
    """Return the objective for super-resolution, with one draw of image and kernel.

    As for :func:`denoising`, but the sharp image is sampled, blurred with a
    sampled kernel and downsampled before it is compared with `y`, and the
    estimate of the kernel has a term of its own. The first variance of a kernel
    blurs along the rows here; for one along the columns, as the network is to
    learn it, swap both variances in `kernel` and `kernel_prior`.

    `mu`, `variance`, `kernel`: answer of the network: the image ``(N, C, sH, sW)``, the variance
        ``(N, 1 or C, 1 or H, 1 or W)`` and the kernel's parameters ``(N, 3)``.
    `y`, `x`: low-resolution image ``(N, C, H, W)``, and the sharp one.
    `prior`, `kernel_prior`: what `variance` and `kernel` should be. The authors' code gives the
        standard deviation for the former.
    `draws`: random numbers.
    `downsample`: from ``(N, C, sH, sW)`` to ``(N, C, H, W)``, differentiable.
    `settings`: constants.
    """
    s = settings or ElboSettings()
    alpha0 = s.window**2 / 2
    with full_precision(mu):
        sampled = mu + math.sqrt(s.eps2) * draws.image
        seen = downsample(blur(sampled, sample_kernel(kernel, draws, s), 'mirror'))
    divergences = kernel_divergences(kernel, kernel_prior, s)
    return Terms(
        likelihood(y, seen, alpha0 * variance, alpha0 - 1),
        gaussian_divergence(mu, x, s.eps2),
        inverse_gamma_divergence(variance, prior, alpha0 - 1),
        s.penalty[1] * divergences.mean(),
    )


def likelihood(y: Tensor, mean: Tensor, scale: Tensor, shape: float, spread: float = 0.0) -> Tensor:
    r"""Return the expected negative logarithm of the likelihood of `y`.

    The noise variance has the distribution IG(`shape`, `scale`), the mean the
    variance `spread`:
    :math:`\tfrac12[\ln b - \psi(a) + (a/b)((y-m)^2 + v) + \ln 2\pi]`.
    """
    digamma = float(torch.special.digamma(torch.tensor(shape, dtype=torch.float64)))
    squares = (y - mean).square() + spread
    return 0.5 * (scale.log() - digamma + shape / scale * squares + math.log(2 * math.pi)).mean()


def gaussian_divergence(mean: Tensor, target: Tensor, variance: float) -> Tensor:
    """Return KL(N(mean, variance) | N(target, variance)) per pixel."""
    return (mean - target).square().mean() / (2 * variance)


def inverse_gamma_divergence(estimate: Tensor, prior: Tensor, shape: float) -> Tensor:
    r"""Return the KL divergence of inverse gamma distributions of equal shape a.

    :math:`a[\xi/s - 1 + \ln(s/\xi)]` for the scales s and :math:`\xi`, or
    anything proportional to them.
    """
    ratio = prior / estimate
    return shape * (ratio - 1 - ratio.log()).mean()


def kernel_divergences(kernel: Tensor, prior: Tensor, settings: ElboSettings) -> Tensor:
    """Return the divergences of both variances and, weighted, of the correlation, ``(3,)``."""
    shape = settings.kappa0 - 1
    first, second = (inverse_gamma_divergence(kernel[:, i], prior[:, i], shape) for i in (0, 1))
    rho = gaussian_divergence(kernel[:, 2], prior[:, 2], settings.r2)
    return torch.stack((first, second, settings.penalty[0] * rho))


def sample_kernel(kernel: Tensor, draws: Draws, settings: ElboSettings) -> Tensor:
    r"""Draw a kernel ``(N, 1, size, size)`` for each image from its posterior.

    :math:`\tilde\lambda^2 = \kappa_0\lambda^2/g`,
    :math:`\tilde\rho = \mathrm{clip}(\rho + r n, -1, 1)`. The gradient reaches the
    covariance through :math:`\tilde\rho` alone.
    """
    variances = settings.kappa0 * kernel[:, :2] / draws.gamma
    rho = (kernel[:, 2:] + math.sqrt(settings.r2) * draws.rho).clamp(-1, 1)
    widths = variances.detach().sqrt()
    mixed = widths[:, :1] * widths[:, 1:] * rho
    return gaussians_of_covariance(variances, mixed, settings.size)


def known_prior(sigma: Tensor) -> Tensor:
    """Return the prior of the variance for a known map of standard deviations."""
    return sigma.square().clamp_min(LEAST_VARIANCE)
