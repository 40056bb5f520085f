"""Results and their like in one line: arrays by type and shape, records by their size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

_LONGEST = 60  # letters of a value
_FEW = 6  # entries of a mapping


class Brief:
    """A dataclass whose ``repr`` is short however much it holds; what is None is left out.

    Its subclasses say ``repr=False`` to :func:`dataclasses.dataclass`.
    """

    def __repr__(self) -> str:
        shown = ((each.name, getattr(self, each.name)) for each in fields(self))  # type: ignore[arg-type]
        told = ', '.join(f'{name}={_told(value)}' for name, value in shown if value is not None)
        return f'{type(self).__name__}({told})'


def _told(value: Any) -> str:
    if hasattr(value, 'shape') and hasattr(value, 'dtype') and not hasattr(value, 'axes'):
        return f'{value.dtype} {tuple(value.shape)}' if value.shape else repr(value)
    several = type(value) in (list, tuple) and len(value) > 0  # no named tuple
    if several and all(hasattr(each, 'ok') for each in value):
        failed = [each.name for each in value if not each.ok]
        return f'<{len(value)} checks, failed: {", ".join(failed) or "none"}>'
    if several and (len(value) > _FEW or all(isinstance(each, Brief) for each in value)):
        return f'<{len(value)} of {type(value[0]).__name__}>'
    if isinstance(value, Mapping) and len(value) > _FEW:
        return f'<{len(value)} entries>'
    text = ' '.join(repr(value).split())
    return text if len(text) <= _LONGEST or isinstance(value, Brief) else f'{text[:_LONGEST]}…'
