"""Texture that reaches high frequencies is no noise, of one level or of photons."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

import napari_fresco as fresco
from napari_fresco.noise.curve import Blocks, fit_curve
from napari_fresco.noise.leaked_texture import is_textured
from napari_fresco.noise.level import estimate_noise
from napari_fresco.noise.patches import Patches, level_of


def quiet(name: str) -> np.ndarray:
    """Return a photograph of half the size, whose own noise is a quarter of its pixels'."""
    image = getattr(data, name)()[:400, :400].astype(float)
    return image.reshape(200, 2, 200, 2).mean(axis=(1, 3))


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    return image + np.random.default_rng(0).normal(0, sigma, image.shape)


@pytest.mark.parametrize(('name', 'sigma', 'most'), [('grass', 3, 4), ('grass', 8, 9)])
def test_noise_in_pure_texture_is_told(name: str, sigma: float, most: float) -> None:
    """No patch of grass is free of it: taken for noise, it made 6.9 of 3 and 10.1 of 8."""
    assert 0.9 * sigma < estimate_noise(noisy(quiet(name), sigma)) < most


def test_texture_without_noise_is_hardly_noise() -> None:
    """It made 6.4, of which little is left."""
    assert estimate_noise(quiet('grass')) < 3


def test_noise_that_grows_with_the_light_is_no_texture() -> None:
    """Bright patches have more power at all frequencies, each of an intensity has the same."""
    ramp = np.linspace(10, 200, 200) * np.ones((200, 1))
    image = noisy(ramp, 1) + np.random.default_rng(1).normal(0, np.sqrt(ramp))
    patches = Patches.of(image)
    level = level_of(patches.low, patches.high)
    assert not is_textured(patches, level)
    assert estimate_noise(image) == pytest.approx(np.sqrt(level.variance))


def test_noise_of_a_jpeg_stays() -> None:
    """Quantised blocks have much of it at all frequencies, or little: that is no texture."""
    clean = data.moon()[100:300, 100:300].astype(float)
    file = io.BytesIO()
    Image.fromarray(noisy(clean, 15).clip(0, 255).astype(np.uint8)).save(file, 'JPEG', quality=50)
    result = fresco.restore(np.asarray(Image.open(file)), method='ffdnet')
    assert np.sqrt(np.mean((result.image - clean) ** 2)) < 4  # 11 where it is taken off


def test_texture_is_no_noise_of_an_intensity() -> None:
    """It made 9.3 of no noise at all."""
    image = quiet('grass')
    curve = fit_curve(Blocks.of(image))
    assert curve is not None
    assert curve.sigma(curve.most) < 7


@pytest.mark.parametrize(('sigma', 'most'), [(0, 6), (3, 10), (8, 13)])
def test_texture_survives_denoising(sigma: float, most: float) -> None:
    """Grass lost 15 of its 255 where it had hardly any noise."""
    truth = quiet('grass')[:160, :160]
    image = noisy(truth, sigma).astype(np.float32)
    result = fresco.restore(image, method='ffdnet')
    assert np.sqrt(np.mean((result.image - truth) ** 2)) < most
