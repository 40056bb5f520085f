"""Running a network on images of any size: padding, precision and tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import DeviceError, ParameterError
from ..networks import devices
from ..networks.facts import Network, NetworkFacts
from . import interrupting, tiling

BFLOAT16_SIGMAS: Mapping[str, float] = MappingProxyType(
    {
        'ffdnet': 25 / 255,
        'dncnn': 50 / 255,
        'ircnn': 50 / 255,
        'ircnn_bank': 50 / 255,
        'scunet': 25 / 255,
        'virnet_sr': 25 / 255,
        'rrdbnet': 10 / 255,
    }
)
"""As :data:`napari_fresco.networks.devices.BFLOAT16_SIGMA`, for chains of layers.

Each of their layers rounds the image anew. Measured with the authors' FFDNet
(colour: 0.015 dB at 25/255, 0.07 dB at 10/255) and DnCNN (0.024 dB at 25/255); the levels of
SCUNet and the enlarging networks are on the careful side. What was measured with bundled weights
stands in their registry and comes first.
"""

SMALLEST_TILE = 64
"""Side in pixels below which running out of memory is an error."""

_BUDGET_SHARE = 0.5

Part = Callable[[Tensor], Tensor]
"""Maps ``(N, C, H, W)`` to ``(N, C', scale H, scale W)``."""

_NARROW = 32
"""Pixels of a side below which nothing runs in bfloat16: of images a pixel or two wide, as they
become in a network, oneDNN's convolutions on AMX read what lies behind them in memory."""


class TiledNetwork:
    """A network on its device, run in pieces where it does not fit in one.

    `network`: from :func:`napari_fresco.weights.load`; it is moved to `device`.
    `device`: where it runs; inputs must be there.
    `precision`: {'auto', 'float32', 'bfloat16', 'int8'}, see
        :func:`napari_fresco.networks.devices.uses_bfloat16`; decided at each call by the noise of
        the image.
    `tile`: side of the tiles without their halo, in pixels; None means as large as memory allows.
    `module`: the network itself.
    `facts`: how it is run.
    `name`, `sha256`: of its weights.
    `generative`: whether it was trained to invent plausible detail; None: nobody says.
    `layout`: in which images are fastest.
    `arithmetic`: of the last call.
    `tile`: side of the tiles now in use; None while images pass in one piece. It is halved when
        memory runs out.
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
        self.generative: bool | None = getattr(network, 'generative', None)
        self.device = device
        self.precision = devices.checked_precision(precision)
        self.least_sigma = _least_sigma(network)
        self.tile = _checked_tile(tile)
        self._fixed = tile is not None
        # Apple GPUs gain nothing from the other layout.
        self.layout = torch.contiguous_format if device.type == 'mps' else torch.channels_last
        network.to(device=device, memory_format=self.layout)  # type: ignore[call-overload]
        self.module = network.eval().requires_grad_(False)
        self._dtype = next(network.parameters()).dtype
        self.arithmetic = 'float32'
        self._plans: dict[tuple[int, ...], int | None] = {}

    def __call__(self, x: Tensor, *, sigma: float | Tensor | None = None) -> Tensor:
        """Return the output of the network for ``(N, C, H, W)``; see :meth:`run`."""
        return self.run(self.module, x, sigma=sigma)

    def run(
        self,
        part: Part,
        x: Tensor,
        *,
        sigma: float | Tensor | None = None,
        facts: NetworkFacts | None = None,
    ) -> Tensor:
        """Compute ``part(x)`` for a part of the network, in tiles if need be.

        `part`: maps ``(N, C, H, W)`` to ``(N, C', scale H, scale W)``.
        `x`: image, with further maps as channels if the part takes any.
        `sigma`: noise of the image in working units; where there is little, bfloat16 would be seen,
            so it is not used. None allows it.
        `facts`: halo, grid and scale of the part, if they are not the network's.
        Raises DeviceError when even the smallest tile does not fit the memory.
        """
        least = float(sigma.amin()) if isinstance(sigma, Tensor) else sigma
        return self.run_with(lambda piece, _: part(piece), x, 0.0, least, facts)

    def run_with(
        self,
        part: tiling.Function,
        x: Tensor,
        level: float | Tensor,
        least: float | None,
        facts: NetworkFacts | None = None,
    ) -> Tensor:
        """Compute ``part(x, level)``, where a map `level` is cut like `x`; see :meth:`run`.

        `least` is the least noise level, which decides on the precision.
        """
        facts = facts or self.facts
        self._plan(x, facts)
        least = least if min(x.shape[-2:]) >= _NARROW else 0.0
        fast = devices.uses_bfloat16(self.device, self.precision, least, self.least_sigma)
        self.arithmetic = 'bfloat16' if fast else 'float32'
        while True:
            try:
                with (
                    devices.unmapped(self._bytes(x, facts)),
                    devices.autocast(self.device, self.precision, least, self.least_sigma),
                ):
                    clean = self._in_tiles(part, x.to(self._dtype), level, facts).to(x.dtype)
                return clean if _is_finite(x) else torch.full_like(clean, math.nan)
            except (RuntimeError, MemoryError) as error:
                if not devices.is_out_of_memory(error):
                    raise
            # Outside of the handler, where the failed call no longer holds its tensors.
            self._halve(x)

    def _plan(self, x: Tensor, facts: NetworkFacts) -> None:
        """Choose tiles for images of this size, once, if they do not fit in one piece."""
        if self._fixed:
            return
        shape = (x.shape[0], *x.shape[2:], facts.bytes_per_pixel)
        if shape not in self._plans:
            self._plans[shape] = self._fitting(x, facts)
        self.tile = self._plans[shape]

    def _bytes(self, x: Tensor, facts: NetworkFacts) -> int:
        """Return about how many bytes are needed at once."""
        pixels = x.shape[2] * x.shape[3]
        if self.tile is not None:
            pixels = min(pixels, (self.tile + 2 * facts.context) ** 2)
        return int(facts.bytes_per_pixel * x.shape[0] * pixels)

    def _fitting(self, x: Tensor, facts: NetworkFacts) -> int | None:
        budget = _BUDGET_SHARE * devices.memory_budget(self.device)
        pixels = budget / (facts.bytes_per_pixel * x.shape[0])
        if x.shape[2] * x.shape[3] <= pixels:
            return None
        side = math.isqrt(int(pixels)) - 2 * facts.context
        return max(side // facts.grid * facts.grid, SMALLEST_TILE)

    def _halve(self, x: Tensor) -> None:
        devices.free(self.device, cycles=True)
        used = min(self.tile or math.inf, max(x.shape[2:]))
        if used <= SMALLEST_TILE:
            raise DeviceError(
                f'{self.name} ran out of memory on {self.device} even in tiles of {used:g} px; '
                'close other programs, choose device cpu, or take a smaller network'
            )
        self.tile, self._fixed = max(int(used) // 2, SMALLEST_TILE), True

    def _in_tiles(
        self, part: tiling.Function, x: Tensor, level: float | Tensor, facts: NetworkFacts
    ) -> Tensor:
        def padded(piece: Tensor, at: float | Tensor) -> Tensor:
            return self._padded(part, piece, at, facts)

        if self.tile is None:
            return padded(x, level)
        return tiling.apply(
            padded,
            x,
            level,
            tile=self.tile,
            halo=facts.context,
            grid=facts.grid,
            blend=not facts.exact_tiling,
            scale=facts.scale,
        )

    def _padded(
        self, part: tiling.Function, x: Tensor, level: float | Tensor, facts: NetworkFacts
    ) -> Tensor:
        """Compute one piece, padded to the multiple that the network needs."""
        interrupting.check()
        height, width = x.shape[-2:]
        multiple = facts.grid if facts.mirrored else facts.multiple
        scale = facts.scale
        if height % multiple or width % multiple:
            margin = -height % multiple, -width % multiple
            x = _with_margin(x, margin, facts.mirrored)
            if isinstance(level, Tensor):
                level = _with_margin(level, margin, facts.mirrored)
        x = x.contiguous(memory_format=self.layout)
        return part(x, level)[..., : height * scale, : width * scale]


def _least_sigma(network: Network) -> float:
    """Return the least noise that hides bfloat16: measured with these weights, or with others."""
    measured = getattr(network, 'bfloat16_sigma', None)
    if measured is not None:
        return float(measured)
    return BFLOAT16_SIGMAS.get(network.facts.architecture, devices.BFLOAT16_SIGMA)


def _is_finite(x: Tensor) -> bool:
    """Say whether all numbers are finite, which rectifiers of processors forget."""
    return x.device.type != 'cpu' or bool(x.sum().isfinite())


def _with_margin(x: Tensor, margin: tuple[int, int], mirrored: bool) -> Tensor:
    """Return ``(N, C, H, W)`` with `margin` more rows and columns at the end."""
    below, right = margin
    while mirrored and (below or right):
        rows, columns = min(below, x.shape[-2] - 1), min(right, x.shape[-1] - 1)
        if not rows and not columns:
            break  # of one pixel there is no mirror image
        x = F.pad(x, (0, columns, 0, rows), mode='reflect')
        below, right = below - rows, right - columns
    return F.pad(x, (0, right, 0, below), mode='replicate') if below or right else x


def _checked_tile(tile: int | None) -> int | None:
    if tile is not None and tile < 1:
        raise ParameterError(
            f'tile = {tile} px is too small; give at least {SMALLEST_TILE}, or none'
        )
    return tile
