"""Fills that were made on another day: known again in a layer that was opened from its file.

A result whose runs lie beside its file is the photograph itself wherever nothing was painted. Then
its fills have their numbers again, and losses are filled into it as if it had never been closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ...intervention.fill_run import OF_RUN
from ..images.identity import key_of
from ..images.layer_kinds import FILLS, KEPT_RUNS, MADE_OF, METADATA, PAINTED
from ..images.selection import Selection, full_resolution
from ..images.source_layer import Source
from .fills import RUNS, Fills

if TYPE_CHECKING:
    from numpy.typing import NDArray

_others: WeakKeyDictionary[Any, set[tuple[int, int]]] = WeakKeyDictionary()
"""Layers and the pixels that were looked at and are not of one photograph."""


def known_again(layer: Any, photograph: Any) -> bool:
    """Whether losses of a photograph were filled in a layer on another day; if so, prepare it.

    From then on the layer is one that grows, as on the day when it was made.
    """
    if layer is photograph or FILLS in layer.metadata or not layer.metadata.get(KEPT_RUNS):
        return False
    seen = id(layer.data), id(photograph.data)
    if seen in _others.get(layer, ()):
        return False
    fills = _fills_of(layer, photograph)
    if fills is None:
        _others.setdefault(layer, set()).add(seen)
        return False
    layer.metadata.update({FILLS: fills, MADE_OF: fills.source_id})
    del layer.metadata[KEPT_RUNS], layer.metadata[PAINTED]
    return True


def _fills_of(layer: Any, photograph: Any) -> Fills | None:
    """Return the fills that a layer was saved with; None where it is of another photograph."""
    told = layer.metadata.get(METADATA, {}).get(RUNS, ())
    painted, kept = layer.metadata[PAINTED], layer.metadata[KEPT_RUNS]
    before, after = full_resolution(photograph), full_resolution(layer)
    whole = len(told) == len(kept) and all(run.get('keep_known') for run in told)
    alike = before.shape == after.shape and before.dtype == after.dtype
    if not (whole and alike and painted.shape == before.shape[:2]):
        return None
    if _differs(np.asarray(before), np.asarray(after), ~painted):
        return None
    part = Selection(before, tuple(slice(0, n) for n in painted.shape), (0, 1), photograph.rgb)
    source = Source.of(photograph, before)
    fills = Fills(before, key_of(photograph), np.zeros(painted.shape, np.int32), source=source)
    for run, facts in zip(kept, told, strict=True):
        said = {name: facts[name] for name in OF_RUN if name in facts}
        box = tuple(slice(*ends) for ends in facts['part'])
        taken = np.asarray(run.taken)[box]
        fills.note(said, part.cut((box[0], box[1])), taken, taken, run.mask.damage())
        if fills.runs[-1]['numbers'] != list(facts['numbers']):
            return None
        fills.runs[-1]['undone'] = list(facts['undone'])
    return _undone(fills, painted)


def _differs(first: NDArray[Any], second: NDArray[Any], where: NDArray[np.bool_]) -> bool:
    """Whether pixels differ, without copies of a photograph: the window waits for the answer."""
    apart = first != second
    samples = np.moveaxis(apart, -1, 0) if apart.ndim > where.ndim else apart[None]
    return any(bool((sample & where).any()) for sample in samples)


def _undone(fills: Fills, painted: NDArray[np.bool_]) -> Fills:
    """Return fills without those whose original pixels were there again."""
    gone = (fills.numbers > 0) & ~painted
    fills.undone.update(np.unique(fills.numbers[gone]).tolist())
    fills.numbers[gone] *= -1
    return fills
