"""Relations of layers: which one was made of which, and which one is its truth.

In the session that made a layer the identity of the other one decides, whatever it is called
meanwhile. A layer that was opened from its file knows no more than a name.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .identity import key_of, with_key
from .layer_kinds import MADE_OF, TRUTH_ID, source_name, truth_name

if TYPE_CHECKING:
    import napari


def is_made_of(layer: Any, key: str, names: Collection[str] = ()) -> bool:
    """Say whether a layer was made of another one.

    `key`: of the other one.
    `names`: its own, which count for a layer from a file.
    """
    known = layer.metadata.get(MADE_OF)
    return known == key if known else bool(source := source_name(layer)) and source in names


def source_of(layer: Any, layers: Any) -> Any:
    """Return the layer that a result was made of; None where it is not there."""
    return _found(layers, layer.metadata.get(MADE_OF), source_name(layer))


def truth_of(layer: napari.layers.Layer, layers: Any) -> Any:
    """Return the image that a simulated layer was made from; None where it is not there."""
    return _found(layers, layer.metadata.get(TRUTH_ID), truth_name(layer))


def family(layers: Any, source: Any) -> list[Any]:
    """Return a layer, all that was made of it, and what was made of that, from below."""
    keys, found = {key_of(source)}, [source]
    for parent in found:  # which grows
        for each in layers:
            if key_of(each) not in keys and is_made_of(each, key_of(parent), {parent.name}):
                keys.add(key_of(each))
                found.append(each)
    return [each for each in layers if key_of(each) in keys]


def _found(layers: Any, key: str | None, name: str) -> Any:
    if key:
        return with_key(layers, key)
    return next((each for each in layers if name and each.name == name), None)
