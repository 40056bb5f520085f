"""Labels between files and layers, with their classes, colours and marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from ...damage.classes import DamageClass
from ...errors import FileError
from ...image.label_classes import CLASSES
from ...image.model import Image, in_memory
from ..images.layer_kinds import DAMAGE, GUIDES, SCRIBBLES
from ..masks.damage_classes import TABLE, class_keywords

_MARKS = (DAMAGE, SCRIBBLES, GUIDES)
_KEPT_AS = 'label_marks'
_SIGNED = (np.int32, np.uint32)  # of which programs know more than of 64 bits
_SMALL = (np.uint8, np.uint16)


def label_facts(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what keywords of a layer say of its labels, as metadata of an image.

    Empty for a layer of an image.
    """
    if 'iso_gradient_mode' not in meta:  # which layers of labels alone have
        return {}
    own = meta.get('metadata', {})
    colours = _label_colours(meta['colormap'])
    classes = tuple(dict(each) for each in own.get(TABLE, ()))
    marks = tuple(mark for mark in _MARKS if own.get(mark))
    told = {'label_colours': colours, CLASSES: classes, _KEPT_AS: marks}
    # The pixels of a mask are those of what it lies on, never of a print.
    kept = {key: value for key, value in told.items() if value}
    return {'labels': True, 'resolution_unit': 'cm', **kept}


def label_keywords(image: Image) -> dict[str, Any]:
    """Return keywords of a layer of labels for its classes, colours and marks."""
    said, keywords = image.metadata, dict[str, Any]()
    if said.get(CLASSES):
        keywords = class_keywords(DamageClass(**each) for each in said[CLASSES])
        keywords['metadata'][DAMAGE] = True
    elif said.get('label_colours'):
        shown = {k: np.array(colour) / 255 for k, colour in said['label_colours'].items()}
        keywords['colormap'] = DirectLabelColormap(color_dict={None: np.zeros(4), **shown})
    if said.get(_KEPT_AS):
        others = {mark: True for mark in _MARKS if mark in said[_KEPT_AS]}
        kept = {k: v for k, v in keywords.get('metadata', {}).items() if k not in _MARKS}
        keywords['metadata'] = {**kept, **others}
    return keywords


def in_known_type(image: Image, path: str, *, picture: bool = False) -> Image:
    """Return labels in a type that other programs read, without changing any.

    `path`: where they are to be written.
    `picture`: whether that is a PNG.
    Raises FileError where none of its types holds them.
    """
    values = in_memory(image.data)
    if not picture and (values.dtype.kind == 'b' or values.dtype.itemsize < 8):
        return image
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    for kind in _SMALL if picture else _SIGNED:
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return image.like(values, dtype=kind)
    raise FileError(f'{path}: labels from {least} to {most} do not fit; write .tif or .npy')


def _label_colours(colormap: Any) -> dict[int, tuple[int, ...]]:
    """Return the colour, R G B A from 0 to 255, of each label that has one of its own."""
    if not isinstance(colormap, DirectLabelColormap):
        return {}
    shown = {label: np.rint(255 * np.asarray(c)) for label, c in colormap.color_dict.items()}
    return {k: tuple(map(int, colour)) for k, colour in shown.items() if k and colour.any()}
