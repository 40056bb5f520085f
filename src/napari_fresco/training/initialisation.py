"""Weights that training starts from: networks that nearly return their input.

Runs here are short. A network that passes the image on from the first step has
only to learn what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

Conv = nn.Conv2d | nn.ConvTranspose2d

SMALL = 0.1
"""Factor for layers that end a residual branch."""
FAINT = 0.002
"""Factor for what a last layer adds to an image that it passes on."""


def scale_for_relu(network: nn.Module, small: Iterable[str]) -> None:
    """Draw the weights of every convolution so that signals keep their size in ReLUs.

    Layers whose name ends with an entry of `small` are :data:`SMALL` times as
    large; biases become zero.
    """
    ends = tuple(small)
    for name, module in network.named_modules():
        if isinstance(module, Conv):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
            if name.endswith(ends):
                module.weight.data.mul_(SMALL)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


@torch.no_grad()
def remove_biases(network: nn.Module) -> None:
    """Set the biases of all convolutions to zero, and let them be no more trained.

    The network stays the authors' architecture, whose files have the zeros.
    """
    for module in network.modules():
        if isinstance(module, Conv) and module.bias is not None:
            module.bias.zero_()
            module.bias.requires_grad_(False)


@torch.no_grad()
def identity_in(layer: nn.Conv2d, channels: int) -> None:
    """Let the first `channels` outputs of a layer be its first inputs, unchanged."""
    layer.weight[:channels] = 0
    for channel in range(channels):
        _centre(layer.weight)[channel, channel] = 1


@torch.no_grad()
def identity_out(layer: nn.Conv2d, channels: int, rest: float = FAINT) -> None:
    """Let a last layer return what :func:`identity_in` has put into its first inputs.

    What it makes of its other inputs is scaled by `rest`.
    """
    layer.weight.mul_(rest)
    layer.weight[:, :channels] = 0
    for channel in range(channels):
        _centre(layer.weight)[channel, channel] = 1


@torch.no_grad()
def remove_means(layer: nn.Conv2d, gain: float) -> None:
    """Let a first layer see differences between neighbours, `gain` times enlarged.

    Noise and blur are in the differences; the image itself drowns them.
    """
    layer.weight.sub_(layer.weight.mean((2, 3), keepdim=True))
    layer.weight.mul_(gain)


@torch.no_grad()
def zero_outputs(layers: Iterable[Conv], channels: int) -> None:
    """Keep layers out of the first `channels` of their outputs."""
    for layer in layers:
        transposed = isinstance(layer, nn.ConvTranspose2d)
        outputs = layer.weight.transpose(0, 1) if transposed else layer.weight
        outputs[:channels] = 0


def _centre(weight: Tensor) -> Tensor:
    rows, columns = weight.shape[-2:]
    return weight[..., rows // 2, columns // 2]
