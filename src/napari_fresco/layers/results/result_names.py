"""Names of results that tell them apart by their settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..images.layer_kinds import MADE_OF, record_of, source_name

if TYPE_CHECKING:
    import napari

_MOST = 3  # settings in a name
_NOT_TOLD = ('device', 'tile', 'axes', 'rgb', 'spacing', 'mask', 'guides', 'kernel')
_OTHERS = {'mask': 'other mask', 'kernel': 'other kernel', 'source': 'other part'}


def unlike(record: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> str:
    """Return in a few words the settings in which a result differs from others.

    `record`, `others`: provenance of results.
    """
    own, told = _settings(record), dict[str, Any]()
    for other in others:
        its = _settings(other)
        differ = {n: v for n, v in own.items() if its.get(n) != v and v is not None}
        told |= {'task': own['task']} if 'task' in differ else differ  # which says enough
    return ', '.join([_said(name, value) for name, value in told.items()][:_MOST])


def called_apart(layer: napari.layers.Layer, layers: Iterable[Any]) -> str:
    """Return the name of a layer, with what tells it from other results of its image."""
    record = record_of(layer)
    if not source_name(layer):
        return str(layer.name)
    others = [
        record_of(each)
        for each in layers
        if each is not layer and _of_one_image(each, layer) and _is_twin(record_of(each), record)
    ]
    words = unlike(record, others)
    new = [word for word in words.split(', ') if word and word not in layer.name]
    return f'{layer.name} · {", ".join(new)}' if new else str(layer.name)


def distinct_title(
    source: str, title: str, record: Mapping[str, Any], layers: Iterable[Any]
) -> str:
    """Return the title of a result of a layer, if another one has the same `title`."""
    called = f'{source} [{title}'
    alike = [each for each in layers if str(each.name).startswith((f'{called}]', f'{called},'))]
    if f'{called}]' not in {str(each.name) for each in alike}:
        return title
    words = unlike(record, (record_of(each) for each in alike if record_of(each)))
    return f'{title}, {words}' if words else title


def _of_one_image(one: Any, other: Any) -> bool:
    known = [each.metadata.get(MADE_OF) for each in (one, other)]
    return known[0] == known[1] if all(known) else source_name(one) == source_name(other)


def _is_twin(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one) and one.get('method') == other.get('method')


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that tell a run from others."""
    options = {n: v for n, v in record.get('options', {}).items() if n not in _NOT_TOLD}
    place = record.get('source') or {}
    return {
        'task': record.get('task'),
        **options,
        **record.get('parameters', {}),
        'mask': (record.get('mask') or {}).get('sha256'),
        'kernel': (record.get('kernel') or {}).get('sha256'),
        'source': (place.get('start'), place.get('stop')),
    }


def _said(name: str, value: Any) -> str:
    if name in _OTHERS:
        return _OTHERS[name]
    if name == 'task':
        return str(value).replace('_', ' ')
    if isinstance(value, Mapping):
        return f'{name} given'
    return f'{name} {value:g}' if isinstance(value, float) else f'{name} {value}'
