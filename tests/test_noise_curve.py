"""The noise as a function of the intensity, from one image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.noise.curve import Blocks, fit_curve


def scene(side: int = 192, seed: int = 0) -> np.ndarray:
    """Smooth blobs between 0 and 1."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), 12)
    return (field - field.min()) / np.ptp(field)


@pytest.mark.parametrize('mean', [0.2, 0.7, 2.0, 20.0])
@pytest.mark.parametrize('floor', [0.0, 0.3])
def test_photon_counts_are_told_the_same_in_every_draw(mean: float, floor: float) -> None:
    light = floor + (1 - floor) * scene() ** 2
    light *= mean / light.mean()
    for seed in range(5):
        counts = np.random.default_rng(seed).poisson(light).astype(float)
        curve = fit_curve(Blocks.of(counts))
        assert curve is not None
        assert curve.verdict == 'photon'
        levels = np.quantile(light, (0.05, 0.5, 0.95))
        np.testing.assert_allclose(curve.sigma(levels), np.sqrt(levels), rtol=0.12)


@pytest.mark.parametrize('amplitude', [0.0, 30.0, 200.0])
def test_white_noise_is_white(amplitude: float) -> None:
    for seed in range(3):
        noisy = amplitude * scene() + np.random.default_rng(seed).normal(0, 8, (192, 192))
        curve = fit_curve(Blocks.of(noisy))
        assert curve is not None
        assert curve.verdict == 'white'
        np.testing.assert_allclose(curve.sigma(np.quantile(noisy, (0.05, 0.5, 0.95))), 8, rtol=0.1)


def test_a_few_bright_spots_on_a_dark_ground_have_their_own_noise() -> None:
    y, x = np.mgrid[:192, :192]
    light = np.zeros((192, 192))
    for row, column in np.random.default_rng(1).uniform(20, 170, (8, 2)):
        light += 400 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 9**2))
    random = np.random.default_rng(0)
    frame = 2.0 * random.poisson(light) + 100 + random.normal(0, 3, light.shape)
    curve = fit_curve(Blocks.of(np.rint(frame)))
    assert curve is not None
    assert curve.verdict == 'photon'
    truth = np.sqrt(4 * np.array([0.0, 50, 300]) + 9)
    np.testing.assert_allclose(curve.sigma(2 * np.array([0.0, 50, 300]) + 100), truth, rtol=0.15)


@pytest.mark.parametrize(('scale', 'shift'), [(40.0, 1000.0), (1e-6, 0.0)])
def test_the_curve_follows_the_units(scale: float, shift: float) -> None:
    random = np.random.default_rng(4)
    frame = random.poisson(30 * scene()) + random.normal(0, 0.5, (192, 192))
    one, other = fit_curve(Blocks.of(frame)), fit_curve(Blocks.of(scale * frame + shift))
    assert one is not None
    assert other is not None
    assert other.verdict == one.verdict == 'photon'
    assert other.sigma(20 * scale + shift) == pytest.approx(scale * float(one.sigma(20)), rel=0.01)


def test_damage_saturation_and_missing_pixels_say_nothing() -> None:
    random = np.random.default_rng(5)
    frame = random.normal(100, 5, (160, 160))
    damaged = np.zeros(frame.shape, bool)
    damaged[:40] = True
    spoilt = frame.copy()
    spoilt[:40] = random.normal(0, 500, (40, 160))
    spoilt[50:60, 50:60] = np.nan
    spoilt[100:140] = 255.0
    curve = fit_curve(Blocks.of(spoilt, damaged))
    assert curve is not None
    assert curve.sigma(100) == pytest.approx(5, rel=0.05)


@pytest.mark.parametrize('shape', [(4, 4), (16, 16), (32, 40)])
def test_too_few_blocks_give_no_curve(shape: tuple[int, int]) -> None:
    assert fit_curve(Blocks.of(np.random.default_rng(0).normal(size=shape))) is None


