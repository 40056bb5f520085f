"""Several channels as one: the worst of their checks, and the means of their measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from ..types import Check
from .check_limits import worst

_NO_MEAN = 'each channel has its own'


def worst_of_channels(found: Mapping[str, Sequence[Check]]) -> tuple[Check, ...]:
    """Return of each check the worst of all channels; what it says names those that fail it.

    `found`: the checks of each channel, by its name; of the only one without.
    """
    if set(found) <= {''}:
        return tuple(check for each in found.values() for check in each)
    return tuple(_named(check, found) for check in worst(found.values()))


def _named(check: Check, found: Mapping[str, Sequence[Check]]) -> Check:
    if check.ok:
        return check
    failing = [
        n for n, each in found.items() if any(c.name == check.name and not c.ok for c in each)
    ]
    own = next(name for name, each in found.items() if any(c is check for c in each))
    others = [name for name in failing if name != own]
    which = f'channels {", ".join([own, *others])}' if others else f'channel {own}'
    return replace(check, message=f'{which}: {check.message}')


def in_all(each: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the evaluations of channels, by name, under 'channels', with what holds for all.

    Numbers that all of them have are averaged, planes are counted, checks are the worst.
    """
    first = next(iter(each.values()))
    groups = {group: _mean({name: own[group] for name, own in each.items()}) for group in first}
    groups['planes'] = dict(_counted([own['planes'] for own in each.values()]))
    groups['noise'] = _NO_MEAN
    checks = {name: [Check(**check) for check in own['checks']] for name, own in each.items()}
    groups['checks'] = [asdict(check) for check in worst_of_channels(checks)]
    return {**groups, 'channels': dict(each)}


def _counted(several: Sequence[Mapping[str, int]]) -> Iterator[tuple[str, int]]:
    for name in several[0]:
        yield name, sum(each[name] for each in several)


def _mean(several: Mapping[str, Any]) -> Any:
    """Return the means of numbers, by name; the sentence of the first channel that has none."""
    for channel, said in several.items():
        if not isinstance(said, Mapping):
            return f'channel {channel}: {said}'
    found: dict[str, Any] = {}
    every = list(several.values())
    for name in every[0]:
        values = [each.get(name) for each in every]
        numbers = all(isinstance(one, int | float) for one in values)
        same = values[0] if all(one == values[0] for one in values) else None
        found[name] = float(np.mean(values)) if numbers else same
    return found
