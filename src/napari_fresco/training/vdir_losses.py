"""The objective of VDIR: restore, keep the latent plain, and let it tell the degradation.

``L = mean|x - x^| + beta KL + mean|y - y^| + adversarial L_adv + estimation mean|f - f^|``,
from J. W. Soh, N. I. Cho, "Variational Deep Image Restoration", IEEE TIP 31, 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class VDIRWeights:
    """Shares of the terms.

    `divergence`: beta, of the Kullback-Leibler divergence per latent number.
    `adversarial`: of the adversarial loss; from the authors' program.
    `estimation`: of the estimator; 0 where the degradation is not known (real noise).
    """

    divergence: float = 0.01
    adversarial: float = 1e-3
    estimation: float = 1.0


@dataclass(frozen=True, eq=False)
class VDIRParts:
    """The terms of the objective, each a scalar."""

    restoration: Tensor
    divergence: Tensor
    decoding: Tensor
    adversarial: Tensor
    estimation: Tensor

    def total(self, weights: VDIRWeights | None = None) -> Tensor:
        """Return the sum that encoder, restorer, decoder and estimator minimise."""
        w = weights or VDIRWeights()
        told = self.restoration + w.divergence * self.divergence + self.decoding
        return told + w.adversarial * self.adversarial + w.estimation * self.estimation


def parts(
    *,
    clean: Tensor,
    restored: Tensor,
    degraded: Tensor,
    decoded: Tensor,
    mu: Tensor,
    logvar: Tensor,
    logits: Tensor | None = None,
    truth: Tensor | None = None,
    estimate: Tensor | None = None,
) -> VDIRParts:
    """Return the terms for one batch.

    `clean`, `restored`: x and its estimate, ``(N, C, s H, s W)``.
    `degraded`, `decoded`: y and what the decoder makes of the latent, ``(N, C, H, W)``, H and W
        multiples of four.
    `mu`, `logvar`: of the latent.
    `logits`: what the discriminator says of `decoded`; without one, its term is zero.
    `truth`, `estimate`: the known degradation, and the estimator's answer, to whose shape it is
        expanded (noise: ``(N, 1, 1, 1)`` will do).
    """
    adversarial = estimation = clean.new_zeros(())
    if logits is not None:
        adversarial = F.softplus(-logits).mean()
    if truth is not None and estimate is not None:
        estimation = F.l1_loss(estimate, truth.expand_as(estimate))
    return VDIRParts(
        restoration=F.l1_loss(restored, clean),
        divergence=divergence(mu, logvar),
        decoding=F.l1_loss(decoded, degraded),
        adversarial=adversarial,
        estimation=estimation,
    )


def divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return ``KL(N(mu, exp(logvar)) || N(0, 1))``, averaged over batch and latent numbers."""
    return 0.5 * (logvar.exp() + mu.square() - 1 - logvar).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return the loss of the discriminator, from its logits for y and for the decoded image.

    ``mean softplus(-D(y)) + mean softplus(D(y^))``; no gradient of it must
    reach the decoder.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()
