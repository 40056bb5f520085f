"""Facts about a network that whoever runs it must know, derived from its configuration."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ..errors import ParameterError
from .dncnn import DnCNN
from .drunet import DRUNet
from .ffdnet import FFDNet
from .ircnn import IRCNN, IRCNNBank

LARGEST_EXACT_HALO = 128
BLENDED_HALO = 64

# Full-resolution activations alive at once, from peak memory measured on DRUNet and FFDNet.
_LIVE_ACTIVATIONS = 6
_FLOAT32 = 4


@dataclass(frozen=True)
class NetworkFacts:
    """How a denoising network is called and cut into tiles.

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


class Network(nn.Module):
    """What a type checker sees of a loaded network: a module with three more attributes.

    Attributes
    ----------
    facts : NetworkFacts
        How to run it.
    weights_name : str
        Registry name or file name of the checkpoint.
    weights_sha256 : str
        SHA-256 of the checkpoint file.
    """

    facts: NetworkFacts
    weights_name: str
    weights_sha256: str


def facts_of(network: nn.Module) -> NetworkFacts:
    """Return the facts about a denoising network.

    Raises
    ------
    ParameterError
        For a module that is not one of the denoisers.
    """
    if isinstance(network, DRUNet):
        return _drunet(network)
    if isinstance(network, FFDNet):
        return _ffdnet(network)
    if isinstance(network, DnCNN):
        convs = _convolutions(network)
        return _plain('dncnn', convs, takes_sigma=False, halo=len(convs), sigma_max=55)
    if isinstance(network, IRCNNBank | IRCNN):
        bank = isinstance(network, IRCNNBank)
        convs = _convolutions(network.get_submodule('0') if bank else network)
        halo = sum(int(c.dilation[0]) for c in convs)
        name = 'ircnn_bank' if bank else 'ircnn'
        return _plain(name, convs, takes_sigma=bank, halo=halo, sigma_max=50)
    raise ParameterError(
        f'{type(network).__name__} is not a denoiser; give a DRUNet, FFDNet, DnCNN or IRCNN'
    )


def _convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d)]


def _plain(
    architecture: str, convs: list[nn.Conv2d], *, takes_sigma: bool, halo: int, sigma_max: float
) -> NetworkFacts:
    return NetworkFacts(
        architecture=architecture,
        channels=convs[-1].out_channels,
        takes_sigma=takes_sigma,
        map_channel=False,
        multiple=1,
        grid=1,
        halo=halo,
        sigma_range=(0.0, sigma_max / 255),
        bytes_per_pixel=_LIVE_ACTIVATIONS * _FLOAT32 * convs[0].out_channels,
    )


def _ffdnet(network: FFDNet) -> NetworkFacts:
    convs = _convolutions(network)
    return NetworkFacts(
        architecture='ffdnet',
        channels=convs[-1].out_channels // 4,
        takes_sigma=True,
        map_channel=False,
        multiple=1,
        grid=2,
        halo=2 * len(convs),
        sigma_range=(0.0, 75 / 255),
        bytes_per_pixel=_LIVE_ACTIVATIONS * convs[0].out_channels,
    )


def _drunet(network: DRUNet) -> NetworkFacts:
    blocks = len(network.m_down1) - 1
    channels = network.m_tail.out_channels
    takes_sigma = network.m_head.in_channels == channels + 1
    widths = [network.m_head.out_channels]
    widths += [_convolutions(d)[-1].out_channels for d in _encoder(network)]
    skips = sum(width // 4**level for level, width in enumerate(widths))
    return NetworkFacts(
        architecture='drunet',
        channels=channels,
        takes_sigma=takes_sigma,
        map_channel=takes_sigma,
        multiple=8,
        grid=8,
        halo=drunet_halo(blocks),
        sigma_range=(0.0, 50 / 255),
        bytes_per_pixel=_FLOAT32 * (_LIVE_ACTIVATIONS * widths[0] + skips),
    )


def _encoder(network: DRUNet) -> tuple[nn.Module, ...]:
    return network.m_down1, network.m_down2, network.m_down3


def drunet_halo(blocks: int) -> int:
    """Return the receptive-field radius of a DRUNet with `blocks` residual blocks per scale.

    Followed backwards from the output: every 3x3 convolution adds one cell of
    its scale, a step to the next coarser scale halves the count (rounding up,
    since a cell that is touched is seen whole) and a step back doubles it.
    """
    reach = 1
    for _ in range(3):
        reach = -(-(reach + 2 * blocks) // 2)
    reach += 2 * blocks
    for _ in range(3):
        reach = 2 * reach + 2 * blocks
    return reach + 1
