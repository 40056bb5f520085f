"""Image files as layers, and layers as images to be written, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ImageError
from ...image.channels import ONE_CHANNEL
from ...image.letters import UNNAMED, leading_first
from ...image.model import Image, in_memory
from ...image.prints import is_print
from ...io.files import list_series, read_labels, read_levels
from ..images.layer_kinds import FILE, PRINT, LayerData
from ..images.named_layers import is_layer
from .file_look import as_shown, look_of
from .kept_record import known_beside
from .label_files import label_facts, label_keywords

if TYPE_CHECKING:
    import napari

_LEADING = 'TCZ'
_NAMED = 'TCZYX'
_MOST_CHANNELS = 16


def file_layers(path: str | Path) -> list[LayerData]:
    """Return the layers of an image file: images, named channels, and labels.

    Raises FileError when the file holds no image.
    """
    every = list_series(path)
    stem = Path(path).name.removesuffix(''.join(Path(path).suffixes[-2:])) or Path(path).stem
    layers: list[LayerData] = []
    for number, name in every:
        series = number if len(every) > 1 else None
        levels = read_levels(path, series=series)
        shown = f'{stem} {name}' if len(every) > 1 else stem
        layers += _pyramids([list(image_layers(level, shown)) for level in levels])
        for label, images in read_labels(path, series=series).items():
            layers += _pyramids([list(image_layers(each, f'{shown} {label}')) for each in images])
    return _with_records(path, layers)


def _with_records(path: str | Path, layers: list[LayerData]) -> list[LayerData]:
    """Return layers with what is known of the making of the one image, where there is one."""
    pictures = [each for each in layers if each[2] == 'image']
    if len(pictures) == 1:
        data, keywords, _ = pictures[0]
        full = data[0] if keywords.get('multiscale') else data
        keywords['metadata'].update(known_beside(path, np.shape(full), keywords['metadata']))
    return layers


def _pyramids(levels: list[list[LayerData]]) -> Iterator[LayerData]:
    """Yield the layers of an image, with lower resolutions beside pixels that stay in a file."""
    for layers in zip(*levels, strict=True):
        full, keywords, kind = layers[0]
        if len(layers) > 1 and not isinstance(full, np.ndarray):
            yield [data for data, _, _ in layers], {**keywords, 'multiscale': True}, kind
        else:
            yield layers[0]


def image_layers(image: Image, name: str) -> Iterator[LayerData]:
    """Yield an image as a layer, or as one for each of its channels where these have names."""
    image = _shown_order(image)
    if image.metadata.get('labels') and image.dtype.kind in 'iu':
        yield _labels(image, name)
        return
    imagej = image.metadata.get('imagej', {})
    split = image.channels or ('C' in image.axes and 'LUTs' in imagej)
    n = image.length('C')
    if not split or not 1 < n <= _MOST_CHANNELS:
        yield _layer(image, name, look_of(image.metadata, 0, 1))
        return
    axis = image.axes.index('C')
    for i, (called, own) in enumerate(image.each_channel()):
        part = Image(
            own.data[(*[slice(None)] * axis, 0)],
            own.axes.replace('C', ''),
            {a: step for a, step in own.spacing.items() if a != 'C'},
            {a: first for a, first in own.origin.items() if a != 'C'},
            metadata={**own.metadata, ONE_CHANNEL: called},
        )
        look = {'blending': 'additive', **look_of(image.metadata, i, n)}
        yield _layer(part, f'{name} {called}', look)


def image_of(layer: napari.layers.Image) -> Image:
    """Return an image layer as an image, with its place, its units and the metadata of its file.

    Parameters
    ----------
    layer : Image
        Of a viewer; nothing is loaded.

    Returns
    -------
    Image
        For :func:`napari_fresco.write` and :func:`napari_fresco.restore`.

    Examples
    --------
    >>> from napari.layers import Image
    >>> from napari_fresco.layers import image_of
    >>> import numpy as np
    >>> image_of(Image(np.ones((4, 5)), scale=(0.1, 0.1), units='um')).spacing['Y']
    (0.1, 'um')
    """
    if not is_layer(layer):
        raise ImageError(f'{layer!r:.40} is no layer; give one, such as viewer.layers["cells"]')
    data, keywords, _ = layer.as_layer_data_tuple()
    return layer_as_image(data, keywords)


def layer_as_image(data: Any, meta: Mapping[str, Any]) -> Image:
    """Return a layer, given as data and keywords, as the image that is to be written."""
    array = data[0] if meta.get('multiscale') else data
    rgb = bool(meta.get('rgb'))
    axes = _axes(len(array.shape) - rgb, [str(label) for label in meta['axis_labels']])
    said = dict(meta.get('metadata', {}).get(FILE, {}))
    printed, channel = said.pop(PRINT, {}), said.pop(ONE_CHANNEL, None)
    spacing = {}
    for axis, step, unit in zip(axes, meta['scale'], meta['units'], strict=True):
        spacing[axis] = (abs(float(step)), str(unit))
        if axis in printed and str(unit) == 'pixel':
            spacing[axis] = (abs(float(step)) * printed[axis][0], printed[axis][1])
    origin = {} if printed else _origin(axes, meta)
    letters = axes + ('S' if rgb else '')
    array = array if hasattr(array, 'transpose') else in_memory(array)
    # Programs for photographs look for the dots per inch of a print in tags.
    metadata = {'flavour': 'plain' if printed else 'ome', **said}
    if metadata['flavour'] == 'imagej':
        origin = {}  # for which it has no words
    metadata |= label_facts(meta)
    if not rgb:
        metadata |= as_shown(metadata, meta, array.shape[axes.index('C')] if 'C' in axes else 1)
    if channel is None or 'C' in letters:
        return Image(array, letters, spacing, origin, metadata=metadata)
    return Image(array[None], f'C{letters}', spacing, origin, (channel,), metadata=metadata)


def _origin(axes: str, meta: Mapping[str, Any]) -> dict[str, float]:
    """Return where the first pixel of a layer lies, unless the layer is turned or mirrored."""
    ndim = len(axes)
    turned: dict[str, Any] = {'rotate': np.eye(ndim), 'affine': np.eye(ndim + 1), 'shear': 0.0}
    straight = all(np.allclose(meta.get(name, same), same) for name, same in turned.items())
    if not straight or min(map(float, meta['scale'])) < 0:
        return {}
    places = zip(axes, meta.get('translate', np.zeros(ndim)), strict=True)
    return {axis: float(place) for axis, place in places if place}


def _shown_order(image: Image) -> Image:
    """Return an image in the order of napari: stack axes, rows and columns, colours."""
    axes = leading_first(image.axes)
    data = image.data
    if axes != image.axes:
        data = in_memory(data) if not hasattr(data, 'transpose') else data
        data = data.transpose([image.axes.index(axis) for axis in axes])
    if 'S' in axes and not image.rgb:  # gray, perhaps with alpha: one gray plane for each
        data, axes = np.moveaxis(in_memory(data), -1, 0), 'S' + axes[:-1]
        if len(data) == 1:
            data, axes = data[0], axes[1:]
        else:
            axes = axes.replace('S', next(a for a in UNNAMED if a not in axes))
    known = {a: step for a, step in image.spacing.items() if a in axes}
    places = {a: first for a, first in image.origin.items() if a in axes}
    return Image(data, axes, known, places, image.channels, metadata=image.metadata)


def _layer(image: Image, name: str, look: Mapping[str, Any]) -> LayerData:
    metadata, axes = dict(image.metadata), image.axes.replace('S', '')
    spacing = dict(image.spacing)
    if is_print(metadata):
        metadata[PRINT] = {axis: spacing.pop(axis) for axis in 'YX' if axis in spacing}
    ndim = len(axes)
    labels = [a.lower() if a in _NAMED else str(i - ndim) for i, a in enumerate(axes)]
    keywords = {
        'name': name,
        'rgb': image.rgb,
        'scale': [spacing.get(axis, (1.0, ''))[0] for axis in axes],
        'units': [spacing.get(axis, (1.0, ''))[1] or 'pixel' for axis in axes],
        'translate': [float(image.origin.get(axis, 0.0)) for axis in axes],
        'axis_labels': labels,
        'metadata': {FILE: metadata},
        **({} if image.rgb else look),
    }
    return image.data, keywords, 'image'


def _labels(image: Image, name: str) -> LayerData:
    """Return an image of labels as a layer of labels, with its own classes and colours."""
    data, keywords, _ = _layer(image, name, {})
    del keywords['rgb']
    told = label_keywords(image)
    metadata = {**keywords['metadata'], **told.pop('metadata', {})}
    return data, {**keywords, **told, 'metadata': metadata}, 'labels'


def _axes(ndim: int, labels: list[str]) -> str:
    """Return a letter for each axis: its label where that is one, else as OME orders them."""
    letters = [label.upper() for label in labels]
    if len(set(letters)) == ndim and set(letters) <= set(_NAMED) and {'Y', 'X'} <= set(letters):
        return ''.join(letters)
    leading = ndim - 2
    return UNNAMED[: max(0, leading - len(_LEADING))] + _LEADING[max(0, 3 - leading) :] + 'YX'
