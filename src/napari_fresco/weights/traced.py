"""A checkpoint as a graph that runs without this package, with an image to try it on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .. import samples
from ..errors import WeightsError
from ..networks.facts import Network
from ..silence import without_warnings
from .registry import Entry

TRACEABLE = ('dncnn', 'drunet', 'ffdnet', 'rrdbnet', 'scunet')
"""Architectures that take an image, or an image and a noise level, and return an image."""

EPSILON = 1e-6
"""Added to the range of an image before it is divided by it, as bioimage.io prescribes."""

_SIDE = 128  # px: least side of the example
_SIGMA = 25 / 255  # noise level that the example tells


class _OfImageAndLevel(nn.Module):
    """A network whose noise level is a tensor ``(N, 1)``, wherever it takes it inside."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network, self.as_channel = network, network.facts.map_channel

    def forward(self, image: Tensor, sigma: Tensor) -> Tensor:
        level = sigma.reshape(-1, 1, 1, 1)
        if not self.as_channel:
            clean: Tensor = self.network(image, level)
            return clean
        noise_map = level.expand(-1, 1, *image.shape[-2:])
        clean = self.network(torch.cat((image, noise_map), dim=1))
        return clean


@dataclass(frozen=True, eq=False)
class Traced:
    """A network as TorchScript, and its output for an example.

    `graph`: takes ``(N, C, H, W)`` in [0, 1], and the noise level ``(N, 1)`` where it is told one.
    `least`, `step`: sides of images: `least`, and any number of `step` more.
    `halo`: pixels at the rim of a tile of the input that are not what they are in the whole.
    `image`: the example, float32 in units of its own.
    `sigma`: noise level that it is told, in units of the scaled image; None for blind networks.
    `clean`: what the network makes of it.
    """

    graph: torch.jit.ScriptModule
    least: int
    step: int
    halo: int
    image: NDArray[np.float32]
    sigma: NDArray[np.float32] | None
    clean: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write the graph."""
        self.graph.save(str(path))


def trace(known: Entry, network: Network) -> Traced:
    """Record the operations of a network, for images of every size that it takes.

    Raises WeightsError for networks that need more than an image and a noise level.
    """
    facts = network.facts
    if facts.architecture not in TRACEABLE:
        raise WeightsError(
            f'{known.name} cannot be exported: a {facts.architecture} takes more than an image and '
            f'a noise level; export weights of {", ".join(TRACEABLE)}'
        )
    least = 2 * facts.context + max(facts.grid, facts.multiple)
    side = least + -(-max(_SIDE - least, 0) // facts.grid) * facts.grid
    image = _example(facts.channels, side)
    sigma = np.full((1, 1), _SIGMA, np.float32) if facts.takes_sigma else None
    given = tuple(torch.from_numpy(a) for a in (_scaled(image), sigma) if a is not None)
    told = _OfImageAndLevel(network).eval() if facts.takes_sigma else network
    # What torch recommends instead cannot be read by other programs.
    with torch.no_grad(), without_warnings():
        graph = torch.jit.trace(told, given, check_trace=False)  # type: ignore[no-untyped-call]
        clean = graph(*given).numpy()
    return Traced(graph, least, facts.grid, facts.context, image, sigma, clean)


def _scaled(image: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = image.min(), image.max()
    scaled: NDArray[np.float32] = (image - low) / (high - low + np.float32(EPSILON))
    return scaled


def _example(channels: int, side: int) -> NDArray[np.float32]:
    """Return a part of a sample that comes with the package, ``(1, C, side, side)``."""
    picture = samples.micrograph().image[..., None] if channels == 1 else samples.mural().image
    part = picture[:side, :side].astype(np.float32)
    return np.ascontiguousarray(np.moveaxis(part, -1, 0))[None]
