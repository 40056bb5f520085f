"""A fill documented: insert-only layers, renderings, condition maps, hypotheses, report, repeat."""

from .condition import ClassMeasures, Condition, condition
from .condition_files import write_condition
from .drawn_mask import DrawnMask
from .fill_run import FillRun
from .fills_table import FilledLoss
from .hypotheses import Hypotheses, agreement, hypotheses
from .inserts import composed, insert, outline, write_inserts
from .record import NOTES, Intervention
from .renderings import RENDERINGS, Rendered, Rendering, render
from .replay import Repeated, hypothesis, repeat
from .report_pages import report

__all__ = [
    'NOTES',
    'RENDERINGS',
    'ClassMeasures',
    'Condition',
    'DrawnMask',
    'FillRun',
    'FilledLoss',
    'Hypotheses',
    'Intervention',
    'Rendered',
    'Rendering',
    'Repeated',
    'agreement',
    'composed',
    'condition',
    'hypotheses',
    'hypothesis',
    'insert',
    'outline',
    'render',
    'repeat',
    'report',
    'write_condition',
    'write_inserts',
]
