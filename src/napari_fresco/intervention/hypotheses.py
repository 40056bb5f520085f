"""Several fills of the same losses, and where they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..brief import Brief
from ..errors import MaskError, ParameterError
from ..image.model import values_of
from ..restoration.session import Session
from ..types import Result
from .linear_light import Floats, lab_of_light, to_linear
from .photograph import Bools, filled_of, plane_of

SPREAD_HELP = (
    'Standard deviation among the fills in L*a*b*: where they differ, no error bar. On a mural '
    'with known truth it correlated with the true error by 0.33 only; fills of one method agree '
    'on the same mistakes.'
)
"""What is said wherever an agreement of fills is shown."""

_AGREED = 2.3  # a difference that is just noticed (Mahy et al., Color Research & Application, 1994)


@dataclass(frozen=True, eq=False, repr=False)
class Hypotheses(Brief):
    """Several fills of the same losses.

    Attributes
    ----------
    results : tuple of Result, Image or array-like
        The filled photographs, one for each seed.
    seeds : tuple of int
    filled : ndarray of bool, ``(H, W)``
        What was filled.
    spread : ndarray of float32, ``(H, W)``
        Standard deviation among the fills in L*a*b*, 0 where nothing was filled. It tells where
        fills differ, and is no error bar.
    """

    results: tuple[Any, ...]
    seeds: tuple[int, ...]
    filled: Bools
    spread: Floats

    def facts(self) -> dict[str, Any]:
        """Return the hypotheses as a record has them, ready for JSON."""
        return spread_facts(self.spread, self.filled, self.seeds)


def hypotheses(
    image: Any,
    mask: Any,
    *,
    method: str = 'dpir',
    seeds: Sequence[int] = (0, 1, 2),
    session: Session | None = None,
    **options: Any,
) -> Hypotheses:
    """Fill the same losses several times, each with a seed of its own.

    Fills of losses wider than 6 pixels are hypotheses: other patches of the same picture fit as
    well. Narrow ones with no wide one beside them come out alike.

    Parameters
    ----------
    image : Image or array-like, ``(H, W)`` or ``(H, W, 3 or 4)``
        The photograph.
    mask : array-like, Image or DrawnMask, ``(H, W)``
        Nonzero where it is damaged.
    method : str
        A method that fills and takes a seed.
    seeds : sequence of int
        Two or more, all different.
    session : Session, optional
        Whose networks are used.
    **options
        As :func:`napari_fresco.restore` takes them.

    Returns
    -------
    Hypotheses

    Raises
    ------
    ParameterError
        When there are fewer than two seeds, or the same twice.

    Examples
    --------
    >>> import numpy as np, napari_fresco as fresco
    >>> wall = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    >>> loss = np.zeros((32, 32), bool)
    >>> loss[8:20, 8:20] = True
    >>> found = fresco.intervention.hypotheses(wall, loss, seeds=(0, 1), iterations=1)
    >>> len(found.results), bool(found.spread[loss].any()), bool(found.spread[~loss].any())
    (2, True, False)
    """
    chosen = tuple(int(seed) for seed in seeds)
    if len(chosen) < 2 or len(set(chosen)) < len(chosen):
        raise ParameterError(f'seeds = {tuple(seeds)}; give two or more, all different')
    if 'task' in options or 'seed' in options:
        raise ParameterError(
            'hypotheses fill losses, one for each of seeds; leave task and seed out'
        )
    with nullcontext(session) if session is not None else Session(warn=False) as used:
        results = tuple(
            used.restore(image, method=method, task='inpaint', mask=mask, seed=seed, **options)
            for seed in chosen
        )
    filled = filled_of(results[0], None, plane_of(image).shape)
    return Hypotheses(results, chosen, filled, agreement(results, filled))


def agreement(fills: Sequence[Any], filled: ArrayLike) -> Floats:
    """Return where several fills differ: their standard deviation in L*a*b*.

    Parameters
    ----------
    fills : sequence of Result, Image or array-like
        Filled photographs, ``(H, W)`` or ``(H, W, 3 or 4)``, taken for sRGB.
    filled : array-like, ``(H, W)``
        Nonzero where they were filled.

    Returns
    -------
    ndarray of float32, ``(H, W)``
        The root of the mean squared distance from the mean, ``sqrt(mean |c_k - mean c|^2)``; 0
        elsewhere. No error bar: fills of one method share mistakes.
    """
    marks: Bools = np.squeeze(values_of(filled, 'filled', MaskError)) != 0
    colours = np.stack(list(_colours(fills, marks)))
    away = ((colours - colours.mean(axis=0)) ** 2).sum(axis=-1)
    spread = np.zeros(marks.shape, np.float32)
    spread[marks] = np.sqrt(away.mean(axis=0))
    return spread


def spread_facts(spread: Floats, filled: Bools, seeds: Sequence[int]) -> dict[str, Any]:
    """Return an agreement as a record has it."""
    inside = spread[filled]
    return {
        'seeds': list(seeds),
        'mean_spread': float(inside.mean()) if inside.size else 0.0,
        'largest_spread': float(inside.max()) if inside.size else 0.0,
        'agree_percent': 100 * float((inside < _AGREED).mean()) if inside.size else 100.0,
        'unit': 'L*a*b*',
        'meaning': SPREAD_HELP,
    }


def _colours(fills: Sequence[Any], marks: Bools) -> Iterator[Floats]:
    for each in fills:
        pixels = plane_of(each.image if isinstance(each, Result) else each, 'a fill')[marks]
        yield lab_of_light(to_linear(pixels[:, None] if pixels.ndim == 1 else pixels))
