"""Kernels of the channels of a layer, one for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...physics.kernels.known_light import wavelengths_of
from ..images.layer_kinds import kernel_facts
from ..images.selection import Selection, select

if TYPE_CHECKING:
    import napari

_SAME_LIGHT = 0.02  # relative difference of wavelengths of one channel


class ChannelKernels(dict[str, Any]):
    """Kernels by the numbers of channels, counted from the first that is restored."""

    @property
    def ndim(self) -> int:
        """Number of axes of each."""
        return max((np.ndim(kernel) for kernel in self.values()), default=2)

    def in_layer(self, part: Selection) -> dict[int, Any]:
        """Return them by the numbers of channels in the layer that `part` is of."""
        first = channels_of(part).start
        return {first + int(number): kernel for number, kernel in self.items()}


def channels_of(part: Selection) -> range:
    """Return the numbers of the channels that are selected along an axis; none without one."""
    if 'C' not in part.axes:
        return range(0)
    place = part.axes.index('C')
    return range(part.grid[place])[part.index[place]]


def names_of(image: napari.layers.Image | None) -> list[str]:
    """Return how the channels of a layer with several along an axis are called."""
    if image is None or image.ndim < 3:
        return []
    whole = select(image)
    count = whole.grid[whole.axes.index('C')] if 'C' in whole.axes else 0
    return [f'Channel {number}' for number in range(count)] if count > 1 else []


def is_of_channel(kernel: napari.layers.Image, image: napari.layers.Image, channel: int) -> bool:
    """Say whether a kernel is that of a channel: by its name, else by its light.

    Its name ends with that of the channel, such as ``PSF channel 1``, or it was made for the
    wavelength of that channel and of no other.
    """
    called = str(kernel.name).lower()
    names = [name.lower() for name in names_of(image)]
    if any(called.endswith(name) for name in names):
        return called.endswith(names[channel])
    made_of: Mapping[str, Any] = kernel_facts(kernel).get('made_of', {})
    wave = made_of.get('wavelength')
    told = [emitted for _, emitted in wavelengths_of(select(image).whole_image())]
    if not wave or not told:
        return False
    near = [bool(own) and abs(own - wave) <= _SAME_LIGHT * wave for own in told]
    return bool(near[channel]) and sum(near) == 1
