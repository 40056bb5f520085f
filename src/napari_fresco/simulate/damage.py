"""Named damages of one plane: lines, text, cracks and losses, to be inpainted."""

from __future__ import annotations

import numpy as np

from . import declared, masks
from .masks import Mask
from .planes import Floats
from .simulation import Conditions, Simulated, Simulation


def _lines(plane: Floats, p: declared.Lines, c: Conditions) -> Simulated:
    del c
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, masks.lines(shape, p.width / p.fraction, p.width), p.fill)


def _grid(plane: Floats, p: declared.Lines, c: Conditions) -> Simulated:
    del c
    shape = (plane.shape[0], plane.shape[1])
    spacing = p.width / (1 - (1 - p.fraction) ** 0.5)
    return _damaged(plane, masks.grid(shape, spacing, p.width), p.fill)


def _text(plane: Floats, p: declared.Text, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, masks.text(shape, p.fraction, p.height, c.scene), p.fill)


def _craquelure(plane: Floats, p: declared.Craquelure, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, masks.craquelure(shape, p.fraction, p.width, c.scene), p.fill)


def _flakes(plane: Floats, p: declared.Flakes, c: Conditions) -> Simulated:
    shape = (plane.shape[0], plane.shape[1])
    return _damaged(plane, masks.flakes(shape, p.fraction, p.size, c.scene), p.fill)


def _damaged(plane: Floats, mask: Mask, fill: str) -> Simulated:
    image = plane.copy()
    image[mask] = declared.FILLS[fill]
    return Simulated(image, mask=mask, record={'damaged': round(float(np.mean(mask)), 6)})


ALL = (
    Simulation('lines', 'Lines', 'Horizontal lines are lost.', declared.Lines, _lines, ('mask',)),
    Simulation(
        'grid', 'Grid', 'Horizontal and vertical lines are lost.', declared.Lines, _grid, ('mask',)
    ),
    Simulation('text', 'Text', 'Words are printed over it.', declared.Text, _text, ('mask',)),
    Simulation(
        'craquelure',
        'Craquelure',
        'A network of cracks, as in aged paint.',
        declared.Craquelure,
        _craquelure,
        ('mask',),
    ),
    Simulation(
        'flakes',
        'Flake losses',
        'Rounded patches of paint have fallen off.',
        declared.Flakes,
        _flakes,
        ('mask',),
    ),
)
