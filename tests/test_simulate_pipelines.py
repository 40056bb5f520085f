"""BSRGAN's and SCUNet's random degradations: order, sizes, ranges."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from napari_fresco.degrade import bsrgan_pipeline, scunet_pipeline
from napari_fresco.degrade.planes import crop, to_batch
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import ImageError

_NOISE = np.random.default_rng(0).normal(0, 1, (50, 58, 3))
PICTURE = to_batch(np.clip(0.5 + 1.2 * ndimage.gaussian_filter(_NOISE, (3, 3, 0)), 0, 1))
GRAY = PICTURE[:, :1]


def seeded(seed: int = 0) -> RandomSource:
    return RandomSource.seeded(seed)


def bsrgan(images: Tensor, scale: int, random: RandomSource) -> tuple[Tensor, Tensor]:
    target = crop(images, scale)
    return bsrgan_pipeline.degrade(target, scale, random), target


def test_any_order_is_drawn_save_that_one_reduction_precedes_the_other() -> None:
    random = seeded()
    orders = [bsrgan_pipeline.ordered(random.permutation(7)) for _ in range(4000)]
    assert all(sorted(o) == sorted(bsrgan_pipeline.STEPS) for o in orders)
    assert all(o.index('shrink') < o.index('shrink to size') for o in orders)
    for name in ('blur', 'blur again', 'gaussian', 'jpeg', 'camera'):
        places = Counter(o.index(name) for o in orders)
        assert all(abs(places[i] - 4000 / 7) < 110 for i in range(7)), name
    shrink = Counter(o.index('shrink') for o in orders)
    expected = [2 * (6 - i) / 42 for i in range(7)]  # the first of two places out of seven
    np.testing.assert_allclose([shrink[i] / 4000 for i in range(7)], expected, atol=0.03)


def test_plus_shuffles_everything_or_only_the_kinds_of_noise() -> None:
    random = seeded()
    local = [bsrgan_pipeline.order_plus(random, 0.0) for _ in range(300)]
    fixed = [i for i in range(13) if i not in (2, 3, 4, 5, 9, 10, 11, 12)]
    assert all(
        [o[i] for i in fixed] == [bsrgan_pipeline.PLUS_STEPS[i] for i in fixed] for o in local
    )
    assert all(set(o[2:6]) == set(bsrgan_pipeline.PLUS_NOISES) for o in local)
    assert len({tuple(o[2:6]) for o in local}) == 24
    mixed = [bsrgan_pipeline.order_plus(random, 0.5) for _ in range(600)]
    assert all(sorted(o) == sorted(bsrgan_pipeline.PLUS_STEPS) for o in mixed)
    moved = sum(o[0] != 'blur' or o[6] != 'jpeg' for o in mixed)
    assert moved == pytest.approx(300, abs=50)


@pytest.mark.parametrize('scale', [1, 2, 3, 4])
@pytest.mark.parametrize('degrade', [bsrgan, bsrgan_pipeline.degrade_plus])
def test_sizes_and_ranges_fit(degrade: Callable[..., tuple], scale: int) -> None:
    for seed in range(6):
        for picture in (PICTURE, GRAY):
            low, high = degrade(picture, scale, seeded(seed))
            rows, cols = (n // scale for n in picture.shape[2:])
            assert low.shape == (*picture.shape[:2], rows, cols)
            assert high.shape == (*picture.shape[:2], rows * scale, cols * scale)
            for image in (low, high):
                assert 0 <= float(image.min()) < float(image.max()) <= 1
            np.testing.assert_allclose(low * 255, (low * 255).round(), atol=1e-9)


def test_the_target_lies_where_the_degraded_image_does() -> None:
    shifts = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1)]
    errors = dict.fromkeys(shifts, 0.0)
    for seed in range(20):
        low, high = bsrgan(PICTURE, 2, seeded(seed))
        small = torch.nn.functional.avg_pool2d(high, 2)
        for r, c in shifts:
            moved = low.roll((r, c), (2, 3)) - small
            errors[r, c] += float(moved[..., 3:-3, 3:-3].square().mean())
    assert min(errors, key=lambda s: errors[s]) == (0, 0)
    opposite = [errors[0, -1] - errors[0, 1], errors[-1, 0] - errors[1, 0]]
    assert np.abs(opposite).max() < 0.1 * errors[0, 1], 'nor is it off by half a pixel'


def test_only_plus_sharpens_its_target() -> None:
    _, unsharpened = bsrgan_pipeline.degrade_plus(PICTURE, 2, seeded(), sharpen=False)
    _, sharp = bsrgan_pipeline.degrade_plus(PICTURE, 2, seeded())
    np.testing.assert_array_equal(unsharpened, PICTURE)
    assert sharp.std() > PICTURE.std()


def test_noise_after_scunet_keeps_the_pair_aligned() -> None:
    sizes = []
    for seed in range(25):
        for picture in (PICTURE, GRAY):
            noisy, clean = scunet_pipeline.degrade(picture, seeded(seed))
            assert noisy.shape == clean.shape
            assert 0 <= float(noisy.min()) < float(noisy.max()) <= 1
            assert float(noisy.mean()) == pytest.approx(float(clean.mean()), abs=0.05)
        sizes.append(noisy.shape[2] / PICTURE.shape[2])
    assert min(sizes) < 0.8
    assert max(sizes) > 1.5


def test_without_resizing_the_size_stays_and_the_truth_is_the_picture() -> None:
    errors = []
    for seed in range(12):
        noisy, clean = scunet_pipeline.degrade(PICTURE, seeded(seed), resizing=False)
        assert noisy.shape == PICTURE.shape
        errors.append(float((clean - PICTURE).abs().max()))
    assert np.median(errors) < 1e-9, 'only a camera changes it, and only near white'


@pytest.mark.parametrize(
    'degrade',
    [
        lambda x, random: bsrgan(x, 1, random),
        lambda x, random: bsrgan_pipeline.degrade_plus(x, 1, random),
        lambda x, random: scunet_pipeline.degrade(x, random),
    ],
)
def test_tiny_pictures_and_seeds(degrade: Callable[..., tuple]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for rows, cols in ((1, 1), (1, 7), (8, 2), (3, 3), (5, 8)):
            for seed in range(6):
                for picture in (PICTURE[..., :rows, :cols], GRAY[..., :rows, :cols]):
                    first, second = (degrade(picture, seeded(seed))[0] for _ in range(2))
                    assert torch.equal(first, second)


def test_a_picture_smaller_than_the_scale_is_refused() -> None:
    with pytest.raises(ImageError, match='4-fold'):
        bsrgan(PICTURE[..., :3, :], 4, seeded())
