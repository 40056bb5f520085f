"""Layers that several networks are made of, and their counts in a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable

from torch import Tensor, nn

from .fusing import Layers
from .precision import full_precision


def conv3(inputs: int, outputs: int, bias: bool = True) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps the size."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)


def chain(inputs: int, width: int, outputs: int, depth: int, act_mode: str) -> Layers:
    """Return `depth` convolutions with ReLU between; 'BR' normalises the hidden ones before it."""
    layers: list[nn.Module] = [conv3(inputs, width), nn.ReLU(inplace=True)]
    for _ in range(depth - 2):
        layers.append(conv3(width, width))
        if act_mode == 'BR':
            layers.append(nn.BatchNorm2d(width, momentum=0.9, eps=1e-4))
        layers.append(nn.ReLU(inplace=True))
    return Layers(*layers, conv3(width, outputs))


def doubled(x: Tensor) -> Tensor:
    """Return `x` at twice its size, each pixel repeated."""
    return nn.functional.interpolate(x, scale_factor=2, mode='nearest')


def without_noise(network: nn.Sequential, x: Tensor) -> Tensor:
    """Return `x` less the noise that a chain of layers finds, the last one in full precision."""
    hidden = network[:-1](x)
    with full_precision(x):
        noise: Tensor = network[-1](hidden.to(x.dtype))
    return x - noise


def count_parts(names: Iterable[str], pattern: str) -> int:
    """Return the number of numbered parts whose names begin like `pattern`, from 0 to the last."""
    found = (re.match(pattern, name) for name in names)
    return 1 + max((int(match[1]) for match in found if match), default=-1)
