"""DRUNet with its residual blocks in 8-bit integers, for processors that multiply these fastest.

What passes from the first to the last layer stays in float32; rounded is what
the blocks add to it. Reference: B. Jacob et al., "Quantization and Training of
Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018,
doi:10.1109/CVPR.2018.00286.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from .drunet import DRUNet, ResBlock

_MARGIN = 1.1
"""How much larger activations may become than on the drawn scenes, before they are clipped."""

_SHARE = 0.75
"""Power of the largest value of a channel that its step follows: one spares the activations, which
are then rounded alike, zero the weights."""

_SIDE = 96
_SIGMAS = (10 / 255, 25 / 255, 50 / 255)
_ZERO = 128  # the code of zero where values have both signs
_CODES = 255
_FLOOR = 0.02
_LEAST = 1e-30
_ONE = [1, 1]


def in_integers(network: DRUNet) -> DRUNet:
    """Return a twin of `network` whose residual blocks compute in integers.

    Activations are rounded to 256 levels, the weights of each output channel
    to 255. The levels are laid once, by the largest activations on drawn
    scenes of amplitude one: they are the same for every image, so that an image
    in tiles is restored like the whole. The twin shares all other weights.

    `network`: on the processor, in float32, for images of largest absolute value 1; as it is
        positively homogeneous, others are divided by theirs, and so is sigma.
    Returns the twin, for inference only.
    """
    largest = _largest_activations(network)
    twin = deepcopy(network, {id(p): p for p in network.parameters()})
    for parent in list(twin.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, ResBlock):
                setattr(parent, name, IntegerBlock(child, *largest.pop(0)))
    return twin


class IntegerBlock(nn.Module):
    """``x + conv(relu(conv(x)))`` whose convolutions take 8-bit integers; x stays in float32.

    `block`: what is rounded.
    `largest`, `hidden`: largest absolute value of each channel of its input, and between its
        convolutions.
    """

    def __init__(self, block: ResBlock, largest: Tensor, hidden: Tensor) -> None:
        super().__init__()
        steps, hidden_steps = _steps(largest, _ZERO - 1), _steps(hidden, _CODES)
        self._inverse = (1 / steps)[None, :, None, None]
        self._offset = torch.full_like(self._inverse, _ZERO + 0.5)  # truncation rounds then
        self._first = _Convolution(block.res[0], steps, _ZERO, hidden_steps)
        self._second = _Convolution(block.res[2], hidden_steps, 0, None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block for float32 ``(N, C, H, W)``."""
        codes = torch.addcmul(self._offset, x, self._inverse).clamp_(0, _CODES).to(torch.uint8)
        return x + self._second(self._first(codes))


class _Convolution:
    """A convolution of 3 x 3 without bias that takes codes, by oneDNN.

    `convolution`: what is rounded.
    `steps`: what one code is worth in each channel of the input.
    `zero`: code of zero in the input.
    `to`: what one code of the rectified output is to be worth; None for an output in float32.
    """

    def __init__(self, convolution: nn.Module, steps: Tensor, zero: int, to: Tensor | None) -> None:
        assert isinstance(convolution, nn.Conv2d)
        weight = convolution.weight.detach().float() * steps[None, :, None, None]
        scales = (weight.abs().amax((1, 2, 3)) / (_ZERO - 1)).clamp_min(_LEAST)
        codes = _rounded(weight / scales[:, None, None, None]).to(torch.int8)
        packed = torch.ops.onednn.qconv_prepack(codes, scales, 1.0, 0, _ONE, _ONE, _ONE, 1, None)
        scales = scales if to is None else scales / to
        zeros = torch.zeros(len(scales), dtype=torch.int32)
        kind, after = (torch.float32, 'none') if to is None else (torch.uint8, 'relu')
        self._weights: tuple[Any, ...] = (
            1.0,
            zero,
            packed,
            scales,
            zeros,
            None,
            _ONE,
            _ONE,
            _ONE,
            1,
        )
        self._output: tuple[Any, ...] = (1.0, 0, kind, after, [], '')

    def __call__(self, x: Tensor) -> Tensor:
        """Return the convolution of codes ``(N, C, H, W)``."""
        result: Tensor = torch.ops.onednn.qconv2d_pointwise(x, *self._weights, *self._output)
        return result


def _rounded(weight: Tensor) -> Tensor:
    """Return whole numbers near the weights ``(O, I, 3, 3)``, of which each filter has the sum.

    Even areas then come out as they were, up to half a code: rounded one by one, the errors of a
    filter add up, and rectified activations, which have a mean, turn that into a shift.
    """
    codes = weight.round().flatten(2)
    left = weight.flatten(2) - codes
    missing = left.sum(-1, keepdim=True).round()
    order = (left * missing.sign()).argsort(-1, descending=True)
    ranks = torch.empty_like(order).scatter_(
        -1, order, torch.arange(order.shape[-1]).expand_as(order)
    )
    codes += missing.sign() * (ranks < missing.abs())
    return codes.clamp_(1 - _ZERO, _ZERO - 1).reshape(weight.shape)


def _steps(largest: Tensor, codes: int) -> Tensor:
    """Return what one of `codes` is to be worth in each channel."""
    most = largest.max().clamp_min(_LEAST)
    return _MARGIN * most * (largest / most).clamp_min(_FLOOR) ** _SHARE / codes


def _largest_activations(network: DRUNet) -> list[tuple[Tensor, Tensor]]:
    """Return the largest input of each residual block, and between its layers, on drawn scenes."""
    found: list[Tensor] = []

    def watch(block: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(block, ResBlock)
        (x,) = given
        found.extend((x.abs().amax((0, 2, 3)), block.res[0](x).amax((0, 2, 3)).clamp_min(0)))

    blocks = [module for module in network.modules() if isinstance(module, ResBlock)]
    hooks = [block.register_forward_pre_hook(watch) for block in blocks]
    try:
        with torch.inference_mode():
            network(_scenes(network.describe().channels))
    finally:
        for hook in hooks:
            hook.remove()
    return list(zip(found[::2], found[1::2], strict=True))


def _scenes(channels: int) -> Tensor:
    """Return noisy drawings of amplitude one with their maps of sigma, ``(N, channels + 1, H, W)``.

    Overlapping discs of all sizes, gratings of all frequencies, and spots on dark ground.
    """
    draw = torch.Generator().manual_seed(0)
    pixels = torch.arange(_SIDE, dtype=torch.float32)
    y, x = torch.meshgrid(pixels, pixels, indexing='ij')
    discs = torch.full((channels, _SIDE, _SIDE), 0.5)
    for _ in range(200):
        row, column, size = (torch.rand(3, generator=draw) * _SIDE).tolist()
        inside = (y - row).square() + (x - column).square() < (2 + size**2 / 3 / _SIDE) ** 2
        discs[:, inside] = torch.rand((channels, 1), generator=draw)
    grating = (0.5 + 0.5 * torch.cos(x * (x + 2 * y) / 50)).expand_as(discs)
    spots = (torch.rand((1, _SIDE, _SIDE), generator=draw) > 0.995).float()
    spots = nn.functional.avg_pool2d(spots, 3, 1, 1).mul(9).clamp(max=1).expand_as(discs)
    scenes = []
    for scene in (discs, grating, spots):
        for sigma in _SIGMAS:
            noisy = scene + sigma * torch.randn(scene.shape, generator=draw)
            amplitude = noisy.abs().max()
            level = torch.full_like(noisy[:1], sigma)
            scenes.append(torch.cat((noisy, level)) / amplitude)
    return torch.stack(scenes)
