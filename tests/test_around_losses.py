"""Losses are filled where they are, and nothing else is touched."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_fresco as fresco
from napari_fresco.generators import Returning
from napari_fresco.physics.operators import Mask
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers.around_losses import around_losses, windows
from napari_fresco.types import Step


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), share=st.sampled_from([0.0, 0.0005, 0.01, 0.2]))
def test_every_lost_pixel_lies_in_one_window(seed, share):
    rng = np.random.default_rng(seed)
    known = rng.random((rng.integers(20, 400), rng.integers(20, 400))) >= share
    known[5:9, 3:] = known[5:9, 3:] & (share == 0)
    count = np.zeros(known.shape, int)
    for window in windows(known):
        count[window.lost] += 1
        rows, columns = window.lost
        for part, places in ((window.rows, rows), (window.columns, columns)):
            assert (part.start <= places).all()
            assert (places < part.stop).all()
    assert np.array_equal(count, ~known)


def test_a_small_loss_is_filled_in_one_piece():
    known = np.ones((600, 600), bool)
    known[90:100, 90:100] = known[300:303, 0:600] = False
    sizes = [window.lost[0].size for window in windows(known)]
    assert 100 in sizes
    assert len(sizes) > 2  # the long one in several
    assert max(w.size for w in windows(known)) < 200**2


@pytest.mark.parametrize(('side', 'margin'), [(3, 12), (5, 15), (11, 44)])
def test_the_margin_goes_with_the_width_of_a_loss(side, margin):
    known = np.ones((400, 400), bool)
    known[200 : 200 + side, 190:210] = False
    (window,) = windows(known)
    assert window.rows.stop - window.rows.start == pytest.approx(side + 2 * margin, abs=4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_windows_are_as_long_as_a_network_takes_without_padding(seed):
    rng = np.random.default_rng(seed)
    known = np.ones(rng.integers(20, 400, 2), bool)
    for _ in range(3):
        row, column = (rng.integers(n) for n in known.shape)
        known[row : row + 3, column : column + 20] = False
    for window in windows(known):
        for part, end in zip((window.rows, window.columns), known.shape, strict=True):
            assert 0 <= part.start < part.stop <= end
            assert (part.stop - part.start) % 8 == 0 or (part.start, part.stop) == (0, end)


def test_cracks_cost_few_pixels_for_each_that_is_lost():
    known = np.ones((960, 960), bool)
    known[100::320] = known[101::320] = known[102::320] = False
    assert sum(window.size for window in windows(known)) < 10 * (~known).sum()


def problem(size=400):
    y = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    keep = torch.ones(1, 1, size, size)
    keep[..., 40:44, 40:44] = keep[..., 300:305, 200:206] = 0
    return Problem('inpaint', y * keep, Mask(keep), 0.0, kept=True)


def asked(seen):
    """Return a solver that fills with 2, in two steps."""

    def solve(part, params, tools):
        seen.append(part)
        keep = part.degradation.keep
        for index in (1, 2):
            yield Step(index, 2, torch.where(keep > 0, part.y, 2.0))

    return solve


def test_only_surroundings_are_worked_on_and_only_losses_change():
    seen, whole = [], problem()
    steps = list(around_losses(asked(seen))(whole, None, None))
    assert sum(part.y[0, 0].numel() for part in seen) < whole.y[0, 0].numel() / 10
    keep = whole.degradation.keep.expand_as(whole.y) > 0
    assert torch.equal(steps[-1].x[keep], whole.y[keep])
    assert (steps[-1].x[~keep] == 2).all()
    assert [s.index for s in steps] == sorted(s.index for s in steps)
    assert steps[-1].index == steps[-1].total


def test_what_was_filled_is_known_for_the_next_window():
    seen, whole = [], problem()
    keep = torch.ones(1, 1, 400, 400)
    keep[..., 100:104, :] = 0  # one crack in many windows
    list(around_losses(asked(seen))(replace(whole, degradation=Mask(keep)), None, None))
    assert len(seen) > 1
    assert (seen[1].y == 2).any()


def test_where_a_broken_off_run_did_not_come_to_lies_the_colour_around():
    whole = problem()
    first = next(iter(around_losses(asked([]))(whole, None, None)))
    lost = first.x[..., 300:305, 200:206]
    assert (lost - 0.5).abs().max() < 0.2


def test_damage_all_over_is_worked_on_as_a_whole():
    seen, whole = [], problem()
    keep = (torch.rand(1, 1, 400, 400, generator=torch.Generator().manual_seed(1)) > 0.3).float()
    list(around_losses(asked(seen))(replace(whole, degradation=Mask(keep)), None, None))
    assert [part.y.shape for part in seen] == [whole.y.shape]


@pytest.mark.parametrize('method', ['dpir', 'ircnn'])
def test_a_photograph_with_a_small_and_a_wide_loss(method):
    rng = np.random.default_rng(0)
    rows = np.mgrid[:320, :320][0]
    wall = (
        120
        + 40 * np.sin(rows / 9)[..., None] * np.array([1, 0.8, 0.5])
        + rng.normal(0, 12, (320, 320, 3))
    )
    wall = wall.clip(0, 255).astype(np.uint8)
    mask = np.zeros((320, 320), bool)
    mask[30:33, 30:60] = mask[200:224, 200:226] = True
    result = fresco.restore(
        wall, method=method, task='inpaint', mask=mask, iterations=3, device='cpu'
    )
    assert np.array_equal(result.image[~mask], wall[~mask])
    inside = result.image[204:220, 204:222].astype(float)
    assert abs(inside.mean() - wall[204:220, 204:222].mean()) < 12
    grain = (
        np.abs(np.diff(inside, axis=1)).mean() / np.abs(np.diff(wall.astype(float), axis=1)).mean()
    )
    assert 0.5 < grain < 1.3


@pytest.mark.parametrize('tiles', [False, True])
def test_a_broken_off_run_keeps_finished_losses_and_leaves_the_others(tiles, monkeypatch):
    if tiles:
        monkeypatch.setattr('napari_fresco.image.sheet.LARGEST_AROUND_LOSSES', 0)
    rng = np.random.default_rng(0)
    wall = rng.integers(60, 200, (300, 400, 3), dtype=np.uint8)
    mask = np.zeros((300, 400), bool)
    mask[20:24, 20:30] = mask[150:153, 300:305] = mask[280:284, 40:44] = True
    cancel, painted = threading.Event(), []
    asked = {'method': 'dpir', 'task': 'inpaint', 'mask': mask, 'iterations': 2, 'device': 'cpu'}
    steps = Returning(fresco.iterate(wall, cancel=cancel, **asked))
    for step in steps:
        painted.append(step.painted)
        if painted[-1].any():
            cancel.set()
    result = steps.result
    assert result.finish == 'cancelled'
    assert np.array_equal(result.filled, painted[-1])
    assert 0 < result.filled.sum() < mask.sum()
    assert np.array_equal(result.image[~result.filled], wall[~result.filled])
    assert (result.image[result.filled] != wall[result.filled]).any()
    assert any('2 of 3 losses' in said for said in result.provenance['warnings'])
