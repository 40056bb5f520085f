"""Results to layers: named, placed and drawn like their source, with their provenance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ImageError
from ...types import Result
from ..images.identity import key_of, with_key
from ..images.kept_selection import selection_kept
from ..images.layer_kinds import FILE, MADE, METADATA, RUN, LayerData
from ..images.look import Look
from ..images.placement import Placement
from ..images.related_layers import family
from ..images.removal import take_away
from ..images.selection import Selection, full_resolution, select
from ..images.space import Space
from .filled_run import run_of
from .made import Made
from .result_names import distinct_title
from .side_layers import as_pixels, filled_layer, placed, side_layers

if TYPE_CHECKING:
    import napari
    from numpy.typing import NDArray

    from ..requests.layer_request import PanelRequest


def result_layers(request: PanelRequest, result: Result) -> Iterator[LayerData]:
    """Yield the layer data tuples of a `result`, the restored image last."""
    title = request.title + (' partial' if result.finish == 'cancelled' else '')
    metadata = metadata_of(request, result)
    for layer in side_layers(request, result, title, metadata):
        yield layer.pop('data'), layer, 'image'
    if request.filled and result.filled is not None and result.filled.any():
        yield filled_layer(request, result, title, metadata)
    pixels = as_pixels(result.image)
    rgb = pixels.ndim > len(request.image.index)
    space = placed(request, result)
    if request.full_size and not request.image.is_whole:
        pixels, space = into_whole(request.image, pixels), whole_place(request)
    run = run_of(request, result)
    metadata[MADE] = Made.of(request, metadata[METADATA], pixels)
    made = metadata if run is None else {**metadata, RUN: run}
    same_grid = request.scale == 1 and (request.image.is_whole or request.full_size)
    cut = request.look.cut if same_grid else {}
    look = {'rgb': rgb, 'metadata': made, **space, **request.look.like(rgb=rgb), **cut}
    yield pixels, {'name': title, **look}, 'image'


def add_results(
    viewer: Any, request: PanelRequest, result: Result, preview: Any = None
) -> list[Any]:
    """Add the layers of `result` right after their source and return them, the image last.

    `viewer`: where they go.
    `request`: what was asked.
    `result`: what came of it.
    `preview`: a layer of the viewer that becomes the restored image.
    """
    record = metadata_of(request, result)[METADATA]
    own = request.titled or request.titles
    titled = distinct_title(request.source, own, record, viewer.layers)
    *beside, last = result_layers(replace(request, titled=titled), result)
    source = with_key(viewer.layers, request.source_id)
    layers = [inserted(viewer, source, data, select=False) for data in beside]
    if preview is not None and _turned(preview, last):
        here = [key_of(each) for each in viewer.layers].index(key_of(preview))
        viewer.layers.move(here, _place(viewer, source))
        layers.append(preview)
    else:
        layers.append(inserted(viewer, source, last, select=False))
        if preview is not None:
            take_away(viewer, preview)
    return layers


def preview_layer(request: PanelRequest, plane: NDArray[Any], stride: int) -> dict[str, Any]:
    """Return keywords of ``viewer.add_image`` for one plane of an estimate, thinned by `stride`.

    Without the leading axes of a stack it is on show whatever slice is chosen.
    """
    part = request.image
    plane = as_pixels(plane)
    rgb = plane.ndim == 3
    # The geometry of the result is not known yet; it is off by half a pixel at most.
    factor = [request.scale / stride] * 2
    space = request.space.along(part.spatial).part(part.origin[list(part.spatial)], factor)
    return {
        'data': plane,
        'name': f'{request.title} preview',
        'metadata': request.made_of,
        'rgb': rgb,
        **space,
        **request.look.like(rgb=rgb),
    }


def into_whole(part: Selection, pixels: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of the whole layer of `part` that holds `pixels` in its place.

    Raises ImageError when `pixels` are not on its grid, as those of an enlarged image.
    """
    whole = np.array(part.data, dtype=pixels.dtype)  # which may be finer than that of the layer
    colours = pixels.shape[len(part.index) :]
    grid = tuple(s.stop - s.start for s in part.index)
    if pixels.shape != grid + whole.shape[len(grid) :]:
        raise ImageError(
            f'a result of shape {pixels.shape} does not fit a part of shape {grid + colours} of '
            f'layer {part.name!r}; only a result with the pixels of its source can be put back'
        )
    whole[part.index] = pixels
    return whole


