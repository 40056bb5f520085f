"""Degradations: for samples, tests, training, and for trying a method where the truth is known.

:func:`apply` degrades an image of any type by one of :data:`DEGRADATIONS`. The
modules hold the arithmetic behind them, one subject each, for batches ``(N, C, H, W)`` on any
device: that of users and that of training. Whatever is random takes a
:class:`~napari_fresco.degrade.random_source.RandomSource`. Functions that start with
``authors_``, and options called `authors`, repeat quirks of published code, for comparison only.
Torch is imported when a degradation is applied.
"""

from __future__ import annotations

from .apply import apply
from .simulation import DEGRADATIONS, Simulated, Simulation, find_degradation

__all__ = ['DEGRADATIONS', 'Simulated', 'Simulation', 'apply', 'find_degradation']
