"""The source of a layer, remembered for repeating the layer when the source is gone.

Pixels are not kept: a layer that is deleted gives its memory back, though others were made of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .identity import key_of
from .layer_kinds import FILE, FILLS, MADE, METADATA

if TYPE_CHECKING:
    import napari

Pixels = Callable[[], Any]
"""Returns pixels as long as somebody keeps them, then None."""


@dataclass(frozen=True, eq=False)
class Source:
    """The layer that another one was made of.

    `layer_id`: unique id of the layer.
    `pixels`: its data at full resolution.
    `path`: file that it was opened from; empty where nobody knows one.
    `made`: how it was made itself, a :class:`~napari_fresco.layers.results.made.Made`, or what was
        filled in it, its :class:`~napari_fresco.layers.fills.fills.Fills`; None of an image that
        was opened.
    `record`: what else is on record of its making, such as a simulation.
    """

    layer_id: str
    pixels: Pixels
    path: str = ''
    made: Any = None
    record: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: napari.layers.Layer, data: Any) -> Source:
        """Return the source layer with these pixels."""
        known = layer.metadata
        made = known.get(MADE)
        if made is None or made.pixels() is not data:  # other pixels were put into the layer
            made = known.get(FILLS)
        path = known.get(FILE, {}).get('path') or layer.source.path or ''
        record = known.get(METADATA) or {}
        return cls(key_of(layer), kept_elsewhere(data), str(path), made, record)


def kept_elsewhere(data: Any) -> Pixels:
    """Return a function that gives `data` back as long as a layer holds it."""
    try:
        return weakref.ref(data)
    except TypeError:  # of a kind that cannot be told to be gone
        return lambda: None
