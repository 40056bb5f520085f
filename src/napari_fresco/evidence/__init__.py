"""Measures of how far a result can be trusted: resolution, residual, error, split-and-compare."""

from .correlation import Correlation, frc, frc_checkerboard, fsc
from .decorrelation import Decorrelation, decorrelation
from .error_map import ErrorMap, error_map
from .evaluation import evaluate, evidence_graphs
from .graphs import Graph, Trace
from .photometry import Photometry, photometry
from .probe import Probe, Recall, probe, recall
from .references import Reference, references
from .repeat import command_line, methods_paragraph, python_call
from .report import report, report_text
from .residual import ChiSquare, Residual, Whiteness, chi_square, residual, whiteness
from .splitting import split_counts, split_noise

__all__ = [
    'ChiSquare',
    'Correlation',
    'Decorrelation',
    'ErrorMap',
    'Graph',
    'Photometry',
    'Probe',
    'Recall',
    'Reference',
    'Residual',
    'Trace',
    'Whiteness',
    'chi_square',
    'command_line',
    'decorrelation',
    'error_map',
    'evaluate',
    'evidence_graphs',
    'frc',
    'frc_checkerboard',
    'fsc',
    'methods_paragraph',
    'photometry',
    'probe',
    'python_call',
    'recall',
    'references',
    'report',
    'report_text',
    'residual',
    'split_counts',
    'split_noise',
    'whiteness',
]
