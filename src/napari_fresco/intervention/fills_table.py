"""Every loss that was filled: its place, size, width and run, and how far off it may be."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from ..declare.recommendations import VALIDATED
from ..evidence.check_limits import LIMITS
from ..evidence.fill_error import MEANING, Calibration, LossErrors, calibration_of, errors_of
from .fill_run import FillRun
from .photograph import Bools, Pixels

_COLOURS = 3


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
    expected_error, nine_of_ten : float or None
        Root mean square error in the units of the image that half, and nine of ten, of like losses
        stayed below where the truth is known: no measurement of this fill. None where none as wide
        was tested, or none by this method.
    """

    number: int
    box_px: list[int]
    box_mm: list[float] | None
    area_px: int
    area_mm2: float | None
    widest_px: float
    widest_mm: float | None
    run: int | None
    expected_error: float | None
    nine_of_ten: float | None


def filled_losses(
    photograph: Pixels, filled: Bools, runs: Sequence[FillRun], scale: float | None
) -> tuple[FilledLoss, ...]:
    """Return the filled losses, those that touch at a corner as one.

    `photograph`: as it was; around losses it tells what to expect of fills.
    `filled`: ``(H, W)``.
    `runs`: that filled them, in their order.
    `scale`: size of a pixel in mm.
    """
    pieces, _ = ndimage.label(filled, np.ones((3, 3)))
    owners = _owners(pieces, runs, filled)
    errors = _errors(photograph, pieces, owners, runs)
    found = []
    for i, (rows, columns) in enumerate(ndimage.find_objects(pieces)):
        box = [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
        width, area = float(errors.widths[i]), int(errors.areas[i])
        found.append(
            FilledLoss(
                i + 1,
                [int(n) for n in box],
                None if scale is None else [round(n * scale, 3) for n in box],
                area,
                None if scale is None else area * scale**2,
                width,
                None if scale is None else width * scale,
                int(owners[i]) or None,
                _told(errors.expected[i]),
                _told(errors.nine_of_ten[i]),
            )
        )
    return tuple(found)


def fills_csv(losses: Sequence[FilledLoss]) -> str:
    """Return the table of fills as CSV; its last column says what an expected error is."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator='\n')
    table.writerow((*FilledLoss._fields, 'meaning'))
    for loss in losses:
        cells = ['' if value is None else value for value in loss]
        cells.append('' if loss.expected_error is None else MEANING)
        table.writerow(' '.join(map(str, c)) if isinstance(c, list) else c for c in cells)
    return out.getvalue()


def _errors(photograph: Pixels, pieces: Any, owners: Any, runs: Sequence[FillRun]) -> LossErrors:
    """Return what to expect of each loss of the run that filled it."""
    colours = photograph[..., :_COLOURS] if photograph.ndim == 3 else photograph
    damaged = np.zeros(pieces.shape, bool)
    for run in runs:  # damage whose fill was undone is no paint
        damaged |= run.mask.damage()
    known = [None, *(_calibration(run) for run in runs)]
    errors = {
        found: errors_of(found, colours, pieces, len(owners), damaged)
        for found in dict.fromkeys([None, *(known[owner] for owner in owners)])
    }
    if not len(owners):
        return errors[None]
    each = [errors[known[owner]] for owner in owners]
    expected, most = (np.array([of_its[row][i] for i, of_its in enumerate(each)]) for row in (2, 3))
    return errors[None]._replace(expected=expected, nine_of_ten=most)


def _calibration(run: FillRun) -> Calibration | None:
    return calibration_of(str(run.provenance['method']), run.provenance.get('parameters', {}))


def _told(error: float) -> float | None:
    return float(f'{error:.4g}') if np.isfinite(error) else None


def limits_in_words(losses: Sequence[FilledLoss]) -> list[str]:
    """Return the limits of fills in sentences."""
    if not losses:
        return []
    worst = max(losses, key=lambda loss: loss.widest_px)
    size = f'{worst.widest_px:.3g} px' + (
        '' if worst.widest_mm is None else f' ({worst.widest_mm:.3g} mm)'
    )
    said = [f'The widest loss that was filled is {size} wide (number {worst.number}).']
    untold = sum(loss.expected_error is None and loss.widest_px <= VALIDATED for loss in losses)
    if untold:
        which = 'the losses' if untold == len(losses) else f'{untold} of the losses'
        said.append(
            f'How far off fills of {which} are was not measured: by this method, or with these '
            'parameters.'
        )
    beyond = sum(loss.widest_px > VALIDATED for loss in losses)
    wider = f'; {beyond} of the losses are wider, and no error is told for them' * bool(beyond)
    said.append(f'Fills were tested up to {VALIDATED} px{wider}.')
    if any(loss.expected_error is not None for loss in losses):
        said.append(MEANING)
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
