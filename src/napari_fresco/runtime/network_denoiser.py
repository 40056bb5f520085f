"""A denoising network as a denoiser: channels and noise levels of all kinds."""

from __future__ import annotations

import math
from copy import copy
from functools import cached_property, partial
from typing import Self

import torch
from torch import Tensor, nn

from ..errors import DeviceError, ParameterError
from ..networks import devices
from ..networks.drunet import DRUNet
from ..networks.facts import Network
from ..networks.integers import in_integers
from .tiled_network import TiledNetwork


class NetworkDenoiser:
    """A denoising network, called with images of any size and number of channels.

    `network`, `device`, `precision`, `tile`: see
        :class:`~napari_fresco.runtime.tiled_network.TiledNetwork`; 'int8' computes DRUNet in
        integers where there is enough noise, and all else like 'auto'.
    `exact`: whether little noise asks for float32; see :meth:`for_guesses`.
    Raises DeviceError when 'int8' is asked for where integers give other results.
    """

    def __init__(
        self,
        network: Network,
        *,
        device: torch.device,
        precision: str = 'auto',
        tile: int | None = None,
    ) -> None:
        self.tiled = TiledNetwork(network, device=device, precision=precision, tile=tile)
        self.facts = network.facts
        self.name = self.tiled.name
        self.sha256 = self.tiled.sha256
        self.generative = self.tiled.generative
        self.channels: int | None = self.facts.channels
        if precision == 'int8' and not devices.has_fast_integers(device):
            raise DeviceError(
                f'precision = int8 needs a processor with VNNI, and this is {device} with '
                f'{", ".join(devices.abilities()) or "none of its kind"}; choose auto'
            )
        self.exact = True
        self._integers = precision == 'int8' and isinstance(network, DRUNet)

    def for_guesses(self) -> Self:
        """Return this denoiser for images of which only what is a guess is used, such as fills.

        A guess is off by far more than the rounding of bfloat16: where an image passes in float32
        from the first to the last layer, everything else is computed in it whatever the noise.
        """
        twin = copy(self)
        twin.exact = not isinstance(self.tiled.module, DRUNet)
        return twin

    @property
    def tile(self) -> int | None:
        """Side of the tiles now in use; None while images pass in one piece."""
        return self.tiled.tile

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Denoise ``(N, C, H, W)``; see :class:`napari_fresco.types.Denoiser`.

        A network made for one channel is applied to each channel; one made
        for colour gets any other image as equal channels, one at a time, and
        its channels are averaged. Gradients are recorded only when `x` asks
        for them.

        Raises ParameterError when sigma is negative, not finite or of another shape than `x`.
        Raises DeviceError when even the smallest tile does not fit the memory.
        """
        sigma, least = checked_sigma(sigma, x)
        channels = x.shape[1]
        if channels == self.channels:
            return self._denoise(x, sigma, least)
        planes = x.reshape(-1, 1, *x.shape[2:])
        if isinstance(sigma, Tensor) and sigma.shape[0] > 1:
            sigma = sigma.repeat_interleave(channels, dim=0)
        if self.channels == 1:
            return self._denoise(planes, sigma, least).reshape(x.shape)
        colour = self._denoise(planes.expand(-1, self.facts.channels, -1, -1), sigma, least)
        return colour.mean(dim=1).reshape(x.shape)

    def _denoise(self, x: Tensor, sigma: float | Tensor, least: float) -> Tensor:
        amplitude = float(x.detach().abs().amax()) if self._integers else 0.0
        if amplitude and least >= devices.INT8_SIGMA * amplitude and not x.requires_grad:
            return self._denoise_in_integers(x, sigma, amplitude)
        told = least if self.exact else None
        return self.tiled.run_with(partial(self._call, self.tiled.module), x, sigma, told)

    def _denoise_in_integers(self, x: Tensor, sigma: float | Tensor, amplitude: float) -> Tensor:
        """Denoise at amplitude one, where the levels of the integers are laid for all images."""
        call = partial(self._call, self._twin)
        clean = self.tiled.run_with(call, x / amplitude, sigma / amplitude, least=0.0)
        self.tiled.arithmetic = 'int8'
        return clean * amplitude

    @cached_property
    def _twin(self) -> nn.Module:
        network = self.tiled.module
        assert isinstance(network, DRUNet)
        return in_integers(network)

    def _call(self, network: nn.Module, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Call `network`, telling it the noise in its own way."""
        if self.facts.map_channel:
            level = sigma if isinstance(sigma, Tensor) else x.new_full((1, 1, 1, 1), sigma)
            x = torch.cat((x, level.expand(x.shape[0], 1, *x.shape[-2:])), dim=1)
            x = x.contiguous(memory_format=self.tiled.layout)
        told = self.facts.takes_sigma and not self.facts.map_channel
        clean: Tensor = network(x, sigma) if told else network(x)
        return clean


def checked_sigma(sigma: float | Tensor, x: Tensor) -> tuple[float | Tensor, float]:
    """Return sigma as a number or a map like `x`, and its least value."""
    if not isinstance(sigma, Tensor) or sigma.numel() == 1:
        sigma = float(sigma)
        low = high = sigma
    else:
        expected = (1, *x.shape[2:])
        if sigma.ndim != 4 or sigma.shape[1:] != expected or sigma.shape[0] not in (1, len(x)):
            raise ParameterError(
                f'sigma map of shape {tuple(sigma.shape)} does not fit an image of shape '
                f'{tuple(x.shape)}; give a number or a map {(1, *expected)}'
            )
        sigma = sigma.to(x)
        low, high = torch.stack((sigma.amin(), sigma.amax())).tolist()
    if not (low >= 0 and math.isfinite(high)):
        raise ParameterError(
            f'sigma from {low:g} to {high:g} is no noise level; give finite values of at least 0'
        )
    return sigma, low
