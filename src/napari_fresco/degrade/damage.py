"""Named damages of one plane: lines, text, cracks and losses, to be inpainted."""

from __future__ import annotations

import numpy as np

from . import damage_masks, declarations
from .damage_masks import Mask
from .planes import Floats
from .simulation import Conditions, Simulated, Simulation


def _lines(plane: Floats, p: declarations.Lines, c: Conditions) -> Simulated:
    del c
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, damage_masks.lines(shape, p.width / p.fraction, p.width), p.fill)


def _grid(plane: Floats, p: declarations.Lines, c: Conditions) -> Simulated:
    del c
    shape = (plane.shape[0], plane.shape[1])
    spacing = p.width / (1 - (1 - p.fraction) ** 0.5)
    return _damaged(plane, damage_masks.grid(shape, spacing, p.width), p.fill)


def _text(plane: Floats, p: declarations.Text, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, damage_masks.text(shape, p.fraction, p.height, c.scene), p.fill)


def _craquelure(plane: Floats, p: declarations.Craquelure, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, damage_masks.craquelure(shape, p.fraction, p.width, c.scene), p.fill)


def _flakes(plane: Floats, p: declarations.Flakes, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, damage_masks.flakes(shape, p.fraction, p.size, c.scene), p.fill)


def _damaged(plane: Floats, mask: Mask, fill: str) -> Simulated:
    image = plane.copy()
    image[mask] = declarations.FILLS[fill]
    return Simulated(image, mask=mask, record={'damaged': round(float(np.mean(mask)), 6)})


ALL = (
    Simulation(
        'lines', 'Lines', 'Horizontal lines are lost.', declarations.Lines, _lines, ('mask',)
    ),
    Simulation(
        'grid',
        'Grid',
        'Horizontal and vertical lines are lost.',
        declarations.Lines,
        _grid,
        ('mask',),
    ),
    Simulation('text', 'Text', 'Words are printed over it.', declarations.Text, _text, ('mask',)),
    Simulation(
        'craquelure',
        'Craquelure',
        'A network of cracks, as in aged paint.',
        declarations.Craquelure,
        _craquelure,
        ('mask',),
    ),
    Simulation(
        'flakes',
        'Flake losses',
        'Rounded patches of paint have fallen off.',
        declarations.Flakes,
        _flakes,
        ('mask',),
    ),
)
