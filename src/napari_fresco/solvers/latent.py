"""Blind restoration by VDIR: one pass, conditioned on a latent that describes the degradation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from ..declare.tasks import TASKS
from ..networks.vdir import CELL, VDIR, join, sample_latent
from ..physics.problem import Problem
from ..runtime.tiled_network import TiledNetwork
from ..runtime.tools import Tools
from ..types import Step
from .ensemble import Moments
from .feedforward import luma_pass
from .method_network import colourwise, lent

if TYPE_CHECKING:
    from ..declare.parameters import VDIRParameters


def vdir(problem: Problem, params: VDIRParameters, tools: Tools) -> Iterator[Step]:
    """Denoise, enlarge or deblock one plane; the degradation is read off the image.

    With the mean of the latent there is one step. With samples, each step adds
    one: the estimate is their mean so far, the spread their standard
    deviation, which tells what the latent leaves open and nothing else.

    A gray network restores the luma of a colour image compressed as JPEG and
    leaves the chroma; otherwise it takes the channels one by one. A colour
    network gets a gray image as three equal channels.
    """
    network = lent(
        tools,
        params.model,
        'vdir',
        channels=problem.y.shape[1],
        task=problem.task,
        scale=problem.degradation.scale,
    )
    draws, generator = 1, None
    if params.latent == 'sample':
        draws, generator = params.samples, tools.generator
    restorer = _Restorer(network, problem, generator)
    seen = Moments()
    for k in range(1, draws + 1):
        seen = seen.with_estimate(restorer.restored())
        yield Step(
            k,
            draws,
            seen.mean,
            residual=_residual(seen.mean, problem),
            spread=seen.deviation() if k > 1 else None,
            latent=restorer.mean_latent() if params.show_latent else None,
        )


def encode(network: TiledNetwork, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and log-variance of the latent ``(N, latent, ceil(h / 4), ceil(w / 4))``.

    The encoder runs in tiles too: repeated over its cell, a latent is a map as
    large as the image.
    """
    module = cast('VDIR', network.module)

    def cells(piece: Tensor) -> Tensor:
        both = torch.cat(module.encoder(piece), dim=1)
        height, width = piece.shape[-2:]
        return F.interpolate(both, scale_factor=CELL, mode='nearest')[..., :height, :width]

    maps = network.run(cells, y, facts=module.describe_encoder())
    mu, logvar = maps[..., ::CELL, ::CELL].chunk(2, dim=1)
    return mu, logvar


def restore(
    network: TiledNetwork, y: Tensor, latent: Tensor, sigma: float | Tensor | None = None
) -> Tensor:
    """Return `y` restored as `latent` tells; `sigma` as in :meth:`TiledNetwork.run`."""
    module = cast('VDIR', network.module)
    facts = module.describe_restorer()
    return network.run(module.restorer, join(y, latent), sigma=sigma, facts=facts)


class _Restorer:
    """Restores one plane again and again; the latent is told from it once."""

    def __init__(
        self, network: TiledNetwork, problem: Problem, generator: torch.Generator | None
    ) -> None:
        self.network = network
        self.generator = generator
        self.task = problem.task
        # A JPEG file holds nothing beyond black and white.
        self.y = problem.y.clamp(0, 1) if TASKS[problem.task].from_jpeg else problem.y
        self.sigma = problem.sigma
        self._encoded: tuple[Tensor, Tensor] | None = None

    def restored(self) -> Tensor:
        """Return the image, restored with the mean latent or a sample."""
        channels = self.network.facts.channels
        if TASKS[self.task].from_jpeg and channels == 1 and self.y.shape[1] == 3:
            return luma_pass(self._pass, self.y)
        return colourwise(self._pass, self.y, channels)

    def mean_latent(self) -> Tensor | None:
        """Return the mean latent ``(1, latent, h', w')``, averaged over channels taken singly."""
        return None if self._encoded is None else self._encoded[0].mean(dim=0, keepdim=True)

    def _pass(self, y: Tensor) -> Tensor:
        if self._encoded is None:
            self._encoded = encode(self.network, y)
        mu, logvar = self._encoded
        eps = None
        if self.generator is not None:
            eps = torch.randn(mu.shape, generator=self.generator, device=mu.device)
        return restore(self.network, y, sample_latent(mu, logvar, eps), self.sigma)


def _residual(x: Tensor, problem: Problem) -> Tensor | None:
    """Return the root mean square change; nothing where the sizes differ."""
    return None if problem.degradation.scale > 1 else (x - problem.y).square().mean().sqrt()
