"""Units of length, time and angle: one spelling, and conversions by pint."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_SPELLINGS = {
    'micron': 'um',
    'microns': 'um',
    'micrometre': 'um',
    '\\u00b5m': 'um',
    'sec': 's',
    'frames': 'frame',
    'pixels': 'pixel',
    'px': 'pixel',
    'inches': 'in',
    '"': 'in',
}
WITHOUT = ('', 'pixel', 'frame', 'dimensionless', 'none')
"""What stands where a unit is not known."""


@lru_cache(maxsize=256)
def unit_name(unit: Any) -> str:
    """Return the short name of a unit.

    `unit`: such as 'µm', 'micron', 'micrometer', 'second' or 'inch'.
    Returns: in ASCII, such as 'um', 's' or 'in'; '' where there is no unit (pixels), and what is no
        unit as it is.
    """
    text = str(unit).strip().replace('\u00b5', 'u').replace('\u03bc', 'u')
    text = _SPELLINGS.get(text.lower(), text)
    if text.lower() in WITHOUT:
        return ''
    try:
        short = f'{_registry().Unit(text):~C}'.replace('\u00b5', 'u').replace('\u03bc', 'u')
    except Exception:  # pint and its parser refuse what is no unit with many kinds of error
        return text
    return 'um' if short == 'u' else short


def long_name(unit: str) -> str:
    """Return the long name of a unit, such as 'micrometer' or 'second'; others as they are."""
    try:
        return str(_registry().Unit(unit_name(unit)))
    except Exception:  # see above
        return unit


def converted(value: float, unit: str, to: str) -> float | None:
    """Return `value` in another unit, or None where the dimensions of the two differ."""
    if unit_name(unit) == unit_name(to):
        return value
    try:
        return float(_registry().Quantity(value, unit_name(unit)).to(unit_name(to)).magnitude)
    except Exception:  # see above
        return None


def _registry() -> Any:
    import pint

    return pint.get_application_registry()  # type: ignore[no-untyped-call]
