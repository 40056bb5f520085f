"""Results to layers: named, placed and drawn like their source, with their provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..types import Result

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from .request import PanelRequest

METADATA = 'napari_fresco'
KERNEL = 'napari_fresco_kernel'


def add_results(viewer: napari.viewer.Viewer, request: PanelRequest, result: Result) -> Any:
    """Add the layers of `result` to `viewer` and return the restored image layer."""
    partial = ' partial' if result.finish == 'cancelled' else ''
    title = request.title + partial
    if result.kernel is not None and request.kernel is None:
        _add_kernel(viewer, f'{title} kernel', request, result)
    if result.variance is not None:
        _add_variance(viewer, f'{title} variance', request, result, result.variance)
    rgb = _is_rgb(request, result.image)
    return viewer.add_image(
        result.image,
        name=title,
        rgb=rgb,
        metadata=_metadata(request, result),
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


def placed(request: PanelRequest, result: Result) -> dict[str, Any]:
    """Return layer keywords that put a result where its source lies."""
    geometry = result.provenance['geometry']
    part = request.image
    origin, factor = part.origin, np.ones(len(part.index))
    for axis, shift in zip(part.spatial, geometry['offset'], strict=True):
        origin[axis] += shift
        factor[axis] = geometry['scale']
    return request.space.part(origin, factor)


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


def _add_kernel(
    viewer: napari.viewer.Viewer, name: str, request: PanelRequest, result: Result
) -> None:
    space = request.space.along(request.image.spatial)
    viewer.add_image(
        result.kernel,
        name=name,
        rgb=False,
        visible=False,
        metadata={**_metadata(request, result), KERNEL: True},
        scale=space.scale / request.scale,
        units=space.units,
        axis_labels=space.axis_labels,
    )


def _add_variance(
    viewer: napari.viewer.Viewer,
    name: str,
    request: PanelRequest,
    result: Result,
    variance: NDArray[Any],
) -> None:
    viewer.add_image(
        request.image.unordered(variance),
        name=name,
        rgb=variance.ndim > len(request.image.index),
        colormap='magma',
        visible=False,
        metadata=_metadata(request, result),
        **placed(request, result),
    )
