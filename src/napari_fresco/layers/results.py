"""Results to layers: named, placed and drawn like their source, with their provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import Result
from .layer_kinds import METADATA
from .side_layers import placed, side_layers

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .layer_request import PanelRequest


def add_results(viewer: napari.viewer.Viewer, request: PanelRequest, result: Result) -> Any:
    """Add the layers of `result` to `viewer` and return the restored image layer."""
    title = request.title + (' partial' if result.finish == 'cancelled' else '')
    metadata = _metadata(request, result)
    for layer in side_layers(request, result, title, metadata):
        viewer.add_image(**layer)
    rgb = _is_rgb(request, result.image)
    return viewer.add_image(
        result.image,
        name=title,
        rgb=rgb,
        metadata=metadata,
        **placed(request, result),
        **look(request, rgb=rgb),
    )


def look(request: PanelRequest, *, rgb: bool) -> dict[str, Any]:
    """Return layer keywords that draw an image like the source."""
    if rgb:
        return {'gamma': request.look.gamma}
    if request.image.rgb:
        return {}
    return {
        'colormap': request.look.colormap,
        'contrast_limits': request.look.contrast_limits,
        'gamma': request.look.gamma,
    }


def preview_layer(request: PanelRequest, plane: NDArray[Any], stride: int) -> dict[str, Any]:
    """Return keywords of ``viewer.add_image`` for one plane of an estimate, thinned by `stride`.

    Without the leading axes of a stack it is on show whatever slice is chosen.
    """
    part = request.image
    rgb = plane.ndim == 3
    # The geometry of the result is not known yet; it is off by half a pixel at most.
    factor = [request.scale / stride] * 2
    space = request.space.along(part.spatial).part(part.origin[list(part.spatial)], factor)
    return {
        'data': plane,
        'name': f'{request.title} preview',
        'rgb': rgb,
        **space,
        **look(request, rgb=rgb),
    }


def _is_rgb(request: PanelRequest, image: NDArray[Any]) -> bool:
    return image.ndim > len(request.image.index)


def _metadata(request: PanelRequest, result: Result) -> dict[str, Any]:
    part = request.image
    origin = {
        'layer': request.source,
        'start': [int(s.start) for s in part.index],
        'stop': [int(s.stop) for s in part.index],
    }
    return {METADATA: {**result.provenance, 'source': origin}}
