"""Degradations: for samples, tests, training, and for trying a method where the truth is known.

:func:`apply` degrades an image of any type by one of :data:`DEGRADATIONS`. The
modules hold the functions behind them, one subject each, for planes of
floating-point numbers. Whatever is random takes a numpy generator. Functions that
start with ``authors_``, and options called `authors`, repeat quirks of published
code, for comparison only. No torch.
"""

from __future__ import annotations

from .apply import apply, find_degradation
from .named import DEGRADATIONS
from .simulation import Conditions, Simulated, Simulation

__all__ = [
    'DEGRADATIONS',
    'Conditions',
    'Simulated',
    'Simulation',
    'apply',
    'find_degradation',
]
