"""Richardson-Lucy and Wiener: laws of the baselines, in planes and volumes."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

import napari_fresco as fresco
from napari_fresco.physics.operators import Identity, WindowedBlur
from napari_fresco.physics.problem import Problem
from napari_fresco.solvers.predicted_risk import nudged, predicted_risk
from napari_fresco.solvers.richardson_lucy import likelier
from napari_fresco.solvers.stop_band import power_beyond

Array = np.ndarray[Any, Any]
METHODS = ('richardson_lucy', 'wiener')
BETTER = {'richardson_lucy': 0.85, 'wiener': 0.98}  # squared error, of that of the image


def gaussian(*widths: float) -> Array:
    half = [max(1, round(3 * w)) if w else 0 for w in widths]
    grid = np.meshgrid(*(np.arange(-h, h + 1) for h in half), indexing='ij')
    exponents = sum(g**2 / (2 * w**2) for g, w in zip(grid, widths, strict=True) if w)
    kernel = np.exp(-np.asarray(exponents, float))
    return kernel / kernel.sum()


def scene(*shape: int, seed: int = 0) -> Array:
    """Return spots on a ground of 20, some way from the border."""
    random = np.random.default_rng(seed)
    image = np.full(shape, 20.0)
    low, high = [n // 6 for n in shape], [n - n // 6 for n in shape]
    spots = random.integers(low, high, (int(np.prod(shape)) // 400, len(shape)))
    image[tuple(spots.T)] += random.uniform(500, 4000, len(spots))
    return ndimage.gaussian_filter(image, 0.7)


def photographed(truth: Array, kernel: Array, gain: float = 2.0, offset: float = 100.0) -> Array:
    """Return the middle of a blurred scene, in photons, as a camera reads it out."""
    random = np.random.default_rng(1)
    blurred = ndimage.convolve(truth, kernel, mode='reflect')
    return gain * random.poisson(blurred) + offset + random.normal(0, 3, truth.shape)


CAMERA = {'gain': 2.0, 'offset': 100.0, 'read_noise': 3.0}
PLANE, VOLUME = gaussian(2.0, 2.0), gaussian(1.5, 1.0, 1.0)


def restored(image: Array, kernel: Array, method: str, **told: Any) -> Any:
    axes = None if image.ndim == 2 else 'ZYX'
    return fresco.restore(
        image, method=method, task='deblur', kernel=kernel, axes=axes, device='cpu', **told
    )


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize(('shape', 'kernel'), [((64, 72), PLANE), ((12, 48, 52), VOLUME)])
def test_deconvolution_sharpens_and_keeps_the_light(
    method: str, shape: tuple[int, ...], kernel: Array
) -> None:
    truth = scene(*shape)
    image = photographed(truth, kernel)
    result = restored(image.astype(np.float32), kernel, method, **CAMERA)
    light = (result.image - 100) / 2
    inner = tuple(slice(3, -3) for _ in shape)
    before = np.square((image - 100)[inner] / 2 - truth[inner]).mean()
    assert np.square(light[inner] - truth[inner]).mean() < BETTER[method] * before
    assert light.sum() == pytest.approx((image - 100).sum() / 2, rel=0.01)
    assert result.image.dtype == np.float32
    assert result.finish in ('completed', 'stopped')


@pytest.mark.parametrize('method', METHODS)
def test_results_follow_a_change_of_units(method: str) -> None:
    image = photographed(scene(48, 40), PLANE)
    one = restored(image, PLANE, method, **CAMERA).image
    camera = {'gain': 6.0, 'offset': 340.0, 'read_noise': 9.0}
    other = restored(3 * image + 40, PLANE, method, **camera).image
    np.testing.assert_allclose(other, 3 * one + 40, atol=2e-3 * np.ptp(one))


def test_the_run_stops_when_noise_explains_what_is_left() -> None:
    image = photographed(scene(64, 64), PLANE)
    told = restored(image, PLANE, 'richardson_lucy', **CAMERA)
    assert told.finish == 'stopped'
    steps = told.provenance['steps']
    assert 2 < steps < 100
    noisier = restored(image, PLANE, 'richardson_lucy', sigma=60.0)
    assert noisier.provenance['steps'] < steps
    never = restored(image, PLANE, 'richardson_lucy', stopping='none', iterations=30, **CAMERA)
    assert never.provenance['steps'] == 30


def noises(shape: tuple[int, ...]) -> dict[str, Array]:
    """Return noise of variance 1: white, with heavy tails, with outliers, stronger at one side."""
    random = np.random.default_rng(7)
    white = random.normal(0, 1, shape)
    struck = 0.6 * white + np.where(random.random(shape) < 0.01, random.normal(0, 8, shape), 0)
    return {
        'white': white,
        'tails': random.standard_t(3, shape) / np.sqrt(3),
        'outliers': struck,
        'uneven': white * np.linspace(0.2, 1.7, shape[-1]),
    }


@pytest.mark.parametrize('kind', noises((2, 2)))
@pytest.mark.parametrize(('shape', 'kernel'), [((96, 96), PLANE), ((16, 48, 48), VOLUME)])
def test_noise_that_the_blur_passes_nothing_of_tells_its_power(
    kind: str, shape: tuple[int, ...], kernel: Array
) -> None:
    noise = noises(shape)[kind]
    y = ndimage.convolve(scene(*shape), kernel, mode='reflect') + 3 * noise
    taps = torch.from_numpy(kernel)
    problem = Problem('deblur', torch.from_numpy(y)[None, None], WindowedBlur(taps, shape), 2.0)
    inner = tuple(slice(n // 12, n - n // 12) for n in shape)
    wanted = 9 / 4 * np.square(noise[inner]).mean()
    assert power_beyond([problem]) == pytest.approx(wanted, rel=0.1)
    louder = Problem('deblur', problem.y, problem.degradation, 12.0)
    assert power_beyond([louder]) == 1
    sharp = Problem('deblur', problem.y, Identity(), 2.0)
    assert power_beyond([sharp]) == 1


@pytest.mark.parametrize('kind', noises((2, 2)))
def test_no_kind_of_noise_is_taken_for_light(kind: str) -> None:
    y, x = np.mgrid[:96, :96]
    truth = 60 + 60.0 * (np.hypot(y - 50, x - 44) < 26)
    image = ndimage.convolve(truth, PLANE, mode='reflect') + 8 * noises(truth.shape)[kind]
    result = restored(image.astype(np.float32), PLANE, 'richardson_lucy', sigma=4.0)
    before, after = (np.square(z - truth)[8:-8, 8:-8].mean() for z in (image, result.image))
    assert after < 0.6 * before


def test_the_stop_in_volumes_hardly_depends_on_how_strong_the_noise_is_said_to_be() -> None:
    truth = scene(16, 40, 40)
    image = photographed(truth, VOLUME).astype(np.float32)

    def ended(gain: float, **told: Any) -> tuple[int, float]:
        # What was seen as photons stays; only their noise is said to be another.
        camera = {'gain': gain, 'offset': 100.0, 'read_noise': 3.0}
        result = restored(image, VOLUME, 'richardson_lucy', **camera, **told)
        return result.provenance['steps'], np.square((result.image - 100) / 2 - truth).mean()

    steps, errors = zip(*(ended(gain) for gain in (1.8, 2.0, 2.2)), strict=True)
    assert max(steps) - min(steps) <= 2
    assert max(errors) < 1.1 * min(errors)
    held, error = ended(2.0, stopping='discrepancy')
    assert 1 < held < steps[1]
    assert errors[1] < error


def test_the_risk_is_what_the_prediction_errs_by() -> None:
    """Of a smoothing, whose error is known: up to the constant that all predictions share."""
    truth = torch.from_numpy(scene(24, 40, 40))[None, None] / 100
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(5), dtype=truth.dtype)
    problem = Problem('deblur', truth + 0.5 * noise, Identity(), 0.5)

    def risks(width: float) -> tuple[float, float]:
        p, q = (
            torch.from_numpy(ndimage.gaussian_filter(each.y.numpy(), (0, 0, *[width] * 3)))
            for each in (problem, nudged(problem))
        )
        return predicted_risk([problem], [p], [q]), float(((p - truth) / 0.5).square().mean())

    (one, least), (other, more) = risks(1.0), risks(3.0)
    assert one - other == pytest.approx(least - more, abs=0.03)
    assert abs(least - more) > 0.15


def test_each_iteration_is_likelier_and_acceleration_is_faster() -> None:
    y = torch.from_numpy(photographed(scene(40, 40), PLANE, gain=1, offset=0)).clamp_min(0)
    seen, y = WindowedBlur(PLANE, (40, 40)), y[None, None]

    def likelihoods(count: int, **told: Any) -> list[float]:
        steps = islice(likelier(y, seen, background=9.0, **told), count)
        return [float((y * (p + 9).log() - p).sum()) for _, p in steps]

    plain, fast = likelihoods(60, accelerate=False), likelihoods(30)
    assert np.all(np.diff(plain) > 0)
    assert fast[-1] > plain[-1]


def test_the_border_is_as_bright_as_the_middle() -> None:
    flat = np.full((10, 24, 24), 300.0)
    for kernel in (VOLUME, gaussian(1.4, 0.0, 0.0)):
        result = restored(flat.astype(np.float32), kernel, 'richardson_lucy', sigma=1.0)
        np.testing.assert_allclose(result.image, 300, rtol=1e-3)


def test_light_from_beyond_the_border_is_not_gathered_inside() -> None:
    kernel = gaussian(3.0, 3.0)
    whole = np.full((60, 60), 10.0)
    whole[:, 22] = 4000.0  # beside the window, which begins at 24
    blurred = ndimage.convolve(whole, kernel, mode='reflect')[:, 24:]
    x = restored(
        blurred,
        kernel,
        'richardson_lucy',
        stopping='none',
        iterations=60,
        offset=0.0,
        gain=1.0,
        read_noise=0.1,
    ).image
    assert x[:, 4:].max() < 0.2 * blurred.max()


@pytest.mark.parametrize(('photons', 'read_noise', 'wrong'), [(10, 3, False), (3, 5, True)])
def test_objects_keep_their_light_under_read_noise_or_it_is_said(
    photons: float, read_noise: float, wrong: bool
) -> None:
    y, x = np.mgrid[:160, :160]
    lines = [np.exp(-((a * (x - 80) + b * (y - 80)) ** 2) / 2) for a, b in ((1, 0), (0.6, 0.8))]
    objects = np.maximum(*lines)
    blurred = ndimage.convolve(objects, PLANE, mode='reflect')
    scale = photons / blurred.max()
    random = np.random.default_rng(3)
    seen = random.poisson(scale * blurred + 0.05 * photons)
    image = 100 + 2 * (seen + random.normal(0, read_noise, seen.shape))
    told = {'gain': 2.0, 'offset': 100.0, 'read_noise': 2.0 * read_noise}
    result = restored(image.astype(np.float32), PLANE, 'richardson_lucy', **told)
    light, truth = (result.image - 100) / 2, scale * objects + 0.05 * photons
    around = ndimage.distance_transform_edt(objects < 0.2) <= 4
    kept = light[around].sum() / truth[around].sum()
    failed = {check.name for check in result.checks if not check.ok}
    assert light.sum() == pytest.approx((image - 100).sum() / 2, rel=0.02)
    assert bool(kept < 0.8) is wrong
    assert ('contrast' in failed) is wrong
    assert wrong or kept == pytest.approx(1, abs=0.07)


def test_read_noise_below_the_dark_level_is_not_cut_off() -> None:
    """Cut off there, what lies above the dark level would be light: 1.6 times as much here."""
    spots = scene(96, 96) - 20
    spots *= 0.2 / spots.mean()
    kernel, random = gaussian(1.5, 1.5), np.random.default_rng(0)
    seen = random.poisson(ndimage.convolve(spots, kernel).clip(0)) + random.normal(0, 0.5, (96, 96))
    result = fresco.restore(
        100 + seen.astype(np.float32),
        method='richardson_lucy',
        task='deblur',
        kernel=kernel,
        noise='poisson-gaussian',
        gain=1.0,
        offset=100.0,
        read_noise=0.5,
    )
    assert (result.image - 100).mean() == pytest.approx(spots.mean(), rel=0.35)


def test_total_variation_smooths() -> None:
    image = photographed(scene(48, 48), PLANE)
    rough, smooth = (
        restored(
            image,
            PLANE,
            'richardson_lucy',
            stopping='none',
            iterations=40,
            total_variation=weight,
            **CAMERA,
        ).image
        for weight in (0.0, 0.02)
    )
    assert np.abs(np.diff(smooth)).sum() < 0.9 * np.abs(np.diff(rough)).sum()


def test_a_larger_regularization_is_smoother() -> None:
    image = photographed(scene(48, 48), PLANE)
    results = [restored(image, PLANE, 'wiener', regularization=c).image for c in (1e-3, 1e-1)]
    assert np.abs(np.diff(results[1])).sum() < np.abs(np.diff(results[0])).sum()


def test_what_one_filter_leaves_tells_nothing_of_the_kernel() -> None:
    image = photographed(scene(48, 48), PLANE)
    for method in METHODS:
        names = {check.name for check in restored(image, PLANE, method).checks}
        assert ('fit' in names) is (method != 'wiener')
        assert {'whiteness', 'overshoot'} <= names


def test_colours_are_deconvolved_each_by_itself() -> None:
    image = np.stack([photographed(scene(32, 40, seed=c), PLANE) for c in range(3)], -1)
    for method in METHODS:
        result = fresco.restore(
            image.astype(np.float32),
            method=method,
            task='deblur',
            kernel=PLANE,
            rgb=True,
            sigma=20.0,
            device='cpu',
        )
        assert result.image.shape == image.shape
