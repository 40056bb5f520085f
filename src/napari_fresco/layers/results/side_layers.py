"""The maps, kernels and latents that come with a result, as layers that lie over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...image.model import data_of
from ...types import Result
from ..images.layer_kinds import KERNEL, LATENT, METADATA, SPREAD, UNCERTAINTY, VARIANCE, LayerData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..requests.layer_request import PanelRequest

_LATENT_AXIS = 'latent'


def side_layers(
    request: PanelRequest, result: Result, title: str, record: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Return keywords of ``viewer.add_image`` for all of `result` but the image.

    They start hidden. Colours are averaged: a σ map has one value for each pixel.

    `request`: what was asked.
    `result`: what came of it.
    `title`: name of the result layer.
    `record`: its metadata.
    """
    if result.kernel is not None and (request.kernel is None or isinstance(request.kernel, str)):
        yield _kernel(request, result.kernel, f'{title} kernel', record)
    if result.variance is not None:
        variance = request.image.unordered(_gray_mean(request, result.variance))
        marks = {**record, VARIANCE: True}
        yield _map(request, result, variance, f'{title} variance', 'magma', marks)
    for name, mark in (('uncertainty', UNCERTAINTY), ('spread', SPREAD)):
        deviation = getattr(result, name)
        if deviation is not None:
            mean_square = _gray_mean(request, np.square(as_pixels(deviation)))
            values = request.image.unordered(np.sqrt(mean_square))
            yield _map(
                request, result, values, f'{title} {name}', 'viridis', {**record, mark: True}
            )
    if result.latent is not None:
        yield _latent(request, result.latent, f'{title} latent', {**record, LATENT: True})


def filled_layer(
    request: PanelRequest, result: Result, title: str, record: Mapping[str, Any]
) -> LayerData:
    """Return labels over the newly painted pixels."""
    facts = {'name': f'{title} filled', 'visible': False, 'metadata': dict(record)}
    labels = np.asarray(result.filled, dtype=np.uint8)
    return labels, {**facts, **placed(request, result)}, 'labels'


def placed(request: PanelRequest, result: Result) -> dict[str, Any]:
    """Return layer keywords that put a result where its source lies."""
    geometry = result.provenance['geometry']
    part = request.image
    origin, factor = part.origin, np.ones(len(part.index))
    for axis, shift in zip(part.spatial, geometry['offset'], strict=True):
        origin[axis] += shift
        factor[axis] = geometry['scale']
    return request.space.part(origin, factor)


def as_pixels(image: Any) -> NDArray[Any]:
    """Return the pixels of an image or an array."""
    return np.asarray(data_of(image))


def _gray_mean(request: PanelRequest, values: NDArray[Any]) -> NDArray[Any]:
    """Average the colours; the alpha channel is no measurement."""
    values = as_pixels(values)
    coloured = values.ndim > len(request.image.index)
    return values[..., :3].mean(axis=-1) if coloured else np.asarray(values)


def _kernel(
    request: PanelRequest, kernel: NDArray[Any], name: str, record: Mapping[str, Any]
) -> dict[str, Any]:
    space = request.space.along(request.image.spatial)
    return {
        'data': as_pixels(kernel),
        'name': name,
        'rgb': False,
        'visible': False,
        'colormap': 'inferno',
        'metadata': {**record, KERNEL: _kernel_facts(record[METADATA]) or True},
        'scale': space.scale / request.scale,
        'units': space.units,
        'axis_labels': space.axis_labels,
    }


def _kernel_facts(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the kernel, with its origin from the geometry."""
    facts = dict(provenance.get('kernel') or {})
    if facts.get('downsampling') == 'direct' and facts['scale'] > 1:
        moved = any(provenance['geometry']['offset'])
        facts['position'] = 'shifted' if moved else 'centred'
    return facts


def _map(
    request: PanelRequest,
    result: Result,
    values: NDArray[Any],
    name: str,
    colormap: str,
    metadata: Mapping[str, Any],
) -> dict[str, Any]:
    grid = tuple(values.shape[axis] for axis in request.image.spatial)
    fits = grid == tuple(result.image.shape[axis] for axis in request.image.spatial)
    return {
        'data': values,
        'name': name,
        'rgb': False,
        'visible': False,
        'colormap': colormap,
        'metadata': dict(metadata),
        **(placed(request, result) if fits else _over(request, grid)),
    }


def _latent(
    request: PanelRequest, latent: NDArray[Any], name: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a layer whose first axis runs through the latent maps, over the image."""
    maps = np.stack([request.image.unordered(part) for part in np.moveaxis(latent, -3, 0)])
    place = _over(request, latent.shape[-2:])
    n = maps.ndim
    return {
        'data': maps,
        'name': name,
        'rgb': False,
        'visible': False,
        'metadata': dict(metadata),
        'scale': np.append(1.0, place['scale']),
        'translate': np.append(0.0, place['translate']),
        **{key: _grown(place[key], n) for key in ('rotate', 'shear')},
        'affine': _grown(place['affine'], n + 1),
        'units': ('pixel', *place['units']),
        'axis_labels': (_LATENT_AXIS, *place['axis_labels']),
    }


def _over(request: PanelRequest, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return layer keywords that spread a plane of `shape` over the part that was restored."""
    part = request.image
    origin, factor = part.origin, np.ones(len(part.index))
    for axis, size in zip(part.spatial, shape, strict=True):
        span = part.index[axis].stop - part.index[axis].start
        factor[axis] = size / span
        origin[axis] += (span / size - 1) / 2
    return request.space.part(origin, factor)


def _grown(matrix: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return `matrix` with an axis before all others, on which it does nothing."""
    grown = np.eye(size)
    grown[1:, 1:] = matrix
    return grown
