"""Noise follows its law: variance, mean, covariance, and where it lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_fresco.degrade import camera_noise, gaussian_noise, noise_maps
from napari_fresco.errors import FrescoError, ImageError, ParameterError

GRAY = np.full((128, 128), 0.5)
COLOUR = np.full((128, 128, 3), 0.5)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_gaussian_noise_has_its_sigma() -> None:
    noisy = gaussian_noise.gaussian(np.full((128, 128), 90, np.uint8), 12, seeded())
    assert noisy.std() == pytest.approx(12, rel=0.03)
    assert noisy.mean() == pytest.approx(90, abs=0.5)
    assert noisy.min() < 90 - 36
    channels = (gaussian_noise.gaussian(COLOUR, 0.1, seeded()) - 0.5).reshape(-1, 3)
    np.testing.assert_allclose(np.cov(channels.T), 0.01 * np.eye(3), atol=4e-4)


def test_a_map_gives_every_pixel_its_level() -> None:
    levels = np.tile(np.linspace(0, 0.2, 32), (4096, 1))
    for image in (np.zeros((4096, 32)), np.zeros((4096, 32, 3))):
        spread = gaussian_noise.gaussian(image, levels, seeded()).std(axis=0)
        spread = spread.mean(axis=-1) if spread.ndim == 2 else spread
        np.testing.assert_allclose(spread, levels[0], rtol=0.06, atol=1e-12)


def test_camera_noise_follows_the_photon_transfer_line() -> None:
    light = np.repeat([[100.0, 200.0, 900.0]], 40_000, axis=0)
    counts = gaussian_noise.camera(light, 2.5, 100, 4, seeded())
    np.testing.assert_allclose(counts.mean(axis=0), light[0], rtol=0.005)
    np.testing.assert_allclose(counts.var(axis=0), 2.5 * (light[0] - 100) + 16, rtol=0.03)


def test_salt_and_pepper_hit_all_channels_of_a_fraction() -> None:
    image, lost = gaussian_noise.salt_pepper(COLOUR, 0.2, -1, 2, seeded())
    assert lost.mean() == pytest.approx(0.2, abs=0.01)
    assert np.all(image[~lost] == 0.5)
    assert set(np.unique(image[lost])) == {-1, 2}
    assert np.mean(image[lost] == 2) == pytest.approx(0.5, abs=0.03)
    assert np.all(image[lost] == image[lost][:, :1])


@pytest.mark.parametrize('speckle', [False, True])
def test_mixed_noise_has_three_kinds_of_correlation(speckle: bool) -> None:
    kinds = {'independent': 0, 'shared': 0, 'correlated': 0}
    image = COLOUR[:40, :40]
    for seed in range(300):
        added = (
            gaussian_noise.mixed_gaussian(image, (20, 25), seeded(seed), speckle=speckle) - image
        )
        level = added.std() * 255 / (0.5 if speckle else 1)
        correlation = np.corrcoef(added.reshape(-1, 3).T)[np.triu_indices(3, 1)]
        assert level < 27
        if np.all(correlation > 0.9999):
            kinds['shared'] += 1
            assert level > 19
        elif np.all(np.abs(correlation) < 0.12):
            kinds['independent'] += 1
        else:
            kinds['correlated'] += 1
    assert kinds['independent'] == pytest.approx(120, abs=30)
    assert kinds['shared'] == pytest.approx(120, abs=30)
    assert kinds['correlated'] == pytest.approx(60, abs=25)


def test_correlated_noise_has_its_covariance() -> None:
    random = seeded(3)
    root = random.normal(0, 0.1, (3, 3))
    covariance = root @ root.T
    drawn = gaussian_noise.correlated((300, 300), covariance, random).reshape(-1, 3)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, rtol=0.03, atol=2e-4)
    drawn = gaussian_noise.colour_covariance(25 / 255, random)
    assert np.all(drawn >= 0)
    np.testing.assert_allclose(drawn, drawn.T)
    assert np.trace(drawn) < 3 * (25 / 255) ** 2


def test_photon_noise_is_linear_in_the_signal() -> None:
    light = np.tile(np.array([51, 102, 204]) / 255, (60_000, 1))
    variance = gaussian_noise.mixed_poisson(light, seeded(8)).var(axis=0)
    white = light[0] / variance
    assert 100 <= white.mean() <= 10_000
    np.testing.assert_allclose(white, white.mean(), rtol=0.04)
    colour = np.full((60, 60, 3), 0.5)
    shared = []
    for seed in range(60):
        added = gaussian_noise.mixed_poisson(colour, seeded(seed)) - colour
        shared.append(np.corrcoef(added.reshape(-1, 3).T)[0, 1] > 0.99)
    assert sum(shared) == pytest.approx(30, abs=14)


def test_a_camera_develops_what_it_took_apart() -> None:
    random = seeded(1)
    image = random.uniform(0, 0.85, (16, 18, 3))
    for picture in (image, image[..., 0]):
        for _ in range(5):
            body = camera_noise.Camera.draw(random)
            raw = body.unprocess(picture)
            assert raw.min() >= 0
            assert raw.max() <= 1
            np.testing.assert_allclose(body.process(raw), picture, atol=1e-6)
        white = body.process(body.unprocess(picture + 0.15))
        np.testing.assert_allclose(white, picture + 0.15, atol=0.05)


def test_the_noise_of_a_camera_grows_with_the_signal() -> None:
    body = camera_noise.Camera(np.eye(3), np.ones(3), shot=0.01, read=0.0004)
    raw = np.tile([0.1, 0.3, 0.6], (60_000, 1))
    expected = 0.01 * raw[0] + 0.0004
    np.testing.assert_allclose(body.expose(raw, seeded()).var(axis=0), expected, rtol=0.05)
    flat = np.full((64, 64, 3), (0.2, 0.5, 0.4))
    noisy = body.expose(flat, seeded())
    np.testing.assert_allclose(noisy.mean(axis=(0, 1)), flat[0, 0], atol=0.003)


def test_levels_of_cameras_follow_the_published_law() -> None:
    random = seeded()
    drawn = [camera_noise.Camera.draw(random) for _ in range(2000)]
    shot, read = (np.log([getattr(c, name) for c in drawn]) for name in ('shot', 'read'))
    assert shot.min() > np.log(1e-4)
    assert shot.max() < np.log(0.012)
    rest = read - (2.18 * shot + 1.20)
    assert rest.mean() == pytest.approx(0, abs=0.02)
    assert rest.std() == pytest.approx(0.26, rel=0.05)
    noisy, clean = camera_noise.develop(np.full((32, 32, 3), 0.5), random)
    np.testing.assert_allclose(clean, 0.5, atol=1e-9)
    assert noisy.std() > 0


def test_training_maps_stay_between_their_levels() -> None:
    random = seeded()
    maps = [noise_maps.training_map((20, 28), random) for _ in range(400)]
    lowest, highest = np.array([(m.min(), m.max()) for m in maps]).T * 255
    assert lowest.min() >= 0
    assert highest.max() <= 80 + 1e-9
    assert np.all(highest - lowest >= 5 - 1e-9)
    assert lowest.mean() == pytest.approx(25, abs=2)
    assert highest.mean() == pytest.approx(55, abs=2)


@pytest.mark.parametrize('case', noise_maps.CASES)
@pytest.mark.parametrize('shape', [(256, 256), (40, 57), (1, 1), (300, 3)])
def test_case_maps_have_any_shape_and_the_published_levels(
    case: int, shape: tuple[int, int]
) -> None:
    made = noise_maps.case_map(case, shape, seeded(1000))
    assert made.shape == shape
    assert made.min() >= 10 / 255 - 1e-12
    assert made.max() <= 75 / 255 + 1e-12
    if shape == (256, 256):
        assert made.min() == pytest.approx(10 / 255)
        assert made.max() == pytest.approx(75 / 255)


@pytest.mark.parametrize(
    'make',
    [
        lambda random: gaussian_noise.gaussian(COLOUR, 0.1, random),
        lambda random: gaussian_noise.camera(COLOUR, 0.01, 0, 0.02, random),
        lambda random: gaussian_noise.salt_pepper(COLOUR, 0.1, 0, 1, random)[0],
        lambda random: gaussian_noise.mixed_gaussian(COLOUR, (2, 25), random),
        lambda random: gaussian_noise.mixed_poisson(COLOUR, random),
        lambda random: camera_noise.develop(COLOUR, random)[0],
        lambda random: noise_maps.training_map((12, 13), random),
        lambda random: noise_maps.case_map(3, (12, 13), random),
    ],
)
def test_seeds_repeat(make: Callable[[np.random.Generator], np.ndarray]) -> None:
    np.testing.assert_array_equal(make(seeded(5)), make(seeded(5)))
    assert np.any(make(seeded(5)) != make(seeded(6)))


@pytest.mark.parametrize(
    ('call', 'error'),
    [
        (lambda: gaussian_noise.gaussian(GRAY, -1, seeded()), ParameterError),
        (lambda: gaussian_noise.gaussian(GRAY, float('nan'), seeded()), ParameterError),
        (lambda: gaussian_noise.camera(GRAY, 0, 0, 0, seeded()), ParameterError),
        (lambda: gaussian_noise.camera(GRAY, 1, 2, 0, seeded()), ImageError),
        (lambda: noise_maps.case_map(4, (8, 8), seeded()), ParameterError),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[FrescoError]) -> None:
    with pytest.raises(error):
        call()


def test_a_mixture_has_one_density_for_every_whole_cell() -> None:
    """70 x 130 pixels hold 2 x 4 cells of 32; the draws and a value, by hand."""
    made = noise_maps.mixture((70, 130), np.random.default_rng(7))
    random = np.random.default_rng(7)
    left, top = np.tile([0, 32, 64, 96], 2), np.repeat([0, 32], 4)
    columns, rows = random.uniform(0, 32, 8) + left, random.uniform(0, 32, 8) + top
    widths = random.uniform(16, 32, 8)
    squares = (40 - rows) ** 2 + (100 - columns) ** 2
    density = np.exp(-squares / (2 * widths**2)) / (2 * np.pi * widths**2)
    assert made[40, 100] == pytest.approx(density.mean(), rel=1e-12)
    assert noise_maps.mixture((20, 40), random).shape == (20, 40)
