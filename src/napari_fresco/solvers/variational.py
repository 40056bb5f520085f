"""VIRNet: noise and blur are estimated from the whole image, then the image is restored.

The estimators average over the image, so that they would answer differently
for each tile, with seams between them. They see the image whole; only the
restorer works in tiles, and is given their answers as further channels.

Z. Yue et al., "Deep Variational Network Toward Blind Image Restoration", IEEE
TPAMI, 2024, arXiv:2008.10796.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from ..declare.tasks import TASKS
from ..networks.virnet import VIRNet, VIRNetSR, enlarge, spread
from ..networks.virnet_parts import kernel_parameters, variance
from ..physics import kernels
from ..physics.problem import Problem
from ..runtime.tiled_network import TiledNetwork
from ..runtime.tools import Tools
from ..types import Step
from .method_network import from_channels, lent, to_channels

if TYPE_CHECKING:
    from ..declare.parameters import VIRNetParameters


def virnet(problem: Problem, params: VIRNetParameters, tools: Tools) -> Iterator[Step]:
    """Denoise or enlarge one plane without being told its noise or blur.

    `problem`: task denoise or super_resolve. Its noise level is not looked at.
    `params`: names the weights; ``estimate_only`` leaves the image as it is.
    `tools`: lends the network.
    Yields a single one, with the variance of the noise at every pixel of the result (one map, or
        one per channel) and, for super-resolution, the 21 x 21 kernel of a blur that bicubic
        downsampling followed.

    A gray image passes a colour network as three equal channels. The noise of
    these is equal as well, which the network has never seen.
    """
    enlarging = TASKS[problem.task].changes_size
    scale = problem.degradation.scale
    network = lent(
        tools,
        params.model,
        'virnet',
        channels=problem.y.shape[1],
        task=problem.task,
        scale=scale,
        architectures=('virnet_sr' if enlarging else 'virnet',),
    )
    planes = to_channels(problem.y, network.facts.channels)
    found = _blurred(network, planes, scale) if enlarging else _noisy(network, planes)
    x = found.start if params.estimate_only else _restored(network, found)
    image = from_channels(x, problem.y.shape[1])
    yield Step(
        1,
        1,
        image,
        residual=None if enlarging else (image - problem.y).square().mean().sqrt(),
        variance=from_channels(found.variance, problem.y.shape[1]),
        kernel=found.kernel,
    )


@dataclass(frozen=True, eq=False)
class _Findings:
    """The outputs of the estimators, on the grid of the result.

    `start`: what the restorer corrects, ``(N, C, H, W)``.
    `maps`: what it is told, ``(N, E, H, W)``.
    `variance`: of the noise, ``(N, 1 or C, H, W)``.
    `kernel`: mean blur kernel of the N images.
    """

    start: Tensor
    maps: Tensor | None
    variance: Tensor
    kernel: Tensor | None = None


def _noisy(network: TiledNetwork, y: Tensor) -> _Findings:
    module = cast('VIRNet', network.module)
    estimate = _noise(network, y)
    return _Findings(y, module.maps(estimate, y), spread(estimate, y))


def _blurred(network: TiledNetwork, y: Tensor, scale: int) -> _Findings:
    module = cast('VIRNetSR', network.module)
    estimate = _noise(network, y)
    blur = kernel_parameters(module.KNet(y))
    start = enlarge(y, scale)
    made = [kernels.from_covariance(*parameters) for parameters in blur.tolist()]
    return _Findings(
        start,
        module.maps(blur, estimate, start),
        spread(module.calibrated(estimate), start),
        torch.from_numpy(np.mean(made, axis=0)),
    )


def _noise(network: TiledNetwork, y: Tensor) -> Tensor:
    """Return the answer of the noise estimator; its average is taken over the whole image."""
    estimator = cast('VIRNet | VIRNetSR', network.module).SNet
    facts = replace(network.facts, halo=estimator.reach, grid=1)
    # How much noise there is to hide the rounding of bfloat16 is not known yet.
    log = network.run(estimator.log_map, y, sigma=0.0, facts=facts)
    return variance(log.mean(dim=(2, 3), keepdim=True) if estimator.noise_avg else log)


def _restored(network: TiledNetwork, found: _Findings) -> Tensor:
    restorer = cast('VIRNet | VIRNetSR', network.module).RNet
    channels = found.start.shape[1]

    def part(x: Tensor) -> Tensor:
        restored: Tensor = restorer(x[:, :channels], x[:, channels:])
        return restored

    told = found.start if found.maps is None else torch.cat((found.start, found.maps), dim=1)
    return network.run(part, told, sigma=found.variance.sqrt())
