"""VDIR, a restorer told by a latent variable what an image suffers from.

Reference: J. W. Soh, N. I. Cho, "Variational Deep Image Restoration", IEEE
TIP 31, 2022, arXiv:2207.01074.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ParameterError
from .facts import FLOAT32, LIVE_ACTIVATIONS, NetworkFacts
from .fusing import added, rectified
from .layers import conv3, count_parts
from .precision import full_precision, to_autocast

SCALES = (1, 2, 4)
"""Enlargements that the restorer can end in."""

TRAINING_ONLY = ('decoder.', 'estimator.', 'discriminator.')
"""Beginnings of the names in a training checkpoint that restoring does not need."""

CELL = 4
"""Pixels of the image per number of the latent, along each axis."""

_ENCODER_HALO = 17  # px around a cell that its latent sees
_LATENT_HALO = 24  # px around a pixel that its enlarged latent sees


def legacy_bilinear(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize ``(N, C, h, w)`` to `size` by the bilinear rule of TensorFlow 1.

    Output pixel i lies on input position ``i * inputs / outputs``: pixels are
    points, not areas, and the last one is continued beyond its position.
    ``torch.nn.functional.interpolate`` has no mode for it.
    """
    return _resize_axis(_resize_axis(x, size[0], 2), size[1], 3)


def _resize_axis(x: Tensor, outputs: int, axis: int) -> Tensor:
    inputs = x.shape[axis]
    if inputs == outputs:
        return x
    # In whole numbers, so that a wide image does not lose the fraction.
    places = torch.arange(outputs, device=x.device) * inputs
    lower = torch.div(places, outputs, rounding_mode='floor')
    upper = (lower + 1).clamp(max=inputs - 1)
    shape = [1, 1, 1, 1]
    shape[axis] = outputs
    fraction = ((places - lower * outputs).to(x.dtype) / outputs).reshape(shape)
    first = x.index_select(axis, lower)
    return first + fraction * (x.index_select(axis, upper) - first)


class Encoder(nn.Module):
    """Mean and log-variance of the latent, at a quarter of the resolution.

    ``forward`` takes ``(N, channels, H, W)`` of any size and returns two
    tensors ``(N, latent, ceil(H / 4), ceil(W / 4))``, always computed in full
    precision: a hundredth of the work, and everything after it rests on it.
    """

    def __init__(self, channels: int = 3, width: int = 64, latent: int = 4) -> None:
        super().__init__()
        self.conv1 = conv3(channels, width)
        self.conv2 = conv3(width, width)
        self.conv3 = conv3(width, width)
        self.conv4 = conv3(width, width)
        self.conv5 = conv3(width, width)
        self.mu = conv3(width, latent)
        self.logvar = conv3(width, latent)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with full_precision(x):
            x = F.relu(_halved(self.conv1(x)))
            x = rectified(self.conv2, x)
            x = F.relu(_halved(self.conv3(x)))
            x = self.conv5(rectified(self.conv4, x))
            return self.mu(x), self.logvar(x)


class VDIRBlock(nn.Module):
    """``x + conv2(relu(conv1(x)))``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv3(width, width)
        self.conv2 = conv3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return added(self.conv2, rectified(self.conv1, x), x)


class Group(nn.Module):
    """Residual blocks and a convolution, around which the input is added."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(VDIRBlock(width) for _ in range(blocks))
        self.conv_out = conv3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for block in self.blocks:
            h = block(h)
        return added(self.conv_out, h, x)


class Restorer(nn.Module):
    """Image and enlarged latent to the restored image.

    ``forward`` takes ``(N, channels + latent, H, W)``, image first, and
    returns ``(N, channels, scale * H, scale * W)``. At scale 1 it adds its
    output to the image. Under autocast the first and last layers stay in full
    precision.
    """

    def __init__(
        self, channels: int, width: int, latent: int, groups: int, blocks: int, scale: int
    ) -> None:
        super().__init__()
        self.conv_in = conv3(channels + latent, width)
        self.groups = nn.ModuleList(Group(width, blocks) for _ in range(groups))
        self.conv_mid = conv3(width, width)
        doublings = SCALES.index(scale)
        self.upsample = nn.ModuleList(conv3(width, 4 * width) for _ in range(doublings))
        self.conv_out = conv3(width, channels)

    def forward(self, joined: Tensor) -> Tensor:
        with full_precision(joined):
            head: Tensor = self.conv_in(joined)
        h = to_autocast(head)
        for group in self.groups:
            h = group(h)
        h = self.conv_mid(h) + head
        for widen in self.upsample:
            h = F.pixel_shuffle(widen(h), 2)
        with full_precision(joined):
            restored: Tensor = self.conv_out(h.to(head.dtype))
        if len(self.upsample) > 0:
            return restored
        return joined[:, : restored.shape[1]] + restored


