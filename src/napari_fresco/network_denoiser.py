"""Running a denoising network on images of any size: padding, precision and tiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional as F

from . import devices, tiling
from .errors import DeviceError, ParameterError
from .networks.facts import Network

BFLOAT16_SIGMAS: Mapping[str, float] = MappingProxyType(
    {'ffdnet': 25 / 255, 'dncnn': 50 / 255, 'ircnn': 50 / 255, 'ircnn_bank': 50 / 255}
)
"""As :data:`napari_fresco.devices.BFLOAT16_SIGMA`, for chains of layers.

Each of their layers rounds the image anew. Measured with the authors' FFDNet
(colour: 0.015 dB at 25/255, 0.07 dB at 10/255) and DnCNN (0.024 dB at 25/255).
"""

SMALLEST_TILE = 64
"""Side in pixels below which running out of memory is an error."""

_BUDGET_SHARE = 0.5


class NetworkDenoiser:
    """A denoising network, called with images of any size and number of channels.

    Parameters
    ----------
    network : Network
        From :func:`napari_fresco.weights.load`; it is moved to `device`.
    device : torch.device
        Where it runs; inputs must be there.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        See :func:`napari_fresco.devices.uses_bfloat16`; decided at each call by
        its noise level.
    tile : int, optional
        Side of the tiles without their halo, in pixels; None means as large as
        memory allows.

    Attributes
    ----------
    tile : int or None
        Side of the tiles now in use; None while images pass in one piece.
        It is halved when memory runs out.
    """

    def __init__(
        self,
        network: Network,
        *,
        device: torch.device,
        precision: str = 'auto',
        tile: int | None = None,
    ) -> None:
        self.facts = network.facts
        self.name = network.weights_name
        self.sha256 = network.weights_sha256
        self.channels: int | None = self.facts.channels
        self.device = device
        self.precision = devices.checked_precision(precision)
        self.least_sigma = BFLOAT16_SIGMAS.get(self.facts.architecture, devices.BFLOAT16_SIGMA)
        self.tile = _checked_tile(tile)
        # Apple GPUs gain nothing from the other layout.
        self._layout = torch.contiguous_format if device.type == 'mps' else torch.channels_last
        network.to(device=device, memory_format=self._layout)  # type: ignore[call-overload]
        self.network = network.eval().requires_grad_(False)
        self._dtype = next(network.parameters()).dtype
        self._planned: tuple[int, ...] = ()

    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Denoise ``(N, C, H, W)``; see :class:`napari_fresco.types.Denoiser`.

        A network made for one channel is applied to each channel; one made
        for colour gets any other image as equal channels, one at a time, and
        its channels are averaged. Gradients are recorded only when `x` asks
        for them.

        Raises
        ------
        ParameterError
            When sigma is negative, not finite or of another shape than `x`.
        DeviceError
            When even the smallest tile does not fit the memory.
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
        self._plan(x)
        while True:
            try:
                with devices.autocast(self.device, self.precision, least, self.least_sigma):
                    return self._in_tiles(x.to(self._dtype), sigma).to(x.dtype)
            except (RuntimeError, MemoryError) as error:
                if not devices.is_out_of_memory(error):
                    raise
            # Outside of the handler, where the failed call no longer holds its tensors.
            self._halve(x)

    def _plan(self, x: Tensor) -> None:
        """Choose tiles for images of a new size, if they do not fit in one piece."""
        shape = (x.shape[0], *x.shape[2:])
        if self.tile is not None or shape == self._planned:
            return
        self._planned = shape
        budget = _BUDGET_SHARE * devices.memory_budget(self.device)
        pixels = budget / (self.facts.bytes_per_pixel * x.shape[0])
        if x.shape[2] * x.shape[3] > pixels:
            side = math.isqrt(int(pixels)) - 2 * self.facts.context
            self.tile = max(side // self.facts.grid * self.facts.grid, SMALLEST_TILE)

    def _halve(self, x: Tensor) -> None:
        devices.free(self.device)
        used = min(self.tile or math.inf, max(x.shape[2:]))
        if used <= SMALLEST_TILE:
            raise DeviceError(
                f'{self.name} ran out of memory on {self.device} even in tiles of {used:g} px; '
                'close other programs, choose device cpu, or take a smaller network'
            )
        self.tile = max(int(used) // 2, SMALLEST_TILE)

    def _in_tiles(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        if self.tile is None:
            return self._run(x, sigma)
        return tiling.apply(
            self._run,
            x,
            sigma,
            tile=self.tile,
            halo=self.facts.context,
            grid=self.facts.grid,
            blend=not self.facts.exact_tiling,
        )

    def _run(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Call the network on one piece, padded to the multiple that it needs."""
        height, width = x.shape[-2:]
        if self.facts.map_channel:
            level = sigma if isinstance(sigma, Tensor) else x.new_full((1, 1, 1, 1), sigma)
            x = torch.cat((x, level.expand(x.shape[0], 1, height, width)), dim=1)
        multiple = self.facts.multiple
        if height % multiple or width % multiple:
            x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode='replicate')
        x = x.contiguous(memory_format=self._layout)
        told = self.facts.takes_sigma and not self.facts.map_channel
        clean: Tensor = self.network(x, sigma) if told else self.network(x)
        return clean[..., :height, :width]


def _checked_tile(tile: int | None) -> int | None:
    if tile is not None and tile < 1:
        raise ParameterError(
            f'tile = {tile} px is too small; give at least {SMALLEST_TILE}, or none'
        )
    return tile


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
