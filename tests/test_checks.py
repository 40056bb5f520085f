"""Checks of results: good ones pass, and each fault is found and named."""

import json
from dataclasses import replace

import numpy as np
import pytest
from skimage import data

import napari_fresco as fresco
from napari_fresco.declare.tasks import TASKS
from napari_fresco.evidence.check_limits import LIMITS, checked, worst, worst_of_volume
from napari_fresco.evidence.checks import check_result
from napari_fresco.evidence.input_checks import (
    camera_told,
    doubts,
    mask_alone,
    mask_placed,
    one_hue,
    range_given,
    saturation,
    sigma_told,
)
from napari_fresco.evidence.plane_outcome import Outcome

from .command_line import call

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
    found = check_result(outcome(), (*NAMES, 'consistency', 'overshoot'))
    assert len(found) >= 11
    assert all(check.ok and not check.message for check in found)


def test_light_lost_is_found_in_all_and_in_regions():
    dim = -0.05 * scene()
    assert {'light', 'regions'} <= failed(outcome(dim))
    part = np.where(np.arange(160) < 64, -8.0, 8.0 * 64 / 96)
    found = failed(outcome(part))
    assert 'regions' in found
    assert 'light' not in found


def test_a_contrast_that_is_too_low_is_found_and_noise_in_both_is_none():
    o, middle = outcome(), scene().mean()
    (check,) = check_result(replace(o, predicted=middle + 0.6 * (scene() - middle)), ['contrast'])
    assert check.value == pytest.approx(0.4, abs=0.03)
    assert not check.ok
    assert 'holds about 40% less light' in check.message.replace(' %', '%')
    noise = o.observed - scene()
    assert not failed(replace(o, predicted=scene() + 0.5 * noise), ['contrast'])
    assert not failed(o, ['contrast'])


def test_noise_left_taken_twice_and_structure_are_told_apart():
    o = outcome()
    noise = o.observed - scene()
    assert failed(replace(o, predicted=scene() + 0.9 * noise)) >= {'noise'}
    moved = np.roll(scene(), 6, axis=1)
    assert failed(replace(o, predicted=moved)) >= {'noise', 'whiteness', 'regions'}
    stripes = 30 * np.sin(np.arange(160) * 2 * np.pi / 12)
    weakened = replace(o, observed=o.observed + stripes, predicted=scene() + 0.4 * stripes)
    assert 'structure' in failed(weakened)


@pytest.mark.parametrize(
    'part',
    [np.s_[-16:], np.s_[:, :16], np.s_[-32:, -32:], np.s_[60:90, 40:70]],
    ids=['last rows', 'first columns', 'corner', 'tile'],
)
@pytest.mark.parametrize('share', [0.8, 1.0])
def test_noise_that_stayed_in_a_part_is_found(part, share):
    o = outcome()
    predicted = scene()
    predicted[part] += share * (o.observed - scene())[part]
    (check,) = check_result(replace(o, predicted=predicted), ['parts'])
    assert not check.ok
    assert 'noise was left in an area of' in check.message
    assert failed(replace(o, predicted=predicted), set(NAMES) - {'parts'}) == set()


def test_noise_that_stayed_at_the_border_of_a_large_plane_is_found():
    """Other residuals are those of its middle."""
    noise = np.random.default_rng(0).normal(0, 10, (80, 1400)) + 100
    predicted = np.full_like(noise, 100.0)
    predicted[:, -40:] = noise[:, -40:]
    o = Outcome(noise, predicted, predicted, predicted, 10.0, span=255.0)
    assert failed(o) == {'parts'}


def test_noise_that_stayed_in_one_colour_is_found():
    truth = np.dstack([scene()] * 3)
    observed = truth + np.random.default_rng(0).normal(0, 10, truth.shape)
    predicted = truth.copy()
    predicted[..., 1] = observed[..., 1]
    o = Outcome(observed, predicted, predicted, predicted, 10.0, span=255.0)
    assert failed(o) == {'parts'}


