"""Unfolded half-quadratic splitting: USRNet, and USRGAN with other weights.

A fixed number of iterations whose weights were learnt together with the prior::

    z_i = argmin_z |H z - y|^2 + alpha_i |z - x_(i-1)|^2
    x_i = P(z_i, beta_i)

alpha_i and beta_i are told by a small network from the noise level and the
scale. The data step is the exact one of H, whatever H is.

References
----------
K. Zhang, L. Van Gool, R. Timofte, "Deep Unfolding Network for Image
Super-Resolution", CVPR 2020, doi:10.1109/CVPR42600.2020.00328.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from torch import Tensor

from ..networks.usrnet import USRNet, with_map
from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .annealing import level_of
from .method_network import from_channels, lent, to_channels

if TYPE_CHECKING:
    from ..declare.parameters import USRNetParameters


def usrnet(problem: Problem, params: USRNetParameters, tools: Tools) -> Iterator[Step]:
    """Deblur or enlarge one plane whose blur kernel is known.

    `problem`: task deblur or super_resolve. A noise map counts by its level where
        there is most noise, because the data step of a blur takes one number.
    `params`: names the weights.
    `tools`: lends the network.
    Yields one for each iteration of the network.

    No noise is a noise level like any other: the network was trained with it,
    and the data step does not divide by alpha. Levels above 25/255 lie beyond
    what the authors trained for.
    """
    return _unfold('usrnet', problem, params, tools)


def usrgan(problem: Problem, params: USRNetParameters, tools: Tools) -> Iterator[Step]:
    """Enlarge one plane with the weights that were trained to invent detail; see :func:`usrnet`."""
    return _unfold('usrgan', problem, params, tools)


def _unfold(role: str, problem: Problem, params: USRNetParameters, tools: Tools) -> Iterator[Step]:
    degradation = problem.degradation
    network = lent(
        tools,
        params.model,
        role,
        channels=problem.y.shape[1],
        task=problem.task,
        scale=degradation.scale,
        architectures=('usrnet',),
    )
    module, channels = cast('USRNet', network.module), network.facts.channels
    alphas, betas = _strengths(module, problem)
    y = to_channels(problem.y, channels)
    x = _first(problem, channels)
    for i, (alpha, beta) in enumerate(zip(alphas, betas, strict=True)):
        z = degradation.prox(x, y, alpha)
        x = network.run(module.p, with_map(z, beta), sigma=beta)
        image = from_channels(x, problem.y.shape[1])
        residual = degradation.misfit(image, problem.y).sqrt()
        yield Step(i + 1, len(alphas), image, residual=residual, kernel=degradation.kernel)


def _strengths(module: USRNet, problem: Problem) -> tuple[list[float], list[float]]:
    """Return alpha and beta of all iterations."""
    told = problem.y.new_ones(1, 1, 1, 1) * level_of(problem)
    alphas, betas = module.strengths(told, problem.degradation.scale)
    return alphas.flatten().tolist(), betas.flatten().tolist()


def _first(problem: Problem, channels: int) -> Tensor:
    """Return the estimate to begin with: by default every pixel of y, repeated."""
    if problem.start is not None:
        return to_channels(problem.start, channels)
    scale = problem.degradation.scale
    y = to_channels(problem.y, channels)
    return y.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
