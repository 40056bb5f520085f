"""The one full-size layer that losses are filled into: found, asked, and undone fill by fill."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from ...errors import FrescoError, MaskError
from ..images.identity import key_of, with_key
from ..images.layer_kinds import FILLS, MADE_OF, NUMBERS
from ..images.named_layers import find_layer
from ..images.space import Space
from ..jobs.layer_restoration import running
from ..results.results import inserted
from .fills import Fills
from .kept_fills import known_again


def growing_layer(viewer: Any, source_id: str) -> Any:
    """Return the layer that losses of a photograph are filled into, or None.

    One that was opened from its file is known again where the photograph is there.
    """
    for layer in reversed(viewer.layers):
        known = layer.metadata.get(FILLS)
        if isinstance(known, Fills) and known.source_id == source_id:
            return layer
    photograph = with_key(viewer.layers, source_id)
    if photograph is None:
        return None
    kept = (each for each in reversed(viewer.layers) if known_again(each, photograph))
    return next(kept, None)


def undo_fill(
    viewer: Any, layer: Any, number: int | None = None, *, at: Collection[float] | None = None
) -> int:
    """Give the original pixels of a fill back.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Needs no window, and no Qt.
    layer : Image or str
        The layer that grows, or the photograph that it was made of.
    number : int, optional
        Of the fill.
    at : sequence of float, optional
        A place in the world that lies on the fill, such as ``viewer.cursor.position``.

    Returns
    -------
    int
        The number of the fill that was undone.

    Raises
    ------
    MaskError
        When there is no such fill.
    FrescoError
        While the layer is being filled.
    """
    grown = grown_of(viewer, layer)
    fills: Fills = grown.metadata[FILLS]
    at_work = running.restoration
    if at_work is not None and at_work.request.source_id == fills.source_id:
        raise FrescoError(running.busy_text)
    if at is not None:
        number = fill_at(grown, at)
    if not number:
        raise MaskError('there is no fill at this place; point at one, or give its number')
    grown.data = fills.undo(grown.data, int(number))
    show_numbers(viewer, grown, make=False)
    return int(number)


def fill_at(layer: Any, place: Collection[float]) -> int:
    """Return the number of the fill at a place in the world, 0 where there is none."""
    inside = np.asarray(layer.world_to_data(tuple(place)), dtype=float)
    return int(layer.metadata[FILLS].at(inside[-layer.ndim :]))


def show_numbers(viewer: Any, grown: Any, *, make: bool) -> list[Any]:
    """Bring the labels with the numbers of the fills up to date; return their layer, if any."""
    own = (x for x in viewer.layers if x.metadata.get(NUMBERS) == key_of(grown))
    shown = next(own, None)
    if shown is None and not make:
        return []
    numbers = np.maximum(grown.metadata[FILLS].numbers, 0)
    if shown is not None:
        shown.data = numbers
        return [shown]
    place = Space.of(grown).part(np.zeros(grown.ndim), np.ones(grown.ndim))
    marks = {NUMBERS: key_of(grown), MADE_OF: key_of(grown)}
    look = {'name': f'{grown.name} numbers', 'visible': False, 'metadata': marks, **place}
    return [inserted(viewer, grown, (numbers, look, 'labels'))]


def grown_of(viewer: Any, layer: Any) -> Any:
    """Return the layer that grows, which `layer` is or was the source of."""
    chosen = find_layer(viewer, layer, 'layer')
    found = chosen if FILLS in chosen.metadata else growing_layer(viewer, key_of(chosen))
    if found is None:
        raise FrescoError(f'nothing was filled in {chosen.name!r} yet')
    return found
