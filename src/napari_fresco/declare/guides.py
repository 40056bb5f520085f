"""Guides as they are declared, recorded and typed: the corners of lines, as text or numbers.

Strokes of a brush are guides, too: their centre lines.
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import ParameterError

Line = tuple[tuple[float, float], ...]

_ALLOWED = (
    'give for each line the rows and columns of two corners or more, in pixels, such as '
    '[[(12, 40), (90, 55)]] or "12,40 90,55", with ";" between lines, or strokes of a brush as an '
    'array of the size of the image'
)
_NO_STROKES = 'guides hold no stroke; draw along what must continue, longer than the brush is wide'


def guide_lines(value: Any) -> tuple[Line, ...]:
    """Return the corners of guides.

    `value`: lines of pairs, text such as ``'12,40 90,55; 7,3 9,80'``, or an array ``(H, W)`` that
        is nonzero where a brush was.
    Raises ParameterError when it is none of these.
    """
    if _are_strokes(value):
        from ..image.centre_lines import centre_lines

        drawn = centre_lines(value)
        if not drawn:
            raise ParameterError(_NO_STROKES)
        return drawn
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


def _are_strokes(value: Any) -> bool:
    """Say whether a value is a plane of whole numbers, and no list of corners."""
    shape: tuple[int, ...] = tuple(getattr(value, 'shape', ()))
    whole = getattr(getattr(value, 'dtype', None), 'kind', '') in ('b', 'i', 'u')
    return whole and len(shape) == 2 and shape[1] > 2


def _read(text: str) -> list[list[list[str]]]:
    return [[corner.split(',') for corner in line.split()] for line in text.split(';')]


def _number(value: float) -> str:
    return f'{value:.2f}'.rstrip('0').rstrip('.')


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f'{text[:_LONGEST]} …'


_LONGEST = 80  # letters of a value in a message