def test_noise_is_not_looked_for_where_there_is_none():
    """Neither empty or textured parts, nor what is not judged, count as left."""
    o = outcome()
    observed, predicted = o.observed.copy(), scene()
    observed[:40] = predicted[:40] = 7.0
    predicted[60:90, :60] += 40.0 * (np.indices((30, 60)).sum(axis=0) % 2)
    observed[60:90, :60] += 40.0 * (np.indices((30, 60)).sum(axis=0) % 2)
    predicted[120:, 120:] = observed[120:, 120:]
    unknown = np.zeros(observed.shape, bool)
    unknown[120:, 120:] = True
    changed = replace(o, observed=observed, predicted=predicted, unknown=unknown)
    assert not failed(changed, ['parts'])
    assert failed(replace(changed, unknown=None), ['parts'])


def test_of_a_result_that_is_nearly_the_image_that_is_all_that_is_said():
    o = outcome()
    same = o.observed - np.random.default_rng(3).normal(0, 0.2, (160, 1))
    assert failed(replace(o, predicted=same, restored=same)) == {'noise'}
    peaks = scene() + 60 * (np.arange(160) % 16 == 3)  # of an image with no noise to speak of
    alike = Outcome(peaks, peaks + 1e-4, peaks, peaks + 1e-4, 0.01, span=255.0)
    assert not failed(alike)
    hardly = Outcome(peaks, peaks + 1e-3, peaks, peaks + 1e-3, 0.5, span=255.0)
    (said,) = (c.message for c in check_result(hardly, NAMES) if not c.ok)
    assert 'hardly any noise (0.5)' in said


def test_a_blind_method_that_finds_no_noise_says_that_nothing_was_done():
    peaks = scene() + 60 * (np.arange(160) % 16 == 3)
    alike = Outcome(peaks, peaks + 1e-4, peaks, peaks + 1e-4, 0.0, span=255.0, reads_noise=False)
    (said,) = (c.message for c in check_result(alike, NAMES) if not c.ok)
    assert 'no noise was found' in said
    assert not failed(replace(alike, reads_noise=True))  # that was told
    flat = np.full((160, 160), 7.0)
    assert not failed(replace(alike, observed=flat, restored=flat, predicted=flat, given=flat))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_speckle_on_a_ground_without_noise_is_not_passed_over_in_silence(dtype):
    y, x = np.mgrid[:192, :192]
    light = 150 * np.exp(-((y - 90) ** 2 + (x - 90) ** 2) / 800)
    light[light < 1] = 0
    speckled = light * (1 + 0.15 * np.random.default_rng(0).normal(size=light.shape))
    result = fresco.restore(speckled.clip(0, 255).astype(dtype), method='virnet')
    assert 'noise' in {check.name for check in result.checks if not check.ok}


def test_an_edge_all_along_a_line_is_no_noise_with_lines():
    o, left = outcome(), np.zeros((160, 160))
    left[[30, 31, 128, 129]] = 8
    assert 'lines' not in failed(replace(o, predicted=scene() + left))
    left[::2] = 8
    assert 'lines' in failed(replace(o, predicted=scene() + left))


def test_noise_that_is_left_everywhere_is_not_left_in_a_part():
    o = outcome()
    assert failed(replace(o, predicted=o.observed)) == {'noise'}


def test_a_result_that_is_surely_worse_than_its_image_is_found():
    rng = np.random.default_rng(1)
    assert 'worse' in failed(outcome(rng.normal(0, 15, (160, 160))))


def test_values_that_never_were_and_repainted_parts_are_found():
    change = np.zeros((160, 160))
    change[:24, :24] = 200
    assert {'repainted', 'range'} <= failed(outcome(change))


@pytest.mark.parametrize('method', ['ffdnet', 'virnet', 'dpir'])
@pytest.mark.parametrize(('value', 'dtype'), [(0, 'uint8'), (255, 'uint8'), (65535, 'uint16')])
def test_an_image_of_one_value_is_given_back(method: str, value: int, dtype: str) -> None:
    image = np.full((24, 24), value, dtype)
    result = fresco.restore(image, method=method, device='cpu')
    np.testing.assert_array_equal(result.image, image)
    assert [check.message for check in result.checks if not check.ok] == []
    assert result.provenance['warnings'] == []


