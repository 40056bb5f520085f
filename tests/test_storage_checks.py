"""What pixels are not: colours, opacity, light, or anything with noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.evidence.storage_checks import areas, channels, mosaic
from napari_fresco.noise.lattice import ALTERNATING, alternation

N = 96
Array = NDArray[Any]
KNOWN = np.ones((N, N), bool)


def scene(turn: float = 0.0) -> Array:
    y, x = np.mgrid[:N, :N] / N
    disc = np.hypot(y - 0.5 - 0.3 * np.sin(turn), x - 0.5 + 0.3 * np.cos(turn)) < 0.2
    return 80 + 60 * disc + 30 * np.sin(2 * np.pi * (5 * y * np.cos(turn) + 4 * x * np.sin(turn)))


def noise(sigma: float, *shape: int) -> Array:
    return np.random.default_rng(0).normal(0, sigma, shape or (N, N))


def lattice(red: float, green: float, blue: float) -> Array:
    return np.tile([[green, red], [blue, green]], (N // 2, N // 2))


def names(image: Any, **how: Any) -> set[str]:
    result = fresco.restore(image, method='ffdnet', **how)
    return {check.name for check in result.checks if not check.ok}


@pytest.mark.parametrize(
    'weights',
    [lattice(0.6, 1, 0.5), lattice(1, 0.7, 1), np.where(np.arange(N)[:, None] % 2, 1, 0.9)],
    ids=['mosaic', 'green', 'interlaced'],
)
@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_pixels_that_alternate_are_found(weights: Array, dtype: Any) -> None:
    image = (scene() * weights + noise(5)).clip(0, 255).astype(dtype)
    assert 'mosaic' in names(image)
    assert 'mosaic' not in names((scene() + noise(5)).clip(0, 255).astype(dtype))
    told = mosaic(image, KNOWN)
    assert told is not None
    assert "task='demosaic'" in told.message


def test_pictures_do_not_alternate() -> None:
    y, x = np.mgrid[:N, :N]
    for each in (noise(5), scene(), np.sin(2.6 * x + 0.2 * y), 1.0 * (x > 40), x % 3 + y % 5):
        assert alternation(each) < ALTERNATING
    assert alternation(np.zeros((N, N))) <= 1
    assert alternation(scene()[:8]) == 1
    spoilt = scene() * lattice(0.6, 1, 0.5)
    spoilt[:40] = np.nan
    assert alternation(spoilt) > ALTERNATING
    assert mosaic(np.dstack([scene()] * 3), KNOWN) is None


def test_colours_without_anything_in_common_are_channels() -> None:
    alone = np.dstack([scene(turn) for turn in (0, 2, 4)]) + noise(5, N, N, 3)
    photograph = scene()[..., None] * (1, 0.7, 0.4) + noise(5, N, N, 3)
    assert 'channels' in names(alone.clip(0, 255).astype(np.uint8))
    assert 'channels' not in names(photograph.clip(0, 255).astype(np.uint8))
    assert 'channels' not in names(np.moveaxis(alone, -1, 0).astype(np.float32), axes='CYX')


def test_colours_that_are_all_noise_are_not_judged() -> None:
    flat = 100 + noise(20, N, N, 3)
    assert channels(flat, flat[..., :0], KNOWN).ok


@pytest.mark.parametrize('samples', [2, 4])
def test_a_picture_in_the_place_of_opacity_is_found(samples: int) -> None:
    picture = (scene() + noise(5)).clip(0, 255).astype(np.uint8)
    opaque = np.full((N, N), 255, np.uint8)
    soft = (255 * ndimage.gaussian_filter((scene() > 110).astype(float), 1)).astype(np.uint8)
    for alpha, found in ((picture[::-1], True), (opaque, False), (soft, False)):
        image = np.dstack([picture] * (samples - 1) + [alpha])
        assert ('channels' in names(image, axes='YXS')) is found


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int32])
def test_label_ids_are_no_light(dtype: Any) -> None:
    y, x = np.mgrid[:N, :N]
    ids = np.where(
        (y % 24 - 12) ** 2 + (x % 16 - 8) ** 2 < 40, 3 * (y // 24) * 6 + 3 * (x // 16), 0
    )
    assert 'areas' in names(ids.astype(dtype))
    spots = np.where((y % 12 < 3) & (x % 12 < 3), 20, 0).astype(dtype)
    assert 'areas' in names(spots)


def test_light_in_whole_numbers_is_no_label() -> None:
    random = np.random.default_rng(0)
    for image in (
        random.poisson(0.2 * scene() / 80),
        scene().round(),
        (scene() + noise(0.3)).round(),
        (scene() + noise(10)) // 8 * 8,
    ):
        check = areas(image.astype(np.int32), KNOWN)
        assert check is None or check.ok
    assert areas(np.zeros((N, N), np.uint8), KNOWN) is None
    assert areas(scene(), KNOWN) is None
