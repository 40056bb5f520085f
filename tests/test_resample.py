"""Resampling: phases, borders and what stays constant."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from napari_fresco.degrade.resize import resize_right
from napari_fresco.physics import kernels
from napari_fresco.physics.operators import Downsample
from napari_fresco.physics.resample import (
    LanczosDownsample,
    StridedFilter,
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


def test_the_published_shrinking_of_odd_sizes() -> None:
    """VIRNet's copy of ResizeRight, by hand for 5 pixels and s = 2.

    The first sample lies on pixel 0 and sees 3 2 1 0 | 0 1 2 3, the left half mirrored and
    weighed like its mirror image: Keys' cubic at 0, 1/2, 1 and 3/2, twice, of sum 3.
    """
    units = torch.eye(5, dtype=torch.float64)[:, :, None].expand(5, 5, 2)
    matrix = torch.cat(list(resize_right(units, 2, authors=True)), dim=1).numpy()
    assert matrix.shape == (3, 5)
    np.testing.assert_allclose(matrix[0], [2 / 3, 1.125 / 3, 0, -0.125 / 3, 0], atol=1e-15)
    # The middle one lies on pixel 2 and sees (1 0) 0 1 2 3 4 (4): pixel 1 counts twice.
    np.testing.assert_allclose(matrix[1], np.array([0, 1.125, 1, 0.5625, 0]) / 2.6875, atol=1e-15)
    np.testing.assert_allclose(matrix.sum(1), 1)


def test_a_box_is_the_binning_of_a_camera() -> None:
    x = torch.rand(1, 2, 6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    binned = StridedFilter(torch.from_numpy(kernels.box(3)), 3, (0, 0, 0, 0)).forward(x)
    cells = x.reshape(1, 2, 2, 3, 3, 3).mean((3, 5))
    torch.testing.assert_close(binned, cells)
    np.testing.assert_array_equal(kernels.box(2), np.full((2, 2), 0.25))