def test_an_image_of_one_colour_is_given_back() -> None:
    image = np.full((24, 24, 3), (1, 2, 250), np.uint8)
    np.testing.assert_array_equal(fresco.restore(image, method='scunet').image, image)
    larger = fresco.restore(image, task='super_resolve', method='dpir', scale=2, iterations=2,
                            kernel=np.ones((3, 3)))  # fmt: skip
    np.testing.assert_array_equal(larger.image, np.full((48, 48, 3), (1, 2, 250), np.uint8))


def test_what_rounding_takes_away_is_not_beyond_the_image():
    flat, near = np.full((64, 64), 7.0), np.full((64, 64), 7.2)
    given = np.full((64, 64), 7, np.uint8)
    assert 'range' not in failed(Outcome(flat, near, given, near, sigma=None))


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


def test_ringing_is_found():
    x = np.mgrid[:160, :160][1]
    step = 100.0 * (np.sin(x / 160 * 2 * np.pi * 5) > 0)
    o = replace(outcome(), observed=step, restored=step, predicted=step, sigma=2.0)
    assert not failed(o, ('overshoot',))
    ringing = step + 100 * np.gradient(np.gradient(step, axis=1), axis=1) / -50
    assert failed(replace(o, restored=ringing), ('overshoot',)) == {'overshoot'}


def test_what_was_taken_away_at_one_scale_only_is_found():
    waves = 4 * np.sin(np.arange(160) * 2 * np.pi / 20)
    assert 'spectrum' in failed(outcome(waves))
    assert not failed(outcome(0.2 * waves))


def test_noise_with_lines_is_told_from_white_noise():
    rows = np.random.default_rng(4).normal(0, 3, (160, 1)) * np.ones((1, 160))
    assert 'lines' in failed(outcome(rows))
    assert 'lines' in failed(outcome(rows.T))


def test_the_faint_grid_of_a_network_that_halves_an_image_is_no_noise_with_lines():
    grid = np.where(np.arange(160) % 2, 1.0, -1.0) * np.ones((160, 1))
    for residual in (grid, grid.T):
        assert 'lines' not in failed(outcome(0.7 * residual))
        assert 'lines' in failed(outcome(4 * residual))


@pytest.mark.parametrize('sign', [1, -1])
def test_a_faint_spot_that_was_erased_or_made_up_is_found(sign):
    y, x = np.mgrid[:160, :160]
    spot = np.exp(-((y - 70) ** 2 + (x - 50) ** 2) / (2 * 1.5**2))
    spot *= sign * 12 * 10 / np.sqrt((spot**2).sum())  # twelve times the noise of its pixels
    assert failed(outcome(spot)) == {'objects'}


@pytest.mark.parametrize(('told', 'ok'), [(10, True), (6, True), (2, False), (2550, False)])
def test_the_noise_told_is_compared_with_that_of_the_image(told, ok):
    assert sigma_told(told, 10.0).ok is ok
    assert sigma_told(told, 0.0) is None


@pytest.mark.parametrize(
    ('gain', 'offset', 'read_noise', 'ok'),
    [(2, 100, 3, True), (0.4, 100, 3, False), (10, 100, 3, False), (2, 0, 0, False)],
)
def test_a_camera_that_was_given_is_compared_with_the_image(gain, offset, read_noise, ok):
    frame = 100 + 2 * np.random.default_rng(0).poisson(scene(96) / 4) + 0.0
    frame += np.random.default_rng(1).normal(0, 3, frame.shape)
    told = {'gain': gain, 'offset': offset, 'read_noise': read_noise}
    result = fresco.restore(frame.astype(np.float32), method='ffdnet', **told)
    assert {check.name: check.ok for check in result.checks}['camera'] is ok


@pytest.mark.parametrize('told', [{'gain': 200}, {'offset': -5000}, {'read_noise': 300}])
def test_a_part_of_a_camera_is_compared_with_the_image(told):
    frame = 100 + 2 * np.random.default_rng(0).poisson(scene(96) / 4).astype(np.float32)
    found = {check.name: check for check in fresco.restore(frame, method='ffdnet', **told).checks}
    assert not found['camera'].ok
    assert f'({next(iter(told))} ' in found['camera'].message
    assert 'correct that first' in found['noise'].message
    for name, value in {'gain': 2, 'offset': 100, 'read_noise': 0.5}.items():
        checks = fresco.restore(frame, method='ffdnet', **{name: value}).checks
        assert {check.name: check.ok for check in checks}['camera']


