"""Objectives of training: they degrade images, compute the loss, and measure the result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..objective_declarations import Declared

if TYPE_CHECKING:
    from .base import Objective

__all__ = ['make']

_HOMES = {
    'GaussianDenoising': 'white_noise',
    'BankDenoising': 'white_noise',
    'Unfolding': 'usrnet_objective',
    'VariationalDenoising': 'virnet_objective',
    'VariationalSR': 'virnet_objective',
    'LatentRestoration': 'vdir_objective',
    'BlindDenoising': 'blind_pairs',
    'BlindSR': 'blind_pairs',
}


def make(declared: Declared) -> Objective:
    """Return the implementation of a declared objective."""
    name = type(declared).__name__
    module = import_module(f'.{_HOMES[name]}', __name__)
    implementation = getattr(module, f'{name}Objective')
    objective: Objective = implementation(declared)
    return objective
