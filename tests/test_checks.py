"""Checks of results: good ones pass, and each fault is found and named."""

import json
from dataclasses import replace

import numpy as np
import pytest

import napari_fresco as fresco
from napari_fresco.cli import main
from napari_fresco.declare.tasks import TASKS
from napari_fresco.evidence.checks import (
    LIMITS,
    check_result,
    kernel_given,
    mask_given,
    sigma_told,
    worst,
)
from napari_fresco.evidence.plane_outcome import Outcome

NAMES = TASKS['denoise'].checks


def scene(n=160):
    y, x = np.mgrid[:n, :n] / n
    disc = 1 / (1 + np.exp((np.hypot(y - 0.5, x - 0.4) - 0.25) * n / 1.5))
    return 100 + 80 * disc + 20 * x + 10 * np.sin(2 * np.pi * y * 3)


def outcome(change=0.0, sigma=10.0, **more):
    """Return a good result of noise 10, with a fault added to it."""
    truth = scene()
    observed = truth + np.random.default_rng(0).normal(0, 10, truth.shape)
    restored = truth + change
    given = restored.astype(np.float32)
    return Outcome(observed, restored, given, restored, sigma, span=255.0, **more)


def failed(o, names=NAMES):
    return {check.name for check in check_result(o, names) if not check.ok}


def test_a_good_result_passes_every_check():
    found = check_result(outcome(), (*NAMES, 'consistency', 'amplification', 'overshoot'))
    assert len(found) >= 11
    assert all(check.ok and not check.message for check in found)


def test_light_lost_is_found_in_all_and_in_regions():
    dim = -0.05 * scene()
    assert {'light', 'regions'} <= failed(outcome(dim))
    part = np.where(np.arange(160) < 64, -8.0, 8.0 * 64 / 96)
    found = failed(outcome(part))
    assert 'regions' in found
    assert 'light' not in found


def test_noise_left_taken_twice_and_structure_are_told_apart():
    o = outcome()
    noise = o.observed - scene()
    assert failed(replace(o, predicted=scene() + 0.9 * noise)) >= {'noise'}
    moved = np.roll(scene(), 6, axis=1)
    assert failed(replace(o, predicted=moved)) >= {'noise', 'whiteness', 'regions'}
    stripes = 12 * np.sin(np.arange(160) * 2 * np.pi / 12)
    weakened = replace(o, observed=o.observed + stripes, predicted=scene() + 0.4 * stripes)
    assert 'structure' in failed(weakened)


def test_a_result_that_is_surely_worse_than_its_image_is_found():
    rng = np.random.default_rng(1)
    assert 'worse' in failed(outcome(rng.normal(0, 15, (160, 160))))


def test_values_that_never_were_and_repainted_parts_are_found():
    change = np.zeros((160, 160))
    change[:24, :24] = 200
    assert {'repainted', 'range'} <= failed(outcome(change))


@pytest.mark.parametrize(
    ('values', 'given', 'name'),
    [
        (np.full((64, 64), 0.3), np.zeros((64, 64), np.uint8), 'rounding'),
        (np.full((64, 64), 270.0), np.full((64, 64), 255, np.uint8), 'clipping'),
    ],
)
def test_integers_that_lose_light_are_found(values, given, name):
    o = Outcome(values, values, given, values, None)
    (check,) = check_result(o, (name,))
    assert not check.ok
    assert "dtype='float32'" in check.message


def test_a_result_that_does_not_explain_the_image_is_inconsistent():
    o = outcome()
    assert failed(replace(o, predicted=scene() + 20), ('consistency',)) == {'consistency'}
    assert failed(replace(o, predicted=o.observed), ('consistency',)) == {'consistency'}


def test_ringing_and_amplified_noise_are_found():
    x = np.mgrid[:160, :160][1]
    step = 100.0 * (np.sin(x / 160 * 2 * np.pi * 5) > 0)
    o = replace(outcome(), observed=step, restored=step, predicted=step, sigma=2.0)
    assert not failed(o, ('overshoot', 'amplification'))
    ringing = step + 100 * np.gradient(np.gradient(step, axis=1), axis=1) / -50
    assert failed(replace(o, restored=ringing), ('overshoot',)) == {'overshoot'}
    noisy = step + np.random.default_rng(2).normal(0, 30, step.shape)
    assert failed(replace(o, restored=noisy), ('amplification',)) == {'amplification'}


