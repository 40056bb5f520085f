"""Periodic geometric self-ensemble: denoising a turned image.

A network is not equivariant to turns, so denoising a turned copy, another one in
each step of an iteration, averages its directional errors away, as in DPIR.
"""

from __future__ import annotations

from torch import Tensor

from ..physics.dihedral import turn, turn_back
from ..types import Denoiser


def denoise_dihedral(denoiser: Denoiser, x: Tensor, sigma: float | Tensor, mode: int) -> Tensor:
    """Denoise `x`, and its noise map if `sigma` is one, turned by `mode`; turn the result back."""
    level = turn(sigma, mode) if isinstance(sigma, Tensor) else sigma
    return turn_back(denoiser(turn(x, mode), level), mode)
