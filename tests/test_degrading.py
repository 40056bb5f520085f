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

from napari_fresco.physics import kernels as point_spread
from napari_fresco.physics.resample import imresize
from napari_fresco.simulate import bsrgan as numpy_bsrgan
from napari_fresco.simulate import camera as numpy_camera
from napari_fresco.simulate import jpeg as numpy_jpeg
from napari_fresco.simulate import kernels
from napari_fresco.simulate import scunet as numpy_scunet
from napari_fresco.simulate.blur import blur as numpy_blur
from napari_fresco.simulate.resize import MODES, Mode
from napari_fresco.simulate.resize import resize as numpy_resize
from napari_fresco.training.degrading import Chance, blurs, bsrgan, camera, jpeg, noise, scunet
from napari_fresco.training.degrading.pipelines import _order
from napari_fresco.training.degrading.resizing import resize
from napari_fresco.training.objectives.blind import _split

CPU = torch.device('cpu')


def pictures(count: int, side: int, channels: int = 3) -> Tensor:
    """Return images with edges and smooth parts, in [0, 1]."""
    random = np.random.default_rng(0)
    rough = random.normal(0, 1, (count, channels, side, side))
    smooth = ndimage.gaussian_filter(rough, (0, 0, 3, 3)) * 2
    edges = ndimage.gaussian_filter(rough, (0, 0, 6, 6)) > 0
    return torch.from_numpy(np.clip(0.4 + smooth + 0.2 * edges, 0, 1)).float()


PICTURES = pictures(8, 64)


def chance(seed: int = 0) -> Chance:
    return Chance(seed, CPU)


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
        expected = numpy_jpeg.compress_unit(array(image), int(q))
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
    found = jpeg.compress(2 * PICTURES - 0.5, chance().integers(1, 101, 8))
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
        expected = np.clip(numpy_resize(image.permute(1, 2, 0).numpy(), wanted, mode), 0, 1)
        np.testing.assert_allclose(small.permute(1, 2, 0), expected, atol=1e-4)


@pytest.mark.parametrize('shape', [(64, 64), (30, 47), (13, 5), (1, 2)])
def test_every_image_is_blurred_with_its_kernel(shape: tuple[int, int]) -> None:
    images = PICTURES[:4, :, : shape[0], : shape[1]]
    angle, first, second = torch.tensor([[0.3, 1, 2, 3], [1e-6, 0.5, 6, 6], [1e-6, 4, 0.2, 6]])
    size = torch.tensor([7, 9, 25, 13])
    found = blurs.blur(images, blurs.gaussians(25, angle, first, second, size))
    for i, n in enumerate(size.tolist()):
        kernel = kernels.anisotropic(n, *(float(v[i]) for v in (angle, first, second)))
        expected = numpy_blur(array(images[i]), kernel, 'mirror')
        np.testing.assert_allclose(array(found[i]), expected, atol=2e-6)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_kernels_are_shifted_as_those_of_the_reference(scale: int) -> None:
    centred = blurs.gaussians(15, *torch.tensor([[0.7], [9.0], [3.0]]))
    expected = point_spread.shift(centred[0, 0].numpy(), scale)
    np.testing.assert_allclose(blurs.shifted(centred, scale)[0, 0], expected, atol=1e-6)


