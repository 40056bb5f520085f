"""What is told of the error of a fill: from width, rim and picture, and from nothing else."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.declare.recommendations import VALIDATED
from napari_fresco.evidence.fill_error import (
    CALIBRATED,
    calibration_of,
    expected_error,
    loss_errors,
    picture_spread,
    rim_spreads,
)

from .documentation import ROOT

DPIR = CALIBRATED['dpir']
RANDOM = np.random.default_rng(0)
CALM = 120 + 4 * RANDOM.normal(size=(96, 128, 3))
BUSY = CALM + 40 * ndimage.gaussian_filter(RANDOM.normal(size=CALM.shape), (1, 1, 0))


def lost(*boxes: tuple[int, int, int, int]) -> Any:
    """Return losses, each from a row and a column on, so high and so wide."""
    marks = np.zeros(CALM.shape[:2], bool)
    for top, left, height, width in boxes:
        marks[top : top + height, left : left + width] = True
    return marks


def spreads_of(image: Any, marks: Any, widths: Any) -> Any:
    pieces, _ = ndimage.label(marks, np.ones((3, 3)))
    return rim_spreads(image, ~marks, pieces, np.asarray(widths, float))


def test_wider_losses_and_livelier_rims_are_filled_worse() -> None:
    image = np.where(np.arange(128)[:, None] < 64, CALM, BUSY)
    boxes = [(10, 10, 5, 5), (40, 10, 25, 25), (10, 80, 5, 5), (40, 80, 25, 25)]
    found = loss_errors(DPIR, image, lost(*boxes))
    calm, busy, wide_calm, wide_busy = found.expected
    assert calm < wide_calm < wide_busy
    assert calm < busy < wide_busy
    assert (found.nine_of_ten > found.expected).all()
    assert found.widths.tolist() == [5, 5, 25, 25]
    assert found.areas.tolist() == [25, 25, 625, 625]


def test_errors_have_the_units_of_the_image() -> None:
    marks = lost((10, 10, 5, 5), (40, 60, 25, 25))
    expected = loss_errors(DPIR, BUSY, marks).expected
    assert loss_errors(DPIR, 257 * BUSY + 1000, marks).expected == pytest.approx(257 * expected)
    gray = BUSY[..., 0]
    colours = np.repeat(gray[..., None], 3, axis=-1)
    assert loss_errors(DPIR, gray, marks).expected == pytest.approx(
        loss_errors(DPIR, colours, marks).expected
    )


def test_what_is_lost_tells_nothing() -> None:
    marks, other = lost((40, 60, 25, 25)), lost((38, 50, 4, 8))
    hidden = np.where((marks | other)[..., None], np.nan, BUSY)
    expected = loss_errors(DPIR, hidden, marks, other).expected
    assert np.isfinite(expected).all()
    painted = np.where((marks | other)[..., None], 255, BUSY)
    assert (loss_errors(DPIR, painted, marks, other).expected == expected).all()


def test_a_long_crack_is_judged_by_what_lies_beside_it() -> None:
    ramp = np.repeat(np.linspace(0, 250, 128)[None], 96, axis=0)
    crack = lost((40, 2, 3, 124))
    (along,) = spreads_of(ramp, crack, [3])
    (short,) = spreads_of(ramp, lost((40, 60, 3, 3)), [3])
    assert along < 3 * short < 0.3 * picture_spread(ramp, ~crack)


def test_the_spread_of_a_rim_is_that_of_its_pixels() -> None:
    image = np.zeros((96, 128))
    image[:, 64:] = 10  # half of the rim
    assert spreads_of(image, lost((40, 60, 8, 8)), [8]) == pytest.approx([5])
    assert np.isnan(spreads_of(image, np.ones((96, 128), bool), [96])).all()


def test_nothing_is_told_where_nothing_was_tested() -> None:
    marks = lost((10, 10, 70, 70))
    assert np.isnan(loss_errors(DPIR, BUSY, marks).expected).all()
    assert np.isnan(loss_errors(None, BUSY, lost((10, 10, 5, 5))).expected).all()
    assert len(loss_errors(DPIR, BUSY, lost()).expected) == 0
    assert expected_error(DPIR, VALIDATED, np.nan, 30) == pytest.approx(
        expected_error(DPIR, VALIDATED, 30, 30)
    )


def test_only_fills_as_good_as_those_that_were_tested_have_an_expected_error() -> None:
    assert calibration_of('dpir', {}) == calibration_of('dpir', {'model': 'auto'}) == DPIR
    assert calibration_of('dpir', {'iterations': 24, 'exemplars': False}) == DPIR
    for changed in ({'iterations': 2}, {'model': 'nlm'}, {'sigma_start': 1.0}):
        assert calibration_of('dpir', changed) is None
    assert calibration_of('ircnn', {}) is None


def test_a_result_says_what_to_expect() -> None:
    image = np.clip(BUSY, 0, 255).astype(np.uint8)
    marks = lost((10, 10, 3, 30), (20, 50, 66, 70))
    done = fresco.restore(image, method='dpir', task='inpaint', mask=marks)
    fills = done.provenance['fills']
    assert (fills['losses'], fills['wider']) == (2, 1)
    expected = loss_errors(DPIR, image, marks).expected[0]
    assert fills['expected_error'] == pytest.approx([expected, expected])
    said = ' '.join(done.provenance['notes'])
    assert f'off by {expected:.3g}' in said
    assert 'not a measurement' in said
    assert f'1 of 2 losses are wider than {VALIDATED} px' in said
    again = fresco.restore(image, method='ffdnet', sigma=5)
    assert again.provenance['fills'] is None


def test_constants_are_those_of_the_benchmark() -> None:
    table = (ROOT / 'benchmarks' / 'RESULTS.md').read_text('utf-8')
    (row,) = re.findall(r'^\| all \| all \| \d+ \| ([\d., ]*) \|', table, re.MULTILINE)
    assert CALIBRATED['dpir'] == pytest.approx([float(value) for value in row.split(',')])


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_the_spread_of_a_picture_is_found_some_rows_at_a_time(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    image = (200 + 20 * rng.random((50, 40, 3)) * [1, 2, 0.5]).astype(dtype)
    known = rng.random((50, 40)) > 0.4
    known[:7] = False
    wanted = np.sqrt(image[known].astype(float).var(axis=0).mean())
    monkeypatch.setattr('napari_fresco.evidence.fill_error._AT_ONCE', 120)
    assert picture_spread(image, known) == pytest.approx(wanted, rel=1e-9)
