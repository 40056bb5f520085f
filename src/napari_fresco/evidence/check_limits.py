"""Within which bounds the value of a check lies where all is well, and the worst of several.

The limits were calibrated on runs that are known to be good and on known failures;
``benchmarks/checks.py`` repeats that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..noise.bidirectional import MOVED
from ..noise.lattice import ALTERNATING
from ..noise.lone_pixels import ALONE
from ..noise.stripes import STRIPED
from ..types import Check

Limit = tuple[float | None, float | None]

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        'light': (-0.02, 0.02),
        'regions': (None, 0.02),
        'clipping': (None, 0.005),
        'rounding': (None, 0.015),
        'noise': (0.6, 1.2),
        'parts': (None, 448),
        'whiteness': (-0.35, 0.12),
        'spectrum': (None, 2.5),
        'fit': (None, 1.45),
        'lines': (None, 3.0),
        'objects': (None, 9.0),
        'contrast': (None, 0.2),
        'structure': (None, 0.6),
        'worse': (None, 0.5),
        'consistency': (0.2, 3.0),
        'overshoot': (None, 0.12),
        'repainted': (None, 0.004),
        'range': (None, 0.004),
        'sigma': (0.35, 2.0),
        'camera': (0.65, 1.5),
        'offset': (None, 3.0),
        'data_range': (0.01, 2.5),
        'saturation': (None, 0.03),
        'training': (None, 0.0),
        'mosaic': (None, ALTERNATING),
        'stripes': (None, STRIPED),
        'scan': (None, MOVED),
        'repeated': (None, 0.0),
        'wrapped': (None, 0.0),
        'outliers': (None, ALONE),
        'channels': (None, 0.0),
        'areas': (None, 0.9),
        'mask': (None, 0.6),
        'placement': (None, 1.4),
        'hole': (None, 24.0),
        'kernel': (None, 0.0),
    }
)
"""Bounds between which the value of each check lies where all is well; None where open."""


_OF_KERNEL = 'fit'


def few_digits(value: float) -> str:
    """Return a number with two digits that count, without a power of ten: 190, 0.0012."""
    return f'{float(f"{value:.2g}"):.15g}'


def checked(name: str, value: float, message: str) -> Check:
    """Return a check of a value against the limits for it."""
    low, high = LIMITS[name]
    ok = (low is None or value >= low) and (high is None or value <= high)
    return Check(name, float(f'{value:.4g}'), (low, high), bool(ok), '' if ok else message)


def in_words(limit: Limit) -> str:
    """Return the limits of a check in words."""
    bounds = zip(('at least', 'at most'), limit, strict=True)
    return ', '.join(f'{words} {bound:g}' for words, bound in bounds if bound is not None)


def worst(several: Iterable[Sequence[Check]]) -> tuple[Check, ...]:
    """Return of each check the one that is farthest out of its bounds."""
    found: dict[str, Check] = {}
    for check in (check for checks in several for check in checks):
        known = found.get(check.name)
        if known is None or _distance(check) > _distance(known):
            found[check.name] = check
    return tuple(found.values())


def worst_of_volume(planes: Iterable[Sequence[Check]]) -> tuple[Check, ...]:
    """Return of each check of the planes of one volume the worst; of its kernel the middle one.

    A kernel that is wrong does not fit in most planes. Where it is right, some may not be
    explained: near the ends, for the light beyond them is not known, or where an estimate that
    was stopped early has not come so far.
    """
    every = [check for checks in planes for check in checks]
    fits = sorted((c for c in every if c.name == _OF_KERNEL), key=lambda check: check.value)
    others = [check for check in every if check.name != _OF_KERNEL]
    return worst([others, fits[(len(fits) - 1) // 2 :][:1]])


def _distance(check: Check) -> float:
    """Return the distance of a value from the nearer one of its bounds."""
    beyond = [-math.inf]
    low, high = check.limit
    if low is not None:
        beyond.append(low - check.value)
    if high is not None:
        beyond.append(check.value - high)
    return max(beyond)
