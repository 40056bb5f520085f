"""The network that a method runs, for images of any number of channels."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .. import weights
from ..runtime.tiled_network import TiledNetwork
from ..runtime.tools import Tools
from ..types import Task


def lent(
    tools: Tools,
    model: str,
    role: str,
    *,
    channels: int,
    task: Task = 'denoise',
    scale: int = 1,
    architectures: tuple[str, ...] = (),
) -> TiledNetwork:
    """Return the network that `model` names.

    `tools`: lends it.
    `model`: registry name or file; 'auto' means the default weights of `role`.
    `role`: name of the method.
    `channels`, `task`, `scale`: of the image and of what is asked for.
    `architectures`: what the method can run; `role` itself by default.
    Raises WeightsError when the weights are missing, or of another architecture or scale.
    """
    name = weights.default_for(role, channels, task, scale) if model == 'auto' else model
    network = tools.network(name)
    weights.expect(network.module, architectures or (role,), scale=scale)
    return network


def colourwise(function: Callable[[Tensor], Tensor], y: Tensor, channels: int) -> Tensor:
    """Apply a function of `channels`-channel images to an image of any number of channels.

    `function`: maps ``(N, channels, h, w)`` to ``(N, channels, H, W)``.
    `y`: ``(1, C, h, w)``.
    `channels`: 1 or 3. Where C differs, each channel of `y` passes alone; to a colour network as
        three equal channels, whose results are averaged.
    Returns ``(1, C, H, W)``.
    """
    return from_channels(function(to_channels(y, channels)), y.shape[1])


def to_channels(image: Tensor, channels: int) -> Tensor:
    """Lay out ``(1, C, H, W)`` as images of `channels`: equal channels, one image for each of C."""
    if image.shape[1] == channels:
        return image
    return image.transpose(0, 1).expand(-1, channels, -1, -1)


def from_channels(image: Tensor, channels: int) -> Tensor:
    """Undo :func:`to_channels` for C = `channels`; channels that were equal are averaged.

    A single map for all channels stays one.
    """
    if len(image) == 1 and image.shape[1] in (1, channels):
        return image
    return image.mean(dim=1, keepdim=True).transpose(0, 1)
