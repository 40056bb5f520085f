"""Convolution, changes of size, JPEG, mosaics and the classical models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_fresco.degrade import blur as batches
from napari_fresco.degrade import classical as models
from napari_fresco.degrade import jpeg, resize, sharpen
from napari_fresco.degrade.blur import authors_truncated
from napari_fresco.degrade.planes import crop, to_batch
from napari_fresco.degrade.random_source import RandomSource
from napari_fresco.errors import FrescoError, ImageError, KernelError, ParameterError
from napari_fresco.physics import kernels, resample

from .arrays import blur, kernel_batch, on_array

RGB = np.random.default_rng(0).random((18, 21, 3))
NO_NOISE = RandomSource.seeded(0)
SCIPY = {'wrap': 'wrap', 'mirror': 'mirror', 'symmetric': 'reflect', 'edge': 'nearest'}


def classical(image: np.ndarray, kernel: np.ndarray, *args: Any, **options: Any) -> np.ndarray:
    return on_array(models.classical, image, kernel_batch(kernel), *args, **options)


def virnet(image: np.ndarray, kernel: np.ndarray, *args: Any, **options: Any) -> np.ndarray:
    return on_array(models.virnet, image, kernel_batch(kernel), *args, **options)


def resized(image: np.ndarray, *args: Any) -> np.ndarray:
    return on_array(resize.resize, image, *args)


@pytest.mark.parametrize('border', SCIPY)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(7, 12), st.integers(7, 12))
@settings(max_examples=20, deadline=None)
def test_blur_is_a_convolution_whatever_the_border(
    border: str, rows: int, cols: int, height: int, width: int
) -> None:
    random = np.random.default_rng(rows + 10 * cols)
    kernel, image = random.random((rows, cols)), random.random((height, width))
    expected = ndimage.convolve(image, kernel, mode=SCIPY[border])
    np.testing.assert_allclose(blur(image, kernel, border), expected, atol=1e-12)


def test_blur_treats_channels_alike() -> None:
    kernel = kernels.motion(5, 20)
    for border in SCIPY:
        blurred = blur(RGB, kernel, border)
        for c in range(3):
            np.testing.assert_allclose(
                blurred[..., c], blur(RGB[..., c], kernel, border), atol=1e-12
            )
    np.testing.assert_allclose(blur(RGB, kernel).mean(axis=(0, 1)), RGB.mean(axis=(0, 1)))


def test_a_kernel_larger_than_a_periodic_image_wraps_around() -> None:
    kernel = kernels.gaussian(2.0, size=25)
    tiled = blur(np.tile(RGB[:5, :4, 0], (7, 8)), kernel)
    np.testing.assert_allclose(blur(RGB[:5, :4, 0], kernel), tiled[:5, :4], atol=1e-12)


def test_truncated_blur_loses_half_a_level() -> None:
    image = np.rint(RGB * 200 + 20).astype(np.uint8)
    kernel = kernels.gaussian(1)
    truncated = authors_truncated(image, kernel)
    difference = blur(image, kernel) - truncated
    assert truncated.dtype == np.uint8
    assert difference.min() > -1e-9
    assert difference.max() < 1 + 1e-9
    assert difference.mean() == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(authors_truncated(image[..., 0], kernel), truncated[..., 0])


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_bicubic_is_its_kernel_followed_by_decimation(scale: int) -> None:
    image = np.random.default_rng(1).random((24 * scale, 20 * scale))
    small = on_array(resample.imresize, image, 1 / scale)
    direct = blur(image, kernels.bicubic(scale))[::scale, ::scale]
    np.testing.assert_allclose(small[3:-3, 3:-3], direct[3:-3, 3:-3], atol=1e-12)
    np.testing.assert_allclose(on_array(resize.resize_right, image, scale), small, atol=1e-12)


@pytest.mark.parametrize('scale', [2, 3])
def test_only_the_border_of_the_authors_bicubic_deviates(scale: int) -> None:
    image = np.random.default_rng(1).random((30 * scale + 1, 24 * scale, 3))
    ours, theirs = (on_array(resize.resize_right, image, scale, authors=a) for a in (False, True))
    assert ours.shape == (31, 24, 3)
    np.testing.assert_allclose(ours[2:-2, 2:-2], theirs[2:-2, 2:-2], atol=1e-12)
    assert 0.01 < np.abs(ours - theirs).max() < 0.2


@pytest.mark.parametrize('size', [(9, 7), (36, 42), (18, 21), (1, 1), (5, 60)])
@pytest.mark.parametrize('mode', resize.MODES)
def test_resizing_keeps_constants_and_the_range(mode: resize.Mode, size: tuple[int, int]) -> None:
    flat = resized(np.full((18, 21), 0.3), size, mode)
    np.testing.assert_allclose(flat, np.full(size, 0.3), atol=1e-12)
    ramp = resized(np.tile(np.arange(21.0), (18, 1)), size, mode)
    assert np.all(np.diff(ramp, axis=1) > -1e-9)
    if size == (18, 21):
        np.testing.assert_allclose(resized(RGB, size, mode), RGB, atol=1e-12)


def test_area_averages_what_a_pixel_covers() -> None:
    halves = RGB.reshape(9, 2, 7, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(resized(RGB, (9, 7), 'area'), halves, atol=1e-12)
    whole = resized(RGB, (5, 4), 'area')
    np.testing.assert_allclose(whole.mean(axis=(0, 1)), RGB.mean(axis=(0, 1)), atol=1e-12)
    larger = resized(RGB, (36, 63), 'area')
    np.testing.assert_allclose(larger, RGB.repeat(2, axis=0).repeat(3, axis=1), atol=1e-12)


@given(st.integers(1, 64), st.integers(1, 64))
@settings(max_examples=60, deadline=None)
def test_nearest_neighbours_are_inside_and_in_order(source: int, target: int) -> None:
    index = resize.nearest_index(source, target)
    assert index.min() >= 0
    assert index.max() < source
    assert np.all(np.diff(index) >= 0)
    np.testing.assert_array_equal(resize.nearest_index(source, source), np.arange(source))


def test_the_classical_model_blurs_decimates_and_adds_noise() -> None:
    kernel = kernels.gaussian(1.0)
    small = classical(RGB, kernel, 3, 0, NO_NOISE)
    np.testing.assert_array_equal(small, blur(RGB, kernel)[::3, ::3])
    noisy = classical(RGB, kernel, 3, 0.5, RandomSource.seeded(0))
    assert (noisy - small).std() == pytest.approx(0.5, rel=0.15)
    truncated = classical(RGB, kernel, 1, 0, NO_NOISE, authors=True)
    assert (classical(RGB, kernel, 1, 0, NO_NOISE) - truncated).mean() * 255 == pytest.approx(
        0.5, abs=0.05
    )


def test_the_model_of_virnet_has_an_equivalent_kernel_for_decimation() -> None:
    image = np.random.default_rng(2).random((60, 48))
    kernel = kernels.gaussian(1.2, 0.6, 30, size=13)
    small = virnet(image, kernel, 2, 0, NO_NOISE)
    direct = kernels.direct_sampling(kernel, 2)
    expected = classical(image, direct, 2, 0, NO_NOISE)
    np.testing.assert_allclose(small[8:-8, 8:-8], expected[8:-8, 8:-8], atol=1e-12)
    bright = virnet(image + 0.7, kernel, 2, 0.1, RandomSource.seeded(0), authors=True)
    assert bright.max() == 1.0
    np.testing.assert_array_equal(
        virnet(image, kernel, 2, 0, NO_NOISE, direct=True),
        blur(image, kernel, 'symmetric')[::2, ::2],
    )


def test_jpeg_loses_more_at_lower_quality() -> None:
    smooth = ndimage.gaussian_filter(RGB, (2, 2, 0))
    image = np.rint(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    errors = [np.abs(jpeg.compress_bytes(image, q).astype(int) - image).mean() for q in (95, 40, 5)]
    assert errors == sorted(errors)
    assert jpeg.compress_bytes(image[..., 0], 50).shape == image.shape[:2]
    full = np.abs(jpeg.compress_bytes(image, 95, '4:4:4').astype(int) - image).mean()
    assert full < errors[0]


def test_compressing_again_changes_little() -> None:
    image = np.rint(255 * ndimage.gaussian_filter(np.random.default_rng(0).random((64, 64)), 1.5))
    once = jpeg.compress_bytes(image.astype(np.uint8), 30)
    twice = jpeg.compress_bytes(once, 30)
    first = np.abs(once.astype(int) - image).mean()
    assert np.abs(twice.astype(int) - once).mean() < 0.1 * first


def test_sharpening_widens_edges_and_leaves_flat_parts() -> None:
    step = np.full((64, 64, 3), 0.3)
    step[:, 32:] = 0.7
    sharp = on_array(sharpen.unsharp, step)
    assert sharp[:, 32].mean() > 0.75
    assert sharp[:, 31].mean() < 0.25
    np.testing.assert_allclose(on_array(sharpen.unsharp, np.full((9, 9), 0.4)), 0.4)


@pytest.mark.parametrize(
    ('call', 'error'),
    [
        (lambda: blur(np.ones(5), np.ones((1, 1))), ImageError),
        (lambda: blur(np.ones((0, 4)), np.ones((1, 1))), ImageError),
        (lambda: batches.blur(to_batch(RGB), torch.ones(3)), KernelError),
        (lambda: blur(RGB, np.ones((3, 3)), 'zero'), ParameterError),
        (lambda: on_array(resize.resize_right, RGB, 0), ParameterError),
        (lambda: resized(RGB, (3, 3), 'nearest'), ParameterError),
        (lambda: crop(to_batch(RGB), 19), ImageError),
        (lambda: jpeg.compress_bytes(RGB, 50), ImageError),
        (lambda: jpeg.compress_bytes(np.zeros((4, 4, 2), np.uint8), 50), ImageError),
        (lambda: jpeg.compress_bytes(RGB.astype(np.uint8), 0), ParameterError),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[FrescoError]) -> None:
    with pytest.raises(error):
        call()
