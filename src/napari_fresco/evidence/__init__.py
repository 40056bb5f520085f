"""Measures of how far a result can be trusted: resolution, residual, error, split-and-compare."""

from .correlation import Correlation, frc, frc_checkerboard, fsc
from .decorrelation import Decorrelation, decorrelation
from .error_map import ErrorMap, error_map
from .residual import ChiSquare, Whiteness, chi_square, whiteness
from .splitting import split_counts, split_noise

__all__ = [
    'ChiSquare',
    'Correlation',
    'Decorrelation',
    'ErrorMap',
    'Whiteness',
    'chi_square',
    'decorrelation',
    'error_map',
    'frc',
    'frc_checkerboard',
    'fsc',
    'split_counts',
    'split_noise',
    'whiteness',
]
