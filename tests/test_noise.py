"""Noise estimates hit the noise that was added; the Anscombe inverse has no bias."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.errors import ImageError, MaskError, ParameterError
from napari_fresco.image.anscombe import Anscombe
from napari_fresco.noise.camera import Camera, estimate_camera, fit_camera
from napari_fresco.noise.curve import Blocks
from napari_fresco.noise.grain import grain_ratio, level_of_means
from napari_fresco.noise.jpeg_blocks import _blockiness
from napari_fresco.noise.level import estimate_noise, level_of_plane

Array = np.ndarray[Any, Any]


def noisy(image: Array, sigma: Any, seed: int = 0) -> Array:
    return image + sigma * np.random.default_rng(seed).standard_normal(image.shape)


@pytest.fixture(scope='module')
def camera() -> Array:
    return data.camera()[::2, ::2].astype(float)


@pytest.mark.parametrize('sigma', [5, 15, 25, 50, 75])
@pytest.mark.parametrize('name', ['camera', 'astronaut', 'coins', 'page'])
def test_noise_of_natural_images(name: str, sigma: float) -> None:
    image = getattr(data, name)()[:256, :256].astype(float)
    found = estimate_noise(noisy(image, sigma))
    assert found == pytest.approx(sigma, rel=0.08 if sigma < 10 else 0.04)


@pytest.mark.parametrize('factor', [1 / 255, 1, 257])
def test_units_follow_the_image(camera: Array, factor: float) -> None:
    found = estimate_noise(factor * noisy(camera, 20))
    assert found == pytest.approx(factor * estimate_noise(noisy(camera, 20)), rel=1e-3)


def test_a_large_pedestal_does_not_matter() -> None:
    assert estimate_noise(noisy(np.full((64, 64), 1e7), 2)) == pytest.approx(2, rel=0.1)


def test_saturated_and_flat_areas_are_left_out(camera: Array) -> None:
    clipped = np.clip(np.rint(noisy(camera, 25)), 0, 255).astype(np.uint8)
    framed = np.pad(clipped, 60)
    assert estimate_noise(clipped) == pytest.approx(25, rel=0.06)
    assert estimate_noise(framed) == pytest.approx(25, rel=0.06)


@pytest.mark.parametrize(
    'image',
    [np.zeros((1, 1)), np.zeros((1, 2)), np.full((40, 40), 7.0), np.full((9, 9, 3), 7, np.uint8)],
)
def test_constant_images_have_no_noise(image: Array) -> None:
    assert estimate_noise(image) == 0
    assert not estimate_noise(image, 'map').any()


@pytest.mark.parametrize('shape', [(1, 400), (400, 1), (5, 90), (16, 16), (8, 57), (40, 40)])
def test_small_images(shape: tuple[int, ...]) -> None:
    found = [estimate_noise(noisy(np.zeros(shape), 10, seed)) for seed in range(8)]
    assert np.mean(found) == pytest.approx(10, rel=0.15)
    assert estimate_noise(noisy(np.zeros(shape), 10), 'map').shape == shape


def test_colours_stacks_and_axes(camera: Array) -> None:
    colour = np.stack([noisy(camera, s, s) for s in (10, 20, 30)], axis=-1)
    assert estimate_noise(colour) == pytest.approx(np.sqrt((100 + 400 + 900) / 3), rel=0.05)
    assert estimate_noise(colour, axes='YXC') == pytest.approx(20, rel=0.05)
    alpha = np.concatenate((colour, np.zeros((*camera.shape, 1))), axis=-1)
    assert estimate_noise(alpha) == estimate_noise(colour)
    stack = np.stack([noisy(camera, 20, seed) for seed in range(40)])
    assert estimate_noise(stack) == pytest.approx(20, rel=0.05)
    assert estimate_noise(stack[:2].astype(np.float32), 'map').shape == (2, *camera.shape)


@pytest.mark.parametrize('missing', [0.02, 0.5, 0.75])
def test_damaged_pixels_say_nothing(camera: Array, missing: float) -> None:
    mask = np.random.default_rng(1).random(camera.shape) < missing
    image = np.where(mask, 1e4, noisy(camera, 25))
    assert estimate_noise(image, mask=mask) == pytest.approx(25, rel=0.15)
    assert estimate_noise(image[None], mask=mask) == estimate_noise(image, mask=mask)


def test_too_little_is_known() -> None:
    mask = np.ones((20, 20), bool)
    mask[3, 3] = False
    assert estimate_noise(noisy(np.zeros((20, 20)), 5), mask=mask) == 0


def test_map_follows_the_noise(camera: Array) -> None:
    sigma = np.linspace(5, 40, camera.shape[1])[None]
    found = estimate_noise(noisy(camera, sigma), 'map')
    assert found.shape == camera.shape
    assert np.abs(found / sigma - 1).mean() < 0.2
    even = estimate_noise(noisy(camera, 20), 'map')
    assert np.abs(even / 20 - 1).mean() < 0.06


def test_bad_requests_for_noise() -> None:
    with pytest.raises(ParameterError, match="'global'"):
        estimate_noise(np.zeros((9, 9)), 'local')  # type: ignore[call-overload]
    with pytest.raises(ImageError):
        estimate_noise(np.zeros(9))
    with pytest.raises(MaskError, match='does not match'):
        estimate_noise(np.zeros((9, 9)), mask=np.zeros((8, 9)))


@pytest.mark.parametrize(
    ('gain', 'offset', 'read_noise'), [(1, 100, 2), (0.5, 20, 5), (4, 500, 30), (2, 0, 0)]
)
def test_camera_from_one_image(
    camera: Array, gain: float, offset: float, read_noise: float
) -> None:
    random = np.random.default_rng(0)
    image = (
        gain * random.poisson(camera) + offset + read_noise * random.standard_normal(camera.shape)
    )
    found = estimate_camera(image)
    assert found is not None
    assert found.gain == pytest.approx(gain, rel=0.15)
    levels = gain * np.array([20, 100, 200]) + offset
    expected = gain * (levels - offset) + read_noise**2
    variance = found.gain * (levels - found.offset) + found.read_noise**2
    np.testing.assert_allclose(variance, expected, rtol=0.2)


def test_what_is_known_of_a_camera_is_kept(camera: Array) -> None:
    random = np.random.default_rng(0)
    image = 2.0 * random.poisson(camera) + 300 + 8 * random.standard_normal(camera.shape)
    for known in (
        {'gain': 2.0},
        {'offset': 300.0},
        {'read_noise': 8.0},
        {'gain': 2.0, 'offset': 300.0},
        {'gain': 2.0, 'read_noise': 8.0},
        {'offset': 300.0, 'read_noise': 8.0},
    ):
        found = estimate_camera(image, **known)
        assert found is not None
        assert {name: getattr(found, name) for name in known} == known
        assert found.gain == pytest.approx(2, rel=0.1)
        if known.keys() & {'offset', 'read_noise'}:
            assert found.offset == pytest.approx(300, abs=20)
            assert found.read_noise == pytest.approx(8, abs=4)


def test_camera_ignores_damage(camera: Array) -> None:
    random = np.random.default_rng(0)
    image = 2.0 * random.poisson(camera) + 300
    mask = np.zeros(camera.shape, bool)
    mask[:, ::20] = mask[:, 1::20] = True
    spoiled = np.where(mask, random.normal(400, 200, camera.shape), image)
    found = estimate_camera(spoiled, mask=mask)
    assert found is not None
    assert found.gain == pytest.approx(2, rel=0.1)


def test_camera_without_photon_noise(camera: Array) -> None:
    found = fit_camera([(noisy(camera, 10), None)])
    variance = found.gain * (camera - found.offset) + found.read_noise**2
    np.testing.assert_allclose(np.sqrt(variance), 10, rtol=0.25)


@pytest.mark.parametrize('shape', [(1, 1), (3, 50), (8, 8), (30, 30)])
def test_camera_of_constant_images(shape: tuple[int, ...]) -> None:
    assert estimate_camera(np.full(shape, 12.0)) is None
    found = fit_camera([(np.full(shape, 12.0), None)])
    assert found.gain > 0
    assert found.read_noise == 0
    Anscombe(*found)


@pytest.mark.parametrize('read', [0.0, 0.3, 1.0, 5.0])
@pytest.mark.parametrize('count', [0.5, 1, 2, 5, 20, 300, 1000])
def test_the_exact_inverse_has_no_bias(count: float, read: float) -> None:
    camera = Anscombe(gain=3.0, offset=50.0, read_noise=3.0 * read)
    random = np.random.default_rng(0)
    photons = random.poisson(count, 400_000)
    readings = 3.0 * (photons + read * random.standard_normal(photons.shape)) + 50.0
    stable = camera.forward(readings)
    if count >= 4 or read >= 1:
        assert stable.var() == pytest.approx(1, abs=0.12)
    recovered = (camera.inverse(stable.mean()) - 50) / 3
    # Four standard errors of the readings themselves, and one per cent.
    tolerance = 4 * np.sqrt((count + read**2) / photons.size) + 0.01 * count
    assert recovered == pytest.approx(count, abs=tolerance)
    if count <= 5:
        biased = stable.mean() ** 2 / 4 - 3 / 8 - read**2
        assert biased < count - 0.1


@pytest.mark.parametrize('read', [0.0, 0.5, 3.0, 200.0])
def test_the_inverse_is_smooth_and_increasing(read: float) -> None:
    camera = Anscombe(1.0, 0.0, read)
    stable = camera.forward(np.linspace(-5, 2000, 40_000))
    stable = np.linspace(stable.min(), stable.max(), 4000)
    counts = camera.inverse(stable)
    slopes = np.diff(counts) / np.diff(stable)
    assert (slopes > 0).all()
    assert np.abs(np.diff(slopes)).max() < 0.1 + 2 * (stable[1] - stable[0])


def test_the_inverse_is_asymptotically_algebraic() -> None:
    camera = Anscombe(2.0, 10.0, 4.0)
    bright = np.array([1e5, 1e6])
    np.testing.assert_allclose(camera.inverse(camera.forward(bright)), bright, rtol=1e-4)


def test_dim_values_are_not_clipped() -> None:
    camera = Anscombe(1.0, 100.0, 5.0)
    assert camera.inverse(camera.forward(96.0)) < 97


@pytest.mark.parametrize(
    'numbers', [(0, 0, 0), (-1, 0, 0), (1, np.nan, 0), (1, 0, -1), (np.inf, 0, 0)]
)
def test_impossible_cameras(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ParameterError, match='gain'):
        Anscombe(*numbers)


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    level=st.floats(-1e6, 1e6),
    sigma=st.floats(0, 1e3),
    seed=st.integers(0, 99),
)
def test_every_image_has_an_estimate(
    shape: tuple[int, int], level: float, sigma: float, seed: int
) -> None:
    image = noisy(np.full(shape, level), sigma, seed)
    assert np.isfinite(estimate_noise(image))
    found = fit_camera([(image, None)])
    assert isinstance(found, Camera)
    assert np.isfinite(Anscombe(*found).inverse(Anscombe(*found).forward(image))).all()


def specimen(side: int = 192) -> Array:
    """Return smooth spots over a dark background, in photons: 3 to 60."""
    random = np.random.default_rng(3)
    light = np.zeros((side, side))
    light[tuple(random.integers(0, side, (2, 60)))] = 1
    spots = ndimage.gaussian_filter(light, 5)
    return np.asarray(3 + 57 * spots / spots.max())


def test_photon_noise_is_told_from_white_noise() -> None:
    photons = specimen()
    random = np.random.default_rng(0)
    seen = 20 * random.poisson(photons) + 100 + 5 * random.normal(size=photons.shape)
    found = estimate_camera(seen)
    assert found is not None
    assert found.gain == pytest.approx(20, rel=0.15)
    np.testing.assert_allclose(found.variance(20 * photons + 100), 400 * photons + 25, rtol=0.3)
    assert estimate_camera(noisy(20 * photons, 60)) is None


@pytest.mark.parametrize('name', ['camera', 'coins', 'page', 'moon'])
@pytest.mark.parametrize('sigma', [0, 5, 25])
def test_photographs_have_no_photon_noise(name: str, sigma: float) -> None:
    image = getattr(data, name)()[:256, :256].astype(float)
    assert estimate_camera(noisy(image, sigma)) is None


def test_noise_that_neighbours_share_is_found() -> None:
    white = np.random.default_rng(0).normal(size=(128, 130))
    assert grain_ratio(white, 1.0) == pytest.approx(1, abs=0.05)
    shared = ndimage.gaussian_filter(white, 0.7)
    assert 1.2 < grain_ratio(shared, float(shared.std())) <= 1.5
    assert grain_ratio(white[:9], 0.1) == 1


def test_the_default_stabilises_micrographs_and_leaves_photographs(camera: Array) -> None:
    random = np.random.default_rng(0)
    seen = (20 * random.poisson(specimen()) + 100).astype(np.uint16)
    results = {
        noise: fresco.restore(seen, method='ffdnet', noise=noise, device='cpu')
        for noise in ('auto', 'poisson-gaussian', 'gaussian')
    }
    auto, told, gaussian = results.values()
    assert np.array_equal(auto.image, told.image)
    truth = 20 * specimen() + 100
    errors = [np.abs(r.image - truth).mean() for r in (auto, gaussian)]
    assert errors[0] < 0.8 * errors[1]
    photograph = np.clip(noisy(camera, 15), 0, 255).astype(np.uint8)
    auto, gaussian = (
        fresco.restore(photograph, method='ffdnet', noise=n, device='cpu')
        for n in ('auto', 'gaussian')
    )
    assert np.array_equal(auto.image, gaussian.image)


@pytest.mark.parametrize('dtype', [np.uint8, np.int8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize('shape', [(96, 104), (96, 104, 3), (9, 5)])
def test_numbers_of_every_type_tell_what_they_tell_in_double_precision(dtype, shape):
    """Differences of small integers wrap, and their sums overflow, where they are not widened."""
    random = np.random.default_rng(0)
    light = 100 * (np.indices(shape[:2]).sum(0) % 40 > 20) + random.normal(0, 8, shape[:2])
    plane = np.stack([light] * 3, axis=-1) + random.normal(0, 2, shape) if shape[2:] else light
    low, high = (0, 255) if np.dtype(dtype).kind == 'u' else (-128, 127)
    plane = np.rint(plane).clip(low, high).astype(dtype)
    damaged = np.zeros(shape[:2], bool)
    damaged[::7, ::3] = True

    def told(values):
        found = [level_of_plane(values, bad) for bad in (None, damaged)]
        found += [level_of_means(values, side, damaged) for side in (2, 4)]
        gray = values if values.ndim == 2 else values[..., 0]
        return [*found, _blockiness(gray), *Blocks.of(gray).high, *Blocks.of(gray).mean]

    np.testing.assert_allclose(told(plane), told(plane.astype(np.float64)), rtol=1e-6)


@pytest.mark.parametrize('quality', [50, 60])
def test_noise_that_jpeg_has_smoothed_is_told_with_its_grain(quality: int) -> None:
    """It lies below a twentieth of the range, and hardly falls off in the smoothest patches."""
    image = data.camera()[100:400, 100:400] + np.random.default_rng(1).normal(0, 15, (300, 300))
    file = io.BytesIO()
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(file, 'JPEG', quality=quality)
    result = fresco.restore(np.asarray(Image.open(file)), method='ffdnet')
    assert any('has a grain' in warning for warning in result.provenance['warnings'])
