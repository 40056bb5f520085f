"""Uncertainty: the error that simulated noise tells, its laws, and what it is not."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.declare.methods import METHODS
from napari_fresco.errors import ParameterError
from napari_fresco.evidence.bootstrap import Bootstrap
from napari_fresco.generators import result_of
from napari_fresco.restoration.uncertainty import REPEATS
from napari_fresco.runtime import denoisers

N = 64
ASKED: dict[str, Any] = {'method': 'dpir', 'task': 'denoise', 'model': 'box', 'device': 'cpu'}


def scene() -> np.ndarray:
    y, x = np.mgrid[:N, :N] / N
    return 20 + 150 * np.exp(-((y - 0.5) ** 2 + (x - 0.4) ** 2) * 8) + 40 * (x > 0.7)


def noisy(sigma: float, seed: int = 0) -> np.ndarray:
    return scene() + np.random.default_rng(seed).normal(0, sigma, (N, N))


def covered(result: fresco.Result, truth: np.ndarray) -> float:
    assert result.uncertainty is not None
    return float(np.mean(np.abs(result.image - truth) <= 2 * result.uncertainty))


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``model='window'`` a Gaussian window, whose error is known."""

    def blurred(x: torch.Tensor, sigma: Any) -> torch.Tensor:
        return x.new_tensor(ndimage.gaussian_filter(x.numpy(), (0, 0, 1.0, 1.0)))

    denoisers.register('window', lambda *_: denoisers.FunctionDenoiser(blurred, 'window'))
    monkeypatch.setattr('napari_fresco.restoration.block.with_light_of', lambda y, x, *_: x)


def test_the_error_of_a_linear_denoiser(linear) -> None:
    y, x = np.mgrid[:128, :128] / 128
    sigma, truth = 8.0, 20 + 150 * np.exp(-((y - 0.5) ** 2 + (x - 0.4) ** 2) * 8)
    image = truth + np.random.default_rng(0).normal(0, sigma, truth.shape)
    asked = {**ASKED, 'model': 'window', 'sigma': sigma, 'uncertainty': True}
    result = fresco.restore(image, **asked)
    # The window leaves 1 / (4 pi) of the variance; the rest is what it blurred.
    bias = ndimage.gaussian_filter(truth, 1) - truth
    inner = np.s_[8:-8, 8:-8]
    expected = np.sqrt(sigma**2 / (4 * np.pi) + np.mean(bias[inner] ** 2))
    found = np.sqrt(np.mean(np.square(result.uncertainty)[inner]))
    assert found == pytest.approx(expected, rel=0.15)
    assert 0.93 <= covered(result, truth) <= 0.98


@pytest.mark.parametrize('noise', ['white', 'photons'])
def test_two_deviations_hold_the_truth(noise) -> None:
    random = np.random.default_rng(1)
    truth, given = scene(), {}
    if noise == 'white':
        image = noisy(15, 1)
    else:
        image = 2.0 * random.poisson(truth / 4) + 100 + random.normal(0, 3, truth.shape)
        truth, given = truth / 2 + 100, {'gain': 2.0, 'offset': 100.0, 'read_noise': 3.0}
    result = fresco.restore(image, method='ffdnet', uncertainty=True, device='cpu', **given)
    assert 0.9 <= covered(result, truth) <= 1
    error = np.sqrt(np.mean((result.image - truth) ** 2))
    assert 0.8 * error < np.sqrt(np.mean(np.square(result.uncertainty))) < 1.8 * error


def test_it_scales_with_the_image_and_grows_with_the_noise() -> None:
    asked = {**ASKED, 'uncertainty': True}
    image = noisy(10)
    one = fresco.restore(image, sigma=10, data_range=(0, 255), **asked).uncertainty
    ten = fresco.restore(10 * image, sigma=100, data_range=(0, 2550), **asked).uncertainty
    np.testing.assert_allclose(ten, 10 * one, rtol=1e-3)
    more = fresco.restore(noisy(30), sigma=30, data_range=(0, 255), **asked).uncertainty
    assert more.mean() > one.mean()


def test_it_follows_the_seed_and_leaves_the_image_alone() -> None:
    image = noisy(10)
    same, again, other, plain = (
        fresco.restore(image, sigma=10, seed=seed, uncertainty=asked, **ASKED)
        for seed, asked in ((1, True), (1, True), (2, True), (1, False))
    )
    np.testing.assert_array_equal(same.uncertainty, again.uncertainty)
    assert (same.uncertainty != other.uncertainty).any()
    np.testing.assert_array_equal(same.image, plain.image)
    assert plain.uncertainty is None
    facts = same.provenance['planes'][0]['uncertainty']
    assert len(facts['widened']) == 3
    assert min(facts['widened']) >= 1


