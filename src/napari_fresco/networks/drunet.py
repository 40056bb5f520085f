"""DRUNet, the residual U-Net denoiser of DPIR.

Reference: K. Zhang et al., "Plug-and-Play Image Restoration with Deep
Denoiser Prior", IEEE TPAMI 44(10), 2022, doi:10.1109/TPAMI.2021.3088914.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .facts import FLOAT32, LIVE_ACTIVATIONS, NetworkFacts, convolutions, unet_halo
from .fusing import residual
from .layers import conv3
from .unet import UNet, double, halve


class ResBlock(nn.Module):
    """``x + conv(relu(conv(x)))`` without biases."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = (conv3(channels, channels, bias=False) for _ in range(2))
        self.res = nn.Sequential(first, nn.ReLU(inplace=True), second)

    def forward(self, x: Tensor) -> Tensor:
        return residual(self.res, x)


class DRUNet(UNet):
    """Residual U-Net with four scales, additive skips and no biases.

    Being bias-free with ReLUs it is positively homogeneous:
    ``f(a x, a sigma) = a f(x, sigma)`` for ``a > 0``.

    Parameters
    ----------
    in_nc : int
        Input channels: those of the image and one noise-level map.
    out_nc : int
        Channels of the image.
    nc : sequence of four int
        Widths of the scales.
    nb : int
        Residual blocks at each scale.

    Notes
    -----
    ``forward`` takes ``(N, in_nc, H, W)``, image channels first and the map
    (sigma in the units of the image) last, H and W multiples of 8, and returns
    the clean image ``(N, out_nc, H, W)``: no residual, nothing clamped.
    """

    m_head: nn.Conv2d
    m_down1: nn.Sequential
    m_down2: nn.Sequential
    m_down3: nn.Sequential
    m_tail: nn.Conv2d

    def __init__(
        self, in_nc: int = 4, out_nc: int = 3, nc: Sequence[int] = (64, 128, 256, 512), nb: int = 4
    ) -> None:
        super().__init__()
        self.m_head = conv3(in_nc, nc[0], bias=False)
        self.m_down1 = _down(nc[0], nc[1], nb)
        self.m_down2 = _down(nc[1], nc[2], nb)
        self.m_down3 = _down(nc[2], nc[3], nb)
        # The authors' checkpoints name the body of a one-block network without an index.
        blocks = [ResBlock(nc[3]) for _ in range(nb)]
        self.m_body = nn.Sequential(*blocks) if nb > 1 else blocks[0]
        self.m_up3 = _up(nc[3], nc[2], nb)
        self.m_up2 = _up(nc[2], nc[1], nb)
        self.m_up1 = _up(nc[1], nc[0], nb)
        self.m_tail = conv3(nc[0], out_nc, bias=False)

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        channels = self.m_tail.out_channels
        takes_sigma = self.m_head.in_channels == channels + 1
        widths = [self.m_head.out_channels]
        widths += [
            convolutions(d)[-1].out_channels for d in (self.m_down1, self.m_down2, self.m_down3)
        ]
        skips = sum(width // 4**level for level, width in enumerate(widths))
        return NetworkFacts(
            architecture='drunet',
            channels=channels,
            takes_sigma=takes_sigma,
            map_channel=takes_sigma,
            multiple=8,
            grid=8,
            halo=unet_halo(len(self.m_down1) - 1),
            sigma_range=(0.0, 50 / 255),
            bytes_per_pixel=FLOAT32 * (LIVE_ACTIVATIONS * widths[0] + skips),
        )


def _down(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    layers: list[nn.Module] = [ResBlock(inputs) for _ in range(blocks)]
    return nn.Sequential(*layers, halve(inputs, outputs))


def _up(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(double(inputs, outputs), *(ResBlock(outputs) for _ in range(blocks)))
