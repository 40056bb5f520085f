"""Guides: what must continue through a loss does, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.declare.guides import guide_lines, guides_text
from napari_fresco.errors import ParameterError
from napari_fresco.image import sheet
from napari_fresco.intervention import FillRun, Intervention, repeat
from napari_fresco.physics.guided_bands import continued
from napari_fresco.restoration import parts

SIZE, RADIUS = 120, 28
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE] - SIZE / 2


def wall(angle: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a straight edge with grain, how far pixels lie from it, and a wide round loss."""
    distance = ROWS * np.cos(angle) - COLUMNS * np.sin(angle)
    grain = np.random.default_rng(0).normal(0, 5, (SIZE, SIZE, 3))
    image = 70 + 100 * np.clip(distance + 0.5, 0, 1)[..., None] + grain
    return image, distance, np.hypot(ROWS, COLUMNS) < RADIUS


def along(angle: float, reach: float = RADIUS + 6, beside: tuple[float, float] = (0, 0)) -> Any:
    """Return a guide along the edge, whose ends lie so far beside it."""
    direction = np.array([np.sin(angle), np.cos(angle)])
    normal = np.array([direction[1], -direction[0]])
    first = SIZE / 2 - reach * direction + beside[0] * normal
    last = SIZE / 2 + reach * direction + beside[1] * normal
    return [tuple(first), tuple(last)]


@pytest.mark.parametrize('beside', [(0, 0), (2, -2), (1.5, 1.5)])
@pytest.mark.parametrize('angle', [0.0, 0.3, 0.8, np.pi / 2, 2.2])
def test_an_edge_continues_along_a_guide(angle: float, beside: tuple[float, float]) -> None:
    image, distance, lost = wall(angle)
    band = continued(np.where(lost[..., None], 0, image), ~lost, [along(angle, beside=beside)])
    away = distance[band.rows, band.columns]
    bright = band.values.mean(axis=1) > 120
    assert len(away) > 2 * RADIUS * 8  # the band is there
    assert np.abs(away[bright != (away > 0)]).max(initial=0) < 1
    flat = np.abs(away) > 1.5
    assert band.values[flat & ~bright].std() > 0.4 * 5  # with its grain


def test_a_line_of_paint_goes_on_with_its_width() -> None:
    image = np.full((SIZE, SIZE, 1), 200.0)
    image[58:62] = 40
    lost = np.hypot(ROWS, COLUMNS) < RADIUS
    band = continued(np.where(lost[..., None], 0, image), ~lost, [[(60, 20), (60, 100)]])
    dark = band.values[:, 0] < 120
    np.testing.assert_array_equal(dark, (band.rows >= 58) & (band.rows < 62))


def test_a_guide_beyond_the_border_takes_what_one_side_knows() -> None:
    image, distance, _ = wall(0.0)
    lost = COLUMNS > 10
    band = continued(np.where(lost[..., None], 0, image), ~lost, [along(0.0, reach=SIZE / 2 - 1)])
    away = distance[band.rows, band.columns]
    assert (band.columns >= SIZE - 4).any()
    assert np.abs(away[(band.values.mean(axis=1) > 120) != (away > 0)]).max(initial=0) < 1


@pytest.mark.parametrize('cut', [False, True])
def test_the_rest_agrees_with_a_guide_and_what_is_known_stays(
    cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cut:
        monkeypatch.setattr(sheet, 'LARGEST_AROUND_LOSSES', 0)
        monkeypatch.setattr(parts, '_SIDE_AROUND_LOSSES', 64)
        monkeypatch.setattr(parts, '_REACH_AROUND_LOSSES', 64)
    image, distance, lost = wall(0.5)
    photograph = image.clip(0, 255).astype(np.uint8)
    options = {'method': 'dpir', 'task': 'inpaint', 'mask': lost, 'iterations': 2}
    result = fresco.restore(photograph, guides=[along(0.5)], exemplars=False, **options)
    np.testing.assert_array_equal(result.image[~lost], photograph[~lost])
    np.testing.assert_array_equal(result.filled, lost)
    near = lost & (np.abs(distance) < 4)
    bright = result.image.mean(axis=-1) > 120
    assert np.abs(distance[near & (bright != (distance > 0))]).max(initial=0) < 1
    assert not any('guide' in said for said in result.provenance['warnings'])


def test_a_record_repeats_guides(tmp_path: Any) -> None:
    image, _, _ = wall(0.5)
    photograph = image.clip(0, 255).astype(np.uint8)[30:90, 30:90]
    lost = np.hypot(ROWS, COLUMNS)[30:90, 30:90] < 9
    guide = [(20, 14), (40, 48)]
    fresco.write(tmp_path / 'wall.tif', photograph)
    given = {'method': 'ircnn', 'task': 'inpaint', 'iterations': 1, 'exemplars': False}
    seen = fresco.read(tmp_path / 'wall.tif')
    result = fresco.restore(seen, mask=lost, guides=[guide], device='cpu', **given)
    told = Intervention(seen, result, [FillRun.of(result, lost)])
    told.save(tmp_path / 'wall.json')
    assert repeat(tmp_path / 'wall.json').same
    without = fresco.restore(seen, mask=lost, device='cpu', **given)
    assert (np.asarray(without.image.data) != np.asarray(result.image.data)).any()


def test_guides_are_told_as_numbers_or_text() -> None:
    lines = guide_lines([[(1, 2.5), (3, 4)], np.array([[0, 0], [9.126, 9], [20, 1]])])
    assert guides_text(lines) == '1,2.5 3,4; 0,0 9.13,9 20,1'
    assert guide_lines('1,2.5 3,4; 0,0 9.13,9 20,1')[0] == lines[0]
    assert guides_text(guides_text(lines)) == guides_text(lines)


@pytest.mark.parametrize('wrong', ['', '1,2', '1,2 3', [[(1, 2)]], [[(1, 2), (3, np.nan)]], 7])
def test_wrong_guides_are_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match='rows and columns of two corners'):
        guides_text(wrong)


def test_a_guide_that_meets_no_damage_is_said() -> None:
    image, _, lost = wall(0.0)
    result = fresco.restore(
        image, method='ircnn', task='inpaint', mask=lost, iterations=1, exemplars=False,
        guides=[[(5, 5), (5, 90)], along(0.0)],
    )  # fmt: skip
    assert any('1 of 2 guides cross no damage' in said for said in result.provenance['warnings'])
