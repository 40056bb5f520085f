"""Noise that is stronger in some places than in others is told as a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage import data

import napari_fresco as fresco
from napari_fresco.noise.places import UNEVEN, unevenness
from napari_fresco.restoration.noise_estimate import found_noise

N = 128
Floats = NDArray[np.float64]


def scene(n: int = N) -> Floats:
    y, x = np.mgrid[:n, :n] / N
    disc = np.hypot(y - 0.5, x - 0.35) < 0.2
    return 60 + 60 * disc + 80 * np.exp(-((y - 0.7) ** 2 + (x - 0.75) ** 2) * 60)


def noise(*levels: float, n: int = N, seed: int = 0) -> Floats:
    """Return noise of one level after the other, from left to right."""
    sigma = np.repeat(levels, n // len(levels))
    return np.random.default_rng(seed).normal(0, 1, (n, n)) * sigma


def error(image: Any, truth: Floats) -> float:
    return float(np.sqrt(np.square(image - truth).mean()))


def test_uneven_noise_shows_in_a_small_photograph_which_has_few_places_without_texture() -> None:
    small = ndimage.gaussian_filter(data.camera()[100:356, 100:356].astype(float), 1)[::2, ::2]
    for seed in range(3):
        white = np.random.default_rng(seed).normal(0, 1, small.shape)
        assert unevenness(small + white * np.linspace(2, 24, N)) > 2
        assert unevenness(small + 12 * white) < UNEVEN


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_the_noisier_half_is_restored_too(dtype: Any) -> None:
    image = (scene() + noise(4, 25)).clip(0, 255).round().astype(dtype)
    result = fresco.restore(image, method='ffdnet', dtype='float32')
    assert error(result.image, scene()) < 0.4 * error(image, scene())
    assert any('in some places as in others' in text for text in result.provenance['warnings'])
    assert all(check.ok for check in result.checks)


def test_a_stack_says_it_once() -> None:
    stack = np.stack([scene() + noise(4, level, seed=level) for level in (4, 20, 30)])
    said = fresco.restore(stack, method='ffdnet', axes='TYX').provenance['warnings']
    assert sum('in some places as in others' in text for text in said) == 1


@pytest.mark.parametrize('method', ['virnet', 'ircnn'])
def test_checks_expect_the_noise_of_each_place(method: str) -> None:
    image = (scene() + noise(4, 25)).astype(np.float32)
    result = fresco.restore(image, method=method, task='denoise')
    assert error(result.image, scene()) < 0.4 * error(image, scene())
    assert all(check.ok for check in result.checks), result.checks


@pytest.mark.parametrize(
    ('method', 'left'), [('dpir', 0.4), ('usrnet', 0.4), ('richardson_lucy', 0.6), ('wiener', 0.6)]
)
def test_noise_that_grows_with_the_light_of_places_is_not_that_of_photons(
    method: str, left: float
) -> None:
    truth = scene(192) + np.linspace(0, 80, 192)
    blurred = ndimage.gaussian_filter(truth, 1.6)
    image = blurred + np.random.default_rng(0).normal(0, 1, truth.shape) * np.linspace(2, 18, 192)
    kernel = fresco.kernels.gaussian(1.6)
    found = fresco.restore(image, method=method, task='deblur', kernel=kernel)
    assert found.provenance['noise'][0]['model'] == 'gaussian'
    assert any('in some places as in others' in text for text in found.provenance['warnings'])
    assert not any('grain' in text for text in found.provenance['warnings'])
    assert error(found.image, truth) < left * error(image, truth)


def test_noise_told_a_little_too_low_costs_wiener_little() -> None:
    truth = scene(192)
    image = ndimage.gaussian_filter(truth, 1.6)
    image = image + np.random.default_rng(0).normal(0, 10, truth.shape)
    kernel = fresco.kernels.gaussian(1.6)
    least, right = (
        error(
            fresco.restore(image, method='wiener', task='deblur', kernel=kernel, sigma=level).image,
            truth,
        )
        for level in (9.5, 10.0)
    )
    assert least < 1.2 * right


def test_a_level_between_them_is_no_doubt() -> None:
    image = (scene() + noise(4, 25)).astype(np.float32)
    found = fresco.restore(image, method='ffdnet', sigma=15.0)
    (check,) = (check for check in found.checks if check.name == 'sigma')
    assert check.ok
    assert not found.provenance['warnings']


def test_a_blurred_image_is_deblurred_with_the_map() -> None:
    image = (scene() + noise(2, 12)).astype(np.float32)
    kernel = fresco.kernels.gaussian(0.8, size=7)
    how: dict[str, Any] = {'method': 'dpir', 'task': 'deblur', 'kernel': kernel, 'iterations': 3}
    result = fresco.restore(image, **how)
    assert any('in some places as in others' in text for text in result.provenance['warnings'])
    assert result.provenance['planes'][0]['sigma'] > 6


@pytest.mark.parametrize('colours', [False, True])
def test_how_uneven_it_is(colours: bool) -> None:
    def found(*levels: float) -> float:
        planes = [scene() + noise(*levels, seed=seed) for seed in range(3 if colours else 1)]
        return unevenness(np.stack(planes, axis=-1) if colours else planes[0])

    assert found(5, 20) == pytest.approx(4, rel=0.15)
    assert found(20, 20) < 1.2
    assert found(5, 10, 20, 40) > 4


def test_texture_is_not_noise_of_its_place() -> None:
    y, x = np.mgrid[:N, :N]
    weave = 40 * np.sin(2.1 * x + 0.3 * y) * np.sin(1.7 * y) * (x > N / 2)
    sand = np.random.default_rng(1).normal(0, 1, (N, N))
    sand = sum(np.roll(sand, shift, (0, 1)) for shift in ((0, 0), (1, 0), (0, 1), (1, 1)))
    for texture in (weave, 12 * sand * (x > N / 2)):
        assert unevenness(scene() + texture + noise(4)) < UNEVEN


def test_a_ground_that_is_cut_off_at_black_is_not_quiet() -> None:
    image = (scene() - 60 + noise(15)).clip(0).round()
    assert unevenness(image) < UNEVEN


def test_damage_says_nothing_and_a_small_image_does_not_tell() -> None:
    image, damaged = scene() + noise(8), np.zeros((N, N), bool)
    image[:40] += 40 * noise(1)[:40]
    damaged[:40] = True
    assert unevenness(image) > UNEVEN
    assert unevenness(image, damaged) < 1.2
    assert unevenness(image[:20, :20]) == 1
    assert unevenness(np.zeros((N, N))) == 1


def test_a_part_is_judged_like_its_whole() -> None:
    whole = (scene() + noise(4, 25)).astype(np.float32)
    part, context = whole[:, :64], {'context': whole, 'context_origin': (0, 0)}
    here = fresco.restore(part, method='ffdnet', **context)
    there = fresco.restore(whole, method='ffdnet').image[:, :64]
    assert here.provenance['planes'][0]['sigma'] < 8
    assert error(here.image[:, :40], there[:, :40]) < 1


def test_no_number_is_found_for_it() -> None:
    uneven = found_noise(scene() + noise(4, 25), method='ffdnet', task='denoise')
    assert not uneven.is_one
    assert (uneven.low, uneven.high) == pytest.approx((4, 25), rel=0.2)
    assert found_noise(scene() + noise(8), method='ffdnet', task='denoise').is_one
