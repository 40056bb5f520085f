"""Guides: what must continue through a loss does, and nothing else changes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.batch.file_job import FileJob
from napari_fresco.declare.guides import guide_lines, guides_text
from napari_fresco.errors import ParameterError
from napari_fresco.image import sheet
from napari_fresco.image.centre_lines import centre_lines
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


def brush(corners: Any, radius: float) -> np.ndarray:
    """Return where a round brush was that went from corner to corner."""
    path = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(np.asarray(corners, float))])
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return (np.hypot(rows - path[:, 0, None, None], columns - path[:, 1, None, None])).min(
        axis=0
    ) <= radius


def away_from(line: Any, corners: Any) -> float:
    """Return how far the corners of a line lie from the straight line between two places."""
    first, last = np.asarray(corners, float)
    along = (last - first) / np.hypot(*(last - first))
    return float(np.abs((np.asarray(line) - first) @ np.array([-along[1], along[0]])).max())


@pytest.mark.parametrize('radius', [0.8, 2, 5])
def test_strokes_of_a_brush_are_lines_from_end_to_end(radius: float) -> None:
    ends = [(20, 15), (95, 70)]
    (line,) = centre_lines(brush(ends, radius))
    assert away_from(line, ends) < 1.5
    reached = sorted([line[0], line[-1]])
    assert np.abs(np.array(reached) - ends).max() <= radius + 1


@pytest.mark.parametrize('radius', [0.8, 2, 5])
def test_strokes_that_cross_go_on_straight(radius: float) -> None:
    one, other = [(20, 20), (100, 90)], [(95, 15), (25, 100)]
    both = brush(one, radius) | brush(other, radius)
    lines = centre_lines(both)
    assert len(lines) == 2
    for straight in (one, other):
        assert min(away_from(line, straight) for line in lines) < max(1.5, radius)


def test_strokes_that_bend_close_or_have_labels() -> None:
    turn = np.linspace(0, 2 * np.pi, 60)
    ring = brush(60 + 30 * np.stack([np.sin(turn), np.cos(turn)], axis=1), 2)
    (line,) = centre_lines(ring)
    assert line[0] == line[-1]
    assert np.abs(np.hypot(*(np.array(line) - 60).T) - 30).max() < 1
    labels = np.where(brush([(20, 20), (20, 90)], 2), 1, 0) + np.where(
        brush([(25, 20), (25, 90)], 2), 2, 0
    )
    assert len(centre_lines(labels)) == 2, 'side by side, of two labels'
    assert centre_lines(brush([(50, 50), (50, 51)], 4)) == (), 'a dot is no line'


def test_strokes_continue_an_edge_as_their_lines_do() -> None:
    image, distance, lost = wall(0.5)
    photograph = image.clip(0, 255).astype(np.uint8)
    result = fresco.restore(
        photograph, guides=brush(along(0.5), 2), exemplars=False, method='ircnn', task='inpaint',
        mask=lost, iterations=1,
    )  # fmt: skip
    near = lost & (np.abs(distance) < 3)
    bright = result.image.mean(axis=-1) > 120
    assert np.abs(distance[near & (bright != (distance > 0))]).max(initial=0) < 1.5
    with pytest.raises(ParameterError, match='no stroke'):
        guide_lines(np.zeros((9, 9), bool))


def test_the_command_line_takes_a_file_of_strokes(tmp_path: Any) -> None:
    image, _, lost = wall(0.5)
    small = np.s_[20:100, 20:100]
    for name, plane in (
        ('wall', image.clip(0, 255).astype(np.uint8)),
        ('loss', lost * np.uint8(255)),
        ('strokes', brush(along(0.5), 2) * np.uint8(255)),
    ):
        fresco.write(tmp_path / f'{name}.png', np.ascontiguousarray(plane[small]))
    job = FileJob.of(
        'ircnn',
        'inpaint',
        options={'mask': tmp_path / 'loss.png', 'guides': tmp_path / 'strokes.png'},
    )
    (line,) = guide_lines(job.call.options.guides)
    ends = np.array(along(0.5)) - 20
    assert away_from(line, ends) < 1.5
    with pytest.raises(ParameterError, match='give the file of strokes'):
        FileJob.of('ircnn', 'inpaint', options={'mask': 'loss.png', 'guides': 'nowhere.png'})


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
