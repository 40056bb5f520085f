"""Classes that labels of an image stand for, as its file says: to fill, to leave, to keep.

``metadata['label_classes']`` has a mapping for each class, with its `value`, `name` and `colour`,
whether it is `filled` and whether it is `damaged`.
"""

from __future__ import annotations

from typing import Any

from .model import Array, Image

CLASSES = 'label_classes'
"""Key of the classes in the metadata of an image."""


def left_and_kept(mask: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the labels of a mask that are damage but not filled, and those that are no damage.

    None where a mask says nothing of its labels: then all of them are damage to fill.
    """
    known = mask.metadata.get(CLASSES, ()) if isinstance(mask, Image) else ()
    left = tuple(int(e['value']) for e in known if not e['filled'] and e['damaged'])
    return left, tuple(int(e['value']) for e in known if not e['damaged'])


def without_left(marked: Array, labels: Array, mask: Any) -> Array:
    """Return what is marked without labels that their classes leave or keep.

    `marked`, `labels`: of one shape; `mask`: what both were made of.
    """
    for apart in sum(left_and_kept(mask), ()):
        marked = marked & (labels != apart)
    return marked
