"""Gaps between pieces of a crack are closed where it probably goes on, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from napari_fresco.damage import gaps
from napari_fresco.damage.scribbles import decided

SHAPE = (64, 120)
Mask = NDArray[np.bool_]


def faded(gap: int, probability: float) -> tuple[Mask, Any]:
    """A bent crack that fades over `gap` columns, and the probability of damage."""
    columns = np.arange(5, 115)
    rows = np.round(30 + 6 * np.sin(columns / 12)).astype(int)
    mask, likely = np.zeros(SHAPE, bool), np.full(SHAPE, 0.02, np.float32)
    fades = np.abs(columns - 60) < gap / 2
    mask[rows[~fades], columns[~fades]] = True
    likely[rows, columns] = np.where(fades, probability, 0.95)
    return ndimage.binary_dilation(mask, np.ones((2, 1))), likely


def pieces(mask: Mask) -> int:
    return int(ndimage.label(mask, np.ones((3, 3)))[1])


def nothing() -> Mask:
    return np.zeros(SHAPE, bool)


def test_a_gap_is_closed_along_the_crack() -> None:
    mask, probability = faded(20, 0.4)
    closed = gaps.gaps_closed(mask, probability, nothing())
    assert pieces(mask) == 2
    assert pieces(closed) == 1
    assert closed[mask].all()
    drawn = closed & ~mask
    assert (probability[drawn] > 0.3).mean() > 0.9
    assert drawn.sum() < 30


@pytest.mark.parametrize(('gap', 'probability'), [(60, 0.6), (20, 0.05)])
def test_a_gap_that_is_long_or_improbable_stays(gap: int, probability: float) -> None:
    mask, likely = faded(gap, probability)
    assert np.array_equal(gaps.gaps_closed(mask, likely, nothing()), mask)


def test_no_path_leads_through_what_is_barred() -> None:
    mask, probability = faded(20, 0.4)
    barred = nothing()
    barred[:, 60] = True
    assert np.array_equal(gaps.gaps_closed(mask, probability, barred), mask)


def test_one_piece_or_none_stays_as_it_is() -> None:
    mask, probability = faded(0, 0.4)
    assert pieces(mask) == 1
    for whole in (mask, nothing()):
        assert np.array_equal(gaps.gaps_closed(whole, probability, nothing()), whole)


def test_tiles_close_what_the_whole_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    mask, probability = (np.concatenate([part] * 3, axis=1) for part in faded(20, 0.4))
    barred = np.zeros(mask.shape, bool)
    whole = gaps.gaps_closed(mask, probability, barred)
    monkeypatch.setattr(gaps, '_TILE', 50)
    assert np.array_equal(gaps.gaps_closed(mask, probability, barred), whole)
    assert pieces(whole) < pieces(mask)


def test_what_was_scribbled_decides_over_gaps() -> None:
    mask, probability = faded(20, 0.4)
    said = np.zeros(SHAPE, np.uint8)
    said[mask], joined = 1, decided(probability.copy(), np.zeros(SHAPE, np.uint8)).mask
    assert pieces(joined) == 1
    said[:, 58:62] = 2
    learned = decided(probability.copy(), said).mask
    assert pieces(learned) == 2
    assert learned[mask].all()