@pytest.mark.parametrize(('told', 'ok'), [(10, True), (6, True), (2, False), (2550, False)])
def test_the_noise_told_is_compared_with_that_of_the_image(told, ok):
    assert sigma_told(told, 10.0).ok is ok
    assert sigma_told(told, 0.0) is None


def test_masks_that_cover_nearly_all_or_lie_upside_down_are_found():
    image = scene() + np.random.default_rng(0).normal(0, 2, (160, 160))
    mask = np.zeros(image.shape, bool)
    mask[10:20, 30:130] = True
    damaged = np.where(mask, 250.0, image)
    assert mask_given(mask, damaged).ok
    assert 'upside down' in mask_given(mask[::-1], damaged).message
    assert 'inverted' in mask_given(~mask, damaged).message


def test_doubts_about_a_kernel_are_passed_on():
    assert kernel_given(()).ok
    assert kernel_given(['it lies on a background']).message == 'it lies on a background'


def test_unknown_pixels_are_not_judged():
    change = np.zeros((160, 160))
    change[40:80, 40:80] = 1e4
    change[0, 0] = np.nan
    assert not failed(outcome(change, unknown=change != 0))


def test_of_several_planes_the_worst_counts():
    bad = worst([check_result(outcome(), NAMES), check_result(outcome(-0.05 * scene()), NAMES)])
    assert {check.name for check in bad if not check.ok} >= {'light'}
    assert len({check.name for check in bad}) == len(bad)


def test_every_check_of_a_task_has_limits():
    for facts in TASKS.values():
        assert set(facts.checks) <= set(LIMITS)


def test_results_carry_their_checks_and_so_does_the_record():
    noisy = scene(64) + np.random.default_rng(0).normal(0, 10, (64, 64))
    good = fresco.restore(noisy, method='ffdnet')
    assert {'light', 'noise', 'structure'} <= {check.name for check in good.checks}
    assert all(check.ok for check in good.checks)
    recorded = json.loads(json.dumps(good.provenance))['checks']
    assert [each['name'] for each in recorded] == [check.name for check in good.checks]
    wrong = fresco.restore(noisy, method='ffdnet', sigma=2)
    assert 'sigma' in {check.name for check in wrong.checks if not check.ok}


def test_colours_alpha_and_every_task_are_checked():
    rng = np.random.default_rng(0)
    gray = np.clip(scene(48) + rng.normal(0, 5, (48, 48)), 0, 255)
    rgba = np.dstack([gray, gray, gray, np.full_like(gray, 255)]).astype(np.uint8)
    assert fresco.restore(rgba, method='ffdnet').checks
    kernel = np.ones((5, 5))
    blurred = fresco.restore(gray, method='dpir', task='deblur', kernel=kernel, iterations=2)
    assert 'consistency' in {check.name for check in blurred.checks}
    large = fresco.restore(rgba[..., :3], method='bsrgan', task='super_resolve', scale=4)
    assert 'light' in {check.name for check in large.checks}
    mosaic = fresco.restore(gray, method='dpir', task='demosaic', iterations=2)
    assert 'light' in {check.name for check in mosaic.checks}
    mask = np.zeros(gray.shape, bool)
    mask[20:30, 20:30] = True
    filled = fresco.restore(gray, method='dpir', task='inpaint', mask=mask, iterations=2)
    assert 'mask' in {check.name for check in filled.checks}


def test_the_command_line_prints_what_failed(tmp_path, capsys):
    noisy = scene(64) + np.random.default_rng(0).normal(0, 10, (64, 64))
    source = tmp_path / 'a.tif'
    fresco.write(source, fresco.Image.of(noisy.astype(np.float32)))
    options = ['-m', 'ffdnet', '--sigma', '2', '-o', str(tmp_path / 'b.tif')]
    with pytest.raises(SystemExit):
        main(['restore', str(source), *options])
    assert f'check: {source}: sigma = 2 is' in capsys.readouterr().err
