"""Resolution, error, residual and splitting: laws that need no reference."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_fresco import evidence
from napari_fresco.declare.presets import Preset
from napari_fresco.errors import FrescoError, ImageError, ParameterError
from napari_fresco.noise.camera import Camera
from napari_fresco.noise.photon_transfer import photon_transfer

RANDOM = np.random.default_rng(0)


def blobs(shape: tuple[int, ...], width: float, seed: int = 0) -> np.ndarray:
    """A random field without frequencies beyond about 1 / (4 width)."""
    return ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), width) * 50


def test_an_image_correlates_with_itself_and_not_with_noise() -> None:
    image = blobs((64, 80), 2)
    assert evidence.frc(image, 3 * image + 5).values[1:].min() == pytest.approx(1)
    assert np.abs(evidence.frc(*RANDOM.normal(size=(2, 64, 80))).values[5:]).max() < 0.4


@pytest.mark.parametrize('spacing', [0.1, (0.1, 0.1)])
def test_the_cutoff_is_in_units_of_the_spacing(spacing: float | tuple[float, float]) -> None:
    pair = [blobs((96, 96), 2) + np.random.default_rng(s).normal(0, 1, (96, 96)) for s in (1, 2)]
    pixels, physical = evidence.frc(*pair), evidence.frc(*pair, spacing=spacing)
    assert physical.cutoff == pytest.approx(10 * pixels.cutoff)
    assert physical.resolution == pytest.approx(0.1 * pixels.resolution)
    assert 0.05 < pixels.cutoff < 0.35


def test_finer_detail_has_a_higher_cutoff() -> None:
    def cutoff(width: float) -> float:
        scene = blobs((96, 96), width)
        pair = [scene + np.random.default_rng(s).normal(0, 1, scene.shape) for s in (1, 2)]
        return evidence.frc(*pair).cutoff

    assert cutoff(3) < cutoff(2) < cutoff(1)


def test_half_bit_threshold_of_a_single_coefficient_is_one() -> None:
    curve = evidence.frc(blobs((32, 32), 1), blobs((32, 32), 1, seed=1))
    assert curve.half_bit[0] == pytest.approx(1)
    assert 0.2071 / 1.2071 < curve.half_bit[-1] < 0.5


def test_a_volume_blurred_along_z_is_resolved_less_there() -> None:
    scene = ndimage.gaussian_filter(RANDOM.normal(size=(32, 48, 48)), (4, 1, 1)) * 50
    pair = [scene + np.random.default_rng(s).normal(0, 1, scene.shape) for s in (1, 2)]
    along = [evidence.fsc(*pair, axis=axis).cutoff for axis in (0, 1, 2)]
    assert along[0] < 0.6 * min(along[1:])


def test_the_lattices_of_one_image_tell_about_what_two_exposures_tell() -> None:
    scene = blobs((128, 128), 2)
    first, second = (scene + np.random.default_rng(s).normal(0, 1, scene.shape) for s in (1, 2))
    one, two = evidence.frc_checkerboard(first, 0.1), evidence.frc(first, second, 0.1)
    assert one.resolution == pytest.approx(two.resolution, rel=0.4)


@pytest.mark.parametrize(
    'pair',
    [
        (np.zeros((32, 32)), np.zeros((32, 33))),
        (np.zeros((4, 32)), np.zeros((4, 32))),
        (np.zeros((32, 32, 32)), np.zeros((32, 32, 32))),
        (np.full((32, 32), np.nan), np.zeros((32, 32))),
    ],
)
def test_what_cannot_be_correlated_is_refused(pair: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ImageError):
        evidence.frc(*pair)


def test_windows_and_spacings_are_checked() -> None:
    pair = (np.eye(32), np.eye(32)[::-1])
    with pytest.raises(ParameterError, match='hann'):
        evidence.frc(*pair, window='tukey')
    with pytest.raises(ParameterError, match='above 0'):
        evidence.frc(*pair, spacing=0)


def test_decorrelation_follows_the_blur() -> None:
    def resolution(width: float) -> float:
        noisy = blobs((128, 128), width) + RANDOM.normal(0, 0.5, (128, 128))
        return evidence.decorrelation(noisy, spacing=0.5).resolution

    assert resolution(1.5) < resolution(3)


def test_decorrelation_of_noise_alone_finds_no_detail() -> None:
    found = evidence.decorrelation(RANDOM.normal(size=(65, 65)))
    assert found.cutoff > 0.9 or found.cutoff == 0
    with pytest.raises(ImageError):
        evidence.decorrelation(np.zeros((8, 8)))


@settings(max_examples=20, deadline=None)
@given(alpha=st.floats(0.5, 2), beta=st.floats(-10, 10), sigma=st.floats(0.5, 2.5))
def test_the_error_map_finds_how_an_image_was_made(alpha: float, beta: float, sigma: float) -> None:
    sharp = blobs((48, 56), 0.7)
    image = alpha * ndimage.gaussian_filter(sharp, sigma) + beta
    found = evidence.error_map(image, sharp)
    assert found.alpha == pytest.approx(alpha, rel=0.02)
    assert found.sigma == pytest.approx(sigma, rel=0.05, abs=0.02)
    assert found.rse < 0.01 * image.std()
    assert found.rsp > 0.999


def test_the_error_map_shows_where_something_is_missing() -> None:
    sharp = blobs((48, 48), 1)
    image = ndimage.gaussian_filter(sharp, 1.5)
    faulty = sharp.copy()
    faulty[10:20, 10:20] += 40
    found = evidence.error_map(image, faulty, kernel=np.ones((1, 1)), sigma=None)
    assert found.map[10:20, 10:20].mean() > 3 * found.map[30:, 30:].mean()
    with pytest.raises(ImageError, match='one shape'):
        evidence.error_map(image, faulty[:-1])


def test_white_noise_is_white_and_blurred_noise_is_not() -> None:
    white = RANDOM.normal(size=(96, 96))
    found = evidence.whiteness(white)
    assert found.p_value > 1e-3
    assert abs(found.lag_one) < 0.05
    assert found.correlation[3, 3] == 1
    np.testing.assert_allclose(found.ring_power, 1, atol=0.3)
    grain = evidence.whiteness(ndimage.gaussian_filter(white, 0.7))
    assert grain.p_value < 1e-6
    assert grain.lag_one > 0.2
    assert grain.low_over_high > 2


def test_whiteness_does_not_depend_on_units() -> None:
    noise = RANDOM.normal(size=(40, 50))
    one, other = evidence.whiteness(noise), evidence.whiteness(1e-6 * noise - 3)
    np.testing.assert_allclose(one.correlation, other.correlation, atol=1e-6)
    with pytest.raises(ImageError, match='constant'):
        evidence.whiteness(np.ones((40, 40)))


def test_chi_square_flags_what_the_noise_does_not_explain() -> None:
    residual = RANDOM.normal(0, 3, (96, 96))
    good = evidence.chi_square(residual, 9.0)
    assert good.total == pytest.approx(1, abs=0.05)
    assert abs(good.z_score) < 4
    assert good.flagged.mean() < 0.01
    residual[40:60, 40:60] += 8
    faulty = evidence.chi_square(residual, 9.0)
    assert faulty.flagged[45:55, 45:55].all()
    assert not faulty.flagged[:20, :20].any()


@settings(max_examples=25, deadline=None)
@given(p=st.floats(0.05, 0.95), mean=st.floats(0.1, 50), seed=st.integers(0, 2**31))
def test_split_counts_add_up(p: float, mean: float, seed: int) -> None:
    counts = np.random.default_rng(seed).poisson(mean, (40, 40))
    first, second = evidence.split_counts(counts, p, seed)
    np.testing.assert_array_equal(first + second, counts)
    assert first.min() >= 0
    assert second.min() >= 0
    total = int(counts.sum())
    assert abs(first.sum() - p * total) <= 5 * np.sqrt(p * (1 - p) * total) + 1
    np.testing.assert_array_equal(first, evidence.split_counts(counts, p, seed)[0])


def test_the_halves_of_poisson_counts_are_independent() -> None:
    first, second = evidence.split_counts(RANDOM.poisson(5, (200, 200)))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / 200
    noisy = RANDOM.normal(0, 2, (200, 200))
    halves = evidence.split_noise(noisy, 2.0)
    assert abs(np.corrcoef(*(half.ravel() for half in halves))[0, 1]) < 5 / 200
    np.testing.assert_allclose(sum(halves) / 2, noisy)


@pytest.mark.parametrize('counts', [np.array([-1.0]), np.array([0.5])])
def test_what_is_no_count_is_not_split(counts: np.ndarray) -> None:
    with pytest.raises(FrescoError, match='whole numbers'):
        evidence.split_counts(counts)
    with pytest.raises(FrescoError, match='between 0 and 1'):
        evidence.split_counts(np.array([1]), 1.0)


@pytest.mark.parametrize(('gain', 'offset', 'read'), [(2.0, 100.0, 3.0), (0.5, 400.0, 1.5)])
def test_a_camera_is_found_from_dark_and_flat_frames(
    gain: float, offset: float, read: float
) -> None:
    random = np.random.default_rng(3)
    shading = np.linspace(0.8, 1.2, 48) * np.ones((48, 1))

    def frames(electrons: float, count: int) -> np.ndarray:
        light = random.poisson(electrons * shading, (count, 48, 48))
        return np.rint(gain * light + offset + random.normal(0, read, light.shape))

    dark = frames(0, 16)
    dark[:, 5, 7] += 500
    found = photon_transfer(dark, [frames(e, 8) for e in (20, 100, 500, 2000)])
    assert found.camera.gain == pytest.approx(gain, rel=0.03)
    assert found.camera.offset == pytest.approx(offset, abs=0.2)
    assert found.camera.read_noise == pytest.approx(np.hypot(read, 12**-0.5), rel=0.05)
    assert found.gain_error < 0.02 * gain
    assert found.hot[5, 7]
    assert found.hot.sum() == 1
    with pytest.raises(ImageError, match='at least two'):
        photon_transfer(dark[:1], [dark])


def test_the_residual_of_a_good_result_is_noise_and_of_a_bad_one_is_the_image() -> None:
    truth = blobs((96, 96), 2) + 200
    camera = Camera(2.0, 100.0, 3.0)
    seen = truth + np.sqrt(camera.variance(truth)) * RANDOM.normal(size=truth.shape)
    good = evidence.residual(seen, truth, camera)
    bad = evidence.residual(seen, ndimage.gaussian_filter(truth, 4), camera)
    assert good.rms == pytest.approx(1, abs=0.03)
    assert good.chi_square.total == pytest.approx(good.rms**2)
    assert abs(good.structure) < 0.1 < bad.structure
    assert abs(good.edges) < 0.1
    blur = np.ones((5, 5))
    blurred = ndimage.uniform_filter(truth, 5)
    taken = evidence.residual(blurred + RANDOM.normal(0, 4, truth.shape), truth, 4.0, blur)
    assert taken.rms == pytest.approx(1, abs=0.03)


def test_a_residual_needs_planes_of_one_shape_and_noise() -> None:
    with pytest.raises(ImageError, match='one shape'):
        evidence.residual(np.zeros((16, 16)), np.zeros((16, 17)), 1)
    with pytest.raises(ParameterError, match='above 0'):
        evidence.residual(RANDOM.normal(size=(16, 16)), np.zeros((16, 16)), 0)


def frames(light: float, count: int = 12, top: float = 4095) -> np.ndarray:
    random = np.random.default_rng(int(light))
    electrons = random.poisson(light, (count, 40, 40))
    return np.minimum(np.rint(2.0 * electrons + 100 + random.normal(0, 3, electrons.shape)), top)


def test_a_camera_preset_is_a_preset_of_parameters() -> None:
    levels = [frames(light) for light in (20, 100, 400, 1000, 3000)]
    found = photon_transfer(frames(0), levels)
    assert len(found.level_mean) == 4, 'the saturated level counts'
    assert found.camera.gain == pytest.approx(2, rel=0.03)
    assert found.misfit < 0.1
    preset = found.preset(name='left port')
    assert preset['name'] == 'left port'
    assert Preset.of(json.loads(json.dumps(preset))).parameters == found.camera._asdict()
    with pytest.raises(ImageError, match='saturated'):
        photon_transfer(frames(0), [frames(3000)])


def spots() -> tuple[np.ndarray, np.ndarray]:
    """Spots of 400 units of light on a background of 50, and their labels."""
    light = np.zeros((96, 96))
    light[16::24, 16::24] = 400
    scene = ndimage.gaussian_filter(light, 1.5)
    return 50 + scene, ndimage.label(scene > 1)[0]


def test_light_of_objects_is_measured_above_their_background() -> None:
    scene, labels = spots()
    assert labels.max() == 16
    dimmed = 80 + 0.9 * (scene - 50)
    found = evidence.photometry(scene, dimmed, labels, noise=0.5)
    np.testing.assert_allclose(found.kept, 0.9, rtol=0.02)
    assert found.total == pytest.approx(0.9, rel=0.02)
    np.testing.assert_allclose(found.background, 50, atol=0.5)
    assert found.changed.all()
    assert not evidence.photometry(scene, scene + 3, labels).changed.any()
    assert not evidence.photometry(scene, dimmed, labels, noise=50).changed.any()
    with pytest.raises(ImageError, match='no object'):
        evidence.photometry(scene, scene, np.zeros((96, 96), int))


def test_the_probe_finds_what_was_invented_and_what_is_missing() -> None:
    scene, _ = spots()
    seen = scene + RANDOM.normal(0, 2, scene.shape)

    def smooth(half: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(half, 1)

    def flawed(half: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        result = smooth(half, sigma)
        result[40:46, 60:66] += 10
        result[60:68, 36:44] = 50
        return result

    honest = evidence.probe(seen, lambda half, sigma: scene, 2.0)
    assert not honest.invented.any()
    assert not honest.missing.any()
    assert honest.error < 0.5
    found = evidence.probe(seen, flawed, 2.0)
    assert found.invented[41:45, 61:65].all()
    assert found.missing[63:66, 39:42].all()
    assert not found.invented[:30, :30].any()
    real = evidence.probe(seen, smooth, 2.0)
    truth = np.sqrt(np.mean((real.first - scene) ** 2))
    assert real.error == pytest.approx(truth, rel=0.1)


def test_added_spots_tell_what_is_lost() -> None:
    scene = 50 + RANDOM.normal(0, 2, (128, 128))
    kept = evidence.recall(scene, lambda half, sigma: half, 2.0, ratios=(2, 10))
    assert kept.found == (1, 1)
    assert kept.kept == pytest.approx((1, 1), rel=0.01)

    def soft(half: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        return np.where(half > 50 + 3 * sigma, half, 50.0)

    lost = evidence.recall(scene, soft, 2.0, ratios=(2, 20))
    assert lost.found[0] < 0.2 < 0.9 < lost.found[1]
