"""SCUNet, the Swin-Conv U-Net for denoising of unknown strength and kind.

Reference: K. Zhang et al., "Practical Blind Image Denoising via Swin-Conv-UNet
and Data Synthesis", Machine Intelligence Research 20, 2023,
doi:10.1007/s11633-023-1466-0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ParameterError
from .facts import FLOAT32, NetworkFacts
from .fusing import added, residual
from .layers import conv3
from .unet import UNet, double, halve
from .window_attention import WindowAttention

_STAGES = ('m_down1', 'm_down2', 'm_down3', 'm_body', 'm_up3', 'm_up2', 'm_up1')
_DEPTHS = (0, 1, 2, 3, 2, 1, 0)  # how often the resolution of each stage has been halved
_COARSEST = 8
_EXPANSION = 4
_LIVE_ACTIVATIONS = 14  # at full resolution at once, from peak memory measured with 64 channels


class SwinBlock(nn.Module):
    """Transformer block on tokens ``(N, H, W, C)``: window attention, then a perceptron.

    ``t = t + attention(norm(t))``, then ``t = t + mlp(norm(t))``.
    """

    def __init__(self, dim: int, head_dim: int, window_size: int, *, shifted: bool) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(dim)
        self.msa = WindowAttention(dim, head_dim, window_size, shifted=shifted)
        self.ln2 = nn.LayerNorm(dim)
        wide = _EXPANSION * dim
        self.mlp = nn.Sequential(nn.Linear(dim, wide), nn.GELU(), nn.Linear(wide, dim))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.msa(self.ln1(tokens))
        residual: Tensor = self.mlp(self.ln2(tokens))
        return tokens + residual


class SwinConvBlock(nn.Module):
    """Residual block: half of the channels pass convolutions, half a transformer block.

    `conv_dim`, `trans_dim`: channels of the convolutions (the first ones) and of the transformer.
    `head_dim`, `window_size`, `shifted`: see
        :class:`~napari_fresco.networks.window_attention.WindowAttention`.
    """

    def __init__(
        self, conv_dim: int, trans_dim: int, head_dim: int, window_size: int, *, shifted: bool
    ) -> None:
        super().__init__()
        self.widths = conv_dim, trans_dim
        width = conv_dim + trans_dim
        self.trans_block = SwinBlock(trans_dim, head_dim, window_size, shifted=shifted)
        self.conv1_1 = nn.Conv2d(width, width, 1)
        self.conv1_2 = nn.Conv2d(width, width, 1)
        self.conv_block = nn.Sequential(
            conv3(conv_dim, conv_dim, bias=False),
            nn.ReLU(inplace=True),
            conv3(conv_dim, conv_dim, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        local, distant = self.conv1_1(x).split(self.widths, dim=1)
        local = residual(self.conv_block, local)
        distant = self.trans_block(distant.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return added(self.conv1_2, torch.cat((local, distant), dim=1), x)


class SCUNet(UNet):
    """U-Net with four scales and additive skips, made of Swin-Conv blocks.

    Parameters
    ----------
    in_nc : int
        Channels of the image.
    config : sequence of seven int
        Blocks of each stage, from the first to the last.
    dim : int
        Channels at full resolution; they double with each coarser scale.
    head_dim : int
        Length of an attention head.
    window_size : int
        Side of the attention windows, at each scale in its own pixels.
    input_resolution : int
        Stages that would have at most `window_size` pixels a side for an image
        of this side do not shift their windows.

    Notes
    -----
    ``forward`` takes ``(N, in_nc, H, W)`` of any size and returns the clean
    image, not a residual and unclamped. Right and bottom are continued by
    replication to a multiple of ``8 * window_size``. There is no noise level to
    tell.

    Raises
    ------
    ParameterError
        When half of `dim` is no multiple of `head_dim`.
    """

    m_head: nn.Sequential
    m_up1: nn.Sequential
    m_tail: nn.Sequential

    def __init__(
        self,
        in_nc: int = 3,
        config: Sequence[int] = (4,) * 7,
        dim: int = 64,
        head_dim: int = 32,
        window_size: int = 8,
        input_resolution: int = 256,
    ) -> None:
        super().__init__()
        if dim % (2 * head_dim):
            raise ParameterError(
                f'scunet dim = {dim} does not give whole heads; half of it must be a multiple of '
                f'head_dim = {head_dim}'
            )
        self.in_nc, self.dim, self.window_size = in_nc, dim, window_size
        self.config = tuple(config)
        stages = []
        for depth, count in zip(_DEPTHS, config, strict=True):
            half, moves = dim * 2**depth // 2, input_resolution // 2**depth > window_size
            shifts = [moves and i % 2 == 1 for i in range(count)]
            stages.append(
                [SwinConvBlock(half, half, head_dim, window_size, shifted=s) for s in shifts]
            )
        down1, down2, down3, body, up3, up2, up1 = stages
        self.m_head = nn.Sequential(conv3(in_nc, dim, bias=False))
        self.m_down1 = nn.Sequential(*down1, halve(dim, 2 * dim))
        self.m_down2 = nn.Sequential(*down2, halve(2 * dim, 4 * dim))
        self.m_down3 = nn.Sequential(*down3, halve(4 * dim, 8 * dim))
        self.m_body = nn.Sequential(*body)
        self.m_up3 = nn.Sequential(double(8 * dim, 4 * dim), *up3)
        self.m_up2 = nn.Sequential(double(4 * dim, 2 * dim), *up2)
        self.m_up1 = nn.Sequential(double(2 * dim, dim), *up1)
        self.m_tail = nn.Sequential(conv3(dim, in_nc, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        multiple = _COARSEST * self.window_size
        x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode='replicate')
        return super().forward(x)[..., :height, :width]

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        return NetworkFacts(
            architecture='scunet',
            channels=self.in_nc,
            takes_sigma=False,
            map_channel=False,
            multiple=1,
            mirrored=True,
            grid=_COARSEST * self.window_size,
            halo=self._halo(),
            sigma_range=(0.0, 50 / 255),
            bytes_per_pixel=FLOAT32 * _LIVE_ACTIVATIONS * self.dim,
        )

    def _halo(self) -> int:
        """Return a bound of the receptive-field radius: each block reaches across one window."""
        reach = max(self.window_size - 1, 2)
        cells = sum((n * reach) << d for n, d in zip(self.config, _DEPTHS, strict=True))
        return cells + _COARSEST + 1  # a coarsest pixel is seen whole; the tail adds one


def config_from(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Return architecture and configuration of a SCUNet checkpoint.

    A checkpoint does not say its `input_resolution`; 256, with which all
    published ones were made, is taken.

    Raises KeyError when a parameter that every SCUNet has is absent.
    """
    head = tensors['m_head.0.weight']
    dim, in_nc = head.shape[:2]
    bias = tensors['m_down1.0.trans_block.msa.relative_position_params']
    found = (re.match(r'(m_\w+)\.(\d+)\.trans_block\.', name) for name in tensors)
    blocks = {(match[1], match[2]) for match in found if match}
    config = [sum(stage == name for stage, _ in blocks) for name in _STAGES]
    return 'scunet', {
        'in_nc': in_nc,
        'config': config,
        'dim': dim,
        'head_dim': dim // 2 // max(bias.shape[0], 1),
        'window_size': (bias.shape[1] + 1) // 2,
    }
