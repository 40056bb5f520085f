"""Proposals for cracks and losses, and a classifier that learns from scribbles.

Proposals are masks to be looked at and corrected, never findings.
"""

from .classes import CLASSES, DamageClass, class_named
from .cracks import crack_response, cracks_above, propose_cracks
from .losses import propose_losses
from .scribbles import Features, Learned, learn_from_scribbles, scribble_features

__all__ = [
    'CLASSES',
    'DamageClass',
    'Features',
    'Learned',
    'class_named',
    'crack_response',
    'cracks_above',
    'learn_from_scribbles',
    'propose_cracks',
    'propose_losses',
    'scribble_features',
]
