"""Remedies that fit together: what one check says depends on what the others have found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..declare.tasks import TASKS
from ..types import Check
from .check_limits import few_digits

_OF_LEVEL = frozenset(
    {
        'noise',
        'parts',
        'whiteness',
        'spectrum',
        'fit',
        'lines',
        'objects',
        'contrast',
        'structure',
        'worse',
        'consistency',
        'repainted',
    }
)
"""Checks that compare what was taken away with the noise that was told."""
_LARGE = 1.25  # times the noise that the image shows: no larger level is advised


def fitting(checks: Iterable[Check], restored: str = '') -> tuple[Check, ...]:
    """Return the checks, those of a residual without advice that a told level contradicts.

    A residual is judged by the noise that was told. Where that is wrong, its checks fail for this
    reason, and each by itself would advise something else. So they do where the image had been
    restored before, which changed its noise.

    `restored`: by what it was, from :func:`restored_by`; empty where nobody knows of it.
    """
    checks = tuple(checks)
    wrong = [c for c in checks if c.name in ('sigma', 'camera') and not c.ok]
    large = [c for c in checks if c.name == 'sigma' and c.value > _LARGE]
    moved = any(c.name == 'scan' and not c.ok for c in checks)
    fitted = (_fitted(check, wrong, large) for check in checks)
    return tuple(_of_result(_of_moved(check, moved), restored) for check in fitted)


def restored_by(metadata: Mapping[str, Any]) -> str:
    """Return by what an image with this metadata was restored, so that its noise is another.

    Empty where it was not, or where nothing but losses was filled.
    """
    record = metadata.get('provenance')
    if not isinstance(record, Mapping) or not {'title', 'task', 'finish'} <= record.keys():
        return ''
    facts = TASKS.get(record['task'])
    kept = facts is not None and 'mask' in facts.needs and record.get('keep_known')
    return '' if kept else f'{record["title"]}, task {record["task"]}'


def _of_result(check: Check, restored: str) -> Check:
    """Return a check, that of a residual with the one advice that helps where it was restored."""
    if check.ok or check.name not in _OF_LEVEL or not restored:
        return check
    said = (
        f'the image had been restored before ({restored}), so that its noise is no longer that of '
        f'a camera and check {check.name!r} fails: restore the image that it was made of'
    )
    return replace(check, message=said)


def _of_moved(check: Check, moved: bool) -> Check:
    """Return a check, that of a mosaic without its advice where rows are only moved."""
    if check.ok or check.name != 'mosaic' or not moved:
        return check
    said = "every second row or column differs, because it is moved: see check 'scan'"
    return replace(check, message=said)


def _fitted(check: Check, wrong: list[Check], large: list[Check]) -> Check:
    if check.ok or check.name not in _OF_LEVEL:
        return check
    if wrong:
        what = 'sigma' if wrong[0].name == 'sigma' else 'the camera'
        return replace(
            check,
            message=(
                f'{what} has {few_digits(wrong[0].value)} times the noise that the image '
                f'shows, so that check {check.name!r} says little of the result: correct that first'
            ),
        )
    low = check.limit[0]
    if large and low is not None and check.value < low:
        return replace(
            check,
            message=(
                'less was taken away than the given sigma says, which is '
                f'{few_digits(large[0].value)} '
                "times the noise that the image shows: give a smaller one, or leave it at 'auto'"
            ),
        )
    return check