def test_a_plane_that_lost_the_haze_of_others_does_not_overshoot():
    haze = np.full((32, 32), 300.0)
    dark = np.full((32, 32), 101.0)
    dark[12:20, 12:20] = 300
    facts = {'given': dark, 'predicted': haze, 'sigma': 3.0, 'offset': 100.0, 'span': 200.0}
    for of_volume, share in ((False, 1 - 64 / 1024), (True, 0)):
        outcome = Outcome(observed=haze, restored=dark, of_volume=of_volume, **facts)
        (found,) = check_result(outcome, ['overshoot'])
        assert found.value == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize('axes', ['YX', 'ZYX'])
def test_an_offset_above_the_image_is_refused(axes):
    image = fresco.Image(100 + np.random.default_rng(0).poisson(9, (6, 32, 32)[-len(axes) :]), axes)
    asked = {'task': 'deblur', 'kernel': np.ones((3,) * len(axes)), 'method': 'wiener'}
    with pytest.raises(fresco.FrescoError, match='offset = 1000 lies above 99%'):
        fresco.restore(image, offset=1000, **asked)
    assert fresco.restore(image, offset=108, **asked).finish == 'completed'


@pytest.mark.parametrize(('value', 'said'), [(190.4, '190'), (0.0012, '0.0012'), (2.26, '2.3')])
def test_a_ratio_is_told_without_powers_of_ten(value, said):
    assert f' {said} times' in sigma_told(value, 1.0).message


def test_a_hole_at_the_border_goes_on_there():
    mask = np.zeros((64, 64), bool)
    mask[:, :10] = True
    hole = {check.name: check for check in mask_alone(mask)}['hole']
    assert hole.value == pytest.approx(19)
    said = fresco.recommend(np.full((64, 64), 90, np.uint8), mask=mask).reason
    assert 'the widest loss has 19 px' in said


def test_a_camera_counts_where_it_is_most_wrong():
    levels, given = np.array([1.0, 2.0, 4.0]), {'gain': 2.0}
    assert camera_told(levels, levels, given).ok
    assert camera_told(levels, levels * (1, 1, 3), given).value == pytest.approx(1 / 3, rel=1e-3)
    assert camera_told(levels, 0 * levels, given) is None


@pytest.mark.parametrize(
    ('given', 'ok'),
    [
        ((0, 255), True),
        ((0, 1), False),
        ((0, 4095), True),
        ((1000, 2000), False),
        ((0, 1e5), False),
    ],
)
def test_a_range_that_was_given_is_compared_with_the_image(given, ok):
    assert range_given(given, (10.0, 240.0)).ok is ok
    noisy = scene(48).astype(np.float32)
    found = fresco.restore(noisy, method='ffdnet', sigma=5, data_range=given).checks
    assert {check.name: check.ok for check in found}['data_range'] is ok


def test_saturated_integers_are_found():
    image = np.clip(scene() * 1.6, 0, 255).astype(np.uint8)
    known = np.ones(image.shape, bool)
    assert not saturation(image, known).ok
    assert saturation(scene().astype(np.uint8), known).ok
    assert not saturation(np.minimum(image.astype(np.uint16) * 32, 4095), known).ok  # 12 bits
    assert saturation(image.astype(float), known) is None


def masks(mask, image):
    return {check.name: check for check in (*mask_alone(mask), mask_placed(mask, image))}


def test_masks_that_do_not_lie_on_the_damage_are_found():
    image = scene() + np.random.default_rng(0).normal(0, 2, (160, 160))
    mask = np.zeros(image.shape, bool)
    mask[10:20, 30:130] = True
    damaged = np.where(mask, 250.0, image)
    assert all(check.ok for check in masks(mask, damaged).values())
    assert 'upside down' in masks(mask[::-1], damaged)['placement'].message
    assert 'inverted' in masks(~mask, damaged)['mask'].message
    assert 'moved by -9 rows' in masks(np.roll(mask, 9, 0), damaged)['placement'].message
    tight = np.zeros(image.shape, bool)
    tight[12:18, 32:128] = True
    assert 'grown' in masks(tight, damaged)['placement'].message


