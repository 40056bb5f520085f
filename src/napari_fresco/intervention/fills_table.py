"""Every loss that was filled: where it lies, how large and how wide it is, and by which run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ..evidence.check_limits import LIMITS
from ..image.hole_width import widths_of
from .fill_run import FillRun
from .photograph import Bools

TESTED: Mapping[str, tuple[tuple[int, float], ...]] = MappingProxyType(
    dict.fromkeys(('dpir',), ((4, 7.1), (8, 12.6), (16, 13.5), (32, 22.6), (64, 25.5)))
)
"""Widths in pixels of losses that methods were tested on, and how far off fills were there.

As the root mean square in parts of 255, from the table of losses in ``benchmarks/RESULTS.md``.
"""


class FilledLoss(NamedTuple):
    """One loss that was filled.

    Attributes
    ----------
    number : int
        From 1, row by row of the photograph.
    box_px, box_mm : list of float
        Left, top, width and height; in mm None without a scale.
    area_px, area_mm2 : float
    widest_px, widest_mm : float
        Diameter of the largest disc within it.
    run : int or None
        Which run filled most of it, from 1.
    typical_error : float or None
        Root mean square error in parts of 255 of fills as wide as this one on the pictures that
        the method was tested on: no measurement of this fill. None where none were as wide.
    """

    number: int
    box_px: list[int]
    box_mm: list[float] | None
    area_px: int
    area_mm2: float | None
    widest_px: float
    widest_mm: float | None
    run: int | None
    typical_error: float | None


def filled_losses(
    filled: Bools, runs: Sequence[FillRun], scale: float | None
) -> tuple[FilledLoss, ...]:
    """Return the filled losses, those that touch at a corner as one."""
    pieces, count = ndimage.label(filled, np.ones((3, 3)))
    widest = widths_of(filled, pieces, count)
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    owners = _owners(pieces, runs, filled)
    found = []
    for i, (rows, columns) in enumerate(ndimage.find_objects(pieces)):
        box = [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
        owner = int(owners[i]) or None
        method = None if owner is None else str(runs[owner - 1].provenance['method'])
        width = float(widest[i])
        found.append(
            FilledLoss(
                i + 1,
                [int(n) for n in box],
                None if scale is None else [round(n * scale, 3) for n in box],
                int(areas[i]),
                None if scale is None else float(areas[i]) * scale**2,
                width,
                None if scale is None else width * scale,
                owner,
                typical_error(method, width),
            )
        )
    return tuple(found)


def typical_error(method: str | None, width: float) -> float | None:
    """Return the error of fills of a width in tests of a method; None beyond them."""
    known = TESTED.get(method or '', ())
    return next((error for widest, error in known if width <= widest), None)


def limits_in_words(losses: Sequence[FilledLoss], methods: Sequence[str]) -> list[str]:
    """Return the limits of fills in sentences."""
    if not losses:
        return []
    worst = max(losses, key=lambda loss: loss.widest_px)
    size = f'{worst.widest_px:.3g} px' + (
        '' if worst.widest_mm is None else f' ({worst.widest_mm:.3g} mm)'
    )
    said = [f'The widest loss that was filled is {size} wide (number {worst.number}).']
    for method in dict.fromkeys(methods):
        widths = TESTED.get(method, ())
        if widths:
            most = widths[-1][0]
            beyond = sum(loss.widest_px > most for loss in losses)
            said.append(
                f'Fills by {method} were tested up to {most} px'
                + (f'; {beyond} of the losses are wider.' if beyond else '.')
            )
        else:
            said.append(f'How far off fills by {method} are was not measured by their width.')
    drawn = LIMITS['hole'][1]
    if drawn is not None and worst.widest_px > drawn:
        said.append(
            f'In losses wider than {drawn:g} px a drawing that was lost is not recovered: what is '
            'shown there is a hypothesis.'
        )
    return said


def _owners(pieces: Any, runs: Sequence[FillRun], filled: Bools) -> Any:
    """Return for each piece which run filled most of it, from 1; 0 where none says so."""
    count = int(pieces.max(initial=0))
    last = np.zeros(filled.shape, np.int32)
    for number, run in enumerate(runs, start=1):
        last[run.painted() & filled] = number
    if not count:
        return np.zeros(0, np.intp)
    inside = pieces > 0
    pairs = np.zeros((count + 1, len(runs) + 1), np.int64)
    np.add.at(pairs, (pieces[inside], last[inside]), 1)
    return np.argmax(pairs[1:], axis=1)
