"""Results of one image, looked at in turn."""

from __future__ import annotations

from typing import Any

from ..images.identity import key_of
from ..images.layer_kinds import is_picture, record_of
from ..images.related_layers import is_made_of, source_of


def result_in_view(viewer: Any) -> Any:
    """Return the selected result, else the uppermost one on show; None without any.

    The image that it was made of is a layer of the viewer.
    """
    results = _results(viewer)
    active = viewer.layers.selection.active
    if active in results:
        return active
    return next((layer for layer in reversed(results) if layer.visible), None)


def next_result(viewer: Any) -> Any:
    """Show the next result of the image of :func:`result_in_view` in place of the others.

    Returns the layer, which is then selected; None where there is no result.
    """
    results, present = _results(viewer), result_in_view(viewer)
    if not results:
        return None
    source = source_of(results[-1] if present is None else present, viewer.layers)
    siblings = [x for x in results if is_made_of(x, key_of(source), {source.name})]
    place = siblings.index(present) + 1 if present in siblings else 0
    following = siblings[place % len(siblings)]
    for layer in siblings:
        layer.visible = layer is following
    viewer.layers.selection.active = following
    return following


def _results(viewer: Any) -> list[Any]:
    """Return the results of layers that are still there, from the bottom up."""
    layers = viewer.layers
    made = (each for each in layers if is_picture(each) and record_of(each))
    return [each for each in made if source_of(each, layers) is not None]
