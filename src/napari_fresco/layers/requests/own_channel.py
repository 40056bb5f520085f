"""Values given by channel, as they hold for a layer: that of its channel, or of those it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...declare.options import BY_CHANNEL
from ...errors import ParameterError
from ...image.by_channel import numbered
from ...image.channels import ONE_CHANNEL
from ..images.selection import Selection


def of_layer(values: Mapping[str, Any], part: Selection) -> dict[str, Any]:
    """Return options and parameters with entries for channels as they hold for a part of a layer.

    A layer that is one channel of its file has the value of that one. Of a layer with an axis of
    channels the numbers are counted from the first that is selected; of one alone it is its value.
    Raises ParameterError when a selected channel has no entry, or the layer is none of several.
    """
    apart = {n for n, value in values.items() if n in BY_CHANNEL and isinstance(value, Mapping)}
    return {n: _own(n, value, part) if n in apart else value for n, value in values.items()}


def _own(name: str, value: Mapping[Any, Any], part: Selection) -> Any:
    if 'C' in part.axes:
        return _selected(name, value, part)
    channel, given = part.metadata.get(ONE_CHANNEL), ', '.join(map(str, value))
    if channel is None:
        raise ParameterError(
            f'{name} has entries for channels ({given}), but nothing says which channel layer '
            f'{part.name!r} is; give one value, or restore each channel as a layer of its own '
            '(Layer > Split Stack)'
        )
    found = [own for told, own in value.items() if str(told) == channel]
    if not found:
        raise ParameterError(
            f'{name} has an entry for {given}, but none for channel {channel}, which layer '
            f'{part.name!r} is; give one for it'
        )
    return found[0]


def _selected(name: str, value: Mapping[Any, Any], part: Selection) -> Any:
    """Return the values of the selected ones of the channels along an axis."""
    place = part.axes.index('C')
    count = part.grid[place]
    found, chosen = (
        numbered(value, (), count, name, ParameterError),
        range(count)[part.index[place]],
    )
    missing = [str(n) for n in chosen if n not in found]
    if missing:
        raise ParameterError(
            f'{name} has an entry for {", ".join(map(str, value))}, but none for channel '
            f'{", ".join(missing)} of layer {part.name!r}; give one for each'
        )
    own = {str(i): found[n] for i, n in enumerate(chosen)}
    return own if len(own) > 1 else own['0']
