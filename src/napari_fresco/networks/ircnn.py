"""IRCNN, the bank of 25 small denoisers for plug-and-play restoration.

Reference: K. Zhang, W. Zuo, S. Gu, L. Zhang, "Learning Deep CNN Denoiser Prior
for Image Restoration", CVPR 2017, doi:10.1109/CVPR.2017.300.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from .facts import NetworkFacts, chain_facts, convolutions
from .fusing import Layers
from .layers import without_noise

MODELS = 25
"""Denoisers in a bank; number j is for sigma = 2 (j + 1) / 255."""

_DILATIONS = (1, 2, 3, 4, 3, 2, 1)
_TOLERANCE = 1e-4  # of a model step: forgives the rounding of 2 j / 255 in single precision


class IRCNN(nn.Module):
    """``f(x) = x - net(x)`` with seven dilated convolutions, for one noise level.

    Parameters
    ----------
    in_nc, out_nc : int
        Channels of the image; equal.
    nc : int
        Width of the hidden layers.

    Notes
    -----
    ``forward(x)`` takes ``(N, in_nc, H, W)`` of any size and returns the clean
    image, unclamped.
    """

    def __init__(self, in_nc: int = 1, out_nc: int = 1, nc: int = 64) -> None:
        super().__init__()
        widths = (in_nc, *(nc for _ in _DILATIONS[1:]), out_nc)
        layers: list[nn.Module] = []
        for inputs, outputs, dilation in zip(widths[:-1], widths[1:], _DILATIONS, strict=True):
            layers.append(nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation))
            layers.append(nn.ReLU(inplace=True))
        self.model = Layers(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return without_noise(self.model, x)

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        return chain_facts('ircnn', self, takes_sigma=False, sigma_max=50, halo=_halo(self))


class IRCNNBank(nn.Module):
    """Twenty-five :class:`IRCNN` denoisers; each call uses the one made for its sigma.

    Parameters
    ----------
    in_nc, out_nc, nc : int
        Configuration of every denoiser.
    authors_index : bool
        Select as the authors' program does; see :func:`bank_index`.

    Notes
    -----
    ``forward(x, sigma)`` takes ``(N, in_nc, H, W)`` and sigma in the units of
    `x`: a number, one value per image ``(N, 1, 1, 1)``, or a map
    ``(N or 1, 1, H, W)``. With a map every pixel is taken from the denoiser of
    its own level, so the time grows with the number of levels in the map.
    """

    def __init__(
        self, in_nc: int = 1, out_nc: int = 1, nc: int = 64, authors_index: bool = False
    ) -> None:
        super().__init__()
        self.authors_index = authors_index
        for j in range(MODELS):
            self.add_module(str(j), IRCNN(in_nc, out_nc, nc))

    def select(self, sigma: float) -> nn.Module:
        """Return the denoiser for `sigma` (working units)."""
        return self.get_submodule(str(bank_index(sigma, authors=self.authors_index)))

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        if not isinstance(sigma, Tensor):
            clean: Tensor = self.select(sigma)(x)
            return clean
        level = sigma if sigma.ndim == 4 else sigma.reshape(-1, 1, 1, 1)
        chosen = (torch.ceil(level * 127.5 - _TOLERANCE) - 1).clamp(0, MODELS - 1)
        clean = x
        for j in torch.unique(chosen).tolist():
            clean = torch.where(chosen == j, self.get_submodule(str(int(j)))(x), clean)
        return clean

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        one = self.get_submodule('0')
        return chain_facts('ircnn_bank', one, takes_sigma=True, sigma_max=50, halo=_halo(one))


def bank_index(sigma: float, *, authors: bool = False) -> int:
    """Return which of the denoisers 0 to 24 is for `sigma`.

    ``j = ceil(255 sigma / 2) - 1``, bounded to 0 ... 24: the nearest denoiser
    that is strong enough.

    `sigma`: standard deviation of the noise in working units.
    `authors`: the authors round sigma to single precision first, which at even integers of 255
        sigma can pick the next stronger denoiser. True reproduces that; otherwise one part in
        10 000 of a step is forgiven.
    """
    steps = float(np.float32(sigma)) * 255 / 2 if authors else sigma * 255 / 2 - _TOLERANCE
    return min(max(math.ceil(steps) - 1, 0), MODELS - 1)


def _halo(network: nn.Module) -> int:
    return sum(int(layer.dilation[0]) for layer in convolutions(network))
