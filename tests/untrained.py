"""Networks with random parameters, and tools that lend one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from napari_fresco.networks.facts import facts_of
from napari_fresco.runtime.tiled_network import TiledNetwork


def rand(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def drawn(network: nn.Module) -> Any:
    """Draw parameters with which the blocks do something, the biases of the windows too."""
    generator = torch.Generator().manual_seed(0)
    for p in network.parameters():
        scale = 0.5 if p.ndim == 3 else 0.1 if p.ndim == 1 else p[0].numel() ** -0.5
        p.data = torch.randn(p.shape, generator=generator) * scale
    return network.eval().requires_grad_(False)


def check_autocast(network: nn.Module, x: Tensor) -> None:
    """Check that bfloat16 inside a network is used, and hardly changes its result in float32."""
    with torch.autocast('cpu', torch.bfloat16):
        fast = network(x)
    expected = network(x)
    assert fast.dtype == torch.float32
    assert not torch.equal(fast, expected)
    assert (fast - expected).square().mean().sqrt() < 0.02 * expected.std()


class Tools:
    """Lends one network whatever it is asked for.

    `scales`: that the network is made for, by default its own one.
    """

    device = torch.device('cpu')

    def __init__(
        self, network: nn.Module, tile: int | None = None, scales: tuple[int, ...] = ()
    ) -> None:
        network.facts = facts = facts_of(network)
        network.scales = scales or (facts.scale,)
        network.weights_name, network.weights_sha256 = 'test', '0' * 64
        self.lent = TiledNetwork(network, device=self.device, precision='float32', tile=tile)

    def network(self, name: str) -> TiledNetwork:
        return self.lent
