"""Marks of a mask: the pixels that its values call damaged, and soft edges among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .alignment import nonzero
from .model import Array, Image

SOFT = 'soft'
"""Key of what is said of soft edges, in the metadata of a mask that was read."""

_HALF = 127  # of a JPEG, whose compression leaves no exact zeros
_LEAST_SHARE = 0.02  # of the marked pixels that are darker than half, from which edges are soft
_LEAST_KINDS = 8  # values that labels hardly have


def marked(values: Array, mask: Any, what: str = 'mask') -> Array:
    """Return where values mark damage: where they are nonzero, of a JPEG brighter than half.

    `mask`: what they were made of.
    Raises MaskError where they hold NaN.
    """
    return np.asarray(values > _HALF) if _from_jpeg(mask) else nonzero(values, what)


def said_of_soft_edges(values: Array, mask: Any = None) -> str:
    """Return what the user should know of a mask with soft edges, '' of one without.

    `values`: of any type; labels have no white, or few values.
    `mask`: what they were made of; what is said of it is known where it was read as a mask.
    """
    if isinstance(mask, Image) and (SOFT in mask.metadata or _from_jpeg(mask)):
        return str(mask.metadata.get(SOFT, ''))
    white = _white(values)
    if white is None:
        return ''
    some = values != 0
    dark = some & (values < white / 2)
    count, every = int(dark.sum()), int(some.sum())
    if count < _LEAST_SHARE * every or len(np.unique(values[dark])) < _LEAST_KINDS:
        return ''
    return (
        f'{count} of the {every} pixels that the mask marks are darker than half of its white, as '
        'a soft brush, resizing or JPEG leaves them around what was drawn: all of them count as '
        f'damaged; give mask > {white / 2:g} where they are not'
    )


def _from_jpeg(mask: Any) -> bool:
    told = mask.metadata if isinstance(mask, Image) else {}
    return told.get('format') == 'JPEG' and np.dtype(mask.data.dtype) == np.uint8


def _white(values: Array) -> float | None:
    """Return the value of white in a mask of gray values; None in one that has no white."""
    if not values.size:
        return None
    top = values.max()
    if values.dtype.kind == 'f':
        return 1.0 if top == 1 and values.min() >= 0 else None
    full = values.dtype.kind in 'iu' and top in (255, 65535)
    return float(top) if full else None
