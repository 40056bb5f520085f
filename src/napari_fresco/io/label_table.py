"""Labels as such in TIFF and PNG: their colours and classes, as a text in the file.

Metadata of an image of labels has ``labels``, ``label_colours``, ``label_classes`` and
``label_marks``: what a program means by them. A file of
another program has no such text, and its integers are intensities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..image.label_classes import CLASSES

TAG = 65231
"""TIFF tag of the text, among those that are free for anybody's use."""

CHUNK = 'napari-fresco labels'
"""Name of the text in a PNG."""

_WORDS = {'value': int, 'name': str, 'colour': str, 'filled': bool, 'damaged': bool}


def table_text(said: Mapping[str, Any]) -> str:
    """Return the text for the metadata of an image; empty where it holds no labels."""
    if not said.get('labels'):
        return ''
    colours = {str(k): [int(c) for c in v] for k, v in (said.get('label_colours') or {}).items()}
    told = {'colours': colours, 'classes': said.get(CLASSES), 'marks': said.get('label_marks')}
    return json.dumps({key: value for key, value in told.items() if value})


def table_facts(text: Any) -> dict[str, Any]:
    """Return metadata of labels out of a text of :func:`table_text`; empty for any other one."""
    try:
        record = json.loads(str(text).strip('\0 '))
        colours = {int(k): tuple(map(int, v)) for k, v in record.get('colours', {}).items()}
        classes = checked_classes(record.get('classes', ()))
        marks = tuple(map(str, record.get('marks', ())))
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    facts = {'labels': True, 'label_colours': colours, CLASSES: classes, 'label_marks': marks}
    return {key: value for key, value in facts.items() if value}


def checked_classes(told: Any) -> tuple[dict[str, Any], ...]:
    """Return classes of labels as a file tells them.

    Raises ValueError, TypeError or KeyError when they are none.
    """
    found = tuple({word: each[word] for word in _WORDS} for each in told)
    for each in found:
        wrong = [word for word, kind in _WORDS.items() if type(each[word]) is not kind]
        if wrong:
            raise ValueError(f'a class of labels has no {" or ".join(wrong)}')
    return found
