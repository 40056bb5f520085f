"""The words of the panels."""

from __future__ import annotations

from collections.abc import Mapping

from ..types import Task

TASKS: Mapping[Task, str] = {
    'denoise': 'Denoise',
    'deblur': 'Deblur',
    'inpaint': 'Fill damage (inpaint)',
    'super_resolve': 'Enlarge (super-resolve)',
    'demosaic': 'Demosaic',
    'deblock': 'Remove JPEG blocks',
}

KINDS: Mapping[str, tuple[str, str]] = {
    'data-consistent': (
        '#2e8b57',
        'Agrees with the measured data under the degradation you describe.',
    ),
    'feed-forward': (
        '#3a78c2',
        "A network's best guess. Check it before you measure in it.",
    ),
    'generative': (
        '#c2703a',
        'May show plausible detail that was never there. Do not measure in it.',
    ),
}


def duration(seconds: float) -> str:
    """Say a duration in words."""
    if seconds < 10:
        return f'{seconds:.1f} s'
    if seconds < 100:
        return f'{seconds:.0f} s'
    if seconds < 5400:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:.1f} h'


def number(value: float) -> str:
    """Write a number with four significant digits."""
    return f'{value:.4g}'
