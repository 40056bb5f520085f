"""Colour and contrast of layers, as files say them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap

_COLOURS = ('cyan', 'yellow', 'magenta', 'red', 'green', 'blue')
_WHITE = 'FFFFFF'


def look_of(metadata: Mapping[str, Any], channel: int, n: int) -> dict[str, Any]:
    """Return colour and contrast of a channel, as far as the file says them."""
    imagej = metadata.get('imagej', {})
    look: dict[str, Any] = {}
    if n > 1:
        pair = ('magenta', 'green')
        look['colormap'] = pair[channel] if n == 2 else _COLOURS[channel % len(_COLOURS)]
    shown = (metadata.get('omero') or {}).get('channels') or ()
    colours = metadata.get('colours', ())
    if channel < len(shown):
        look |= _omero_look(shown[channel])
    elif channel < len(colours):
        look |= _omero_look({'color': colours[channel]})
    tables: Sequence[Any] = imagej.get('LUTs', ())
    table = tables[channel] if channel < len(tables) else metadata.get('colormap')
    if table is not None:
        colours = np.asarray(table, dtype=float).T
        scale = 255 if colours.max() <= 255 else 65535
        look['colormap'] = Colormap(colours / scale, name=f'table {channel}')
    ranges = [float(x) for x in imagej.get('Ranges', ())]
    low, high = (*ranges[2 * channel : 2 * channel + 2], 0.0, 0.0)[:2]
    if n == 1 and not ranges:
        low, high = (_number(imagej.get(end)) for end in ('min', 'max'))
    if high > low:
        look['contrast_limits'] = (low, high)
    return look


def as_shown(metadata: Mapping[str, Any], meta: Mapping[str, Any], channels: int) -> dict[str, Any]:
    """Return the metadata of a gray layer that say how it is shown, where it differs from its file.

    `metadata`: of the file.
    `meta`: keywords of the layer.
    `channels`: how many lie along its axis C.
    """
    before = look_of(metadata, 0, 1)
    limits = [float(end) for end in meta.get('contrast_limits') or ()]
    moved = bool(limits) and not np.allclose(limits, before.get('contrast_limits', np.nan))
    colour = _hue(meta.get('colormap'))
    known = _hue(before.get('colormap')) or _WHITE
    told = (metadata.get('omero') or {}).get('channels') or ()
    each = [dict(one) for one in (told if len(told) == channels else [{}] * channels)]
    for one in each:
        if moved:
            window = dict(zip(('start', 'end'), limits, strict=True))
            one['window'] = {**(one.get('window') or {}), **window}
        if colour not in ('', known):
            one['color'] = colour
    found: dict[str, Any] = {'omero': {'channels': each}} if any(each) else {}
    if moved and metadata.get('flavour') == 'imagej':
        ends = dict(zip(('min', 'max'), limits, strict=True))
        ranges = ends if channels == 1 else {'Ranges': tuple(limits * channels)}
        kept = {k: v for k, v in (metadata.get('imagej') or {}).items() if k != 'Ranges'}
        found['imagej'] = {**kept, **ranges}
    return found


def _hue(colormap: Any) -> str:
    """Return the colour RRGGBB to which a colormap leads from black; nothing of other colormaps."""
    colors = getattr(colormap, 'colors', None)
    colors = colormap.get('colors') if isinstance(colormap, Mapping) else colors
    if colors is None or np.shape(colors) not in ((2, 3), (2, 4)):
        return ''
    first, last = np.rint(255 * np.asarray(colors, dtype=float)[:, :3]).astype(int)
    return '' if first.any() else ''.join(f'{value:02X}' for value in last)


def _number(said: Any) -> float:
    return float(said) if isinstance(said, int | float) else 0.0


def _omero_look(channel: Mapping[str, Any]) -> dict[str, Any]:
    """Return colour and contrast as OME-Zarr says them."""
    look: dict[str, Any] = {}
    window = channel.get('window') or {}
    low, high = (float(window.get(end) or 0) for end in ('start', 'end'))
    if high > low:
        look['contrast_limits'] = (low, high)
    colour = str(channel.get('color') or '')
    if re.fullmatch('[0-9A-Fa-f]{6}', colour):
        ends = [[0.0, 0.0, 0.0], [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]]
        look['colormap'] = Colormap(ends, name=f'#{colour.lower()}')
    return look
