"""The two estimators of VIRNet: SNet for the noise and KNet for the blur kernel.

Reference: Z. Yue et al., "Deep Variational Network Toward Blind Image
Restoration", IEEE TPAMI, 2024, arXiv:2008.10796.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .fusing import Layers, rectified
from .layers import conv3
from .precision import full_precision, to_autocast

VARIANCE_RANGE = (1e-10, 1e2)
"""What SNet can answer: a variance in squared units of an image in [0, 1]."""

KERNEL_VARIANCE_RANGE = (1e-4, 1e2)
"""What KNet can answer for the variances of the kernel, in squared pixels."""

_SNET_SLOPE = 0.25
_KNET_SLOPE = 0.2
_REDUCTION = 16


class SNet(nn.Module):
    """Plain 3x3 convolutions from an image to the logarithm of its noise variance.

    `in_channels`: channels of the image.
    `out_channels`: 1 for one variance shared by the channels, or one per channel.
    `dep`: number of convolutions, at least 2.
    `num_filters`: width of the hidden layers.
    `noise_avg`: average the logarithm over the image, for noise that is the same everywhere.

    ``forward`` takes ``(N, in_channels, H, W)`` and returns the logarithm,
    ``(N, out_channels, H, W)`` or, averaged, ``(N, out_channels, 1, 1)``;
    :func:`variance` makes a variance of it. Under autocast the first and last
    layers stay in full precision.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        dep: int = 5,
        num_filters: int = 64,
        noise_avg: bool = False,
    ) -> None:
        super().__init__()
        self.noise_avg = noise_avg
        self.conv1 = conv3(in_channels, num_filters)
        layers: list[nn.Module] = []
        for _ in range(dep - 2):
            layers += [conv3(num_filters, num_filters), nn.LeakyReLU(_SNET_SLOPE, inplace=True)]
        self.mid_layer = Layers(*layers)
        self.conv_last = conv3(num_filters, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        log = self.log_map(x)
        return log.mean(dim=(2, 3), keepdim=True) if self.noise_avg else log

    def log_map(self, x: Tensor) -> Tensor:
        """Return the logarithm of the variance at every pixel, ``(N, out_channels, H, W)``.

        It looks :attr:`reach` pixels far, so that it may be computed in tiles
        and averaged afterwards.
        """
        with full_precision(x):
            first = rectified(self.conv1, x, _SNET_SLOPE)
        hidden: Tensor = self.mid_layer(to_autocast(first))
        with full_precision(x):
            log: Tensor = self.conv_last(hidden.to(x.dtype))
        return log

    @property
    def reach(self) -> int:
        """Radius of the receptive field in pixels."""
        return 2 + len(self.mid_layer) // 2


class KNet(nn.Module):
    """Residual blocks with channel attention, from an image to one Gaussian blur kernel.

    `in_nc`: channels of the image.
    `out_chn`: parameters of the kernel.
    `nf`: width, at least 16.
    `num_blocks`: residual blocks.

    ``forward`` takes ``(N, in_nc, H, W)`` and returns ``(N, out_chn)``, which
    :func:`kernel_parameters` makes variances and a correlation of. Attention
    and answer average over the image, so it must see the image whole. It does
    so at a quarter of the resolution.
    """

    def __init__(self, in_nc: int = 3, out_chn: int = 3, nf: int = 64, num_blocks: int = 8) -> None:
        super().__init__()
        self.head = nn.Conv2d(in_nc, nf, 9, stride=4, padding=4, bias=False)
        self.body = nn.Sequential(*(_KernelBlock(nf) for _ in range(num_blocks)))
        # A sequence of one, as the authors' checkpoints name it.
        self.tail = nn.Sequential(conv3(nf, out_chn))

    def forward(self, x: Tensor) -> Tensor:
        with full_precision(x):
            first: Tensor = self.head(x)
        hidden: Tensor = self.body(to_autocast(first))
        with full_precision(x):
            maps: Tensor = self.tail(hidden.to(x.dtype))
        return maps.mean(dim=(2, 3))


def variance(log: Tensor) -> Tensor:
    """Return the variance from its logarithm, kept inside :data:`VARIANCE_RANGE`."""
    return _bounded_exp(log, VARIANCE_RANGE)


def kernel_parameters(raw: Tensor) -> Tensor:
    r"""Return the parameters of Gaussian kernels.

    `raw`: answer of :class:`KNet`, ``(N, 3)``.
    Returns ``(N, 3)``: the variances :math:`\lambda_1^2` and :math:`\lambda_2^2` along x (columns)
        and y (rows) in squared pixels of the enlarged image, inside :data:`KERNEL_VARIANCE_RANGE`,
        and the correlation :math:`\rho = \tanh(\cdot)`.
    """
    variances = _bounded_exp(raw[:, :2], KERNEL_VARIANCE_RANGE)
    return torch.cat((variances, raw[:, 2:].to(variances.dtype).tanh()), dim=1)


def _bounded_exp(log: Tensor, bounds: tuple[float, float]) -> Tensor:
    # An exponential in eight bits would round the noise level by half a per cent.
    precise = log if log.dtype == torch.float64 else log.float()
    return precise.clamp(math.log(bounds[0]), math.log(bounds[1])).exp()


class _KernelBlock(nn.Module):
    """``x + attention(conv(lrelu(conv(x))))``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Layers(
            conv3(channels, channels),
            nn.LeakyReLU(_KNET_SLOPE, inplace=True),
            conv3(channels, channels),
            _ChannelAttention(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.body(x)
        return x + residual


class _ChannelAttention(nn.Module):
    """Multiply each channel by a weight that depends on the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Layers(
            nn.Conv2d(channels, channels // _REDUCTION, 1),
            nn.LeakyReLU(_KNET_SLOPE, inplace=True),
            nn.Conv2d(channels // _REDUCTION, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        weight: Tensor = self.body(x.mean(dim=(2, 3), keepdim=True))
        return x * weight
