"""Resampling: phases, borders and what stays constant."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Downsample
from napari_fresco.physics.resample import (
    LanczosDownsample,
    imresize,
    lanczos_kernel,
    pixel_shift,
    upsample_cubic,
)

SCALES = st.integers(1, 5)
SIZES = st.integers(1, 12)


def ramp(height: int, width: int, step: float = 1.0, start: float = 0.0) -> Tensor:
    """Return an image whose value is the horizontal coordinate."""
    row = start + step * torch.arange(width, dtype=torch.float64)
    return row.expand(1, 1, height, width).contiguous()


@given(SIZES, SIZES, SCALES)
@settings(max_examples=25, deadline=None)
def test_sizes_and_constants(height: int, width: int, scale: int) -> None:
    flat = torch.full((1, 2, height, width), 0.3)
    large = upsample_cubic(flat, scale)
    assert large.shape == (1, 2, height * scale, width * scale)
    small = imresize(large, 1 / scale)
    assert small.shape == flat.shape
    back = LanczosDownsample(scale).forward(large) if scale > 1 else large
    assert back.shape == flat.shape
    for image in (large, small, back, pixel_shift(flat, scale)):
        torch.testing.assert_close(image, torch.full_like(image, 0.3))


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_enlarging_puts_samples_at_the_centres_of_cells(scale: int) -> None:
    large = upsample_cubic(ramp(4, 12), scale)
    expected = ramp(4 * scale, 12 * scale, 1 / scale, (1 - scale) / (2 * scale))
    inside = slice(3 * scale, -3 * scale)
    # Keys' kernel with a = -0.75 bends a ramp by less than a tenth of a pixel.
    torch.testing.assert_close(large[..., inside], expected[..., inside], atol=0.1, rtol=0)
    torch.testing.assert_close(large[..., inside].mean(), expected[..., inside].mean())


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('shrink', ['imresize', 'lanczos', 'lanczos3'])
def test_shrinking_reads_the_centres_of_cells(scale: int, shrink: str) -> None:
    fine = ramp(6 * scale, 20 * scale)
    if shrink == 'imresize':
        small = imresize(fine, 1 / scale)
    else:
        small = LanczosDownsample(scale, 3 if shrink == 'lanczos3' else 2).forward(fine)
    expected = ramp(6, 20, scale, (scale - 1) / 2)
    torch.testing.assert_close(small[..., 4:-4], expected[..., 4:-4])


def test_lanczos_can_read_the_upper_left_instead() -> None:
    small = LanczosDownsample(4, phase=0).forward(ramp(24, 80))
    torch.testing.assert_close(small[..., 4:-4], ramp(6, 20, 4.0)[..., 4:-4])


@pytest.mark.parametrize(('scale', 'phase', 'taps'), [(4, 0.5, 16), (4, 0, 17), (2, 0, 9)])
def test_lanczos_taps(scale: int, phase: float, taps: int) -> None:
    kernel = lanczos_kernel(scale, 2, phase)
    assert kernel.shape == (taps, taps)
    torch.testing.assert_close(kernel, kernel.flip(0, 1))
    torch.testing.assert_close(kernel.sum().item(), 1.0)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_imresize_is_the_bicubic_degradation_inside(scale: int) -> None:
    x = torch.rand(1, 3, 16 * scale, 18 * scale, dtype=torch.float64)
    y = Downsample(kernels.bicubic(scale), scale, x.shape[-2:]).forward(x)
    inside = (..., slice(4, -4), slice(4, -4))
    torch.testing.assert_close(imresize(x, 1 / scale)[inside], y[inside])


def test_imresize_to_any_size() -> None:
    x = torch.rand(2, 1, 31, 17)
    assert imresize(x, 0.5).shape == (2, 1, 16, 9)
    assert imresize(x, 1.7).shape == (2, 1, 53, 29)
    torch.testing.assert_close(imresize(x, 1.0), x)


@pytest.mark.parametrize('scale', [1, 2, 3, 4])
def test_pixel_shift_moves_by_half_a_cell_and_clips(scale: int) -> None:
    x = ramp(3, 9)
    d = (scale - 1) / 2
    torch.testing.assert_close(pixel_shift(x, scale), (x + d).clamp_max(8))
    torch.testing.assert_close(pixel_shift(x.mT, scale, False), (x - d).clamp_min(0).mT)


def test_shifted_enlargement_is_aligned_with_the_degradation() -> None:
    scale = 3
    large = pixel_shift(upsample_cubic(ramp(6, 20), scale), scale)
    delta = torch.ones(1, 1)
    small = Downsample(delta, scale, large.shape[-2:]).forward(large)
    torch.testing.assert_close(small[..., 4:-4], ramp(6, 20)[..., 4:-4])
