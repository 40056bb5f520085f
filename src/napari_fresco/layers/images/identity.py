"""The identity of layers: panels have proxies of their own, and names change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def key_of(layer: Any) -> str:
    """Return what tells a layer from all others, also where it was deleted meanwhile."""
    return str(layer.unique_id)


def with_key(layers: Iterable[Any], key: str) -> Any:
    """Return the layer with a key; None where it is not there."""
    return next((layer for layer in layers if key_of(layer) == key), None)
