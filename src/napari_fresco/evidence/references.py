"""The references of a result: the works that its provenance says were used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

from ..declare import citations
from ..declare.tasks import TASKS
from .repeat import checked_record

_IDENTIFIER = re.compile(r'(?:doi:|arXiv:)\S+?(?=[;.,]?(?:\s|$))')


class Reference(NamedTuple):
    """A work, and the reason to cite it."""

    text: str  # authors, title, place, year, identifier
    used_for: str  # such as 'method DPIR'


def references(provenance: Mapping[str, Any]) -> tuple[Reference, ...]:
    """Return the references of a result, each work once.

    Parameters
    ----------
    provenance : mapping
        Of a result. Where another method found its noise or its blur, that one counts, too.

    Returns
    -------
    tuple of Reference
        The method first, then weights, noise, kernel and extras.
    """
    return distinct(_used(checked_record(provenance)))


def bibliography(found: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return references to several results, each work once and this software first.

    Parameters
    ----------
    found : iterable of Reference
        Those of all results.

    Returns
    -------
    tuple of Reference
    """
    software = f'The napari-fresco developers, napari-fresco {version("napari-fresco")}'
    return (Reference(software, 'software'), *distinct(found))


def distinct(found: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return references without those whose works were all named before."""
    known: set[str] = set()
    kept = []
    for reference in found:
        works = set(_IDENTIFIER.findall(reference.text)) or {reference.text}
        if not works <= known:
            kept.append(reference)
        known |= works
    return tuple(kept)


def _used(p: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference(p['citation'], f'method {p["title"]}')
    if p.get('estimate'):
        yield from _used(p['estimate'])
    for weights in p.get('weights', ()):
        if weights.get('citation'):
            yield Reference(weights['citation'], f'weights {weights["name"]}')
    yield from _noise(p)
    yield from _kernel(p)
    chosen = p.get('parameters', {})
    if chosen.get('ensemble'):
        yield Reference(citations.TURNS, 'mean over turns and flips')
    if chosen.get('uncertainty'):
        yield Reference(citations.ERROR_BARS, 'uncertainty')
    if chosen.get('exemplars') and 'mask' in TASKS[p['task']].needs:
        yield Reference(citations.EXEMPLARS, 'wide losses')


def _noise(p: Mapping[str, Any]) -> Iterator[Reference]:
    for model in p.get('noise', ()):
        if 'gain' in model:
            yield Reference(citations.NOISE_CURVE, 'noise that grows with the light')
            yield Reference(citations.ANSCOMBE, 'noise that grows with the light')
        elif model['found'] != 'given':
            yield Reference(citations.NOISE_LEVEL, 'noise level')


def _kernel(p: Mapping[str, Any]) -> Iterator[Reference]:
    made_of = (p.get('kernel') or {}).get('made_of') or {}
    optics = {'scalar': citations.SCALAR_OPTICS, 'vectorial': citations.VECTORIAL_OPTICS}
    if made_of.get('model') in optics:
        yield Reference(optics[made_of['model']], 'point spread function')
