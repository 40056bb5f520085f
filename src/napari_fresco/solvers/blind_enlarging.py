"""Blind super-resolution by one pass of BSRGAN, BSRNet or another enlarging network.

References
----------
K. Zhang, J. Liang, L. Van Gool, R. Timofte, "Designing a Practical Degradation
Model for Deep Blind Image Super-Resolution", ICCV 2021,
doi:10.1109/ICCV48922.2021.00475.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..physics.problem import Problem
from ..runtime.tools import Tools
from ..types import Step
from .method_network import colourwise, lent

if TYPE_CHECKING:
    from ..declare.common_parameters import NetworkParameters


def bsrgan(problem: Problem, params: NetworkParameters, tools: Tools) -> Iterator[Step]:
    """Enlarge one plane whose blur, noise and compression are not known.

    `problem`: task super_resolve; of its degradation only the scale is used.
    `params`: names the weights, which are made for one scale.
    `tools`: lends the network.
    Yields the only one. It has no residual: nobody knows what would have to agree with the
        observation.
    """
    network = lent(
        tools,
        params.model,
        'bsrgan',
        channels=problem.y.shape[1],
        task='super_resolve',
        scale=problem.degradation.scale,
        architectures=('rrdbnet', 'foreign'),
    )
    yield Step(1, 1, colourwise(network, problem.y, network.facts.channels))
