"""Masks of damage: proposals, a classifier that learns from scribbles, edits and classes.

Proposals are masks to be looked at and corrected, never findings.
"""

from .classes import CLASSES, DamageClass, class_named
from .cracks import crack_response, cracks_above, propose_cracks
from .losses import propose_losses
from .mask_edits import clear, fill_holes, grow, invert, merge, remove_small, separate, shrink
from .scribbles import Features, Learned, learn_from_scribbles, scribble_features

__all__ = [
    'CLASSES',
    'DamageClass',
    'Features',
    'Learned',
    'class_named',
    'clear',
    'crack_response',
    'cracks_above',
    'fill_holes',
    'grow',
    'invert',
    'learn_from_scribbles',
    'merge',
    'propose_cracks',
    'propose_losses',
    'remove_small',
    'scribble_features',
    'separate',
    'shrink',
]
