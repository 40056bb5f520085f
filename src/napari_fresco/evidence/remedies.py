"""Remedies that fit together: what one check says depends on what the others have found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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
        'structure',
        'worse',
        'consistency',
        'repainted',
    }
)
"""Checks that compare what was taken away with the noise that was told."""
_LARGE = 1.25  # times the noise that the image shows: no larger level is advised


def fitting(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return the checks, those of a residual without advice that a told level contradicts.

    A residual is judged by the noise that was told. Where that is wrong, its checks fail for this
    reason, and each by itself would advise something else.
    """
    checks = tuple(checks)
    wrong = [c for c in checks if c.name in ('sigma', 'camera') and not c.ok]
    large = [c for c in checks if c.name == 'sigma' and c.value > _LARGE]
    moved = any(c.name == 'scan' and not c.ok for c in checks)
    return tuple(_of_moved(_fitted(check, wrong, large), moved) for check in checks)


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
