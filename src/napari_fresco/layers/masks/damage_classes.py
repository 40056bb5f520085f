"""Classes of damage on Labels layers: kept in metadata, shown as colours and in the status bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari.utils.colormaps import DirectLabelColormap

from ...damage.classes import CLASSES, DamageClass

if TYPE_CHECKING:
    import napari

    Classes = tuple[DamageClass, ...]

TABLE = 'napari_fresco_classes'
"""The classes of a layer, as a list of mappings."""

_UNNAMED = '#ff1a1a'


def classes_of(layer: napari.layers.Layer) -> Classes:
    """Return the classes of damage of the labels of `layer`; none where it has no table."""
    return tuple(DamageClass(**each) for each in layer.metadata.get(TABLE, ()))


def give_classes(layer: napari.layers.Labels, classes: Iterable[DamageClass] = CLASSES) -> None:
    """Let the labels of `layer` stand for `classes`, and show their names and colours."""
    told = class_keywords(classes)
    layer.metadata.update(told['metadata'])
    layer.features, layer.colormap = told['features'], told['colormap']


def class_keywords(classes: Iterable[DamageClass] = CLASSES) -> dict[str, Any]:
    """Return keywords of a new Labels layer whose labels stand for `classes`."""
    known = tuple(classes)
    columns = {
        'index': [0, *(each.value for each in known)],
        'class': ['not marked', *(each.name for each in known)],
        'fill': ['leave', *('fill' if each.filled else 'leave' for each in known)],
    }
    colours: dict[int | None, str] = {None: _UNNAMED, 0: 'transparent'}
    colours |= {each.value: each.colour for each in known}
    return {
        'metadata': {TABLE: [asdict(each) for each in known]},
        'features': columns,
        'colormap': DirectLabelColormap(color_dict=colours),
    }
