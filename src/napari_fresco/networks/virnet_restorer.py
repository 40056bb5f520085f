"""RNet, the U-Net of VIRNet that restores an image from itself and maps of its degradation.

Reference: Z. Yue et al., "Deep Variational Network Toward Blind Image
Restoration", IEEE TPAMI, 2024, arXiv:2008.10796.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ParameterError
from .fusing import added, rectified
from .layers import conv3
from .precision import full_precision, to_autocast

ExtraMode = Literal['Null', 'Input', 'Down', 'Both']

_SLOPE = 0.2
_LEAST_SCALED = 8  # the layers that scale and shift begin with an eighth of the features


class RNet(nn.Module):
    """U-Net of residual blocks with additive skips, plus its own input.

    `in_chn`, `out_chn`: channels of the image.
    `extra_chn`: channels of the maps that describe the degradation.
    `n_resblocks`: residual blocks at each scale, on either side.
    `n_feat`: widths of the scales.
    `extra_mode`: {'Null', 'Input', 'Down', 'Both'}, Where the maps enter: nowhere, beside the
        image, by scaling and shifting the features of the encoder, or both.
    Raises ParameterError when the features are too few for the layers that scale and shift them.

    ``forward(x, extra)`` takes ``(N, in_chn, H, W)`` and
    ``(N, extra_chn, H, W)`` of any size and returns ``(N, out_chn, H, W)``,
    unclamped. Below and to the right both are mirrored up to multiples of
    :attr:`multiple`; images too small for that repeat their border instead.
    Under autocast the first and last layers and the image that is added stay
    in full precision.
    """

    def __init__(
        self,
        in_chn: int = 3,
        extra_chn: int = 1,
        out_chn: int = 3,
        n_resblocks: int = 3,
        n_feat: Sequence[int] = (96, 192, 288),
        extra_mode: ExtraMode = 'Input',
    ) -> None:
        super().__init__()
        if extra_mode in ('Down', 'Both') and min(n_feat) < _LEAST_SCALED:
            raise ParameterError(
                f'n_feat = {tuple(n_feat)} is too narrow for extra_mode {extra_mode!r}; give at '
                f'least {_LEAST_SCALED} features at each scale'
            )
        self.extra_mode = extra_mode
        beside = extra_chn if extra_mode in ('Input', 'Both') else 0
        inside = extra_chn if extra_mode in ('Down', 'Both') else 0
        coarser: list[int | None] = [*n_feat[1:], None]
        self.head = conv3(in_chn + beside, n_feat[0])
        self.down_path = nn.ModuleList(
            _Encoder(width, following, n_resblocks, inside)
            for width, following in zip(n_feat, coarser, strict=True)
        )
        falling = list(reversed(n_feat))
        self.up_path = nn.ModuleList(
            _Decoder(width, following, n_resblocks) for width, following in pairwise(falling)
        )
        self.tail = conv3(n_feat[0], out_chn)

    def forward(self, x: Tensor, extra: Tensor | None = None) -> Tensor:
        height, width = x.shape[-2:]
        padded = self._padded(x)
        if extra is None or self.extra_mode == 'Null':
            beside, inside = padded, None
        else:
            maps = self._padded(extra.to(x.dtype))
            beside = torch.cat((padded, maps), 1) if self.extra_mode != 'Down' else padded
            inside = maps if self.extra_mode != 'Input' else None
        with full_precision(x):
            first: Tensor = self.head(beside)
        hidden = self._body(to_autocast(first), inside)
        with full_precision(x):
            residual: Tensor = self.tail(hidden.to(x.dtype))
        return x + residual[..., :height, :width]

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the features at each scale."""
        return tuple(encoder.width for encoder in self._encoders)

    @property
    def multiple(self) -> int:
        """Side in pixels of the cells of the coarsest scale."""
        return 1 << len(self.up_path)

    @property
    def halo(self) -> int:
        """Radius of the receptive field in pixels.

        What a pixel of the output sees is followed backwards: every 3x3
        convolution adds one cell on either side, a 2x2 transposed one goes to
        the coarser cells that hold the present ones, and one of stride 2 to the
        finer cells around their corners. It depends on where in a cell of the
        coarsest scale the pixel lies; this is the greatest distance.
        """
        blocks = 2 * len(self._encoders[0].body)
        greatest = 0
        for pixel in range(self.multiple):
            low, high = pixel - 1 - blocks, pixel + 1 + blocks
            for _ in self.up_path:
                low, high = low // 2 - blocks, high // 2 + blocks
            for _ in self.up_path:
                low, high = 2 * low - 1 - blocks, 2 * high + 1 + blocks
            greatest = max(greatest, pixel - low + 1, high - pixel + 1)
        return greatest

    @property
    def _encoders(self) -> list[_Encoder]:
        return [cast('_Encoder', encoder) for encoder in self.down_path]

    def _body(self, hidden: Tensor, extra: Tensor | None) -> Tensor:
        skips: list[Tensor] = []
        step = 1
        for encoder in self._encoders:
            # Every step-th pixel is what nearest-neighbour shrinking takes.
            hidden = encoder(hidden, None if extra is None else extra[..., ::step, ::step])
            if encoder.downsampler is not None:
                skips.append(hidden)
                hidden = encoder.downsampler(hidden)
                step *= 2
        for decoder in self.up_path:
            hidden = decoder(hidden, skips.pop())
        return hidden

    def _padded(self, x: Tensor) -> Tensor:
        below, right = (-n % self.multiple for n in x.shape[-2:])
        if not (below or right):
            return x
        mirrored = below < x.shape[-2] and right < x.shape[-1]
        return F.pad(x, (0, right, 0, below), mode='reflect' if mirrored else 'replicate')


