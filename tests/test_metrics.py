"""Measures of quality."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_fresco.errors import FrescoError, ImageError, ParameterError
from napari_fresco.evidence import metrics

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.random((24, 31, 3))
NOISY = TRUTH + RANDOM.normal(0, 0.1, TRUTH.shape)


@given(st.floats(1e-3, 0.5), st.floats(1e-2, 1e5))
@settings(max_examples=30, deadline=None)
def test_psnr_of_a_constant_error(error: float, peak: float) -> None:
    image = TRUTH * peak
    value = metrics.psnr(image + error * peak, image, data_range=peak)
    assert value == pytest.approx(-20 * math.log10(error), abs=1e-4)


def test_psnr_of_equal_images_is_infinite() -> None:
    assert metrics.psnr(TRUTH, TRUTH) == math.inf
    assert metrics.ssim(TRUTH, TRUTH) == pytest.approx(1)


@pytest.mark.parametrize(('dtype', 'peak'), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_the_type_sets_the_range(dtype: type, peak: float) -> None:
    image, truth = np.zeros((4, 4), dtype), np.ones((4, 4), dtype)
    assert metrics.psnr(image, truth) == pytest.approx(20 * math.log10(peak))


def test_unsigned_differences_do_not_wrap() -> None:
    low, high = np.full((4, 4), 1, np.uint8), np.full((4, 4), 2, np.uint8)
    assert metrics.psnr(low, high) == metrics.psnr(high, low)


def test_a_border_is_left_out() -> None:
    spoilt = TRUTH.copy()
    spoilt[:3] = spoilt[:, -3:] = 9
    assert metrics.psnr(spoilt, TRUTH, border=3) == math.inf
    assert metrics.ssim(spoilt, TRUTH, border=3) == pytest.approx(1)


def test_rounding_is_half_to_even() -> None:
    values = np.array([-1, 0.5, 1.5, 2.5, 254.5, 300]) / 255
    np.testing.assert_array_equal(metrics.to_uint8(values), [0, 0, 2, 2, 254, 255])
    image = np.array([[3, 200]], np.uint8)
    assert metrics.to_uint8(image) is image


def test_uint8_psnr_is_that_of_bytes() -> None:
    ours = metrics.psnr_uint8(NOISY, TRUTH, border=2)
    assert ours == metrics.psnr(metrics.to_uint8(NOISY), metrics.to_uint8(TRUTH), border=2)
    assert ours > metrics.psnr(NOISY, TRUTH, border=2)


def test_luma_spans_the_studio_range() -> None:
    corners = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0]]], np.uint8)
    np.testing.assert_allclose(metrics.rgb_to_y(corners), [[16, 235, 16 + 65.481]])
    np.testing.assert_allclose(metrics.rgb_to_y(corners / 255) * 255, metrics.rgb_to_y(corners))
    gray = metrics.rgb_to_ycbcr(np.full((2, 2, 3), 0.4))
    np.testing.assert_allclose(gray[..., 1:], 128 / 255, atol=1e-9)


def test_conventions_disagree_as_papers_do() -> None:
    assert metrics.psnr_y(NOISY, TRUTH) > metrics.psnr(NOISY, TRUTH) + 2
    assert metrics.psnr_gray(NOISY, TRUTH) > metrics.psnr(NOISY, TRUTH) + 3
    assert metrics.psnr_gray(NOISY, TRUTH, border=3) != metrics.psnr_gray(NOISY, TRUTH)


def test_ssim_follows_its_definition() -> None:
    """One 11 x 11 image has one window, whose index can be written down."""
    a, b = RANDOM.random((2, 11, 11))
    line = np.exp(-((np.arange(11) - 5) ** 2) / 4.5)
    window = np.outer(line, line) / line.sum() ** 2
    mean_a, mean_b = (window * a).sum(), (window * b).sum()
    var_a, var_b = (window * a * a).sum() - mean_a**2, (window * b * b).sum() - mean_b**2
    both = (window * a * b).sum() - mean_a * mean_b
    expected = (2 * mean_a * mean_b + 1e-4) * (2 * both + 9e-4)
    expected /= (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    assert metrics.ssim(a, b) == pytest.approx(expected, abs=1e-9)


def test_ssim_averages_channels() -> None:
    each = [metrics.ssim(NOISY[..., c], TRUTH[..., c]) for c in range(3)]
    assert metrics.ssim(NOISY, TRUTH) == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ('values', 'error'),
    [
        ({'image': TRUTH[1:]}, ImageError),
        ({'image': TRUTH[None], 'truth': TRUTH[None]}, ImageError),
        ({'border': 12}, ImageError),
        ({'border': -1}, ImageError),
        ({'data_range': 0}, ParameterError),
        ({'data_range': float('nan')}, ParameterError),
    ],
)
def test_bad_input_is_refused(values: dict[str, object], error: type[FrescoError]) -> None:
    call: dict[str, object] = {'image': NOISY, 'truth': TRUTH, **values}
    for measure in (metrics.psnr, metrics.ssim):
        with pytest.raises(error):
            measure(**call)  # type: ignore[arg-type]


def test_small_and_gray_images_are_refused_where_they_must() -> None:
    with pytest.raises(ImageError, match='11 x 11'):
        metrics.ssim(TRUTH, TRUTH, border=8)
    with pytest.raises(ImageError, match='axis of 3'):
        metrics.rgb_to_y(TRUTH[..., 0])


def test_floats_in_other_units_need_their_white_told() -> None:
    counts = np.linspace(0, 200, 64).reshape(8, 8)
    with pytest.raises(ParameterError, match='data_range=, such as 200'):
        metrics.psnr(counts + 1, counts)
    assert metrics.psnr(counts + 1, counts, data_range=200) == pytest.approx(46.0206, abs=1e-3)
