"""Checkpoints of other people's networks, which the optional package spandrel recognises.

spandrel knows many architectures by their checkpoints. Ours come first,
since it takes FFDNet for another network, tells DRUNet a fixed noise level and
continues images for SCUNet by reflection.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import WeightsError
from ..networks.facts import FLOAT32, LARGEST_EXACT_HALO, Network, NetworkFacts
from ..networks.precision import full_precision
from .assembling import assemble
from .detection import detect

ARCHITECTURE = 'foreign'
"""What :attr:`~napari_fresco.networks.NetworkFacts.architecture` says of these networks."""

_OURS = ('DRUNet', 'DnCNN', 'SCUNet')
_PURPOSES = ('SR', 'Restoration')
_GRID = 64  # windows and coarsest pixels of common networks divide it
_ACTIVATIONS, _ENLARGED, _WIDTH = 16, 2, 64  # of a network of usual size


class ForeignNetwork(nn.Module):
    """A network from spandrel, called like ours.

    `descriptor`: the network and what spandrel knows of it.
    `title`: its architecture as people write it.

    ``forward`` takes ``(N, C, H, W)`` of any size and returns
    ``(N, C, scale H, scale W)``, unclamped. Right and bottom are continued by
    replication to the size that the network needs. Nothing tells how far it
    sees, so its tiles are blended.
    """

    def __init__(self, descriptor: Any) -> None:
        super().__init__()
        self.model: nn.Module = descriptor.model
        self.title = str(descriptor.architecture.name)
        self.channels = int(descriptor.input_channels)
        self.scale = int(descriptor.scale)
        self._sizes = descriptor.size_requirements
        self._bfloat16 = bool(descriptor.supports_bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        rows, columns = self._padded_size(height, width)
        x = F.pad(x, (0, columns - width, 0, rows - height), mode='replicate')
        if self._bfloat16:
            result = self.model(x)
        else:
            with full_precision(x):
                result = self.model(x)
        # Some also return what they have estimated on the way.
        image: Tensor = result[0] if isinstance(result, tuple | list) else result
        return image[..., : height * self.scale, : width * self.scale].to(x.dtype)

    def describe(self) -> NetworkFacts:
        """Return the facts about the network."""
        multiple = max(int(self._sizes.multiple_of), 1)
        return NetworkFacts(
            architecture=ARCHITECTURE,
            channels=self.channels,
            takes_sigma=False,
            map_channel=False,
            multiple=1,
            grid=-(-_GRID // multiple) * multiple,
            halo=LARGEST_EXACT_HALO + 1,
            sigma_range=(0.0, 1.0),
            bytes_per_pixel=FLOAT32 * _WIDTH * (_ACTIVATIONS + _ENLARGED * self.scale**2),
            scale=self.scale,
        )

    def _padded_size(self, height: int, width: int) -> tuple[int, int]:
        multiple = max(int(self._sizes.multiple_of), 1)
        sides = [max(side, int(self._sizes.minimum)) for side in (height, width)]
        if self._sizes.square:
            sides = [max(sides)] * 2
        rows, columns = (-(-side // multiple) * multiple for side in sides)
        return rows, columns


def adopt(path: Path, tensors: Mapping[str, Tensor]) -> Network | None:
    """Return the network of a checkpoint that is not one of ours.

    `path`: the file, for messages.
    `tensors`: what it holds.
    Returns the network: float32, in evaluation mode, frozen, with its facts; None when spandrel
        does not know it either. Enlarging networks count as generative, since nothing tells how
        they were trained.
    Raises WeightsError when spandrel is not installed, when the tensors do not fit the architecture
        that they seem to be of, or when the network is not one that maps a gray or colour image to
        such an image.
    """
    descriptor = _recognised(path, tensors)
    if descriptor is None:
        return None
    title = str(descriptor.architecture.name)
    if str(descriptor.architecture.id) in _OURS:
        return _own(path, descriptor.model.state_dict())
    if getattr(descriptor, 'purpose', None) not in _PURPOSES:
        raise WeightsError(
            f'{path} is a {title}, made for {getattr(descriptor, "purpose", "something else")}; '
            'give a network that denoises, restores or enlarges whole images'
        )
    channels = descriptor.input_channels, descriptor.output_channels
    if channels not in ((1, 1), (3, 3)):
        raise WeightsError(
            f'{path} is a {title} from {channels[0]} to {channels[1]} channels; give one that '
            'takes and returns 1 or 3'
        )
    network = cast('Network', ForeignNetwork(descriptor))
    network.float().requires_grad_(False).eval()
    network.facts = cast('ForeignNetwork', network).describe()
    network.generative = descriptor.purpose == 'SR'
    return network


def _recognised(path: Path, tensors: Mapping[str, Tensor]) -> Any:
    """Return the descriptor of a checkpoint, or None."""
    try:
        spandrel: Any = import_module('spandrel')
    except ImportError:
        raise WeightsError(
            f'{path} is of an unknown architecture (it begins with '
            f'{next(iter(tensors), "nothing")}); pip install "napari-fresco[spandrel]" makes more '
            'architectures known'
        ) from None
    try:
        return spandrel.ModelLoader('cpu').load_from_state_dict(dict(tensors))
    except spandrel.UnsupportedModelError:
        return None
    except Exception as error:
        # A damaged or forged file fails in every way that its names and shapes can lead to.
        raise WeightsError(
            f'{path} cannot be loaded by spandrel ({type(error).__name__}: {error}); fetch or '
            'copy it again'
        ) from None


def _own(path: Path, tensors: Mapping[str, Tensor]) -> Network:
    """Return our own network for tensors whose names spandrel has put right."""
    return assemble(*detect(tensors, path), tensors, path)
