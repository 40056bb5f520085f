"""Degradations do what their names say, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_fresco.errors import FrescoError, ImageError, KernelError, ParameterError
from napari_fresco.physics import kernels, simulate

RANDOM = np.random.default_rng(0)
RGB = RANDOM.random((18, 21, 3))


@given(st.integers(1, 7), st.integers(1, 7), st.integers(7, 12), st.integers(7, 12))
@settings(max_examples=25, deadline=None)
def test_blur_is_a_circular_convolution(rows: int, cols: int, height: int, width: int) -> None:
    random = np.random.default_rng(rows + 10 * cols)
    kernel, image = random.random((rows, cols)), random.random((height, width))
    expected = ndimage.convolve(image, kernel, mode='wrap')
    np.testing.assert_allclose(simulate.blur(image, kernel), expected, atol=1e-12)


def test_blur_treats_channels_alike() -> None:
    kernel = kernels.motion(5, 20)
    blurred = simulate.blur(RGB, kernel)
    for c in range(3):
        np.testing.assert_allclose(blurred[..., c], simulate.blur(RGB[..., c], kernel), atol=1e-12)
    np.testing.assert_allclose(blurred.mean(axis=(0, 1)), RGB.mean(axis=(0, 1)))


def test_truncated_blur_loses_half_a_level() -> None:
    image = np.rint(RGB * 200 + 20).astype(np.uint8)
    kernel = kernels.gaussian(1)
    truncated = simulate.authors_truncated_blur(image, kernel)
    difference = simulate.blur(image, kernel) - truncated
    assert truncated.dtype == np.uint8
    assert difference.min() > -1e-9
    assert difference.max() < 1 + 1e-9
    assert difference.mean() == pytest.approx(0.5, abs=0.05)
    plane = simulate.authors_truncated_blur(image[..., 0], kernel)
    np.testing.assert_array_equal(plane, truncated[..., 0])


def test_downsampling_keeps_the_upper_left_pixels() -> None:
    np.testing.assert_array_equal(simulate.downsample(RGB, 4), RGB[::4, ::4])


@pytest.mark.parametrize('pattern', ['RGGB', 'GRBG', 'GBRG', 'BGGR'])
def test_a_mosaic_holds_the_pattern(pattern: str) -> None:
    cell = simulate.mosaic(RGB, pattern)
    assert cell.shape == RGB.shape[:2]
    for (row, col), colour in zip(np.ndindex(2, 2), pattern, strict=True):
        expected = RGB[row::2, col::2, 'RGB'.index(colour)]
        np.testing.assert_array_equal(cell[row::2, col::2], expected)


def test_gaussian_noise_has_its_sigma() -> None:
    image = np.full((128, 128), 90, np.uint8)
    noisy = simulate.gaussian_noise(image, 12)
    assert noisy.std() == pytest.approx(12, rel=0.03)
    assert noisy.mean() == pytest.approx(90, abs=0.5)
    assert noisy.min() < 90 - 36


def test_camera_noise_follows_the_photon_transfer_line() -> None:
    light = np.repeat([[100.0, 200.0, 900.0]], 40_000, axis=0)
    counts = simulate.camera_noise(light, gain=2.5, offset=100, read_noise=4)
    np.testing.assert_allclose(counts.mean(axis=0), light[0], rtol=0.005)
    np.testing.assert_allclose(counts.var(axis=0), 2.5 * (light[0] - 100) + 16, rtol=0.03)


@pytest.mark.parametrize(
    'make',
    [
        lambda seed: simulate.gaussian_noise(RGB, 0.1, seed),
        lambda seed: simulate.camera_noise(RGB, 0.01, 0, 0.02, seed),
        lambda seed: simulate.authors_poisson_counts(RGB, 0.3, seed),
        lambda seed: simulate.crack_mask((40, 50), 6, 2, seed),
    ],
)
def test_seeds_repeat(make: Callable[[int | np.random.Generator], np.ndarray]) -> None:
    np.testing.assert_array_equal(make(5), make(5))
    np.testing.assert_array_equal(make(5), make(np.random.default_rng(5)))
    assert np.any(make(5) != make(6))


def test_jpeg_loses_more_at_lower_quality() -> None:
    smooth = ndimage.gaussian_filter(RGB, (2, 2, 0))
    image = np.rint(255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    errors = [np.abs(simulate.jpeg(image, q).astype(int) - image).mean() for q in (95, 40, 5)]
    assert errors == sorted(errors)
    assert simulate.jpeg(image[..., 0], 50).shape == image.shape[:2]


def test_lines_and_grids_are_drawn_where_they_should_be() -> None:
    lines = simulate.line_mask((32, 20), spacing=8, width=3)
    assert lines.dtype == bool
    assert lines.mean() == 3 / 8
    assert np.all(lines == lines[:, :1])
    grid = simulate.grid_mask((32, 24), spacing=8, width=2)
    assert grid.mean() == 1 - (6 / 8) ** 2
    np.testing.assert_array_equal(grid, simulate.grid_mask((24, 32), spacing=8, width=2).T)


def test_cracks_are_thin_long_and_everywhere() -> None:
    mask = simulate.crack_mask((160, 200), 12, 2.5, 3)
    assert 0.01 < mask.mean() < 0.2
    assert not ndimage.binary_erosion(mask, iterations=4).any()
    _, count = ndimage.label(mask, np.ones((3, 3)))
    assert mask.sum() / count > 30
    quarters = [mask[r : r + 80, c : c + 100].any() for r in (0, 80) for c in (0, 100)]
    assert all(quarters)
    assert not simulate.crack_mask((9, 9), 0).any()
    assert simulate.crack_mask((1, 40), 3).shape == (1, 40)


def test_a_soft_mask_has_gray_edges() -> None:
    mask = np.zeros((10, 12), np.uint8)
    mask[3:7, 4:9] = 255
    soft = simulate.authors_soft_mask(mask, (25, 31))
    assert soft.shape == (25, 31)
    assert np.any((soft > 20) & (soft < 235))


def test_lanczos_crops_to_whole_cells() -> None:
    image = np.full((18, 21, 3), 77, np.uint8)
    np.testing.assert_array_equal(simulate.authors_lanczos(image, 4), 77)
    assert simulate.authors_lanczos(image, 4).shape == (4, 5, 3)


@pytest.mark.parametrize(
    ('call', 'error'),
    [
        (lambda: simulate.blur(RGB[..., 0], np.ones((19, 3))), KernelError),
        (lambda: simulate.blur(np.ones(5), np.ones((1, 1))), ImageError),
        (lambda: simulate.downsample(RGB, 0), ParameterError),
        (lambda: simulate.mosaic(RGB[..., 0]), ImageError),
        (lambda: simulate.mosaic(RGB, 'RGBG'), ParameterError),
        (lambda: simulate.gaussian_noise(RGB, -1), ParameterError),
        (lambda: simulate.gaussian_noise(RGB, float('nan')), ParameterError),
        (lambda: simulate.camera_noise(RGB, 0), ParameterError),
        (lambda: simulate.camera_noise(RGB, 1, offset=2), ImageError),
        (lambda: simulate.jpeg(RGB, 50), ImageError),
        (lambda: simulate.jpeg(RGB.astype(np.uint8), 0), ParameterError),
        (lambda: simulate.line_mask((8, 8), spacing=2, width=2), ParameterError),
        (lambda: simulate.crack_mask((8, 8), width=0), ParameterError),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], error: type[FrescoError]) -> None:
    with pytest.raises(error):
        call()