class _Encoder(nn.Module):
    """Residual blocks of one scale and, except at the coarsest, the step to the next."""

    def __init__(self, width: int, following: int | None, blocks: int, extra: int) -> None:
        super().__init__()
        self.width = width
        self.body = nn.ModuleList(_ResBlock(width, extra) for _ in range(blocks))
        self.downsampler = (
            None if following is None else nn.Conv2d(width, following, 3, stride=2, padding=1)
        )

    def forward(self, x: Tensor, extra: Tensor | None) -> Tensor:
        for block in self.body:
            x = block(x, extra)
        return x


class _Decoder(nn.Module):
    """The step from the next coarser scale, the skip, and residual blocks."""

    def __init__(self, coarse: int, width: int, blocks: int) -> None:
        super().__init__()
        self.upsampler = nn.ConvTranspose2d(coarse, width, 2, stride=2)
        self.body = nn.ModuleList(_ResBlock(width, 0) for _ in range(blocks))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.upsampler(x) + skip
        for block in self.body:
            x = block(x, None)
        return x


class _ResBlock(nn.Module):
    """``x + conv2(lrelu(sft2(conv1(lrelu(sft1(x))))))``, the transforms only with maps."""

    def __init__(self, width: int, extra: int) -> None:
        super().__init__()
        self.sft1 = _Transform(extra, width) if extra else None
        self.sft2 = _Transform(extra, width) if extra else None
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(width, width)

    def forward(self, x: Tensor, extra: Tensor | None) -> Tensor:
        t = x if self.sft1 is None else self.sft1(x, extra)
        t = F.leaky_relu(t, _SLOPE)
        if self.sft2 is None:
            t = rectified(self.conv1, t, _SLOPE)
        else:
            t = F.leaky_relu(self.sft2(self.conv1(t), extra), _SLOPE)
        return added(self.conv2, t, x)


class _Transform(nn.Module):
    """Scale and shift features by amounts that the maps decide at each pixel."""

    def __init__(self, extra: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(extra, width // 8, 1)
        self.conv2 = nn.Conv2d(width // 8, width // 4, 1)
        self.mul_conv = nn.Conv2d(width // 4, width, 1)
        self.add_conv = nn.Conv2d(width // 4, width, 1)

    def forward(self, x: Tensor, extra: Tensor) -> Tensor:
        shared = rectified(self.conv2, rectified(self.conv1, extra, _SLOPE), _SLOPE)
        factor, summand = self.mul_conv(shared).sigmoid(), self.add_conv(shared)
        changed: Tensor = x * factor + summand
        return changed
