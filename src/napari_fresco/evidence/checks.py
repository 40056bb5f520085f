"""Checks of a result that need no truth: light, noise, consistency with the data.

Each check compares one number with limits, and says in one sentence what is wrong and what to do.
With many pixels every deviation is significant, so that a check also asks for an effect. A check
that passes proves nothing; one that fails accuses. numpy and scipy only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from ..types import Check
from .check_limits import checked
from .light_checks import clipping, light, overshoot, regions, rounding, values_beyond
from .plane_measures import Singles
from .plane_outcome import Found, Outcome
from .residual_checks import (
    consistency,
    contrast,
    fit,
    lines,
    noise_taken,
    nothing_done,
    objects,
    parts,
    repainted,
    spectrum,
    structure,
    whiteness,
    worse,
)

_OF_RESULT: Mapping[str, Callable[[Outcome], Found | None]] = MappingProxyType(
    {
        'light': light,
        'regions': regions,
        'clipping': clipping,
        'rounding': rounding,
        'overshoot': overshoot,
        'range': values_beyond,
    }
)
_OF_CHANGES = frozenset({'whiteness', 'spectrum', 'lines', 'structure', 'range'})
"""What says nothing of a result that is nearly the image."""

_OF_RESIDUAL: Mapping[str, Callable[[Outcome, Singles], Found]] = MappingProxyType(
    {
        'noise': noise_taken,
        'parts': parts,
        'whiteness': whiteness,
        'spectrum': spectrum,
        'fit': fit,
        'lines': lines,
        'objects': objects,
        'contrast': contrast,
        'structure': structure,
        'worse': worse,
        'consistency': consistency,
        'repainted': repainted,
    }
)


def check_result(outcome: Outcome, names: Iterable[str]) -> tuple[Check, ...]:
    """Carry out those of the checks `names` that can be made of a result.

    `outcome`: one plane.
    `names`: Keys of :data:`~napari_fresco.evidence.check_limits.LIMITS`; others, and those that
        lack what they need, are passed over.
    """
    if not outcome.known.any():
        return ()
    found = ((name, _found(outcome, name)) for name in names)
    return tuple(checked(name, *each) for name, each in found if each is not None)


def _found(outcome: Outcome, name: str) -> Found | None:
    if name in _OF_CHANGES and outcome.unchanged:
        return None
    if name == 'noise' and outcome.constant:
        return None
    if name == 'noise' and outcome.score is None:
        return nothing_done(outcome)
    if name in _OF_RESIDUAL and outcome.score is not None:
        return _OF_RESIDUAL[name](outcome, outcome.score)
    return _OF_RESULT[name](outcome) if name in _OF_RESULT else None