class VDIR(nn.Module):
    """Encoder and restorer of VDIR, the two networks that restoring needs.

    Parameters
    ----------
    channels : int
        Of the image; 1 for the luma network against JPEG artefacts.
    width : int
        Of every hidden layer.
    latent : int
        Channels of the latent.
    groups, blocks : int
        Residual groups, and blocks in each.
    scale : {1, 2, 4}
        Enlargement.

    Notes
    -----
    ``forward(x)`` takes ``(N, channels, H, W)`` in working units, any size,
    and returns ``(N, channels, scale * H, scale * W)``, unclamped, restored
    with the mean of the latent. With `eps`, standard normal numbers
    ``(N, latent, ceil(H / 4), ceil(W / 4))``, the latent is drawn instead:
    ``c = mu + eps exp(logvar / 2)``, as in the authors' program.

    Published: one pass at scale 1 with the defaults, 2,227,915 parameters. The
    enlarging tail (a convolution to four times the channels and a pixel
    shuffle for every doubling, no image added) is described in the paper, its
    layout here is ours.

    Raises
    ------
    ParameterError
        When `scale` is not one of :data:`SCALES`.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 64,
        latent: int = 4,
        groups: int = 5,
        blocks: int = 5,
        scale: int = 1,
    ) -> None:
        super().__init__()
        if scale not in SCALES:
            raise ParameterError(
                f'vdir has no scale {scale}; choose one of {", ".join(map(str, SCALES))}'
            )
        self.encoder = Encoder(channels, width, latent)
        self.restorer = Restorer(channels, width, latent, groups, blocks, scale)

    def forward(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        mu, logvar = self.encoder(x)
        return self.restore(x, sample_latent(mu, logvar, eps))

    def restore(self, x: Tensor, latent: Tensor) -> Tensor:
        """Return `x` restored as `latent`, at any resolution, tells."""
        restored: Tensor = self.restorer(join(x, latent))
        return restored

    def describe(self) -> NetworkFacts:
        """Return the facts about the whole network, the latent mean taken.

        Tiles see the lattice of the latent only in images whose sides are
        multiples of four; :meth:`describe_restorer` has no such condition.
        """
        facts = self.describe_restorer()
        return replace(facts, grid=CELL, halo=facts.halo + _LATENT_HALO)

    def describe_restorer(self) -> NetworkFacts:
        """Return the facts about `restorer`, given :func:`join`."""
        r = self.restorer
        width, channels = r.conv_in.out_channels, r.conv_out.out_channels
        scale = SCALES[len(r.upsample)]
        depth = sum(isinstance(m, nn.Conv2d) for m in r.groups.modules())
        # The wide output of the last doubling, its shuffled copy, and what they came from.
        live = max(LIVE_ACTIVATIONS, 2 * scale**2 + 2)
        return NetworkFacts(
            architecture='vdir',
            channels=channels,
            takes_sigma=False,
            map_channel=False,
            multiple=1,
            grid=1,
            # The layers after an enlargement reach less than two input pixels together.
            halo=depth + 3 + (scale > 1),
            sigma_range=(0.0, 70 / 255),
            bytes_per_pixel=live * FLOAT32 * width,
            scale=scale,
        )

    def describe_encoder(self) -> NetworkFacts:
        """Return the facts about `encoder` with its output repeated over the cells."""
        # The memory is that of the restorer, which comes next and gets the same tiles.
        return replace(self.describe_restorer(), grid=CELL, halo=_ENCODER_HALO, scale=1)


def sample_latent(mu: Tensor, logvar: Tensor, eps: Tensor | None = None) -> Tensor:
    """Return ``mu + eps exp(logvar / 2)``; without `eps`, the mean."""
    if eps is None:
        return mu
    return mu + eps * torch.exp(0.5 * logvar)


def join(x: Tensor, latent: Tensor) -> Tensor:
    """Return `latent`, enlarged to the size of `x`, behind the channels of `x`."""
    height, width = x.shape[-2:]
    return torch.cat((x, legacy_bilinear(latent, (height, width))), dim=1)


def config_from(tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    """Return build name and configuration, read off names and shapes.

    Raises KeyError when a tensor that the configuration is read from is missing.
    """
    first = tensors['encoder.conv1.weight']
    config = {
        'channels': first.shape[1],
        'width': first.shape[0],
        'latent': tensors['encoder.mu.weight'].shape[0],
        'groups': count_parts(tensors, r'restorer\.groups\.(\d+)\.'),
        'blocks': count_parts(tensors, r'restorer\.groups\.0\.blocks\.(\d+)\.'),
        'scale': 2 ** count_parts(tensors, r'restorer\.upsample\.(\d+)\.'),
    }
    return 'vdir', config


def without_training(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return encoder and restorer alone of a training checkpoint."""
    return {name: t for name, t in tensors.items() if not name.startswith(TRAINING_ONLY)}


def _halved(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)
