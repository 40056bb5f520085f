"""RRDBNet, the super-resolution network of ESRGAN, BSRGAN and BSRNet.

References: X. Wang et al., "ESRGAN: Enhanced Super-Resolution Generative
Adversarial Networks", ECCV Workshops 2018, doi:10.1007/978-3-030-11021-5_5;
K. Zhang et al., "Designing a Practical Degradation Model for Deep Blind Image
Super-Resolution", ICCV 2021, doi:10.1109/ICCV48922.2021.00475.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..errors import ParameterError
from .facts import FLOAT32, NetworkFacts
from .fusing import added, rectified
from .layers import conv3, count_parts, doubled
from .precision import full_precision, to_autocast

_SCALES = (2, 4)
_DENSE = 5  # convolutions of a dense block
_SHARE = 0.2  # of a residual that is added
_SLOPE = 0.2  # of LeakyReLU below zero


class DenseBlock(nn.Module):
    """``x + 0.2 f(x)`` with five convolutions, each of which sees all before it."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for i in range(_DENSE):
            outputs = growth if i < _DENSE - 1 else width
            self.add_module(f'conv{i + 1}', conv3(width + i * growth, outputs))

    def forward(self, x: Tensor) -> Tensor:
        *convolutions, last = cast('list[nn.Conv2d]', list(self.children()))
        seen = x
        for convolution in convolutions:
            seen = torch.cat((seen, rectified(convolution, seen, _SLOPE)), dim=1)
        change: Tensor = last(seen)
        return x + _SHARE * change


class RRDB(nn.Module):
    """Residual in residual dense block: ``x + 0.2 f(x)`` with three dense blocks."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.RDB1 = DenseBlock(width, growth)
        self.RDB2 = DenseBlock(width, growth)
        self.RDB3 = DenseBlock(width, growth)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.RDB3(self.RDB2(self.RDB1(x)))
        return x + _SHARE * out


class RRDBNet(nn.Module):
    """Residual-in-residual dense blocks at low resolution, then enlarging.

    Parameters
    ----------
    in_nc, out_nc : int
        Channels of the image.
    nf : int
        Width of the trunk.
    nb : int
        Residual-in-residual blocks.
    gc : int
        Growth: channels that each convolution of a dense block adds.
    sf : {2, 4}
        Scale. For 2 there is no second enlarging layer.

    Notes
    -----
    ``forward`` takes ``(N, in_nc, H, W)`` of any size and returns
    ``(N, out_nc, sf H, sf W)``, unclamped. Under autocast the first and the
    last layer stay in full precision.

    Raises
    ------
    ParameterError
        For another scale.
    """

    def __init__(
        self, in_nc: int = 3, out_nc: int = 3, nf: int = 64, nb: int = 23, gc: int = 32, sf: int = 4
    ) -> None:
        super().__init__()
        if sf not in _SCALES:
            raise ParameterError(f'rrdbnet sf = {sf} is not one of {", ".join(map(str, _SCALES))}')
        self.sf = sf
        self.conv_first = conv3(in_nc, nf)
        self.RRDB_trunk = nn.Sequential(*(RRDB(nf, gc) for _ in range(nb)))
        self.trunk_conv = conv3(nf, nf)
        self.upconv1 = conv3(nf, nf)
        if sf == 4:
            self.upconv2 = conv3(nf, nf)
        self.HRconv = conv3(nf, nf)
        self.conv_last = conv3(nf, out_nc)

    def forward(self, x: Tensor) -> Tensor:
        with full_precision(x):
            first = self.conv_first(x)
        features = to_autocast(first)
        features = added(self.trunk_conv, self.RRDB_trunk(features), features)
        features = rectified(self.upconv1, doubled(features), _SLOPE)
        if self.sf == 4:
            features = rectified(self.upconv2, doubled(features), _SLOPE)
        features = rectified(self.HRconv, features, _SLOPE)
        with full_precision(x):
            enlarged: Tensor = self.conv_last(features.to(x.dtype))
        return enlarged

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        first = self.conv_first
        return NetworkFacts(
            architecture='rrdbnet',
            channels=first.in_channels,
            takes_sigma=False,
            map_channel=False,
            multiple=1,
            grid=1,
            halo=self._halo(),
            sigma_range=(0.0, 1.0),
            # From peak memory measured at both scales: two enlarged activations live at once.
            bytes_per_pixel=FLOAT32 * (2 * self.sf**2 + 8) * first.out_channels,
            scale=self.sf,
        )

    def _halo(self) -> int:
        """Return the receptive-field radius in pixels of the input."""
        trunk = 3 * _DENSE * len(self.RRDB_trunk)
        # The layers after the first enlarging reach a fraction of a pixel each, together below 2.
        return 1 + trunk + 1 + 2


def config_from(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Return architecture and configuration of a BSRGAN, BSRNet or like checkpoint.

    Raises KeyError when a parameter that every RRDBNet has is absent.
    """
    first, last = tensors['conv_first.weight'], tensors['conv_last.weight']
    return 'rrdbnet', {
        'in_nc': first.shape[1],
        'out_nc': last.shape[0],
        'nf': first.shape[0],
        'nb': count_parts(tensors, r'RRDB_trunk\.(\d+)\.'),
        'gc': tensors['RRDB_trunk.0.RDB1.conv1.weight'].shape[0],
        'sf': 4 if 'upconv2.weight' in tensors else 2,
    }
