"""Degradations of batches follow the laws of those of single images."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torch import Tensor

from napari_fresco.degrade import (
    bsrgan_pipeline,
    camera_noise,
    gaussian_noise,
    jpeg,
    random_kernels,
    scunet_pipeline,
)
from napari_fresco.degrade.blur import blur
from napari_fresco.degrade.gaussian_kernels import gaussians, shifted
from napari_fresco.degrade.noise_maps import training_maps
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.degrade.resize import MODES, Mode, resize
from napari_fresco.physics import kernels as point_spread
from napari_fresco.physics.resample import imresize
from napari_fresco.training import specimens
from napari_fresco.training.objectives.blind_pairs import _split

from . import single_images
from .elsewhere import NOWHERE, Elsewhere

CPU = torch.device('cpu')


def pictures(count: int, side: int, channels: int = 3) -> Tensor:
    """Return images with edges and smooth parts, in [0, 1]."""
    random = np.random.default_rng(0)
    rough = random.normal(0, 1, (count, channels, side, side))
    smooth = ndimage.gaussian_filter(rough, (0, 0, 3, 3)) * 2
    edges = ndimage.gaussian_filter(rough, (0, 0, 6, 6)) > 0
    return torch.from_numpy(np.clip(0.4 + smooth + 0.2 * edges, 0, 1)).float()


PICTURES = pictures(8, 64)


def source(seed: int = 0) -> RandomSource:
    return RandomSource.seeded(seed, CPU)


def array(image: Tensor) -> np.ndarray:
    """Return an image ``(C, H, W)`` as the reference takes it."""
    return image.squeeze(0).numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy()


def rms(difference: Tensor | np.ndarray) -> float:
    return math.sqrt(float((difference**2).mean()))


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('shape', [(64, 64), (49, 62), (9, 23), (1, 1)])
def test_jpeg_agrees_with_the_library(channels: int, shape: tuple[int, int]) -> None:
    images = PICTURES[:, :channels, : shape[0], : shape[1]]
    images = images + 0.05 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    quality = torch.tensor([1, 10, 30, 49, 50, 75, 90, 100])
    errors = []
    for image, found, q in zip(images, jpeg.compress(images, quality), quality, strict=True):
        levels = np.rint(array(image).clip(0, 1) * 255).astype(np.uint8)
        expected = jpeg.compress_bytes(levels, int(q)) / 255
        errors.append(255 * rms(array(found) - expected))
    assert max(errors) < 2  # a coefficient may fall on the other side of a half
    assert np.mean(errors) < 0.7


def test_jpeg_is_better_at_higher_quality_and_nearly_perfect_at_100() -> None:
    levels = (1, 5, 10, 20, 40, 60, 80, 100)
    found = [jpeg.compress(PICTURES[:, :1], torch.full((8,), q)) for q in levels]
    errors = [255 * rms(x - PICTURES[:, :1]) for x in found]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.6


def test_jpeg_returns_bytes_and_clips() -> None:
    found = jpeg.compress(2 * PICTURES - 0.5, source().integers(1, 101, 8))
    assert 0 <= float(found.min()) < float(found.max()) <= 1
    torch.testing.assert_close(255 * found, (255 * found).round(), rtol=0, atol=1e-4)


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.sampled_from(MODES),
)
def test_resizing_agrees_with_the_reference(
    shape: tuple[int, int], wanted: tuple[int, int], mode: Mode
) -> None:
    images = PICTURES[:2, :, : shape[0], : shape[1]]
    found = resize(images, wanted, mode)
    for image, small in zip(images, found, strict=True):
        expected = single_images.resize(image.permute(1, 2, 0).numpy(), wanted, mode)
        np.testing.assert_allclose(small.permute(1, 2, 0), expected, atol=1e-4)


@pytest.mark.parametrize('shape', [(64, 64), (30, 47), (13, 5), (1, 2)])
def test_every_image_is_blurred_with_its_kernel(shape: tuple[int, int]) -> None:
    images = PICTURES[:4, :, : shape[0], : shape[1]]
    angle, first, second = torch.tensor([[0.3, 1, 2, 3], [1e-6, 0.5, 6, 6], [1e-6, 4, 0.2, 6]])
    size = torch.tensor([7, 9, 25, 13])
    found = blur(images, gaussians(25, angle, first, second, cut=size), 'mirror')
    for i, n in enumerate(size.tolist()):
        kernel = single_images.anisotropic(n, *(float(v[i]) for v in (angle, first, second)))
        expected = ndimage.convolve(array(images[i]), kernel[..., None], mode='mirror')
        np.testing.assert_allclose(array(found[i]), expected, atol=2e-6)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_kernels_are_shifted_as_those_of_the_reference(scale: int) -> None:
    centred = gaussians(15, *torch.tensor([[0.7], [9.0], [3.0]]))
    expected = point_spread.shift(centred[0, 0].numpy(), scale)
    np.testing.assert_allclose(shifted(centred, scale)[0, 0], expected, atol=1e-6)


def test_kernels_of_mzsr_follow_the_law_of_the_reference() -> None:
    random, scale = np.random.default_rng(0), 2
    expected = np.stack([single_images.random_mzsr(random, scale) for _ in range(1500)])
    expected = np.stack([point_spread.shift(k, scale) for k in expected])
    found = shifted(random_kernels.random_mzsr(1500, scale, source()), scale)[:, 0].numpy()
    np.testing.assert_allclose(found.sum((1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=1e-3)
    np.testing.assert_allclose(found.std(0), expected.std(0), atol=2e-3)


@given(
    st.integers(1, 4),
    st.floats(0, math.pi),
    st.floats(*random_kernels.USRNET_VARIANCES),
    st.floats(*random_kernels.USRNET_VARIANCES),
    st.integers(0, 3),
    st.booleans(),
)
def test_a_gaussian_moved_towards_a_corner_is_a_turned_one_of_the_reference(
    scale: int, angle: float, first: float, second: float, turns: int, flipped: bool
) -> None:
    expected = np.rot90(single_images.shifted_anisotropic(25, scale, angle, first, second), turns)
    expected = expected[:, ::-1] if flipped else expected
    row, column, angle = -1, -1, angle
    for _ in range(turns):
        row, column, angle = -column, row, angle - math.pi / 2
    if flipped:
        column, angle = -column, -angle
    away = torch.tensor([[row], [column]]) * (scale - 1) / 2
    drawn = torch.tensor([[angle], [first], [second]], dtype=torch.float64)
    found = gaussians(25, *drawn, away=away)[0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize('angle', [0.0, 0.7, 2.5])
@pytest.mark.parametrize(('first', 'second'), [(0.2, 0.2), (0.3, 2.0), (3.5, 4.0)])
def test_gaussians_of_virnet_are_those_of_the_reference(
    first: float, second: float, angle: float
) -> None:
    found = random_kernels.virnet(*torch.tensor([[first], [second], [angle]]))
    for made, expected in zip(found, single_images.virnet(first, second, angle), strict=True):
        np.testing.assert_allclose(made.squeeze(), expected, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 9999), st.floats(1e-9, 1), st.tuples(st.floats(1, 5), st.floats(1, 5)))
def test_a_camera_shake_is_that_of_the_reference(
    seed: int, uniform: float, factors: tuple[float, float]
) -> None:
    """From the same random numbers, step by step."""
    random = np.random.default_rng(seed)
    drawn = [
        random.normal(size=(3, n)) for n in (1, random_kernels.STEPS - 1, random_kernels.STEPS - 1)
    ]
    path = single_images.walk(*drawn)
    seen = random_kernels.walks(*(torch.from_numpy(numbers)[None] for numbers in drawn))
    np.testing.assert_allclose(seen[0], path, atol=1e-9)
    expected = single_images.fit(single_images.from_trajectory(path, uniform), 25)
    sides = random_kernels.shake_sides(torch.tensor([uniform], dtype=torch.float64))
    found = random_kernels.from_paths(torch.from_numpy(path[None, :2]), sides)[..., :25, :25]
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-6)
    larger = random_kernels.enlarged(found, *torch.tensor(factors, dtype=torch.float64)[:, None])
    expected = single_images.enlarge(expected, np.array(factors))
    np.testing.assert_allclose(larger[0, 0], expected, atol=1e-6)


def test_a_shake_is_the_same_in_a_batch_as_alone() -> None:
    paths = random_kernels.walks(*(source().pixels.normal(6, 3, n) for n in (1, 249, 249)))[:, :2]
    sides = torch.tensor([5.0, 27, 11, 25, 7, 13])
    together = random_kernels.from_paths(paths, sides)
    alone = [random_kernels.from_paths(paths[i : i + 1], sides[i : i + 1]) for i in range(6)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_one_that_is_lost_becomes_a_gaussian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_kernels, 'LOST', 100.0)  # than which no sum is larger
    found = random_kernels.random_shakes(50, source())[:, 0]
    torch.testing.assert_close(found, found.mT)
    assert bool((found[:, 12, 12] == found.amax((1, 2))).all())


@pytest.fixture(scope='module')
def usrnet_kernels() -> tuple[np.ndarray, np.ndarray]:
    """Kernels of the batches, and of the reference."""
    random = np.random.default_rng(0)
    expected = np.stack([single_images.random_usrnet(random) for _ in range(1200)])
    return random_kernels.random_usrnet(1200, source())[:, 0].numpy(), expected


def test_kernels_of_usrnet_follow_the_law_of_the_reference(
    usrnet_kernels: tuple[np.ndarray, np.ndarray],
) -> None:
    found, expected = usrnet_kernels
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum((1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=3e-3)
    np.testing.assert_allclose(found.std(0), expected.std(0), atol=4e-3)
    for statistic in (_spread, _offset, _filled):
        ours, theirs = (np.array([statistic(k) for k in drawn]) for drawn in usrnet_kernels)
        for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
            share = np.mean(ours <= np.quantile(theirs, quantile))
            assert share == pytest.approx(quantile, abs=0.06), statistic


def test_as_many_shakes_hang_together_as_of_the_reference(
    usrnet_kernels: tuple[np.ndarray, np.ndarray],
) -> None:
    """Most: the authors leave the last row and column out, and a stretched path may be cut."""
    shares = []
    for drawn in usrnet_kernels:
        shakes = [k for k in drawn if np.mean(k == 0) > 0.02]
        assert len(shakes) == pytest.approx(600, abs=70)
        pieces = [ndimage.label(k > 0, np.ones((3, 3)))[1] for k in shakes]
        shares.append(np.mean(np.equal(pieces, 1)))
    assert shares[0] == pytest.approx(shares[1], abs=0.06)
    assert shares[0] > 0.75


@pytest.mark.parametrize('scale', [2, 4])
def test_kernels_of_virnet_follow_the_law_of_the_reference(scale: int) -> None:
    random = np.random.default_rng(0)
    expected = [single_images.random_virnet(random, scale) for _ in range(1500)]
    found, parameters = random_kernels.random_virnet(1500, scale, source())
    assert float(found.min()) >= 0
    np.testing.assert_allclose(found.sum((2, 3)), 1, atol=1e-5)
    for ours, theirs in (
        (found[:, 0], np.stack([k for k, _ in expected])),
        (parameters[:, :2].sqrt(), np.stack([p[:2] ** 0.5 for _, p in expected])),
        (parameters[:, 2], np.stack([p[2] for _, p in expected])),
    ):
        np.testing.assert_allclose(ours.mean(0), theirs.mean(0), rtol=0.05, atol=0.01)
        np.testing.assert_allclose(ours.std(0), theirs.std(0), rtol=0.06, atol=0.01)


def _spread(kernel: np.ndarray) -> float:
    """Return the width of a kernel along its rows."""
    rows, line = kernel.sum(1) / kernel.sum(), np.arange(len(kernel))
    return math.sqrt(rows @ line**2 - (rows @ line) ** 2)


def _offset(kernel: np.ndarray) -> float:
    return float(kernel.sum(0) @ np.arange(len(kernel)))


def _filled(kernel: np.ndarray) -> float:
    return float(np.mean(kernel > 0.1 * kernel.max()))


def test_a_shifted_decimation_stays_in_place() -> None:
    """Else a network would learn to move images."""
    ramp = torch.linspace(0, 1, 96).expand(2, 3, 96, 96)
    found = bsrgan_pipeline.random_decimation(ramp, 4, source())
    expected = ramp.unflatten(-1, (24, 4)).mean(-1)[..., ::4, :]
    torch.testing.assert_close(found[..., 5:-5], expected[..., 5:-5], rtol=0, atol=1e-3)


@pytest.mark.parametrize('speckle', [False, True])
def test_gaussian_noise_has_the_level_that_is_drawn(speckle: bool) -> None:
    gray = torch.full((200, 3, 24, 24), 0.5)
    level = 10 / 255 * (0.5 if speckle else 1)
    found = gaussian_noise.mixed_gaussian(gray, (10, 10), source(), speckle=speckle) - gray
    planes = found.flatten(2)
    spread = planes.std(2)
    correlation = torch.stack([torch.corrcoef(x) for x in planes])[:, 0, 1]
    shared, alone = correlation > 0.999, correlation.abs() < 0.15
    assert float((spread / level - 1).abs()[shared].max()) < 0.15
    assert float(shared.float().mean()) == pytest.approx(0.4, abs=0.1)
    assert float(alone.float().mean()) == pytest.approx(0.4, abs=0.1)
    own = (spread / level - 1).abs().amax(1) < 0.15
    assert float((shared | (alone & own)).float().mean()) == pytest.approx(0.8, abs=0.07)
    assert float(planes.mean().abs()) < 0.05 * level


def test_levels_are_drawn_for_every_image() -> None:
    found = (
        gaussian_noise.mixed_gaussian(torch.full((300, 1, 16, 16), 0.5), (2, 50), source()) - 0.5
    )
    levels = 255 * found.flatten(1).std(1)
    assert float(levels.mean()) == pytest.approx(26, rel=0.1)
    assert float(levels.min()) < 5
    assert float(levels.max()) > 45


def test_roots_give_the_covariance() -> None:
    mixing = torch.randn(5, 3, 3, generator=torch.Generator().manual_seed(0))
    covariance = mixing @ mixing.mT
    root = gaussian_noise.roots(covariance)
    torch.testing.assert_close(root @ root.mT, covariance)


@pytest.mark.parametrize('channels', [1, 3])
def test_photon_noise_has_the_variance_of_its_light(channels: int) -> None:
    kinds = Counter()
    for seed in range(12):
        dim = torch.full((2, channels, 64, 64), 51 / 255)
        dim[1] *= 4
        found = gaussian_noise.mixed_poisson(dim, source(seed))
        photons = (dim / found.var((2, 3), keepdim=True))[:, 0, 0, 0]
        assert bool(((photons > 90) & (photons < 11000)).all())
        assert float((found.mean((1, 2, 3)) * (photons / 0.8).sqrt()).abs().max()) < 0.06
        kinds[torch.equal(found[:, :1].expand_as(dim), found.expand_as(dim))] += 1
    assert (set(kinds) == {True}) if channels == 1 else (min(kinds[True], kinds[False]) >= 3)


@pytest.mark.parametrize('channels', [1, 3])
def test_cameras_develop_as_the_reference_does(channels: int) -> None:
    drawn = camera_noise.Cameras.draw(8, channels, source())
    raw = drawn.unprocess(PICTURES[:, :channels])
    developed = drawn.process(raw)
    for i, picture in enumerate(PICTURES[:, :channels]):
        gains = np.zeros(3)
        gains[:] = drawn.gains[i].flatten()
        body = single_images.Camera(drawn.colours[i].numpy(), gains, 0.0, 0.0)
        expected = body.unprocess(array(picture))
        np.testing.assert_allclose(array(raw[i]), expected, atol=1e-5)
        np.testing.assert_allclose(array(developed[i]), body.process(expected), atol=1e-4)


def test_demosaicking_agrees_with_the_reference() -> None:
    images = PICTURES[:2, :, :15, :18]
    for image, found in zip(images, camera_noise._demosaicked(images), strict=True):
        np.testing.assert_allclose(array(found), single_images.demosaicked(array(image)), atol=1e-6)


def test_cameras_are_drawn_by_the_law_of_the_reference() -> None:
    random = np.random.default_rng(0)
    bodies = [single_images.Camera.draw(random) for _ in range(2000)]
    drawn = camera_noise.Cameras.draw(2000, 3, source())
    for found, expected in (
        (drawn.colours, [b.colours for b in bodies]),
        (drawn.gains[..., 0, 0], [b.gains for b in bodies]),
        (drawn.shot.log(), [math.log(b.shot) for b in bodies]),
        (drawn.read.log(), [math.log(b.read) for b in bodies]),
    ):
        wanted = np.array(expected)
        np.testing.assert_allclose(found.mean(0).squeeze(), wanted.mean(0), rtol=0.02, atol=5e-3)
        np.testing.assert_allclose(found.std(0).squeeze(), wanted.std(0), rtol=0.06)


def test_what_is_drawn_for_pixels_does_not_change_the_decisions() -> None:
    """Else a seed would mean other batches where pixels are drawn elsewhere."""
    one, other = source(), source()
    one.pixels.noise(PICTURES)
    torch.testing.assert_close(one.uniform(0, 1, 5), other.uniform(0, 1, 5), rtol=0, atol=0)
    assert not torch.equal(one.pixels.uniform(0, 1, 5), other.pixels.uniform(0, 1, 5))


def test_steps_are_taken_with_a_share_of_the_images() -> None:
    one = source()
    images = torch.zeros(400, 1, 1, 1)
    taken = [float(one.sometimes(p, lambda x: x + 1, images).mean()) for p in (0, 0.25, 0.9, 1)]
    assert taken == pytest.approx([0, 0.25, 0.9, 1], abs=0.06)


def test_images_are_dealt_out_by_share() -> None:
    images = torch.arange(500.0).view(-1, 1, 1, 1)
    first, second = _split(images, 0.35, source())
    assert len(first) == pytest.approx(175, abs=35)
    assert torch.equal(torch.cat((first, second)).sort(0).values, images)
    assert [len(part) for part in _split(images, 0.0, source())] == [0, 500]


def test_any_order_is_drawn_save_that_one_reduction_precedes_the_other() -> None:
    one = source()
    orders = [bsrgan_pipeline.ordered(one.permutation(7)) for _ in range(1400)]
    assert all(sorted(o) == sorted(bsrgan_pipeline.STEPS) for o in orders)
    assert all(o.index('shrink') < o.index('shrink to size') for o in orders)
    for name in ('blur', 'gaussian', 'jpeg', 'camera'):
        places = Counter(o.index(name) for o in orders)
        assert all(places[i] == pytest.approx(200, abs=60) for i in range(7)), name


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_reduced_images_have_the_size_and_range(scale: int, channels: int) -> None:
    clean = PICTURES[:5, :channels, :48, :36]
    for seed in range(4):
        found = bsrgan_pipeline.degrade(clean, scale, source(seed))
        assert found.shape == (5, channels, 48 // scale, 36 // scale)
        assert 0 <= float(found.min()) < float(found.max()) <= 1


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('count', [1, 3, 8])
def test_noisy_and_clean_images_have_the_size_and_range(count: int, channels: int) -> None:
    for seed in range(3):
        pair = scunet_pipeline.degrade_crops(PICTURES[:count, :channels], 32, source(seed))
        for part in pair:
            assert part.shape == (count, channels, 32, 32)
            assert 0 <= float(part.min()) < float(part.max()) <= 1
        means = [part.mean((1, 2, 3)) for part in pair]
        torch.testing.assert_close(*means, rtol=0, atol=0.1)


@pytest.mark.parametrize(
    'degrade',
    [
        lambda x, c: bsrgan_pipeline.degrade(x, 2, c),
        lambda x, c: torch.cat(scunet_pipeline.degrade_crops(x, 32, c)),
    ],
    ids=['bsrgan', 'scunet'],
)
def test_a_seed_repeats_a_batch_and_the_images_stay(
    degrade: Callable[[Tensor, RandomSource], Tensor],
) -> None:
    before = PICTURES.clone()
    first, again, other = (degrade(PICTURES, source(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(PICTURES, before)


@pytest.mark.parametrize(
    'degrade',
    [
        lambda x, c: bsrgan_pipeline.degrade(x, 2, c),
        lambda x, c: bsrgan_pipeline.degrade(x, 4, c),
        lambda x, c: scunet_pipeline.degrade_crops(x, 24, c)[0],
        camera_noise.develop,
        gaussian_noise.mixed_poisson,
        lambda x, c: bsrgan_pipeline.random_decimation(x, 2, c),
        lambda x, c: random_kernels.random_usrnet(2, c),
        lambda x, c: random_kernels.random_virnet(2, 3, c)[0],
        lambda x, c: random_kernels.random_mzsr(2, 3, c),
        lambda x, c: training_maps(x, c, 0.3),
        lambda x, c: gaussian_noise.random_gaussian(x, 0.3, c)[0],
        lambda x, c: specimens.camera_noise(x, c)[0],
        lambda x, c: specimens.psf(2, c),
        lambda x, c: specimens.draw(12, 32, c),
    ],
)
def test_nothing_is_read_back_from_the_device(
    degrade: Callable[[Tensor, RandomSource], Tensor],
) -> None:
    images = torch.empty(1, 3, 48, 48, device=NOWHERE)
    for seed in range(2):
        assert degrade(images, Elsewhere(seed)).device == NOWHERE


# Mean squares of what single images lost to the programs that followed the papers step by step.
@pytest.mark.parametrize(('scale', 'expected'), [(2, 0.02459), (4, 0.04393)])
def test_reduced_images_are_as_bad_as_single_ones(scale: int, expected: float) -> None:
    clean = pictures(64, 48)
    parts = enumerate(clean.split(4))
    found = torch.cat([bsrgan_pipeline.degrade(x, scale, source(i)) for i, x in parts])
    small = imresize(clean, 1 / scale)
    assert _energy(found - small) == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize(('scale', 'expected'), [(2, 0.01961), (4, 0.03055)])
def test_images_degraded_twice_are_as_bad_as_single_ones(scale: int, expected: float) -> None:
    clean = pictures(64, 48)
    parts = enumerate(clean.split(1))
    found = torch.cat([bsrgan_pipeline.degrade_plus(x, scale, source(i))[0] for i, x in parts])
    small = imresize(clean, 1 / scale)
    assert _energy(found - small) == pytest.approx(expected, rel=0.25)


def test_noisy_images_are_as_bad_as_single_ones() -> None:
    clean, expected = pictures(64, 64), 0.01769
    noisy, truth = zip(
        *(scunet_pipeline.degrade_crops(x, 32, source(i)) for i, x in enumerate(clean.split(4))),
        strict=True,
    )
    assert _energy(torch.cat(noisy) - torch.cat(truth)) == pytest.approx(expected, rel=0.25)
    whole = [scunet_pipeline.degrade(x, source(i)) for i, x in enumerate(clean.split(1))]
    errors = [_energy(noisy - truth) for noisy, truth in whole]
    assert np.mean(errors) == pytest.approx(expected, rel=0.25)


def test_the_target_lies_where_the_reduced_image_does() -> None:
    clean = pictures(64, 48)
    found = torch.cat(
        [bsrgan_pipeline.degrade(x, 2, source(i)) for i, x in enumerate(clean.split(4))]
    )
    small = imresize(clean, 0.5)
    errors = {
        (r, c): _energy((found.roll((r, c), (2, 3)) - small)[..., 3:-3, 3:-3])
        for r in (-1, 0, 1)
        for c in (-1, 0, 1)
    }
    assert min(errors, key=lambda shift: errors[shift]) == (0, 0)
    opposite = (errors[0, -1] - errors[0, 1], errors[-1, 0] - errors[1, 0])
    assert np.abs(opposite).max() < 0.1 * errors[0, 1], 'nor is it off by half a pixel'


def _energy(difference: Tensor) -> float:
    return float(difference.square().mean())
