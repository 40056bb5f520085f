"""Convolutions that rectify or add their result while they have it at hand.

A rectifier, and the sum of a residual block, do next to nothing for each number but fetch and
store all of them once more, which in bfloat16 takes as long as the convolution before. oneDNN does
both in the same pass. Results are those of the separate layers, but for sums in bfloat16, which are
rounded once and not twice. What is not a number comes out of such a rectifier as zero, so that
whoever calls a network looks at what goes in.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .precision import to_autocast


class Layers(nn.Sequential):
    """A sequence whose convolutions take the rectifiers that follow them along."""

    def forward(self, x: Tensor) -> Tensor:
        waiting: nn.Conv2d | None = None
        for layer in self:
            if waiting is not None:
                slope = _slope(layer)
                if slope is not None:
                    x, waiting = rectified(waiting, x, slope), None
                    continue
                x = waiting(x)
            waiting = layer if isinstance(layer, nn.Conv2d) else None
            if waiting is None:
                x = layer(x)
        return x if waiting is None else waiting(x)


def rectified(convolution: nn.Conv2d, x: Tensor, slope: float = 0.0) -> Tensor:
    """Return the rectified convolution of `x`; values below zero are multiplied by `slope`."""
    x = to_autocast(x)
    if not _fuses(convolution, x):
        result: Tensor = convolution(x)
        return F.leaky_relu_(result, slope) if slope else F.relu_(result)
    kind, numbers = ('leaky_relu', [slope]) if slope else ('relu', [])
    fused: Tensor = _operator()(x, *_of(convolution, x), kind, numbers, '')
    return fused


def added(convolution: nn.Conv2d, x: Tensor, to: Tensor) -> Tensor:
    """Return `to` plus the convolution of `x`."""
    x = to_autocast(x)
    if to.dtype != x.dtype or not _fuses(convolution, x):
        change: Tensor = convolution(x)
        return to + change
    weights = _of(convolution, x)
    result: Tensor = _operator().binary(x, to, *weights, 'add', 1.0, None, [], None)
    return result


def residual(layers: nn.Sequential, x: Tensor) -> Tensor:
    """Return `x` plus what a convolution, a rectifier and a convolution make of it."""
    first, _, second = layers
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.Conv2d)
    return added(second, rectified(first, x), x)


def _operator() -> Any:
    return torch.ops.mkldnn._convolution_pointwise  # noqa: SLF001


def _of(convolution: nn.Conv2d, x: Tensor) -> tuple[Any, ...]:
    """Return the arguments that describe a convolution, in the precision of `x`."""
    c = convolution
    bias = None if c.bias is None else c.bias.to(x.dtype)
    return c.weight.to(x.dtype), bias, c.padding, c.stride, c.dilation, c.groups


def _slope(layer: nn.Module) -> float | None:
    """Return the slope of a rectifier below zero, None of another layer."""
    if isinstance(layer, nn.ReLU):
        return 0.0
    return float(layer.negative_slope) if isinstance(layer, nn.LeakyReLU) else None


def _fuses(convolution: nn.Conv2d, x: Tensor) -> bool:
    """Say whether a convolution may do more: for results alone, and where oneDNN has it."""
    if x.device.type != 'cpu' or x.dtype not in (torch.float32, torch.bfloat16):
        return False
    learns = x.requires_grad or convolution.weight.requires_grad
    if torch.is_grad_enabled() and learns:
        return False
    if torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None:  # noqa: SLF001
        return False  # others read what is recorded
    return bool(torch.backends.mkldnn.enabled) and _offered(x.dtype)


@cache
def _offered(kind: torch.dtype) -> bool:
    """Say whether this build of torch has the operators, and this processor that precision."""
    own = torch.ops.mkldnn
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (there and hasattr(own, '_convolution_pointwise')):
        return False
    return kind == torch.float32 or bool(own._is_mkldnn_bf16_supported())  # noqa: SLF001
