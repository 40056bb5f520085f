"""A fill documented: insert-only layers, renderings, condition maps, hypotheses, report, repeat."""

from .inserts import composed, insert, outline, write_inserts
from .renderings import RENDERINGS, Rendered, Rendering, render

__all__ = [
    'RENDERINGS',
    'Rendered',
    'Rendering',
    'composed',
    'insert',
    'outline',
    'render',
    'write_inserts',
]
