"""Noise that neighbours share, and the noise of blurred images at the nulls of the kernel."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

from napari_fresco import kernels
from napari_fresco.noise.colour_noise import noise_of_colours
from napari_fresco.noise.grain import (
    excess_of,
    falls_off,
    grain_ratio,
    level_at_nulls,
    level_through_blur,
)
from napari_fresco.noise.jpeg_blocks import has_blocks
from napari_fresco.noise.level import level_of_plane

PICTURE = data.astronaut()[:192, 128:320].astype(float)
GRAY = PICTURE.mean(axis=-1)
MOTION = kernels.motion(13, 30)


def blurred(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    planes = np.atleast_3d(picture)
    done = [
        ndimage.convolve(planes[..., i], kernel, mode='reflect') for i in range(planes.shape[2])
    ]
    return np.stack(done, axis=-1).reshape(picture.shape)


@pytest.mark.parametrize('sigma', [4.0, 8.0, 20.0])
@pytest.mark.parametrize('kernel', [MOTION, kernels.disk(4)], ids=['motion', 'defocus'])
def test_white_noise_is_read_at_the_nulls(sigma: float, kernel: np.ndarray) -> None:
    noisy = blurred(GRAY, kernel) + np.random.default_rng(0).normal(0, sigma, GRAY.shape)
    assert level_at_nulls(noisy, kernel) == pytest.approx(sigma, rel=0.12)
    assert level_through_blur(noisy, kernel) is None


@pytest.mark.parametrize('kernel', [MOTION, kernels.disk(5.5)], ids=['motion', 'defocus'])
def test_spots_that_outshine_the_noise_do_not_show_at_the_nulls(kernel: np.ndarray) -> None:
    random = np.random.default_rng(0)
    spots = np.zeros((192, 192))
    spots[tuple(random.integers(20, 172, (2, 30)))] = random.uniform(2500, 12500, 30)
    noisy = blurred(ndimage.gaussian_filter(spots, 1), kernel) + random.normal(0, 3, spots.shape)
    assert level_at_nulls(noisy, kernel) == pytest.approx(3, rel=0.2)
    assert level_through_blur(noisy, kernel) is None


@pytest.mark.parametrize(('sigma', 'quality'), [(8, 85), (5, 75), (3, 90)])
@pytest.mark.parametrize('kernel', [MOTION, kernels.gaussian(1.2)], ids=['nulls', 'none'])
def test_the_grain_of_a_jpeg_is_seen(sigma: float, quality: int, kernel: np.ndarray) -> None:
    clean = blurred(PICTURE, kernel)
    shaken = clean + np.random.default_rng(0).normal(0, sigma, clean.shape)
    file = io.BytesIO()
    Image.fromarray(shaken.clip(0, 255).astype(np.uint8)).save(file, 'JPEG', quality=quality)
    image = np.asarray(Image.open(file), float)
    true = float(np.sqrt(np.mean((image - clean).mean(axis=-1) ** 2)))
    told = level_through_blur(image, kernel)
    assert told is not None
    assert 1.1 * true < told < 2.8 * true


def test_a_narrow_gaussian_has_no_nulls() -> None:
    assert level_at_nulls(GRAY, kernels.gaussian(1.0)) is None
    assert level_at_nulls(GRAY[:8, :8], MOTION) is None


def test_damaged_pixels_say_nothing() -> None:
    noisy = blurred(GRAY, MOTION) + np.random.default_rng(0).normal(0, 8, GRAY.shape)
    damaged = np.zeros(GRAY.shape, bool)
    damaged[:50] = True
    one = level_at_nulls(noisy, MOTION, damaged)
    noisy[:50] = np.random.default_rng(1).normal(0, 1e4, (50, 192))
    assert level_at_nulls(noisy, MOTION, damaged) == one
    assert one == pytest.approx(8, rel=0.2)


@pytest.mark.parametrize('kernel', [MOTION, kernels.disk(4), kernels.gaussian(2.0)])
def test_scattered_holes_are_no_grain(kernel: np.ndarray) -> None:
    random = np.random.default_rng(0)
    noisy = blurred(GRAY, kernel) + random.normal(0, 5, GRAY.shape)
    lost = random.random(GRAY.shape) < 0.004
    assert level_at_nulls(noisy, kernel, lost) == pytest.approx(5, rel=0.15)
    assert level_through_blur(np.where(lost, 1e5, noisy), kernel, lost) is None


@pytest.mark.parametrize('shape', [(128, 128), (128, 128, 3)])
def test_white_noise_has_no_grain_and_blurred_noise_has(shape: tuple[int, ...]) -> None:
    white = np.random.default_rng(0).normal(0, 5, shape)
    assert grain_ratio(white, 5.0, most=3) == pytest.approx(1, abs=0.1)
    shared = ndimage.gaussian_filter(white, (0.7, 0.7, 0)[: len(shape)])
    assert grain_ratio(shared, level_of_plane(shared, None), most=5) > 2
    for rows, columns in ((1, 1), (1, 128), (9, 128), (128, 15)):
        assert grain_ratio(white[:rows, :columns], 0.1) == 1


def test_between_unknown_pixels_texture_is_no_grain() -> None:
    random = np.random.default_rng(0)
    texture = ndimage.gaussian_filter(random.normal(0, 400, (40, 40)), 4)
    plane = texture + random.normal(0, 6, texture.shape)
    unknown = np.zeros(plane.shape, bool)
    unknown[10:16, 8:30] = unknown[25, ::3] = True
    for known in (None, unknown):
        assert grain_ratio(plane, 6.0, known, most=4) < 1.3


@pytest.mark.parametrize('quality', [50, 60])
@pytest.mark.parametrize('cut', [0, 3])
def test_the_blocks_of_a_jpeg_are_seen(quality: int, cut: int) -> None:
    noisy = GRAY + np.random.default_rng(0).normal(0, 12, GRAY.shape)
    file = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(file, 'JPEG', quality=quality)
    image = np.asarray(Image.open(file), float)
    assert has_blocks(image[cut:, cut:])
    assert not has_blocks(noisy)
    assert not has_blocks(GRAY)
    assert not has_blocks(image[:16])


def test_a_small_micrograph_has_no_blocks() -> None:
    """A few spots of light decide on the few blocks that it has."""
    random = np.random.default_rng(0)
    for side in np.repeat((33, 48, 64, 96), 25):
        spots = np.zeros((side, side))
        spots[tuple(random.integers(side, size=(2, 40)))] = 1
        light = ndimage.gaussian_filter(spots, random.uniform(1.5, 5))
        photons = random.poisson(light * (200 / light.max()))
        assert not has_blocks(2 * photons + 100.0 + random.normal(0, 3, photons.shape))


def counts(seed: int, texture: float = 0.0) -> np.ndarray:
    """Photons of smooth blobs, of which neighbours have shares of each other."""
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.normal(size=(192, 192)), 12)
    light = 5 + 40 * (field - field.min()) / np.ptp(field)
    fine = ndimage.gaussian_filter(random.normal(size=light.shape), 1.5)
    return random.poisson(light * np.clip(1 + texture * fine / fine.std(), 0.1, 3)).astype(float)


def test_photon_noise_with_a_grain_exceeds_that_of_its_camera() -> None:
    for seed in range(3):
        white = counts(seed)
        assert excess_of([(white, None)]) == 1
        assert excess_of([(counts(seed, texture=0.1), None)]) < 1.1
        grainy = ndimage.gaussian_filter(white, 0.5)
        assert 1.15 < excess_of([(grainy, None)]) <= 2
        known = np.zeros(white.shape, bool)
        known[::40] = True
        assert 1.1 < excess_of([(np.where(known, 1e4, grainy), known)]) <= 2
    assert excess_of([(white[:16, :16], None)]) == 1


@pytest.mark.parametrize('picture', [data.coins(), data.text(), data.moon()])
def test_texture_beside_white_noise_does_not_fall_off_and_noise_with_a_grain_does(
    picture: np.ndarray,
) -> None:
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    soft = ndimage.gaussian_filter(noise, 0.7)
    assert not falls_off(picture + noise)
    assert falls_off(picture + 2 * soft / soft.std())


def test_noise_that_colours_do_not_share_is_told_and_what_they_share_is_not() -> None:
    own = np.random.default_rng(0).normal(0, 3, (128, 128, 3))
    soft = ndimage.gaussian_filter(own, (1.5, 1.5, 0))
    assert noise_of_colours(own).mean == pytest.approx(3, rel=0.02)
    assert noise_of_colours(soft).mean == pytest.approx(float(soft.std()), rel=0.05)
    texture = np.repeat(own[..., :1], 3, axis=-1)
    assert noise_of_colours(texture).mean < 1e-6
    assert noise_of_colours(own + texture).mean == pytest.approx(3, rel=0.02)
    assert noise_of_colours(own[..., 0]) == noise_of_colours(own[..., :1]) == (0, 0)
    assert noise_of_colours(own[:5, :3]).mean == pytest.approx(3, rel=0.5)


def test_texture_of_several_hues_is_no_smooth_noise() -> None:
    own = np.random.default_rng(0).normal(0, 3, (128, 128, 3))
    places = own.copy()
    places[64:] *= 8
    found, known = noise_of_colours(places), noise_of_colours(own)
    assert found.smooth(1) < 1.5 * known.smooth(1) < 0.3 * found.mean
    assert known.smooth(2) == 0  # pixels show it
    assert known.smooth(1) == pytest.approx(3, rel=0.02)
