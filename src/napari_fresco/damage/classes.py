"""The classes of damage of labels: a table of names, colours, and whether to fill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import ParameterError


@dataclass(frozen=True)
class DamageClass:
    """The class of damage of a label.

    Attributes
    ----------
    value : int
        Label in the mask, 1 or more.
    name : str
        Name in legends and tables.
    colour : str
        ``'#rrggbb'``, in which it is drawn.
    filled : bool
        Whether these pixels are to be filled; a user may decide otherwise.
    damaged : bool
        Whether these pixels count as damage in coverage, maps and reports.
    """

    value: int
    name: str
    colour: str
    filled: bool = True
    damaged: bool = True


KEEP = DamageClass(5, 'keep', '#1f3cff', filled=False, damaged=False)
"""Original paint, whatever it looks like: no proposal marks it and nothing fills it."""

CLASSES = (
    DamageClass(1, 'crack', '#00e5ff'),
    DamageClass(2, 'loss', '#ff2ec4'),
    DamageClass(3, 'stain', '#ffe600'),
    DamageClass(4, 'retouch', '#39ff14'),
    KEEP,
    DamageClass(6, 'denoise only', '#8f6bff', filled=False),
    DamageClass(7, 'craquelure', '#00a0b8', filled=False),
    DamageClass(8, 'loss of plaster', '#b3006b'),
    DamageClass(9, 'flaking', '#ff7a00', filled=False),
    DamageClass(10, 'delamination', '#b36bff', filled=False),
    DamageClass(11, 'abrasion', '#ff9ecf', filled=False),
    DamageClass(12, 'efflorescence', '#b8f0ff'),
    DamageClass(13, 'fading', '#fff2a8', filled=False),
    DamageClass(14, 'biological growth', '#00b34a', filled=False),
    DamageClass(15, 'old fill', '#9affd0'),
    DamageClass(16, 'graffiti', '#ff1a1a'),
)
"""Classes of damage on walls, which a new mask has.

Cracks of age (craquelure) are mapped and not filled, unless a user decides so.
"""


def class_named(name: str, classes: Iterable[DamageClass] = CLASSES) -> DamageClass:
    """Return the class called `name`.

    Parameters
    ----------
    name : str
        Name, such as 'crack'.
    classes : iterable of DamageClass
        Where to look.

    Returns
    -------
    DamageClass

    Raises
    ------
    ParameterError
        If no class is called so.
    """
    known = {each.name: each for each in classes}
    if name not in known:
        raise ParameterError(f'no class is called {name!r}; choose one of {", ".join(known)}')
    return known[name]
