"""Guides as they are declared, recorded and typed: the corners of lines, as text or numbers."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ParameterError

Line = tuple[tuple[float, float], ...]

_ALLOWED = (
    'give for each line the rows and columns of two corners or more, in pixels, such as '
    '[[(12, 40), (90, 55)]] or "12,40 90,55", with ";" between lines'
)


def guide_lines(value: Any) -> tuple[Line, ...]:
    """Return the corners of guides.

    `value`: lines of pairs, or text such as ``'12,40 90,55; 7,3 9,80'``.
    Raises ParameterError when it is neither.
    """
    try:
        lines = _read(value) if isinstance(value, str) else value
        found = tuple(tuple((float(r), float(c)) for r, c in line) for line in lines)
    except (TypeError, ValueError):
        raise ParameterError(f'guides = {_short(value)}; {_ALLOWED}') from None
    sound = all(len(line) > 1 and all(map(math.isfinite, sum(line, ()))) for line in found)
    if not found or not sound:
        raise ParameterError(f'guides = {_short(value)}; {_ALLOWED}')
    return found


def guides_text(value: Any) -> str:
    """Return guides as text that :func:`guide_lines` reads, to hundredths of a pixel."""
    lines = guide_lines(value)
    return '; '.join(' '.join(f'{_number(r)},{_number(c)}' for r, c in line) for line in lines)


def _read(text: str) -> list[list[list[str]]]:
    return [[corner.split(',') for corner in line.split()] for line in text.split(';')]


def _number(value: float) -> str:
    return f'{value:.2f}'.rstrip('0').rstrip('.')


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]} …'


_LONGEST = 80  # letters of a value in a message