@pytest.mark.parametrize('value', [0.0, 255.0])
@pytest.mark.parametrize('kind', ['row', 'slope', 'specks', 'row and flake'])
def test_scratches_of_one_pixel_are_left_alone_where_they_lie(kind, value):
    image = scene() + np.random.default_rng(0).normal(0, 2, (160, 160))
    mask = np.zeros(image.shape, bool)
    if 'row' in kind:
        mask[20, 30:130] = True
    if kind == 'slope':
        mask[np.arange(20, 140), np.arange(20, 140) // 2 + 30] = True
    if kind == 'specks':
        mask |= np.random.default_rng(1).random(mask.shape) < 0.01
    if kind == 'row and flake':
        mask[60:80, 60:90] = True
    damaged = np.where(mask, value, image)
    assert masks(mask, damaged)['placement'].ok
    if kind == 'row':
        assert 'moved by -9 rows' in masks(np.roll(mask, 9, 0), damaged)['placement'].message


@pytest.mark.parametrize('name', ['camera', 'cell', 'moon'])
def test_masks_over_intact_pictures_are_left_alone(name):
    image = getattr(data, name)()[40:296, 60:316].astype(float)
    random = np.random.default_rng(1)
    y, x = np.mgrid[:256, :256]
    for row, column in random.uniform(40, 216, (5, 2)):
        rows, columns = random.uniform(6, 16, 2)
        mask = ((y - row) / rows) ** 2 + ((x - column) / columns) ** 2 < 1
        assert masks(mask, image)['placement'].ok


def test_masks_that_are_drawn_generously_are_left_alone():
    image = scene() + np.random.default_rng(0).normal(0, 2, (160, 160))
    damage, mask = np.zeros((2, 160, 160), bool)
    damage[40:44, 30:130] = True
    mask[30:54, 20:140] = True
    assert masks(mask, np.where(damage, 250.0, image))['placement'].ok


def test_holes_wider_than_what_can_be_filled_are_found():
    y, x = np.mgrid[:160, :160]
    for radius, ok in ((9, True), (20, False)):
        hole = np.hypot(y - 80, x - 80) <= radius
        check = masks(hole, np.where(hole, 255.0, scene()))['hole']
        assert check.ok is ok
        assert check.value == pytest.approx(2 * radius, abs=1)


def test_images_that_weights_have_not_seen_are_found():
    gray = np.clip(scene(64), 0, 255).astype(np.uint8)
    for image in (gray, np.dstack([gray] * 3)):
        found = fresco.restore(image, method='vdir').checks
        (check,) = (check for check in found if check.name == 'training')
        assert not check.ok
        assert "method='virnet'" in check.message
    colour = np.dstack([gray, gray[::-1], gray.T])
    assert not one_hue(colour.astype(float), np.ones(gray.shape, bool))


def test_doubts_about_a_kernel_are_passed_on():
    assert doubts('kernel', ()).ok
    said = doubts('kernel', ['it lies on a background'])
    assert said.message == 'it lies on a background'
    assert not said.ok


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


def test_what_can_be_known_before_a_run_is_said_before_it():
    noisy = scene(64) + np.random.default_rng(0).normal(0, 10, (64, 64))
    session = fresco.Session()
    assert session.doubts(noisy, method='ffdnet') == ()
    (sigma,) = session.doubts(noisy, method='ffdnet', sigma=2)
    assert sigma.startswith('sigma = 2 is')
    (kernel,) = session.doubts(noisy, method='dpir', task='deblur', kernel=np.eye(1))
    assert 'hardly blurs' in kernel
    mask = np.zeros((3, 64, 64), bool)
    mask[2, 10:60, 5:60] = True
    stack = np.stack([noisy] * 3)
    found = session.doubts(stack, method='dpir', task='inpaint', mask=mask)
    assert any('hole' in said for said in found)
    assert session.doubts(noisy.astype(np.uint8), method='vdir')


def test_the_command_line_says_at_once_what_is_doubtful(tmp_path, capsys, monkeypatch):
    noisy = scene(64) + np.random.default_rng(0).normal(0, 10, (64, 64))
    source = tmp_path / 'a.tif'
    fresco.write(source, fresco.Image.of(noisy.astype(np.float32)))
    heard = []
    restore = fresco.Session.restore

    def listening(*given, **told):
        heard.append(capsys.readouterr().err)
        return restore(*given, **told)

    monkeypatch.setattr(fresco.Session, 'restore', listening)
    call('restore', source, '-m', 'ffdnet', '--sigma', 2, '-o', tmp_path / 'b.tif')
    assert f'warning: {source}: sigma = 2 is' in heard[0]
    afterwards = capsys.readouterr().err
    assert 'sigma = 2' not in afterwards  # once is enough
    assert f'check: {source}: ' in afterwards


def test_a_fault_of_one_plane_of_a_volume_is_found():
    plane = outcome()
    several = [plane] * 12
    fields = {
        name: np.stack([getattr(one, name) for one in several])
        for name in ('observed', 'restored', 'given', 'predicted')
    }
    for name in ('restored', 'given', 'predicted'):
        fields[name][-1] *= 0.9
    volume = replace(plane, unknown=None, **fields)
    planes = list(volume.planes(5))
    assert len(planes) == 5
    assert np.array_equal(planes[0].observed, plane.observed)
    light = [check_result(each, ['light'])[0].ok for each in planes]
    assert light == [True] * 4 + [False]
    assert not worst([check_result(each, ['light']) for each in planes])[0].ok


def test_a_volume_is_checked():
    rng = np.random.default_rng(0)
    kernel = np.ones((3, 3, 3)) / 27
    volume = rng.poisson(np.full((6, 40, 40), 200.0)).astype(np.float32)
    told = {'method': 'wiener', 'task': 'deblur', 'kernel': kernel, 'axes': 'ZYX', 'sigma': 14.0}
    checks = {check.name: check for check in fresco.restore(volume, **told).checks}
    assert {'light', 'consistency', 'kernel'} <= set(checks)
    assert checks['light'].ok


def test_an_offset_that_counts_haze_as_dark_is_found_in_volumes():
    y, x = np.mgrid[:96, :96]
    spots = 300 * np.exp(-(((y % 37) - 16) ** 2 + ((x % 29) - 16) ** 2) / 12)
    plane = fresco.kernels.gaussian(1.0, size=7)
    how = {'method': 'richardson_lucy', 'task': 'deblur', 'iterations': 2}
    kernel = plane * np.array([0.25, 0.5, 0.25])[:, None, None]

    def found(haze, **told):
        light = np.broadcast_to(spots + haze, (6, 96, 96))
        rng = np.random.default_rng(0)
        frame = 2.0 * rng.poisson(light) + 100 + rng.normal(0, 3, light.shape)
        told = {'kernel': kernel, **told}
        checks = fresco.restore(frame.astype(np.float32), axes='ZYX', **how, **told).checks
        return {check.name: check for check in checks}.get('offset')

    hazy = found(80)
    assert not hazy.ok
    assert hazy.value > 6  # the root of 80
    assert 'dark frame' in hazy.message
    assert found(x.clip(10) - 10).ok
    assert found(80, offset=100.0) is None
    assert found(80, kernel=plane) is None


def test_a_kernel_is_judged_by_most_planes_of_a_volume_and_all_else_by_the_worst():
    def plane(fit, light):
        return checked('fit', fit, 'the kernel'), checked('light', light, 'light')

    ends_off = worst_of_volume(
        [plane(9, 0), plane(1, 0), plane(1, 0.5), plane(1.1, 0), plane(7, 0)]
    )
    assert {check.name: check.value for check in ends_off} == {'light': 0.5, 'fit': 1.1}
    assert {check.name: check.ok for check in ends_off} == {'light': False, 'fit': True}
    wrong = worst_of_volume([plane(9, 0), plane(2, 0), plane(3, 0)])
    assert [check.name for check in wrong if not check.ok] == ['fit']
    assert [check.name for check in worst_of_volume([plane(1, 0)[1:]])] == ['light']