def test_a_plane_of_a_stack_is_as_sure_as_alone() -> None:
    stack = np.stack([noisy(10, 1), noisy(10, 2)])
    asked = {**ASKED, 'sigma': 10, 'uncertainty': True, 'data_range': (0, 255)}
    whole = fresco.restore(stack, axes='ZYX', **asked).uncertainty
    for plane, found in zip(stack, whole, strict=True):
        np.testing.assert_allclose(fresco.restore(plane, **asked).uncertainty, found)


def test_steps_count_every_repetition() -> None:
    steps = list(fresco.iterate(noisy(10), sigma=10, uncertainty=True, **ASKED))
    assert [step.index for step in steps] == list(range(1, REPEATS + 2))
    assert {step.total for step in steps} == {REPEATS + 1}
    np.testing.assert_array_equal(steps[0].image, steps[-1].image)


def test_a_cancelled_run_keeps_its_image_and_has_none() -> None:
    cancel, image = threading.Event(), noisy(10)
    runner = fresco.iterate(image, sigma=10, uncertainty=True, cancel=cancel, **ASKED)
    for _ in range(3):
        next(runner)
    cancel.set()
    result = result_of(runner)
    assert result.finish == 'cancelled'
    assert result.uncertainty is None
    assert 'uncertainty' in ' '.join(result.provenance['warnings'])
    np.testing.assert_array_equal(result.image, fresco.restore(image, sigma=10, **ASKED).image)


def test_colours_whole_numbers_and_missing_pixels() -> None:
    image = np.stack([noisy(10, k) for k in range(3)], axis=-1).clip(0, 255).astype(np.uint8)
    result = fresco.restore(image, sigma=10, uncertainty=True, **ASKED)
    assert result.uncertainty.shape == image.shape
    assert result.uncertainty.min() >= 12**-0.5  # of rounding
    holed = noisy(10)
    holed[10:14, 10:14] = np.nan
    found = fresco.restore(holed, sigma=10, uncertainty=True, **ASKED).uncertainty
    np.testing.assert_array_equal(np.isnan(found), np.isnan(holed))


@pytest.mark.parametrize('task', ['inpaint', 'deblock', 'demosaic'])
def test_what_cannot_be_measured_is_refused_in_one_sentence(task) -> None:
    given = {'mask': np.eye(N, dtype=bool)} if task == 'inpaint' else {}
    with pytest.raises(ParameterError, match=r'uncertainty = True.* does not use it.*denoise'):
        fresco.restore(noisy(10), **{**ASKED, 'task': task}, uncertainty=True, **given)


def test_the_spread_is_not_called_uncertainty() -> None:
    result = fresco.restore(noisy(10), sigma=10, ensemble=True, **ASKED)
    assert result.spread is not None
    assert result.uncertainty is None
    asked = METHODS['vdir'].gives_if_asked()
    assert asked['spread'] == [('ensemble', True), ('latent', 'sample')]


def test_structure_that_the_result_lacks_widens_it() -> None:
    """The image tells that a result is too smooth, which its own simulation cannot."""
    random = np.random.default_rng(0)
    ramp = np.linspace(0, 500, 256) * np.ones((256, 1))
    texture, sigma = ramp + 6 * random.normal(size=ramp.shape), 8.0
    y, known = texture + random.normal(0, sigma, ramp.shape), np.ones(ramp.shape, bool)

    def denoised(image: np.ndarray) -> np.ndarray:
        return ramp + 0.1 * (image - ramp)

    found = Bootstrap(denoised(y), denoised(y), y, known)
    for _ in range(8):
        simulated = denoised(y) + random.normal(0, sigma, ramp.shape)
        found.add(denoised(simulated), denoised(simulated), simulated)
    noise = random.normal(0, sigma, ramp.shape)
    found.probe(noise, denoised(y + 0.3 * noise), 0.3)
    assert found.ratios().min() > 4
    true = np.sqrt(np.mean((denoised(y) - texture) ** 2))
    assert np.sqrt(np.mean(found.deviation() ** 2)) == pytest.approx(true, rel=0.3)