def put_back(result: napari.layers.Image, *, into: napari.layers.Image) -> LayerData:
    """Return a copy of a full-size image that holds a result of one of its parts.

    `result`: restored region or slice, wherever it lies.
    `into`: layer on whose grid it lies: its source, or what :func:`put_back` returned before.
    Returns data, keywords and type of a layer in the place and the look of `into`.
    Raises ImageError when the pixels of the two do not coincide, or the result reaches beyond the
        other.
    """
    part, whole = select(result), select(into)
    place = Placement.of(part, into)
    start = np.rint(place.offset).astype(int)
    alike = place.matrix.shape == (len(start),) * 2 and np.allclose(
        place.matrix, np.eye(len(start)), atol=1e-3
    )
    inside = (start >= 0).all() and (start + part.grid <= np.array(whole.grid)).all()
    if not alike or not inside or np.abs(start - place.offset).max() > 0.01:
        raise ImageError(
            f'layer {result.name!r} of shape {part.grid} does not lie on pixels of {into.name!r} '
            f'of shape {whole.grid}; put back only a region or a slice of it, not enlarged'
        )
    index = tuple(slice(int(s), int(s) + n) for s, n in zip(start, part.grid, strict=True))
    box = Selection(full_resolution(into), index, part.spatial, whole.rgb, name=into.name)
    space = Space.of(into).part(np.zeros(len(index)), np.ones(len(index)))
    metadata = {n: v for n, v in {**into.metadata, **result.metadata}.items() if n != MADE}
    own = Look.of(into)
    drawn = {**own.like(rgb=whole.rgb), **own.cut}
    look = {'rgb': whole.rgb, 'metadata': metadata, **space, **drawn}
    return (
        into_whole(box, as_pixels(full_resolution(result))),
        {'name': result.name, **look},
        'image',
    )


def inserted(viewer: Any, source: Any, data: LayerData, select: bool = True) -> Any:
    """Add a layer above its source and the other results of it, and return it.

    What is hidden at first does not become the active layer, nor does any without `select`.
    """
    from napari.layers import Layer

    layer = Layer.create(*data)
    with nullcontext() if select and layer.visible else selection_kept(viewer):
        viewer.layers.insert(_place(viewer, source), layer)
    return layer


def _place(viewer: Any, source: Any) -> int:
    """Return the place above a source and its results; without one the uppermost."""
    keys = [key_of(each) for each in viewer.layers]
    if source is None:
        return len(keys)
    of_it = {key_of(each) for each in family(viewer.layers, source)}
    place = keys.index(key_of(source)) + 1
    while place < len(keys) and keys[place] in of_it:
        place += 1
    return place


def _turned(preview: Any, data: LayerData) -> bool:
    """Turn the preview into the result, where it has as many axes, and say so."""
    pixels, keywords, _ = data
    if preview.rgb != keywords['rgb'] or preview.ndim != len(keywords['scale']):
        return False
    preview.data = pixels
    for name, value in keywords.items():
        if name not in ('rgb', 'metadata'):
            setattr(preview, name, value)
    preview.metadata = keywords['metadata']
    return True


def whole_place(request: PanelRequest) -> dict[str, Any]:
    """Return layer keywords that put a full-size result where its source lies."""
    ndim = len(request.image.index)
    return request.space.part(np.zeros(ndim), np.ones(ndim))


def metadata_of(request: PanelRequest, result: Result) -> dict[str, Any]:
    """Return the metadata of a result layer: provenance, source, and the metadata of its file."""
    part = request.image
    origin = {
        'layer': request.source,
        'start': [int(s.start) for s in part.index],
        'stop': [int(s.stop) for s in part.index],
    }
    record = {METADATA: {**result.provenance, 'source': origin}, **request.made_of}
    file = dict(getattr(result.image, 'metadata', part.metadata))
    file.pop('provenance', None)  # is in the record
    return {**record, FILE: file} if file else record
