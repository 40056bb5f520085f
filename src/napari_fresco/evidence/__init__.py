"""Measures of how far a result can be trusted: resolution, residual, error, split-and-compare."""

from .correlation import Correlation, frc, frc_checkerboard, fsc
from .decorrelation import Decorrelation, decorrelation
from .error_map import ErrorMap, error_map
from .photometry import Photometry, photometry
from .probe import Probe, Recall, probe, recall
from .residual import ChiSquare, Residual, Whiteness, chi_square, residual, whiteness
from .splitting import split_counts, split_noise

__all__ = [
    'ChiSquare',
    'Correlation',
    'Decorrelation',
    'ErrorMap',
    'Photometry',
    'Probe',
    'Recall',
    'Residual',
    'Whiteness',
    'chi_square',
    'decorrelation',
    'error_map',
    'frc',
    'frc_checkerboard',
    'fsc',
    'photometry',
    'probe',
    'recall',
    'residual',
    'split_counts',
    'split_noise',
    'whiteness',
]
