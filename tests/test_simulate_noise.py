"""Noise follows its law: variance, mean, covariance, and where it lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_fresco.degrade import camera_noise, gaussian_noise, noise_maps
from napari_fresco.degrade.camera_noise import Cameras
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import ParameterError

GRAY = torch.full((1, 1, 128, 128), 0.5, dtype=torch.float64)
COLOUR = torch.full((1, 3, 128, 128), 0.5, dtype=torch.float64)


def seeded(seed: int = 0) -> RandomSource:
    return RandomSource.seeded(seed)


def rows(image: Tensor) -> np.ndarray:
    """Return the pixels of an image as rows of channels."""
    return image[0].flatten(1).T.numpy()


def test_gaussian_noise_has_its_sigma() -> None:
    noisy = gaussian_noise.gaussian(torch.full((1, 1, 128, 128), 90.0), 12, seeded())
    assert float(noisy.std()) == pytest.approx(12, rel=0.03)
    assert float(noisy.mean()) == pytest.approx(90, abs=0.5)
    assert float(noisy.min()) < 90 - 36
    channels = rows(gaussian_noise.gaussian(COLOUR, 0.1, seeded()) - 0.5)
    np.testing.assert_allclose(np.cov(channels.T), 0.01 * np.eye(3), atol=4e-4)


def test_a_map_gives_every_pixel_its_level() -> None:
    levels = torch.linspace(0, 0.2, 32, dtype=torch.float64)
    for channels in (1, 3):
        image = torch.zeros(1, channels, 4096, 32, dtype=torch.float64)
        spread = gaussian_noise.gaussian(image, levels, seeded()).std((0, 2)).mean(0)
        np.testing.assert_allclose(spread, levels, rtol=0.06, atol=1e-12)


def test_noise_has_the_precision_of_the_image() -> None:
    for kind in (torch.float32, torch.float64):
        x = COLOUR.to(kind)
        assert gaussian_noise.gaussian(x, 0.1, seeded()).dtype == kind
        assert gaussian_noise.poisson_gaussian(x, 0.1, 0.1, seeded()).dtype == kind
        assert gaussian_noise.mixed_gaussian(x, (2, 25), seeded(2)).dtype == kind
        assert gaussian_noise.mixed_poisson(x, seeded()).dtype == kind
        assert camera_noise.develop(x, seeded()).dtype == kind


def test_camera_noise_follows_the_photon_transfer_line() -> None:
    light = torch.tensor([0.0, 100, 800]).expand(1, 1, 40_000, 3)
    counts = gaussian_noise.poisson_gaussian(light, 2.5, 4, seeded())
    np.testing.assert_allclose(counts.mean((0, 1, 2)), light[0, 0, 0], rtol=0.005, atol=0.1)
    expected = 2.5 * light[0, 0, 0] + 16
    np.testing.assert_allclose(counts.var((0, 1, 2)), expected, rtol=0.03)


@pytest.mark.parametrize('speckle', [False, True])
def test_mixed_noise_has_three_kinds_of_correlation(speckle: bool) -> None:
    kinds = {'independent': 0, 'shared': 0, 'correlated': 0}
    image = COLOUR[..., :40, :40].float()
    for seed in range(300):
        noisy = gaussian_noise.mixed_gaussian(image, (20, 25), seeded(seed), speckle=speckle)
        added = rows(noisy - image)
        level = added.std() * 255 / (0.5 if speckle else 1)
        correlation = np.corrcoef(added.T)[np.triu_indices(3, 1)]
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


def test_covariances_of_colours_are_those_of_bsrgan() -> None:
    drawn = gaussian_noise._covariances(50, 25 / 255, seeded(3))
    assert bool((drawn >= 0).all())
    torch.testing.assert_close(drawn, drawn.mT)
    assert float(drawn.diagonal(dim1=1, dim2=2).sum(1).max()) < 3 * (25 / 255) ** 2


def test_photon_noise_is_linear_in_the_signal() -> None:
    light = (torch.tensor([51, 102, 204]) / 255).expand(1, 1, 60_000, 3)
    variance = gaussian_noise.mixed_poisson(light, seeded(8)).var((0, 1, 2))
    white = light[0, 0, 0] / variance
    assert 100 <= float(white.mean()) <= 10_000
    np.testing.assert_allclose(white, white.mean().expand(3), rtol=0.04)


def test_a_camera_develops_what_it_took_apart() -> None:
    random = seeded(1)
    image = torch.rand(5, 3, 16, 18, generator=random.generator) * 0.85
    for pictures in (image.double(), image[:, :1].double()):
        bodies = Cameras.draw(5, pictures.shape[1], random, torch.float64)
        raw = bodies.unprocess(pictures)
        assert 0 <= float(raw.min()) < float(raw.max()) <= 1
        np.testing.assert_allclose(bodies.process(raw), pictures, atol=1e-6)
        white = bodies.process(bodies.unprocess(pictures + 0.15))
        np.testing.assert_allclose(white, pictures + 0.15, atol=0.05)


def body(shot: float, read: float) -> Cameras:
    """Return a camera without colours of its own."""
    colours, gains = torch.eye(3).double()[None], torch.ones(1, 3, 1, 1).double()
    return Cameras(colours, colours, gains, torch.tensor(shot), torch.tensor(read))


def test_the_noise_of_a_camera_grows_with_the_signal() -> None:
    camera = body(0.01, 0.0004)
    raw = torch.tensor([0.1, 0.3, 0.6]).double().expand(1, 1, 60_000, 3)
    expected = 0.01 * raw[0, 0, 0] + 0.0004
    variance = camera.expose(raw, seeded()).var((0, 1, 2))
    np.testing.assert_allclose(variance, expected, rtol=0.05)
    flat = torch.tensor([0.2, 0.5, 0.4]).double().view(1, 3, 1, 1).expand(1, 3, 160, 160)
    noisy = camera.expose(flat, seeded())
    np.testing.assert_allclose(noisy.mean((0, 2, 3)), flat[0, :, 0, 0], atol=0.003)


@pytest.mark.parametrize('shape', [(1, 1), (1, 6), (5, 1), (2, 2)])
def test_a_picture_of_few_pixels_keeps_the_colours_that_no_pixel_saw(
    shape: tuple[int, int],
) -> None:
    flat = torch.full((1, 3, *shape), 0.5, dtype=torch.float64)
    torch.testing.assert_close(body(0.0, 0.0).expose(flat, seeded()), flat)


def test_levels_of_cameras_follow_the_published_law() -> None:
    drawn = Cameras.draw(2000, 3, seeded())
    shot, read = drawn.shot.flatten().log().numpy(), drawn.read.flatten().log().numpy()
    assert shot.min() > np.log(1e-4)
    assert shot.max() < np.log(0.012)
    rest = read - (2.18 * shot + 1.20)
    assert rest.mean() == pytest.approx(0, abs=0.02)
    assert rest.std() == pytest.approx(0.26, rel=0.05)
    assert float(camera_noise.develop(COLOUR, seeded()).std()) > 0


def test_training_maps_stay_between_their_levels() -> None:
    maps = noise_maps.training_maps(torch.zeros(400, 1, 20, 28), seeded()) * 255
    lowest, highest = maps.amin((1, 2, 3)).numpy(), maps.amax((1, 2, 3)).numpy()
    assert lowest.min() >= 0
    assert highest.max() <= 80 + 1e-4
    assert np.all(highest - lowest >= 5 - 1e-4)
    assert lowest.mean() == pytest.approx(25, abs=2)
    assert highest.mean() == pytest.approx(55, abs=2)
    pixel = noise_maps.training_maps(torch.zeros(9, 1, 1, 1), seeded()) * 255
    assert bool((pixel >= 5 - 1e-4).all())


@pytest.mark.parametrize('case', noise_maps.CASES)
@pytest.mark.parametrize('shape', [(256, 256), (40, 57), (1, 1), (300, 3)])
def test_case_maps_have_any_shape_and_the_published_levels(
    case: int, shape: tuple[int, int]
) -> None:
    made = noise_maps.case_map(case, shape, np.random.default_rng(1000))
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
        lambda random: gaussian_noise.poisson_gaussian(COLOUR, 0.01, 0.02, random),
        lambda random: gaussian_noise.mixed_gaussian(COLOUR, (2, 25), random),
        lambda random: gaussian_noise.mixed_poisson(COLOUR, random),
        lambda random: camera_noise.develop(COLOUR, random),
        lambda random: noise_maps.training_maps(COLOUR, random),
        lambda random: torch.from_numpy(noise_maps.case_map(3, (12, 13), random.numpy())),
    ],
)
def test_seeds_repeat(make: Callable[[RandomSource], Tensor]) -> None:
    assert torch.equal(make(seeded(5)), make(seeded(5)))
    assert not torch.equal(make(seeded(5)), make(seeded(6)))


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


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(ParameterError, match='1, 2 and 3'):
        noise_maps.case_map(4, (8, 8), np.random.default_rng(0))
