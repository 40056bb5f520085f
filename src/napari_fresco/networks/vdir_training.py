"""The networks that VDIR has while it is trained.

Three more networks keep the latent informative: a decoder that makes the
degraded image from it, an estimator that reads the known degradation out of it,
and a discriminator that tells the two images apart, which learns by itself.
Only encoder and restorer are needed afterwards.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ParameterError
from .layers import conv3, doubled
from .precision import full_precision
from .vdir import VDIR, config_from, legacy_bilinear

Target = Literal['sigma', 'kernel', 'quality']

KERNEL_SIDE = 15
"""Side in pixels of the blur kernels that the super-resolution networks are trained with."""

_SLOPE = 0.2
_EPSILON = 1e-12


class Decoder(nn.Module):
    """Latent ``(N, latent, h, w)`` to the degraded image ``(N, channels, 4 h, 4 w)``."""

    def __init__(self, channels: int = 3, width: int = 64, latent: int = 4) -> None:
        super().__init__()
        self.conv_in = conv3(latent, width)
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(width, width)
        self.conv3 = conv3(width, width)
        self.conv_out = conv3(width, channels)

    def forward(self, latent: Tensor) -> Tensor:
        h = F.relu(doubled(self.conv_in(latent)))
        h = F.relu(self.conv1(h))
        h = F.relu(doubled(self.conv2(h)))
        h = F.relu(self.conv3(h))
        image: Tensor = self.conv_out(h)
        return image


class Estimator(nn.Module):
    """Latent to the degradation that made it.

    `target`: {'sigma', 'kernel', 'quality'}, 'sigma': standard deviation of the noise in working
        units as a map ``(N, channels, 4 h, 4 w)``. 'quality': JPEG quality / 100 as a map ``(N, 1,
        4 h, 4 w)``. 'kernel': the 15 x 15 blur kernel row by row, ``(N, 225)``, one for the whole
        image. The last two layouts are ours; the paper does not tell them.
    `channels`, `width`, `latent`: as in :class:`~napari_fresco.networks.vdir.VDIR`.
    Raises ParameterError when the target is unknown.
    """

    def __init__(
        self, target: Target = 'sigma', channels: int = 3, width: int = 64, latent: int = 4
    ) -> None:
        super().__init__()
        outputs = {'sigma': channels, 'kernel': KERNEL_SIDE**2, 'quality': 1}
        if target not in outputs:
            raise ParameterError(
                f'VDIR cannot estimate {target!r}; choose one of {", ".join(outputs)}'
            )
        self.target = target
        self.conv1 = conv3(latent, width)
        self.conv_out = conv3(width, outputs[target])

    def forward(self, latent: Tensor) -> Tensor:
        found: Tensor = self.conv_out(F.relu(self.conv1(latent)))
        if self.target == 'kernel':
            return found.mean(dim=(-2, -1))
        height, width = found.shape[-2:]
        return legacy_bilinear(found, (4 * height, 4 * width))


class SpectralConv(nn.Conv2d):
    """3x3 convolution whose filters are divided by their largest singular value.

    One power iteration improves the estimate at every forward pass, in
    training and evaluation alike. Strides of 2 pad as TensorFlow does: what is
    odd goes to the bottom and right.
    """

    u: Tensor

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride)
        self.register_buffer('u', torch.randn(outputs))

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[-2:]
        halving = self.stride == (2, 2)
        top, left = (rows % 2, columns % 2) if halving else (1, 1)
        padded = F.pad(x, (left, 1, top, 1))
        with full_precision(x):
            weight = self.weight / self._largest_singular_value()
        return F.conv2d(padded, weight, self.bias, self.stride)

    def _largest_singular_value(self) -> Tensor:
        matrix = self.weight.flatten(1)
        # A copy: the next pass may come before this one's gradient.
        v = _unit(self.u.clone() @ matrix)
        product = matrix @ v
        u = _unit(product)
        with torch.no_grad():
            self.u.copy_(u)
        return product @ u


class Discriminator(nn.Module):
    """Image ``(N, channels, H, W)`` to logits ``(N, 1, h, w)`` of being a real one.

    Each of the five levels halves the image, rounding up.
    """

    def __init__(self, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        widths = [width * factor for factor in (1, 2, 4, 8, 8)]
        for level, outputs in enumerate(widths, start=1):
            self.add_module(f'conv{level}_1', SpectralConv(channels, outputs))
            self.add_module(f'conv{level}_2', SpectralConv(outputs, outputs, stride=2))
            channels = outputs
        self.conv_out = SpectralConv(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        *layers, last = self.children()
        for layer in layers:
            x = F.leaky_relu(layer(x), _SLOPE)
        return cast('Tensor', last(x))


class VDIRTraining(VDIR):
    """VDIR with the two networks that learn together with it.

    Its ``state_dict`` is that of :class:`~napari_fresco.networks.vdir.VDIR`
    and more; :func:`~napari_fresco.networks.vdir.without_training` takes the
    rest away.

    `target`: {'sigma', 'kernel', 'quality'}, what the estimator learns.
    `config`: of :class:`~napari_fresco.networks.vdir.VDIR`.
    """

    def __init__(self, target: Target = 'sigma', **config: int) -> None:
        super().__init__(**config)
        first, mean = self.encoder.conv1, self.encoder.mu
        sizes = first.in_channels, first.out_channels, mean.out_channels
        self.decoder = Decoder(*sizes)
        self.estimator = Estimator(target, *sizes)

    @classmethod
    def around(cls, network: VDIR, target: Target = 'sigma') -> VDIRTraining:
        """Return `network` with its training parts; encoder and restorer are shared."""
        config = config_from(network.state_dict())[1]
        training = cls(target, **config)
        training.encoder, training.restorer = network.encoder, network.restorer
        return training.to(network.encoder.mu.weight.device)


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / (torch.linalg.vector_norm(vector) + _EPSILON)
    return unit
