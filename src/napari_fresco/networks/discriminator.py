"""The discriminator that BSRGAN is trained against; no method needs it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .vdir_training import SpectralConv

_SLOPE = 0.2  # of LeakyReLU below zero


class UNetDiscriminator(nn.Module):
    """Image ``(N, channels, H, W)`` to an answer for every pixel, ``(N, 1, H, W)``.

    Twice halved and enlarged again, so that it sees structures of some thirty
    pixels. All layers but the first and the last are spectrally normalised.

    `channels`: of the image.
    `width`: features at full resolution; four times as many at a quarter of it.
    """

    def __init__(self, channels: int = 3, width: int = 16) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(channels, width, 3, padding=1)
        self.down1 = SpectralConv(width, 2 * width, stride=2)
        self.down2 = SpectralConv(2 * width, 4 * width, stride=2)
        self.middle = SpectralConv(4 * width, 4 * width)
        self.up2 = SpectralConv(4 * width, 2 * width)
        self.up1 = SpectralConv(2 * width, width)
        self.conv_out = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        whole = _rectified(self.conv_in(x))
        half = _rectified(self.down1(whole))
        quarter = _rectified(self.middle(_rectified(self.down2(half))))
        half = half + _rectified(self.up2(_enlarged(quarter, half)))
        whole = whole + _rectified(self.up1(_enlarged(half, whole)))
        answers: Tensor = self.conv_out(whole)
        return answers


def _rectified(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[-2:], mode='bilinear', align_corners=False)
