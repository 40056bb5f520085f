"""Deblurring must not ring from borders that are not periodic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data
from torch import Tensor

from napari_fresco.physics import kernels
from napari_fresco.physics.boundary import crop, extend, needs_extension
from napari_fresco.physics.operators import Blur

SIZES = st.integers(1, 20)
KERNEL = kernels.gaussian(2.0, size=15)


def photograph(size: int = 96) -> Tensor:
    return torch.from_numpy(data.camera()[100 : 100 + size, 150 : 150 + size] / 255)[None, None]


def blurred(sharp: Tensor, mode: str) -> Tensor:
    return torch.from_numpy(ndimage.convolve(sharp[0, 0].numpy(), KERNEL, mode=mode))[None, None]


def camera_blurred(border: int = 8) -> tuple[Tensor, Tensor]:
    """Return what a camera sees, which gathers light from beyond the border, and the truth."""
    sharp = photograph(96 + 2 * border)
    inside = (..., slice(border, -border), slice(border, -border))
    return blurred(sharp, 'wrap')[inside], sharp[inside]


@given(SIZES, SIZES, st.integers(0, 30), st.integers(0, 30), st.sampled_from([1, 8, 16]))
@settings(max_examples=30, deadline=None)
def test_extension_keeps_the_image_and_reaches_the_margin(
    height: int, width: int, down: int, across: int, multiple: int
) -> None:
    y = torch.rand(1, 2, height, width)
    before = y.clone()
    wide = extend(y, (down, across), multiple)
    assert torch.equal(crop(wide, y.shape), y)
    assert torch.equal(y, before)
    assert wide.shape[-2] >= height + down
    assert wide.shape[-1] >= width + across
    assert wide.shape[-2] % multiple == 0
    assert wide.shape[-1] % multiple == 0
    assert wide.dtype == y.dtype
    # A harmonic function has its extremes where it is given.
    assert wide.min() >= y.min() - 1e-5
    assert wide.max() <= y.max() + 1e-5


def test_a_constant_and_a_pixel_stay_constant() -> None:
    for shape in ((1, 1), (1, 9), (12, 5)):
        wide = extend(torch.full((1, 1, *shape), 0.7), 10)
        torch.testing.assert_close(wide, torch.full_like(wide, 0.7))


def test_the_strip_satisfies_the_laplace_equation_on_the_torus() -> None:
    y = photograph(24)
    wide = extend(y, 20)[0, 0].numpy()
    ring = ndimage.convolve(wide, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], mode='wrap')
    beside = ring[:, 24:]
    below = ring[24:, 1:23]
    assert abs(beside).max() < 1e-12
    assert abs(below).max() < 1e-12


def test_a_volume_is_continued_along_all_axes() -> None:
    y = torch.rand(1, 2, 5, 9, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wide = extend(y, (4, 7, 6))
    assert torch.equal(crop(wide, y.shape), y)
    assert all(n >= least for n, least in zip(wide.shape[2:], (9, 16, 18), strict=True))
    cross = ndimage.generate_binary_structure(3, 1).astype(float)
    cross[1, 1, 1] = -6
    ring = ndimage.convolve(wide[0, 0].numpy(), cross, mode='wrap')
    # Harmonic in each strip, whose ends and edges lie on the image or the strip before.
    assert abs(ring[:, :, 12:]).max() < 1e-12
    assert abs(ring[:, 9:, 1:11]).max() < 1e-12
    assert abs(ring[5:, 1:8, 1:11]).max() < 1e-12


def test_a_volume_jumps_only_where_it_is_joined() -> None:
    ramp = torch.linspace(0, 1, 16)[None, None, :, None, None].expand(1, 1, 16, 20, 24)
    assert needs_extension(ramp, (5, 5, 5))
    assert not needs_extension(ramp, (1, 5, 5))
    assert needs_extension(ramp.transpose(2, 4), (1, 1, 5))
    bright = torch.full((1, 1, 3, 8, 8), 0.3)
    assert not needs_extension(bright, (3, 3, 3))


def test_deblurring_a_volume_neither_wraps_nor_darkens() -> None:
    """A bright slab at one end does not shine through to the other; what is even stays even."""
    line = np.exp(-(np.arange(-3, 4) ** 2) / 2)
    kernel = line[:, None, None] * line[:, None] * line
    kernel /= kernel.sum()
    even = torch.full((1, 1, 16, 12, 12), 0.4, dtype=torch.float64)
    slab = even.clone()
    slab[:, :, 10:] += 0.5

    def restored(truth: Tensor, extended: bool) -> Tensor:
        y = torch.from_numpy(ndimage.convolve(truth[0, 0].numpy(), kernel, mode='nearest'))
        wide = extend(y[None, None], kernel.shape) if extended else y[None, None]
        return crop(Blur(kernel, wide.shape[2:]).prox(wide, wide, 1e-2), truth.shape)

    torch.testing.assert_close(restored(even, extended=True), even)
    first = abs(restored(slab, extended=True)[:, :, :2] - 0.4).mean()
    assert first < 0.2 * abs(restored(slab, extended=False)[:, :, :2] - 0.4).mean()
    assert abs(restored(slab, extended=True).mean() / slab.mean() - 1) < 1e-3


def test_one_margin_serves_both_axes() -> None:
    y = photograph(32)
    assert torch.equal(extend(y, 9), extend(y, (9, 9)))


def test_extension_removes_ringing() -> None:
    y, sharp = camera_blurred()

    def border_error(wide: Tensor) -> float:
        restored = Blur(KERNEL, wide.shape[-2:]).prox(wide, wide, 1e-3)
        error = (crop(restored, y.shape) - sharp).square()
        return (error.sum() - error[..., 8:-8, 8:-8].sum()).item()

    assert border_error(extend(y, KERNEL.shape)) < 0.2 * border_error(y)


@pytest.mark.parametrize('noise', [0.0, 0.03])
def test_only_real_borders_need_an_extension(noise: float) -> None:
    grain = noise * torch.randn(1, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    assert needs_extension(camera_blurred()[0] + grain, KERNEL.shape)
    assert not needs_extension(blurred(photograph(), 'wrap') + grain, KERNEL.shape)


def test_each_axis_is_joined_only_by_a_blur_along_it() -> None:
    ramp = torch.linspace(0, 1, 32)[None, None, :, None].expand(1, 3, 32, 32)
    assert needs_extension(ramp, (5, 1))
    assert not needs_extension(ramp, (1, 5))
    assert needs_extension(ramp.mT, (5, 5))


@pytest.mark.parametrize('shape', [(1, 1), (1, 40), (2, 3), (16, 16)])
def test_a_constant_image_needs_no_extension(shape: tuple[int, int]) -> None:
    assert not needs_extension(torch.full((1, 1, *shape), 0.3), (9, 9))


def test_a_smooth_extension_needs_no_other() -> None:
    assert not needs_extension(extend(camera_blurred()[0], 15), KERNEL.shape)
