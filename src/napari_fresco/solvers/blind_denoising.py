"""Blind denoising by one pass of SCUNet, or of another network that is not told the noise.

References
----------
K. Zhang et al., "Practical Blind Image Denoising via Swin-Conv-UNet and Data
Synthesis", Machine Intelligence Research 20, 2023,
doi:10.1007/s11633-023-1466-0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .method_network import colourwise, lent

if TYPE_CHECKING:
    from ..declare.parameters import SCUNetParameters


def scunet(problem: Problem, params: SCUNetParameters, tools: Tools) -> Iterator[Step]:
    """Denoise one plane: ``x = y + strength (net(y) - y)``.

    `problem`: its sigma only tells whether bfloat16 would be seen.
    `params`: names the weights and the strength; with strength 0 the result is y.
    `tools`: lends the network.
    Yields the only one.

    The network has no noise level to set and is made for strong noise, so light
    noise is removed together with texture. Less strength keeps a share of both.
    """
    y = problem.y
    network = lent(
        tools,
        params.model,
        'scunet',
        channels=y.shape[1],
        architectures=('scunet', 'foreign'),
    )

    def denoised(x: Tensor) -> Tensor:
        return network(x, sigma=problem.sigma)

    x = torch.lerp(y, colourwise(denoised, y, network.facts.channels), params.strength)
    yield Step(1, 1, x, residual=(x - y).square().mean().sqrt())
