"""Facts that running a network depends on, derived from its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from torch import nn

from ..errors import ParameterError

LARGEST_EXACT_HALO = 128
BLENDED_HALO = 64

LIVE_ACTIVATIONS = 6
"""Full-resolution activations alive at once, from peak memory measured on DRUNet and FFDNet."""
FLOAT32 = 4
"""Bytes of a number."""


@dataclass(frozen=True)
class NetworkFacts:
    """The facts that calling a network and cutting it into tiles depend on.

    Attributes
    ----------
    architecture : str
        Name that :func:`~napari_fresco.networks.build` knows.
    channels : int
        Channels of the image.
    takes_sigma : bool
        Whether the noise level is told to the network at all.
    map_channel : bool
        True when sigma enters as the last channel of the input, False when it
        is the second argument of ``forward``.
    multiple : int
        Height and width must be multiples of this; 1 allows any size.
    grid : int
        Tiles must begin at multiples of this, or they see another lattice.
    halo : int
        Exact receptive-field radius in px: what lies further than this from a
        region whose edges are on the `grid` cannot change its output.
    sigma_range : (float, float)
        Noise levels that the network was made for, in working units.
    bytes_per_pixel : int
        Estimate of the peak memory of a float32 forward pass per image pixel.
    scale : int
        Pixels of the output per pixel of the input, along each axis.
    mirrored : bool
        Whether what lacks to the `grid` is mirrored. Else the last row and column are repeated, up
        to the `multiple`, which in a wide margin turns noise into stripes that pass for structure.
    """

    architecture: str
    channels: int
    takes_sigma: bool
    map_channel: bool
    multiple: int
    grid: int
    halo: int
    sigma_range: tuple[float, float]
    bytes_per_pixel: int
    scale: int = 1
    mirrored: bool = False

    @property
    def exact_tiling(self) -> bool:
        """True when tiles give the untiled result; False when they must be blended."""
        return self.halo <= LARGEST_EXACT_HALO

    @property
    def context(self) -> int:
        """Pixels to add around a tile: `halo` rounded up to the grid, or the blended overlap."""
        if not self.exact_tiling:
            return BLENDED_HALO
        return -(-self.halo // self.grid) * self.grid


class Described(Protocol):
    """A network that states its own facts; each class in this package does."""

    def describe(self) -> NetworkFacts:
        """Return the facts, derived from the configuration."""


class Network(nn.Module):
    """The type of a loaded network: a module with a few more attributes.

    `facts`: how to run it.
    `weights_name`: registry name or file name of the checkpoint.
    `weights_sha256`: SHA-256 of the checkpoint file.
    `generative`: whether it was trained to invent plausible detail; None: nobody says.
    `bfloat16_sigma`: least noise (working units) that hides the rounding of bfloat16; None: nobody
        has measured it.
    """

    facts: NetworkFacts
    weights_name: str
    weights_sha256: str
    generative: bool | None
    bfloat16_sigma: float | None = None


def facts_of(network: nn.Module) -> NetworkFacts:
    """Return the facts about a network.

    Raises
    ------
    ParameterError
        For a module that is not one of this package's networks.
    """
    if not hasattr(network, 'describe'):
        raise ParameterError(
            f'{type(network).__name__} is not a network that can be run; build one with '
            'napari_fresco.networks.build'
        )
    return cast('Described', network).describe()


def chain_facts(
    architecture: str,
    network: nn.Module,
    *,
    takes_sigma: bool,
    sigma_max: float,
    halo: int | None = None,
) -> NetworkFacts:
    """Return the facts about a chain of 3x3 convolutions at full resolution.

    `sigma_max` is on the 0-255 scale; `halo` is the number of layers unless
    they are dilated.
    """
    layers = convolutions(network)
    return NetworkFacts(
        architecture=architecture,
        channels=layers[-1].out_channels,
        takes_sigma=takes_sigma,
        map_channel=False,
        multiple=1,
        grid=1,
        halo=len(layers) if halo is None else halo,
        sigma_range=(0.0, sigma_max / 255),
        bytes_per_pixel=LIVE_ACTIVATIONS * FLOAT32 * layers[0].out_channels,
    )


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """Return the convolutions of a network in order."""
    return [m for m in network.modules() if isinstance(m, nn.Conv2d)]


def unet_halo(blocks: int) -> int:
    """Return the receptive-field radius of a U-Net of four scales, in pixels.

    It has a 3x3 convolution at either end and `blocks` residual blocks of two
    on each side of each scale. Followed backwards from the output: every 3x3
    convolution adds one cell of its scale, a step to the next coarser scale
    halves the count (rounding up, since a cell that is touched is seen whole)
    and a step back doubles it.
    """
    reach = 1
    for _ in range(3):
        reach = -(-(reach + 2 * blocks) // 2)
    reach += 2 * blocks
    for _ in range(3):
        reach = 2 * reach + 2 * blocks
    return reach + 1