def test_planes_are_fitted_as_one() -> None:
    light = 20 * scene(96)
    planes = [np.random.default_rng(s).poisson(light).astype(float) for s in range(4)]
    together = fit_curve(Blocks.joined([Blocks.of(plane) for plane in planes]))
    assert together is not None
    assert together.slope == pytest.approx(1, rel=0.1)
    assert together.verdict == 'photon'


def confocal(blur: float, seed: int = 0) -> np.ndarray:
    """Fibres with photon noise that neighbours share, on a ground that drifts without noise."""
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.normal(size=(192, 192)), (6, 2))
    fibres = np.clip(field / field.std() + 0.3, 0, None) * 30
    noise = random.normal(size=fibres.shape)
    shared = ndimage.gaussian_filter(noise, blur) if blur else noise
    drift = 0.4 * ndimage.gaussian_filter(random.normal(size=fibres.shape), 12) * 40
    return fibres + drift + 3 + np.sqrt(8 * fibres + 0.4) * shared / shared.std()


def test_noise_that_neighbours_share_is_not_taken_for_texture() -> None:
    """It was told from the dark ground, so that all of it was left in what is bright."""
    for seed in range(3):
        curve = fit_curve(Blocks.of(confocal(0.6, seed)))
        assert curve is not None
        assert curve.verdict == 'photon'
        assert curve.most > 50
        assert curve.grain > 1.15
        assert 7 < curve.sigma(50) < 20  # of what is left at high frequencies
        white = fit_curve(Blocks.of(confocal(0, seed)))
        assert white is not None
        assert white.grain < 1.1
        assert white.sigma(50) == pytest.approx(np.sqrt(8 * 47), rel=0.2)


@pytest.mark.parametrize('seed', range(6))
def test_texture_under_hardly_any_noise_is_no_photon_noise(seed: int) -> None:
    """Bright ridges have more power at high frequencies than dark ones."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:144, :144] / 144
    truth = 0.08 + 0.1 * x * y
    for _ in range(26):
        angle, place = random.uniform(0, np.pi), random.uniform(-0.4, 0.9)
        width, height = random.uniform(1, 2.2), random.uniform(0.15, 0.6)
        bent = 0.03 * np.sin(9 * (x - y) + angle)
        across = (x * np.cos(angle) + y * np.sin(angle) - place - bent) * 144
        truth += height * np.exp(-((across / width) ** 2) / 2)
    noisy = 255 * truth / truth.max() + random.normal(0, 0.2, truth.shape)
    assert fresco.estimate_camera(noisy) is None
    assert fresco.estimate_noise(noisy) == pytest.approx(0.2, rel=0.2)


@pytest.mark.parametrize('seed', range(6))
def test_spots_on_a_dark_ground_are_no_grain(seed: int) -> None:
    """All light blocks hold a part of a spot."""
    random = np.random.default_rng(seed)
    truth = np.full((256, 256), 20.0)
    y, x = np.mgrid[-8:8, -8:8]
    for row in range(8, 248, 16):
        for column in range(8, 248, 16):
            place = random.uniform(-1, 1, 2)
            spot = np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / (2 * 1.3**2))
            truth[row - 8 : row + 8, column - 8 : column + 8] += 10 ** random.uniform(1, 3.5) * spot
    frame = 2 * (random.poisson(truth) + random.normal(0, 1.5, truth.shape)) + 100
    curve = fit_curve(Blocks.of(frame))
    assert curve is not None
    assert curve.grain < 1.1


def test_whole_numbers_that_vary_like_counts_are_counts_in_every_draw() -> None:
    """A line through little light says less than the question whether their variance is it."""
    light = 0.75 + 0.25 * scene() ** 2
    light *= 20 / light.mean()
    for seed in range(8):
        counts = np.random.default_rng(seed).poisson(light)
        found = fresco.estimate_camera(counts)
        assert found is not None
        np.testing.assert_allclose(found.variance(light), light, rtol=0.1)
        white = np.rint(light + np.random.default_rng(seed).normal(0, np.sqrt(20), light.shape))
        assert fresco.estimate_camera(white) is None