def test_kernels_of_mzsr_follow_the_law_of_the_reference() -> None:
    random, scale = np.random.default_rng(0), 2
    expected = np.stack([kernels.random_mzsr(random, scale) for _ in range(1500)])
    expected = np.stack([point_spread.shift(k, scale) for k in expected])
    found = blurs.random_mzsr(1500, scale, chance())[:, 0].numpy()
    np.testing.assert_allclose(found.sum((1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=1e-3)
    np.testing.assert_allclose(found.std(0), expected.std(0), atol=2e-3)


def test_a_shifted_decimation_stays_in_place() -> None:
    """Else a network would learn to move images."""
    ramp = torch.linspace(0, 1, 96).expand(2, 3, 96, 96)
    found = blurs.shifted_decimation(ramp, 4, chance())
    expected = ramp.unflatten(-1, (24, 4)).mean(-1)[..., ::4, :]
    torch.testing.assert_close(found[..., 5:-5], expected[..., 5:-5], rtol=0, atol=1e-3)


@pytest.mark.parametrize('speckle', [False, True])
def test_gaussian_noise_has_the_level_that_is_drawn(speckle: bool) -> None:
    gray = torch.full((200, 3, 24, 24), 0.5)
    level = 10 / 255 * (0.5 if speckle else 1)
    found = noise.mixed_gaussian(gray, (10, 10), chance(), speckle=speckle) - gray
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
    found = noise.mixed_gaussian(torch.full((300, 1, 16, 16), 0.5), (2, 50), chance()) - 0.5
    levels = 255 * found.flatten(1).std(1)
    assert float(levels.mean()) == pytest.approx(26, rel=0.1)
    assert float(levels.min()) < 5
    assert float(levels.max()) > 45


def test_roots_give_the_covariance() -> None:
    mixing = torch.randn(5, 3, 3, generator=torch.Generator().manual_seed(0))
    covariance = mixing @ mixing.mT
    root = noise.roots(covariance)
    torch.testing.assert_close(root @ root.mT, covariance)


@pytest.mark.parametrize('channels', [1, 3])
def test_photon_noise_has_the_variance_of_its_light(channels: int) -> None:
    kinds = Counter()
    for seed in range(12):
        dim = torch.full((2, channels, 64, 64), 51 / 255)
        dim[1] *= 4
        found = noise.mixed_poisson(dim, chance(seed))
        photons = (dim / found.var((2, 3), keepdim=True))[:, 0, 0, 0]
        assert bool(((photons > 90) & (photons < 11000)).all())
        assert float((found.mean((1, 2, 3)) * (photons / 0.8).sqrt()).abs().max()) < 0.06
        kinds[torch.equal(found[:, :1].expand_as(dim), found.expand_as(dim))] += 1
    assert (set(kinds) == {True}) if channels == 1 else (min(kinds[True], kinds[False]) >= 3)


@pytest.mark.parametrize('channels', [1, 3])
def test_cameras_develop_as_the_reference_does(channels: int) -> None:
    drawn = camera.Cameras.draw(8, channels, chance())
    raw = drawn.unprocess(PICTURES[:, :channels])
    developed = drawn.process(raw)
    for i, picture in enumerate(PICTURES[:, :channels]):
        gains = np.zeros(3)
        gains[:] = drawn.gains[i].flatten()
        body = numpy_camera.Camera(drawn.colours[i].numpy(), gains, 0.0, 0.0)
        expected = body.unprocess(array(picture))
        np.testing.assert_allclose(array(raw[i]), expected, atol=1e-5)
        np.testing.assert_allclose(array(developed[i]), body.process(expected), atol=1e-4)


def test_demosaicking_agrees_with_the_reference() -> None:
    images = PICTURES[:2, :, :15, :18]
    for image, found in zip(images, camera._demosaicked(images), strict=True):
        np.testing.assert_allclose(array(found), numpy_camera._demosaicked(array(image)), atol=1e-6)


def test_cameras_are_drawn_by_the_law_of_the_reference() -> None:
    random = np.random.default_rng(0)
    bodies = [numpy_camera.Camera.draw(random) for _ in range(2000)]
    drawn = camera.Cameras.draw(2000, 3, chance())
    for found, expected in (
        (drawn.colours, [b.colours for b in bodies]),
        (drawn.gains[..., 0, 0], [b.gains for b in bodies]),
        (drawn.shot.log(), [math.log(b.shot) for b in bodies]),
        (drawn.read.log(), [math.log(b.read) for b in bodies]),
    ):
        wanted = np.array(expected)
        np.testing.assert_allclose(found.mean(0).squeeze(), wanted.mean(0), rtol=0.02, atol=5e-3)
        np.testing.assert_allclose(found.std(0).squeeze(), wanted.std(0), rtol=0.06)


def test_steps_are_taken_with_a_share_of_the_images() -> None:
    one = chance()
    images = torch.zeros(400, 1, 1, 1)
    taken = [float(one.sometimes(p, lambda x: x + 1, images).mean()) for p in (0, 0.25, 0.9, 1)]
    assert taken == pytest.approx([0, 0.25, 0.9, 1], abs=0.06)


def test_images_are_dealt_out_by_share() -> None:
    images = torch.arange(500.0).view(-1, 1, 1, 1)
    first, second = _split(images, 0.35, chance())
    assert len(first) == pytest.approx(175, abs=35)
    assert torch.equal(torch.cat((first, second)).sort(0).values, images)
    assert [len(part) for part in _split(images, 0.0, chance())] == [0, 500]


def test_any_order_is_drawn_save_that_one_reduction_precedes_the_other() -> None:
    one = chance()
    orders = [_order(one) for _ in range(1400)]
    assert all(sorted(o) == sorted(numpy_bsrgan.STEPS) for o in orders)
    assert all(o.index('shrink') < o.index('shrink to size') for o in orders)
    for name in ('blur', 'gaussian', 'jpeg', 'camera'):
        places = Counter(o.index(name) for o in orders)
        assert all(places[i] == pytest.approx(200, abs=60) for i in range(7)), name


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_reduced_images_have_the_size_and_range(scale: int, channels: int) -> None:
    clean = PICTURES[:5, :channels, :48, :36]
    for seed in range(4):
        found = bsrgan(clean, scale, chance(seed))
        assert found.shape == (5, channels, 48 // scale, 36 // scale)
        assert 0 <= float(found.min()) < float(found.max()) <= 1


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('count', [1, 3, 8])
def test_noisy_and_clean_images_have_the_size_and_range(count: int, channels: int) -> None:
    for seed in range(3):
        pair = scunet(PICTURES[:count, :channels], 32, chance(seed))
        for part in pair:
            assert part.shape == (count, channels, 32, 32)
            assert 0 <= float(part.min()) < float(part.max()) <= 1
        means = [part.mean((1, 2, 3)) for part in pair]
        torch.testing.assert_close(*means, rtol=0, atol=0.1)


@pytest.mark.parametrize(
    'degrade',
    [lambda x, c: bsrgan(x, 2, c), lambda x, c: torch.cat(scunet(x, 32, c))],
    ids=['bsrgan', 'scunet'],
)
def test_a_seed_repeats_a_batch_and_the_images_stay(
    degrade: Callable[[Tensor, Chance], Tensor],
) -> None:
    before = PICTURES.clone()
    first, again, other = (degrade(PICTURES, chance(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(PICTURES, before)


class Elsewhere(Chance):
    """For a device that computes nothing, and so has nothing to be read or mixed with."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, CPU)
        self.device, self._pixels = torch.device('meta'), None


@pytest.mark.parametrize(
    'degrade',
    [
        lambda x, c: bsrgan(x, 2, c),
        lambda x, c: bsrgan(x, 4, c),
        lambda x, c: scunet(x, 24, c)[0],
        camera.develop,
        noise.mixed_poisson,
        lambda x, c: blurs.shifted_decimation(x, 2, c),
    ],
)
def test_nothing_is_read_back_from_the_device(
    degrade: Callable[[Tensor, Chance], Tensor],
) -> None:
    images = torch.empty(1, 3, 48, 48, device='meta')
    for seed in range(2):
        assert degrade(images, Elsewhere(seed)).device.type == 'meta'


@pytest.mark.parametrize('scale', [2, 4])
def test_reduced_images_are_as_bad_as_those_of_the_reference(scale: int) -> None:
    clean, random = pictures(64, 48), np.random.default_rng(0)
    expected = [numpy_bsrgan.degrade(array(x), scale, random)[0] for x in clean]
    expected = torch.from_numpy(np.stack(expected)).permute(0, 3, 1, 2)
    found = torch.cat([bsrgan(x, scale, chance(i)) for i, x in enumerate(clean.split(4))])
    small = imresize(clean, 1 / scale)
    assert _energy(found - small) == pytest.approx(_energy(expected - small), rel=0.25)


def test_noisy_images_are_as_bad_as_those_of_the_reference() -> None:
    clean, random = pictures(64, 64), np.random.default_rng(0)
    pairs = (numpy_scunet.degrade(array(x), random) for x in clean)
    expected = np.mean([np.mean((noisy - truth) ** 2) for noisy, truth in pairs])
    noisy, truth = zip(
        *(scunet(x, 32, chance(i)) for i, x in enumerate(clean.split(4))), strict=True
    )
    assert _energy(torch.cat(noisy) - torch.cat(truth)) == pytest.approx(expected, rel=0.25)


def test_the_target_lies_where_the_reduced_image_does() -> None:
    clean = pictures(64, 48)
    found = torch.cat([bsrgan(x, 2, chance(i)) for i, x in enumerate(clean.split(4))])
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
